/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/flow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rules/decimal.h"
#include "rules/prefix.h"

/* Words of "permit out 17 from SERVER PORTS to assigned". */
#define WORDS_MAX 8
/* Octets of "65535-65535". */
#define RANGE_MAX 11

struct word {
	const char *text;
	size_t len;
};

size_t zr_flow_write(const struct zr_block *block, char out[ZR_FLOW_MAX])
{
	struct zr_prefix prefix = {.family = block->family, .len = block->len};
	char address[ZR_PREFIX_TEXT], ports[16] = "", proto[4] = "ip";

	memcpy(prefix.addr, block->addr, sizeof(prefix.addr));
	zr_prefix_format(&prefix, address);
	if (block->proto != 0)
		snprintf(proto, sizeof(proto), "%u", block->proto);
	if (block->proto != 0 && block->port_from == block->port_to)
		snprintf(ports, sizeof(ports), " %u", block->port_from);
	else if (block->proto != 0 && (block->port_from != 0 || block->port_to != UINT16_MAX))
		snprintf(ports, sizeof(ports), " %u-%u", block->port_from, block->port_to);
	return (size_t)snprintf(out, ZR_FLOW_MAX, "permit out %s from %s%s to assigned", proto, address, ports);
}

static bool is(struct word word, const char *known)
{
	return word.len == strlen(known) && strncasecmp(word.text, known, word.len) == 0;
}

/* Words between blanks; WORDS_MAX + 1 when there are more. */
static unsigned int split(const char *text, size_t len, struct word words[WORDS_MAX])
{
	unsigned int count = 0;
	size_t at = 0;

	for (;;) {
		size_t begin;

		while (at < len && text[at] == ' ')
			at++;
		if (at == len)
			return count;
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		begin = at;
		while (at < len && text[at] != ' ')
			at++;
		words[count++] = (struct word){text + begin, at - begin};
	}
}

/* What stands behind the block in a match column. NULL: the protocol cannot be listed. */
static const char *proto_of(struct word word)
{
	if (is(word, "ip"))
		return "";
	if (is(word, "6") || is(word, "tcp"))
		return " tcp";
	return is(word, "17") || is(word, "udp") ? " udp" : NULL;
}

/* One port or range, which the reader of match columns takes as it is but for 0. */
static bool range_is_good(struct word word)
{
	const char *dash = memchr(word.text, '-', word.len);
	size_t first_len = dash != NULL ? (size_t)(dash - word.text) : word.len;
	uint64_t first, last;

	if (word.len > RANGE_MAX || !zr_decimal_parse(word.text, first_len, UINT16_MAX, &first) || first == 0)
		return false;
	last = first;
	return (dash == NULL || zr_decimal_parse(dash + 1, word.len - first_len - 1, UINT16_MAX, &last)) &&
	       first <= last;
}

static const char *add_ranges(struct zr_flow *out, const char *block, const char *proto, struct word ports)
{
	while (ports.len > 0) {
		const char *comma = memchr(ports.text, ',', ports.len);
		struct word range = {ports.text, comma != NULL ? (size_t)(comma - ports.text) : ports.len};

		if (!range_is_good(range) || range.len + 1 == ports.len)
			return "has ports that are no ports or ranges of ports, like 443,8801-8810";
		if (out->count == ZR_FLOW_RANGES_MAX)
			return "has more than 64 ranges of ports: write several flow descriptions";
		snprintf(out->rules[out->count++], ZR_FLOW_MAX, "%s%s %.*s", block, proto, (int)range.len, range.text);
		ports.text += range.len;
		ports.len -= range.len;
		if (ports.len > 0) {
			ports.text++;
			ports.len--;
		}
	}
	return NULL;
}

/* The address of the server, without bits behind its length: RFC 6733 lets them stand, and they count for nothing. */
static const char *read_server(struct word word, char block[ZR_PREFIX_TEXT])
{
	struct zr_prefix prefix;

	if (is(word, "any") || is(word, "assigned"))
		return "is not from a server's addresses: \"any\" and \"assigned\" cannot be listed";
	if (word.len > 0 && word.text[0] == '!')
		return "is from all addresses but some: list the blocks that are meant";
	if (zr_prefix_parse(word.text, word.len, &prefix) == -EINVAL)
		return "has no address or block of addresses behind \"from\"";
	zr_prefix_format(&prefix, block);
	return NULL;
}

const char *zr_flow_read(const char *text, size_t len, struct zr_flow *out)
{
	char block[ZR_PREFIX_TEXT];
	struct word words[WORDS_MAX];
	const char *proto, *wrong;
	unsigned int count, to;

	out->count = 0;
	if (len > ZR_FLOW_READ_MAX)
		return "has more than 1024 octets: write several flow descriptions";
	count = split(text, len, words);
	if (count < 7 || !is(words[3], "from"))
		return "is no flow description: write it like \"permit out 17 from 203.162.10.0/24 8801-8810 to "
		       "assigned\"";
	if (!is(words[0], "permit") || !is(words[1], "out"))
		return "does not begin with \"permit out\": only what comes from a server can be listed";
	proto = proto_of(words[2]);
	if (proto == NULL)
		return "has a protocol that cannot be listed: write ip, 6 (TCP) or 17 (UDP)";
	wrong = read_server(words[4], block);
	if (wrong != NULL)
		return wrong;
	to = is(words[5], "to") ? 5 : 6;
	if (!is(words[to], "to") || to + 2 != count || (!is(words[to + 1], "assigned") && !is(words[to + 1], "any")))
		return "does not end with \"to assigned\" or \"to any\": ports of the subscriber, other addresses and "
		       "options cannot be listed";
	if (to == 5) {
		snprintf(out->rules[out->count++], ZR_FLOW_MAX, "%s%s", block, proto);
		return NULL;
	}
	if (proto[0] == '\0')
		return "has ports of every protocol: write it once with 6 (TCP) and once with 17 (UDP)";
	return add_ranges(out, block, proto, words[5]);
}
