/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/match.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "rules/decimal.h"
#include "rules/image.h"
#include "rules/name_text.h"
#include "rules/prefix.h"
#include "rules/report.h"
#include "rules/utf8.h"

/* A piece of the match column. */
struct piece {
	const char *text;
	size_t len;
};

/* What is being read, and where faults go. */
struct reading {
	struct piece whole;
	struct zr_fault *fault;
};

/* For the format's arguments to be checked by the compiler, this is no function. */
#define fault_at(reading, place, ...) \
	zr_fault_set((reading)->fault, (size_t)((place) - (reading)->whole.text), __VA_ARGS__)

/* Take what stands before the first of the characters, or all. */
static struct piece take_until(struct piece *from, const char *characters)
{
	struct piece piece = {.text = from->text};

	while (piece.len < from->len &&
	       (from->text[piece.len] == '\0' || strchr(characters, from->text[piece.len]) == NULL))
		piece.len++;
	from->text += piece.len;
	from->len -= piece.len;
	return piece;
}

static bool holds(struct piece piece, const char *word)
{
	return memmem(piece.text, piece.len, word, strlen(word)) != NULL;
}

static bool begins_with(struct piece piece, const char *word)
{
	return piece.len >= strlen(word) && memcmp(piece.text, word, strlen(word)) == 0;
}

static void drop(struct piece *piece, size_t octets)
{
	piece->text += octets;
	piece->len -= octets;
}

/* Are all characters of the piece, and there are some, among these? */
static bool only(struct piece piece, const char *characters)
{
	for (size_t i = 0; i < piece.len; i++)
		if (piece.text[i] == '\0' || strchr(characters, piece.text[i]) == NULL)
			return false;
	return piece.len > 0;
}

/* A host name, with a trailing dot or without. */
static int read_name(const struct reading *reading, struct piece name, struct zr_rule *out)
{
	int len;

	if (name.len == 0 || (name.len == 1 && name.text[0] == '.'))
		return fault_at(reading, name.text, "a host name is missing: write .domain, *.domain, !name or name");
	len = zr_name_from_text(name.text, name.len, out->name, reading->fault);
	if (len < 0) {
		if (len == -EINVAL && reading->fault != NULL)
			reading->fault->at += (size_t)(name.text - reading->whole.text);
		return len;
	}
	out->name_len = (uint8_t)len;
	return 0;
}

/* Things that people write for names. */
static int refuse_common_mistakes(const struct reading *reading, struct piece name)
{
	struct piece rest = name, host;
	char canonical[ZR_NAME_MAX + 1];

	/* Most names have nothing in them that is looked for here. */
	if (zr_name_canonical((const uint8_t *)name.text, name.len, canonical) > 0)
		return 0;
	if (holds(name, "://")) {
		take_until(&rest, ":");
		drop(&rest, 3);
		host = take_until(&rest, "/:?#");
		return fault_at(reading, name.text, "a URL cannot be matched: write the host name alone, %.*s",
				(int)host.len, host.text);
	}
	host = take_until(&rest, "/:?");
	if (rest.len > 0 && host.len > 0)
		return fault_at(reading, rest.text, "a %s cannot be matched together with a name: write %.*s alone",
				rest.text[0] == ':' ? "port" : "path", (int)host.len, host.text);
	rest = name;
	take_until(&rest, " ");
	if (name.len > 0 && (name.text[0] == '\'' || name.text[0] == '=' || name.text[0] == '"'))
		return fault_at(reading, name.text, "'%c' before the name is a spreadsheet's mark: remove it",
				name.text[0]);
	if (rest.len > 0)
		return fault_at(reading, rest.text,
				"a blank cannot stand in a host name: write one entry a row, without blanks");
	return 0;
}

