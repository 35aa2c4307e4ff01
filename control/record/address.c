/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/address.h"

#include <string.h>

#include "control/record/json_writer.h"

#define GROUPS 8

/* A run of 16-bit groups of an IPv6 address. */
struct run {
	unsigned int at, count;
};

static char *put_v4(char *at, const uint8_t *b)
{
	for (unsigned int i = 0; i < 4; i++) {
		at = zr_json_u64(at, b[i]);
		*at++ = '.';
	}
	return at - 1;
}

static uint16_t group_of(const uint8_t *b, unsigned int i)
{
	return (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
}

/* The zero groups that "::" stands for: the first longest run of at least two (RFC 5952, section 4.2). */
static struct run zeros_of(const uint8_t *b)
{
	struct run best = {.at = GROUPS, .count = 1}, now = {.at = 0, .count = 0};

	for (unsigned int i = 0; i < GROUPS; i++) {
		if (group_of(b, i) != 0) {
			now.at = i + 1;
			now.count = 0;
			continue;
		}
		now.count++;
		if (now.count > best.count)
			best = now;
	}
	return best;
}

static char *put_group(char *at, uint16_t group)
{
	unsigned int digits = 1;

	while (digits < 4 && group >> (digits * 4) != 0)
		digits++;
	return zr_json_hex(at, group, digits);
}

static char *put_v6(char *at, const uint8_t *b)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct run zeros;

	if (memcmp(b, mapped, sizeof(mapped)) == 0)
		return put_v4(zr_json_raw(at, "::ffff:"), b + sizeof(mapped));

	zeros = zeros_of(b);
	for (unsigned int i = 0; i < GROUPS; i++) {
		if (i == zeros.at) {
			at = zr_json_raw(at, "::");
			i += zeros.count - 1;
			continue;
		}
		if (i > 0 && i != zeros.at + zeros.count)
			*at++ = ':';
		at = put_group(at, group_of(b, i));
	}
	return at;
}

char *zr_address_format(char *at, uint8_t family, const union zr_ip *ip)
{
	return family == 4 ? put_v4(at, ip->b) : put_v6(at, ip->b);
}

char *zr_subscriber_format(char *at, uint8_t family, const union zr_ip *ip)
{
	union zr_ip network = {.half = {ip->half[0], 0}};

	return family == 4 ? put_v4(at, ip->b) : zr_json_raw(put_v6(at, network.b), "/64");
}
