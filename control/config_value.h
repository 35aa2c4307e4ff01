/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the configuration, by type, and what is said of wrong ones. Private to the files that read the configuration. */
#ifndef CONTROL_CONFIG_VALUE_H
#define CONTROL_CONFIG_VALUE_H

#include <libconfig.h>
#include <stddef.h>

#include "control/config.h"

struct zr_config_reader {
	const char *path;
	struct zr_config_errors *errors;
	char *target; /* the struct that offsets of keys count in */
	bool out_of_memory;
};

/* One key of a group. */
struct zr_config_key {
	const char *name;
	void (*take)(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key);
	size_t offset;                    /* of what it sets */
	uint64_t least, most;             /* of numbers; texts: most is their longest */
	const char *example;              /* what to write, as it stands in the file */
	const struct zr_config_key *keys; /* groups: theirs, ended by one without a name */
	bool required;
};

/* Note an error of a line of the file. */
void zr_config_refuse(struct zr_config_reader *reader, const config_setting_t *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void zr_config_refuse_at(struct zr_config_reader *reader, const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The keys of a group: each is taken, unknown ones are refused with the nearest known one, required ones are missed. */
void zr_config_take_group(struct zr_config_reader *reader, const config_setting_t *setting,
			  const struct zr_config_key *key);

/* Keys of the groups `records`, `ledger`, `metrics` and `evidence`. */
extern const struct zr_config_key zr_config_record_keys[], zr_config_ledger_keys[], zr_config_metrics_keys[],
	zr_config_evidence_keys[];

/* Values: char *, uint64_t (bytes, count, microseconds), bool, struct zr_prefix_set, struct zr_tariff_switches, gid_t. */
void zr_config_take_text(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);
void zr_config_take_size(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);
void zr_config_take_count(struct zr_config_reader *reader, const config_setting_t *setting,
			  const struct zr_config_key *key);
void zr_config_take_time(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);
void zr_config_take_bool(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);
void zr_config_take_prefixes(struct zr_config_reader *reader, const config_setting_t *setting,
			     const struct zr_config_key *key);
void zr_config_take_tariff(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key);
void zr_config_take_unix_group(struct zr_config_reader *reader, const config_setting_t *setting,
			       const struct zr_config_key *key);
/* The group of metrics, which may be empty. */
void zr_config_take_metrics(struct zr_config_reader *reader, const config_setting_t *setting,
			    const struct zr_config_key *key);
/* Once the whole file is read: what of `evidence` does not fit together, or lacks trusted resolvers, is refused. */
void zr_config_evidence_check(struct zr_config_reader *reader, const config_setting_t *root);
/* The group of the list. */
void zr_config_take_list(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);

/* A text in a setting, or NULL, which is told. */
const char *zr_config_text(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key);

#endif
