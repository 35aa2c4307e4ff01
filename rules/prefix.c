/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/decimal.h"

static unsigned int family_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

/* Clear the bits behind the prefix length; true when some were set. */
static bool clear_host_bits(struct zr_prefix *prefix)
{
	bool were_set = false;

	for (unsigned int i = 0; i < family_bits(prefix->family) / 8; i++) {
		unsigned int kept_bits = prefix->len > i * 8 ? prefix->len - i * 8 : 0;
		uint8_t mask = kept_bits >= 8 ? 0xff : (uint8_t)(0xff00 >> kept_bits);

		were_set |= (prefix->addr[i] & ~mask) != 0;
		prefix->addr[i] &= mask;
	}
	return were_set;
}

int zr_prefix_parse(const char *text, size_t len, struct zr_prefix *out)
{
	const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
	size_t addr_len = slash != NULL ? (size_t)(slash - text) : len;
	struct zr_prefix prefix = {.family = 4};
	char addr[INET6_ADDRSTRLEN];
	bool had_host_bits;
	uint64_t bits;

	if (addr_len == 0 || addr_len >= sizeof(addr) || memchr(text, '\0', addr_len) != NULL)
		return -EINVAL;
	memcpy(addr, text, addr_len);
	addr[addr_len] = '\0';
	if (inet_pton(AF_INET, addr, prefix.addr) != 1) {
		prefix.family = 6;
		if (inet_pton(AF_INET6, addr, prefix.addr) != 1)
			return -EINVAL;
	}
	bits = family_bits(prefix.family);
	if (slash != NULL && !zr_decimal_parse(slash + 1, len - addr_len - 1, bits, &bits))
		return -EINVAL;
	prefix.len = (uint8_t)bits;
	had_host_bits = clear_host_bits(&prefix);
	*out = prefix;
	return had_host_bits ? -ERANGE : 0;
}

size_t zr_prefix_format(const struct zr_prefix *prefix, char *out)
{
	char addr[INET6_ADDRSTRLEN];

	/* glibc writes IPv6 as RFC 5952, section 4, asks for. */
	inet_ntop(prefix->family == 4 ? AF_INET : AF_INET6, prefix->addr, addr, sizeof(addr));
	return (size_t)snprintf(out, ZR_PREFIX_TEXT, "%s/%u", addr, prefix->len);
}

int zr_prefix_set_add(struct zr_prefix_set *set, const struct zr_prefix *prefix)
{
	struct zr_prefix *prefixes = reallocarray(set->prefixes, set->count + 1, sizeof(*prefixes));

	if (prefixes == NULL)
		return -ENOMEM;
	prefixes[set->count++] = *prefix;
	set->prefixes = prefixes;
	return 0;
}

void zr_prefix_set_clear(struct zr_prefix_set *set)
{
	free(set->prefixes);
	*set = (struct zr_prefix_set){0};
}

static bool prefix_covers(const struct zr_prefix *prefix, const uint8_t *addr)
{
	unsigned int bytes = prefix->len / 8, bits = prefix->len % 8;

	if (memcmp(prefix->addr, addr, bytes) != 0)
		return false;
	return bits == 0 || ((prefix->addr[bytes] ^ addr[bytes]) & (uint8_t)(0xff00 >> bits)) == 0;
}

bool zr_prefix_set_contains(const struct zr_prefix_set *set, uint8_t family, const uint8_t *addr)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->prefixes[i].family == family && prefix_covers(&set->prefixes[i], addr))
			return true;
	return false;
}
