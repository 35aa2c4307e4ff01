/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What answers taught any worker: which listed names each address stands for, until when, and how it was learned; not who asked.
 * Bounded, the oldest goes first; the hash is keyed at random. Tables for workers are built of it. One thread.
 */
#ifndef CONTROL_KNOWN_H
#define CONTROL_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/dpdk/dataplane.h"
#include "rules/learned.h"

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

/* Bytes that one lesson is reckoned with. */
#define ZR_KNOWN_ROW_BYTES(name_len) (512 + 4 * (size_t)(name_len))

/*
 * most_bytes: bound of the memory. 0, -EINVAL (less than one row), -ENOMEM or -EIO (no random key). Free with zr_known_free, which
 * takes NULL too.
 */
int zr_known_make(size_t most_bytes, struct zr_known **out);
void zr_known_free(struct zr_known *known);

/* Take a lesson. True when a table that was built before says something else now. */
bool zr_known_add(struct zr_known *known, const struct zr_learned *learned);

/* Forget what counts no longer, and build a table of the rest: 0 with *out (zr_learned_free), -ENOMEM or -E2BIG. */
int zr_known_table(struct zr_known *known, int64_t now_s, struct zr_learned_table **out);

/* Every row, the latest first, as long as take returns true. Rows are valid during the call. */
void zr_known_each(const struct zr_known *known, bool (*take)(void *arg, const struct zr_known_row *row), void *arg);

void zr_known_status(const struct zr_known *known, struct zr_known_status *out);

#endif
