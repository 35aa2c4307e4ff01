/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why an image frees a name or an address, or which entries come nearest and why each of them does not: for people who ask.
 * Every question reads the whole image, some tens of nanoseconds an entry, some microseconds where long names are much like
 * the one that is asked for; never for packets.
 */
#ifndef RULES_EXPLAIN_H
#define RULES_EXPLAIN_H

#include "rules/image.h"

/* Why an entry that comes near does not free what was asked for, the nearest first, and a word for each. */
#define ZR_NEAR_REASONS(X)                                                                                      \
	X(NOT_YET, "not_yet")              /* covers it, and its window opens later */                          \
	X(PAST, "past")                    /* covers it, and its window has closed */                           \
	X(OVERRULED, "overruled")          /* covers it, and the exclusion that was found wins */               \
	X(EXACT_ONLY, "exact_only")        /* a domain above it is listed, without subdomains */                \
	X(BELOW_ONLY, "below_only")        /* its subdomains are listed, not the domain itself */               \
	X(OTHER_PROTO, "other_protocol")   /* covers the address, with another protocol */                      \
	X(OTHER_PORTS, "other_ports")      /* covers the address, with other ports */                           \
	X(SUBDOMAIN, "subdomain_listed")   /* a domain below it is listed */                                    \
	X(INSIDE_LABEL, "inside_a_label")  /* its text ends like the entry, but not at the border of a label */ \
	X(SPELLING, "similar_spelling")    /* differs in one or two characters */                               \
	X(SIBLING, "sibling_listed")       /* another name directly below the same domain is listed */          \
	X(NEIGHBOUR, "neighbouring_block") /* a block whose addresses begin like it */

enum zr_near_reason {
#define X(id, word) ZR_NEAR_##id,
	ZR_NEAR_REASONS(X)
#undef X
		ZR_NEAR_REASON_COUNT
};

/* Most entries that are told. */
#define ZR_NEAR_MAX 8

struct zr_near {
	uint32_t entry;
	uint8_t reason;   /* enum zr_near_reason */
	uint8_t distance; /* SPELLING: characters that differ (left out, put in, replaced, or two swapped) */
	uint64_t rank;    /* the lower, the nearer */
};

struct zr_explanation {
	struct zr_match match;            /* what the dataplane would be told */
	unsigned int count;               /* of near; none when match frees it */
	uint64_t left_out;                /* entries that come near and are not among them */
	struct zr_near near[ZR_NEAR_MAX]; /* the nearest first */
};

/* The word of a reason, for machines. */
const char *zr_near_word(enum zr_near_reason reason);

/*
 * Explain a canonical name (rules/name.h) at now_s. As in lookups the list's expiry is not looked at. Pure, any thread.
 */
void zr_explain_name(const struct zr_image *image, const char *name, size_t len, int64_t now_s,
		     struct zr_explanation *out);

/*
 * Explain an address; parameters as for zr_image_match_address. proto 0: none is known, so that entries with a protocol do
 * not apply.
 */
void zr_explain_address(const struct zr_image *image, uint8_t family, const uint8_t *addr, uint8_t proto, uint16_t port,
			int64_t now_s, struct zr_explanation *out);

#endif
