/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a list may come into force: DESIGN section 2's rules, in their order. No files, no threads, no clock. */
#ifndef CONTROL_LIST_JUDGE_H
#define CONTROL_LIST_JUDGE_H

#include "control/config.h"
#include "control/list_state.h"
#include "rules/diff.h"
#include "rules/list_build.h"

/* Rules that an operator may override by name. */
#define ZR_LIST_OVERRIDES(X)                                               \
	X(SHRINK, "shrink")   /* it drops more than shrink_limit allows */ \
	X(EXPIRED, "expired") /* it has expired */

enum zr_list_override {
#define X(id, name) ZR_LIST_OVERRIDE_##id,
	ZR_LIST_OVERRIDES(X)
#undef X
		ZR_LIST_OVERRIDE_COUNT
};

/* Its name; NULL for other numbers. */
const char *zr_list_override_name(unsigned int override);

/* What a list is judged against. */
struct zr_list_situation {
	const struct zr_list_config *config;
	uint64_t key[2]; /* the seed of the pipelines that are to judge by the list */
	struct zr_list_mark highest;
	const struct zr_image *in_force;           /* NULL: none */
	uint8_t in_force_sha256[ZR_SHA256_OCTETS]; /* with in_force */
	bool trusts_same;                          /* the content in force needs no signatures beside it */
	unsigned int overrides;                    /* a bit each: 1 << enum zr_list_override */
	int64_t now_s;
};

enum zr_list_outcome {
	ZR_LIST_ACCEPTED,
	ZR_LIST_SAME, /* it is the list in force */
	ZR_LIST_REFUSED,
};

/* Who signed a list, and what it is. */
struct zr_list_origin {
	uint8_t sha256[ZR_SHA256_OCTETS];
	unsigned int signer_count;
	char signers[ZR_KEYS_MAX][ZR_KEY_ID_TEXT]; /* ids of the configured keys that signed it */
};

struct zr_list_judgment {
	enum zr_list_outcome outcome;
	struct zr_list_loaded list;        /* accepted: what judges by it; refused: why, in its findings */
	struct zr_list_origin origin;      /* as far as it was looked at */
	bool keep[ZR_SIGNATURE_FILES_MAX]; /* the signature files that counted */
	uint64_t serial;                   /* 0: not read, since the list was refused before */
	uint32_t entries;                  /* with the serial */
	bool is_compared;                  /* changes are known */
	uint64_t changes[ZR_CHANGE_COUNT]; /* against the list in force */
};

/*
 * Judge a list. Errors such as no memory are refusals, too: whatever is wrong stands in the findings, in whole sentences. Call
 * zr_list_loaded_clear on out->list. Any thread.
 */
void zr_list_judge(const struct zr_list_situation *situation, const struct zr_list_files *files,
		   struct zr_list_judgment *out);

/* Refuse a list for what lies outside these rules: what, then why. */
void zr_list_judgment_refuse(struct zr_list_judgment *judgment, int err, const char *what, const char *why);

#endif