static int read_ports(const struct reading *reading, struct piece ports, struct zr_block *block)
{
	struct piece rest = ports, first = take_until(&rest, "-");
	uint64_t from, until;

	if (!zr_decimal_parse(first.text, first.len, UINT16_MAX, &from) || from == 0)
		return fault_at(reading, ports.text, "\"%.*s\" is no port or range of ports: write 443 or 8801-8810",
				zr_report_excerpt(ports.text, ports.len), ports.text);
	until = from;
	if (rest.len > 0 && (!zr_decimal_parse(rest.text + 1, rest.len - 1, UINT16_MAX, &until) || until == 0))
		return fault_at(reading, ports.text, "\"%.*s\" is no range of ports: write it like 8801-8810",
				zr_report_excerpt(ports.text, ports.len), ports.text);
	if (until < from)
		return fault_at(reading, ports.text, "the range of ports ends before it begins: write %u-%u",
				(unsigned int)until, (unsigned int)from);
	block->port_from = (uint16_t)from;
	block->port_to = (uint16_t)until;
	return 0;
}

static int read_proto(const struct reading *reading, struct piece proto, struct zr_block *block)
{
	if (proto.len == 3 && strncasecmp(proto.text, "tcp", 3) == 0)
		block->proto = 6;
	else if (proto.len == 3 && strncasecmp(proto.text, "udp", 3) == 0)
		block->proto = 17;
	else
		return fault_at(reading, proto.text,
				"\"%.*s\" is no protocol: write tcp or udp behind the block, in a row each when both "
				"are meant, or nothing for every protocol",
				zr_report_excerpt(proto.text, proto.len), proto.text);
	return 0;
}

static int read_prefix(const struct reading *reading, struct piece text, struct zr_block *block)
{
	struct zr_prefix prefix;
	char right[ZR_PREFIX_TEXT];
	int error = zr_prefix_parse(text.text, text.len, &prefix);
	int widest;

	if (error == -EINVAL)
		return fault_at(
			reading, text.text,
			"\"%.*s\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with ports "
			"like 203.0.113.0/24 udp 8801-8810",
			zr_report_excerpt(text.text, text.len), text.text);
	widest = prefix.family == 4 ? ZR_BLOCK_V4_MIN_LEN : ZR_BLOCK_V6_MIN_LEN;
	if (prefix.len < widest)
		return fault_at(reading, text.text,
				"/%u is wider than /%d, the widest IPv%u block that may be listed: "
				"write the narrower blocks that are meant",
				prefix.len, widest, prefix.family);
	zr_prefix_format(&prefix, right);
	if (error == -ERANGE)
		return fault_at(reading, text.text, "address bits are set behind the prefix length: write %s", right);
	block->family = prefix.family;
	block->len = prefix.len;
	memcpy(block->addr, prefix.addr, sizeof(block->addr));
	return 0;
}

/* PREFIX [tcp|udp [PORT|PORT-PORT]] */
static int read_block(const struct reading *reading, struct zr_rule *out)
{
	struct piece rest = reading->whole, words[4];
	size_t count = 0;

	while (rest.len > 0 && count < 4) {
		words[count++] = take_until(&rest, " ");
		while (rest.len > 0 && rest.text[0] == ' ')
			drop(&rest, 1);
	}
	out->block = (struct zr_block){.port_to = UINT16_MAX};
	if (read_prefix(reading, words[0], &out->block) != 0)
		return -EINVAL;
	if (count > 1 && read_proto(reading, words[1], &out->block) != 0)
		return -EINVAL;
	if (count > 2 && read_ports(reading, words[2], &out->block) != 0)
		return -EINVAL;
	if (count > 3)
		return fault_at(reading, words[3].text,
				"too much behind the ports: write one range of ports a row, like 8801-8810");
	return 0;
}

/* Is it a character of ASCII that can be seen? Nearly all are. */
static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

/* What stands before the first blank of any kind, or all. */
static struct piece take_word(struct piece whole)
{
	struct piece word = {.text = whole.text};

	while (word.len < whole.len &&
	       (is_plain(whole.text[word.len]) || zr_utf8_blanks(whole.text + word.len, whole.len - word.len) == 0))
		word.len++;
	return word;
}

