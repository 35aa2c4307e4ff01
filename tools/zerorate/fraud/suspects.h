/* SPDX-License-Identifier: BSD-3-Clause */
/* Suspect volume summed over the files of a ledger, by SQLite. One thread; what fails is told on standard error. */
#ifndef TOOLS_ZERORATE_FRAUD_SUSPECTS_H
#define TOOLS_ZERORATE_FRAUD_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

enum zr_fraud_by { ZR_FRAUD_BY_SUBSCRIBER, ZR_FRAUD_BY_RULE };

struct zr_suspects;

struct zr_suspect {
	const char *key, *kinds, *last; /* who or what; sorted names, joined by "|"; when it was seen last */
	uint64_t flows, free_bytes, charged_bytes;
};

/* Sums of suspect usage records whose last packet came at from_us or later and before to_us (Unix microseconds). NULL: told why. */
struct zr_suspects *zr_suspects_make(enum zr_fraud_by by, uint64_t from_us, uint64_t to_us);
void zr_suspects_free(struct zr_suspects *suspects);

/* Add a file of a ledger, all of it or nothing. */
bool zr_suspects_add(struct zr_suspects *suspects, const char *path);

/* Did any file have a charged flow's record? Without records.charged_flows there is none. */
bool zr_suspects_charged(const struct zr_suspects *suspects);

/* Each one, the largest volume first. A row is valid during the call. */
bool zr_suspects_each(struct zr_suspects *suspects, void (*take)(void *arg, const struct zr_suspect *suspect),
		      void *arg);

#endif
