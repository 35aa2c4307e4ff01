/* SPDX-License-Identifier: BSD-3-Clause */
/* zerorated.conf: libconfig's syntax, the keys of DESIGN section 4 as far as what they ask for is built. */
#ifndef CONTROL_CONFIG_H
#define CONTROL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/tariff.h"
#include "dataplane/dpdk/dataplane.h"
#include "rules/approval.h"
#include "rules/prefix.h"

/* Longest name of a gateway, in bytes. */
#define ZR_GATEWAY_MAX 64

/* No group was configured for a socket. */
#define ZR_NO_GROUP ((gid_t)-1)

/* Most users of a socket. */
#define ZR_USERS_MAX 16

/* A Unix socket to listen on. Root and the daemon's own user may connect whatever is configured. */
struct zr_socket_config {
	char *path;
	gid_t group;   /* its members may connect; ZR_NO_GROUP */
	gid_t readers; /* its members may connect and ask what changes nothing, control only; ZR_NO_GROUP */
	uid_t users[ZR_USERS_MAX];
	unsigned int user_count;
};

/* Names of consumers: how long, and how many. */
#define ZR_CONSUMER_MAX        64
#define ZR_CONSUMERS_NAMED_MAX 16

/* Durable consumers: records are kept for them until they acknowledge. */
struct zr_consumer_names {
	char *at[ZR_CONSUMERS_NAMED_MAX];
	unsigned int count;
};

/* Where records are kept, and for how long. */
struct zr_ledger_settings {
	char *folder;
	uint64_t batch_us;         /* most time before a record is on the disk */
	uint64_t retention_us;     /* how long what everybody acknowledged is kept */
	uint64_t disk_limit_bytes; /* most that all files may take */
	bool synchronous_full;     /* a record survives a crash of the machine, not of the daemon only */
};

/* Where lists come from, and what they must fulfil. */
struct zr_list_config {
	char *file, *state;
	struct zr_keys keys;
	unsigned int signatures_required; /* at most the number of keys */
	unsigned int shrink_percent;      /* of the entries in force that a list may drop; 100: all */
};

/* What backs a name, and what is made of it: the group `evidence`. */
struct zr_evidence_config {
	uint8_t verify; /* OFF, FLAG or REQUIRE (enum zr_verify): for entries that say nothing */
	uint64_t ttl_min_us, ttl_max_us, grace_us;
	uint64_t memory_bytes;  /* of the workers, together */
	uint64_t network_bytes; /* of what is known network-wide, in control */
	uint64_t bind_grace_us;
	bool dns_free;
	uint64_t dns_free_bytes; /* a subscriber and day */
};

struct zr_config {
	char *gateway;
	char *workers, *eal;
	struct zr_dataplane_port ports[ZR_PORTS_MAX];
	unsigned int port_count;
	bool forwards; /* mode "inline" */
	struct zr_mark_choice marks;
	bool mark_clear; /* marks that are not ours are taken away */
	struct zr_mark_rules mark_rules;
	uint64_t frame_max_bytes;
	uint64_t flows, reassembly_bytes;
	bool retro_credit;
	char *state; /* the file for open flows over a restart; NULL: none */
	bool verify_checksums;
	struct zr_prefix_set subscribers, tunnel_endpoints, trusted_resolvers; /* empty: not given */
	struct zr_evidence_config evidence;
	uint64_t timeout_us[ZR_TIMEOUT_COUNT];
	struct zr_list_config list;
	uint64_t interim_us;
	bool charged_flows;
	struct zr_tariff_switches tariff;
	uint64_t records_memory_bytes; /* most that kept records may take */
	struct zr_consumer_names consumers;
	uint64_t totals_us;
	bool totals_subscribers; /* totals of every subscriber too */
	struct zr_ledger_settings ledger;
	struct zr_socket_config records, control;
	uint64_t decisions_bytes; /* memory for decisions that explain tells; 0: none are kept */
	char *metrics;            /* where to listen for Prometheus, as zr_listen_parse takes it; NULL: nowhere */
};

/* Everything that is wrong with a file: lines "FILE:LINE: what is wrong, what to write instead". */
struct zr_config_errors {
	char **lines;
	size_t count;
};

/*
 * Read a configuration. Returns 0; -EINVAL with all errors of the file (of its syntax only the first, which ends reading); or
 * -ENOMEM. Call zr_config_clear and zr_config_errors_clear afterwards, whatever the result.
 */
int zr_config_read(const char *path, struct zr_config *config, struct zr_config_errors *errors);
void zr_config_clear(struct zr_config *config);
void zr_config_errors_clear(struct zr_config_errors *errors);

/* How a port's role (enum zr_role) is written. */
const char *zr_config_role_name(uint8_t role);

/* What the dataplane is to be made of; it points into config, which must outlive it. The seed is the caller's to set. */
void zr_config_dataplane(const struct zr_config *config, struct zr_dataplane_config *out);

#endif