/*
 * What has the characters of an IPv4 address, or those of an IPv6 address and two colons at least; ranges, asterisks and
 * brackets are no part of a block, but whoever wrote them meant one.
 */
static bool looks_like_block(struct piece whole)
{
	struct piece word = take_word(whole), behind = word;

	if (only(word, "0123456789./:-*") && word.text[0] != '*')
		return true;
	if (!only(word, "0123456789abcdefABCDEF.:/[]"))
		return false;
	take_until(&behind, ":");
	if (behind.len == 0)
		return false;
	drop(&behind, 1);
	return holds(behind, ":");
}

static int read_excluded(const struct reading *reading, struct piece name, struct zr_rule *out)
{
	size_t extra = begins_with(name, "*.") ? 2 : begins_with(name, ".") && name.len > 1 ? 1 : 0;

	if (extra > 0)
		return fault_at(reading, name.text,
				"an exclusion covers the name and all its subdomains by itself: write !%.*s",
				(int)(name.len - extra), name.text + extra);
	if (looks_like_block(name))
		return fault_at(reading, name.text,
				"addresses cannot be excluded: list the blocks that are meant without them");
	if (refuse_common_mistakes(reading, name) != 0)
		return -EINVAL;
	return read_name(reading, name, out);
}

/* Newlines, controls, ill-formed octets, and what is outside ASCII in a block. */
static int refuse_characters(const struct reading *reading)
{
	const struct piece whole = reading->whole;
	bool is_block = looks_like_block(whole);
	uint32_t code;

	for (size_t i = 0, octets = 1; i < whole.len; i += octets) {
		if (is_plain(whole.text[i])) {
			octets = 1;
			continue;
		}
		octets = zr_utf8_read(whole.text + i, whole.len - i, &code);
		if (octets == 0)
			return fault_at(reading, whole.text + i,
					"an octet is not UTF-8: save the list as \"CSV UTF-8\"");
		if (code == '\n' || code == '\r')
			return fault_at(
				reading, whole.text + i,
				"the match goes on in the next line: write one entry a row, and close each quote in "
				"its line");
		if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			return fault_at(reading, whole.text + i,
					"a control character cannot stand here: remove it, or write a space");
		if (code >= 0x80 && is_block)
			return fault_at(
				reading, whole.text + i,
				"U+%04X cannot stand in an address block: write it in ASCII, like 203.0.113.0/24 udp "
				"8801-8810",
				code);
	}
	return 0;
}

int zr_rule_parse(const char *text, size_t len, struct zr_rule *out, struct zr_fault *fault)
{
	struct reading reading = {.whole = {text, len}, .fault = fault};
	struct piece name = reading.whole;

	*out = (struct zr_rule){.kind = begins_with(name, "!") ? ZR_RULE_EXCLUDED : ZR_RULE_EXACT};
	if (len == 0)
		return fault_at(&reading, text, "the match is blank: write .domain, *.domain, name, !name or a block");
	if (refuse_characters(&reading) != 0)
		return -EINVAL;
	if (len > ZR_RULE_MAX)
		return fault_at(&reading, text,
				"the match has %zu octets, and at most %d are allowed: write a shorter one, or "
				"A-labels (xn--...)",
				len, ZR_RULE_MAX);
	if (looks_like_block(name)) {
		out->kind = ZR_RULE_BLOCK;
		return read_block(&reading, out);
	}
	if (out->kind == ZR_RULE_EXCLUDED) {
		drop(&name, 1);
		return read_excluded(&reading, name, out);
	}
	if (refuse_common_mistakes(&reading, name) != 0)
		return -EINVAL;
	if (begins_with(name, "*.")) {
		out->kind = ZR_RULE_BELOW;
		drop(&name, 2);
	} else if (begins_with(name, ".")) {
		out->kind = ZR_RULE_SUBTREE;
		drop(&name, 1);
	}
	return read_name(&reading, name, out);
}
