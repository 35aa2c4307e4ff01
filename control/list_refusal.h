/* SPDX-License-Identifier: BSD-3-Clause */
/* The last list that was refused, and why: for the status, and so that the folder's watch does not repeat itself. */
#ifndef CONTROL_LIST_REFUSAL_H
#define CONTROL_LIST_REFUSAL_H

#include "control/list_attempt.h"

#define ZR_LIST_DIGEST_OCTETS 32

struct zr_list_refusal {
	uint64_t at_us; /* 0: none since a list was accepted, or zr_list_refusal_settle */
	enum zr_list_source source;
	char *file;
	uint64_t serial; /* 0: it was refused before its serial was known */
	bool has_sha256; /* it could be read */
	uint8_t sha256[ZR_SHA256_OCTETS];
	struct zr_findings why;
	uint8_t digest[ZR_LIST_DIGEST_OCTETS]; /* the same for the same content and the same reasons */
};

/* Keep why an attempt was refused, whose findings it takes over, in place of the one before. */
void zr_list_refusal_keep(struct zr_list_refusal *refusal, struct zr_list_attempt *attempt);
/* Nothing is refused any more. */
void zr_list_refusal_clear(struct zr_list_refusal *refusal);
/*
 * The attempt found the list in force: a list that was refused is no longer in its place. One that was pushed is forgotten by
 * pushes only, and the file's by a look at the file only.
 */
void zr_list_refusal_settle(struct zr_list_refusal *refusal, const struct zr_list_attempt *attempt);

/* Was the same content refused for the same reasons the last time? */
bool zr_list_refusal_is_repeated(const struct zr_list_refusal *refusal, const struct zr_list_attempt *attempt);

#endif
