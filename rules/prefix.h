/* SPDX-License-Identifier: BSD-3-Clause */
/* IP address prefixes as text and as a set: subscribers, tunnel endpoints, the list's address entries. */
#ifndef RULES_PREFIX_H
#define RULES_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One prefix. Bits of addr behind len are zero. IPv4 stands in addr[0..3]. */
struct zr_prefix {
	uint8_t family; /* 4 or 6 */
	uint8_t len;    /* bits: 0 to 32, or 0 to 128 */
	uint8_t addr[16];
};

/*
 * Read "10.0.0.0/8", "2405:4800::/32" or a bare address (then the prefix is that one address).
 * text, len: not terminated. Returns 0; -EINVAL when it is no address or prefix; -ERANGE when address bits are set behind
 * the prefix length (out then holds the prefix with those bits cleared, so that the caller can say what to write instead).
 */
int zr_prefix_parse(const char *text, size_t len, struct zr_prefix *out);

/* Room for what zr_prefix_format writes, terminator included. */
#define ZR_PREFIX_TEXT 50

/* Write prefix as text ("10.0.0.0/8", RFC 5952 for IPv6) into out[ZR_PREFIX_TEXT]; returns the length. */
size_t zr_prefix_format(const struct zr_prefix *prefix, char *out);

/* An unordered set of prefixes; memory is owned by the set. Immutable while readers use it. */
struct zr_prefix_set {
	struct zr_prefix *prefixes;
	size_t count;
};

/* Add one prefix; 0 or -ENOMEM. */
int zr_prefix_set_add(struct zr_prefix_set *set, const struct zr_prefix *prefix);
/* Free what the set holds; the set is empty afterwards. */
void zr_prefix_set_clear(struct zr_prefix_set *set);
/* Does an address (4 bytes for family 4, 16 for family 6, network order) lie in one of the prefixes? Any thread. */
bool zr_prefix_set_contains(const struct zr_prefix_set *set, uint8_t family, const uint8_t *addr);

#endif
