/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What answers taught any worker: which listed names each address stands for, until when, and how it was learned; not who asked.
 * Bounded, the oldest goes first; the hash is keyed at random. All of it is looked at in steps, so that none takes long. One thread.
 */
#ifndef CONTROL_KNOWN_H
#define CONTROL_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/dpdk/dataplane.h"

struct zr_known;

/* One lesson that is kept. */
struct zr_known_row {
	const char *name; /* canonical, terminated; empty: some name that is not listed */
	union zr_ip address, resolver;
	uint16_t domain;
	uint8_t family, resolver_family;
	uint16_t type;              /* of the record that had the address (inspect/dns.h) */
	uint8_t aliases;            /* CNAMEs on the way */
	int64_t learned_s, until_s; /* the latest answer; the first second at which it no longer counts; Unix time */
};

struct zr_known_status {
	uint64_t rows, others;   /* that are kept: for listed names, and addresses that stand for others too */
	uint64_t bytes, most;    /* of memory, the tables that are made of it included; and what may be taken */
	uint64_t added, renewed; /* lessons so far: new ones, and of what was known */
	uint64_t evicted;        /* of the former, which went for want of memory */
	uint64_t refused;        /* lessons that there was no memory for */
};

/* Bytes that one lesson is reckoned with: here, where a table is made of it (known_table.h), and in two tables. */
#define ZR_KNOWN_ROW_BYTES(name_len) (512 + 4 * (size_t)(name_len))

/*
 * most_bytes: bound of the memory. 0, -EINVAL (less than one row), -ENOMEM or -EIO (no random key). Free with zr_known_free, which
 * takes NULL too.
 */
int zr_known_make(size_t most_bytes, struct zr_known **out);
void zr_known_free(struct zr_known *known);

/* Take a lesson. True when a table that was made before says something else now. */
bool zr_known_add(struct zr_known *known, const struct zr_learned *learned);

/* Who looks at all rows; each at its own pace. */
enum zr_known_walk { ZR_KNOWN_TABLE, ZR_KNOWN_ANSWER, ZR_KNOWN_WALKS };

/* Begin a walk; one of its kind that is under way is given up. */
void zr_known_walk(struct zr_known *known, enum zr_known_walk walk);

/*
 * Look at up to so many rows more, each once, those without a name first, then the oldest first; what is learned meanwhile comes at the
 * end, or not. What counts no longer at now_s (Unix time) is forgotten. A row is valid during the call. False: that was all.
 */
bool zr_known_step(struct zr_known *known, enum zr_known_walk walk, int64_t now_s, unsigned int rows,
		   void (*take)(void *arg, const struct zr_known_row *row), void *arg);

void zr_known_status(const struct zr_known *known, struct zr_known_status *out);

#endif
