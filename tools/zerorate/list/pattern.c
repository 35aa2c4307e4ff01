/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/pattern.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Beginnings of regular expressions, and what they are in a match column. No one begins with an earlier one. */
static const struct {
	const char *text, *rule;
} beginnings[] = {
	{"^(.+\\.)?", "."}, {"^(.*\\.)?", "."}, {"^(?:.+\\.)?", "."}, {"^(?:.*\\.)?", "."}, {"^.+\\.", "*."},
	{"^.*\\.", "*."},   {".+\\.", "*."},    {".*\\.", "*."},      {"\\.", "*."},        {"^", ""},
};

size_t zr_pattern_write(const struct zr_rule *rule, char out[ZR_PATTERN_MAX])
{
	char *at = out;

	if (rule->kind == ZR_RULE_EXACT) {
		memcpy(out, rule->name, rule->name_len + (size_t)1);
		return rule->name_len;
	}
	at = stpcpy(at, rule->kind == ZR_RULE_SUBTREE ? "^(.+\\.)?" : "^.+\\.");
	for (unsigned int i = 0; i < rule->name_len; i++) {
		if (rule->name[i] == '.')
			*at++ = '\\';
		*at++ = rule->name[i];
	}
	return (size_t)(stpcpy(at, "$") - out);
}

/* A character of a name that stands for itself in a regular expression. */
static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || (c & 0x80) != 0;
}

/* Octets of a dot of the name that text begins with; 0 when it begins with none. */
static size_t dot_octets(const char *text, size_t len)
{
	if (len >= 2 && memcmp(text, "\\.", 2) == 0)
		return 2;
	return len >= 3 && memcmp(text, "[.]", 3) == 0 ? 3 : 0;
}

/* The name between a beginning and the final '$'. */
static const char *read_body(const char *text, size_t len, char *to, const char *end)
{
	/* In a match column it would be the mark of a whole domain. */
	if (dot_octets(text, len) > 0)
		return "has an empty label, as no host name has: write ^(.+\\.)?olm\\.vn$ for a name and its "
		       "subdomains";
	for (size_t i = 0; i < len; to++) {
		if (to == end)
			return "is longer than any name";
		if (is_plain(text[i])) {
			*to = text[i++];
		} else if (dot_octets(text + i, len - i) > 0) {
			*to = '.';
			i += dot_octets(text + i, len - i);
		} else if (text[i] == '.' && (i + 1 == len || is_plain(text[i + 1]))) {
			return "has a dot that stands for any character: write \\. for a dot of the name";
		} else {
			return "is a regular expression that says more than a name or a plain suffix, like "
			       "^(.+\\.)?olm\\.vn$, does: list the names that are meant";
		}
	}
	*to = '\0';
	return NULL;
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_plain(text[i]) && text[i] != '.')
			return false;
	return true;
}

const char *zr_pattern_read(const char *text, size_t len, char rule[ZR_RULE_MAX + 1])
{
	const char *end = rule + ZR_RULE_MAX;

	if (len == 0)
		return "is empty: write a host name";
	if (is_name(text, len)) {
		if (text[0] == '.')
			return "begins with a dot, which is neither a name nor a regular expression: write "
			       "^(.+\\.)?olm\\.vn$ for a name and its subdomains";
		if (len > ZR_RULE_MAX)
			return "is longer than any name";
		memcpy(rule, text, len);
		rule[len] = '\0';
		return NULL;
	}
	if (text[len - 1] != '$')
		return "does not end with $, so that it also matches names that go on behind it: write "
		       "^(.+\\.)?olm\\.vn$ for a name and its subdomains";
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		size_t begin = strlen(beginnings[i].text);

		if (len - 1 >= begin && memcmp(text, beginnings[i].text, begin) == 0)
			return read_body(text + begin, len - 1 - begin, stpcpy(rule, beginnings[i].rule), end);
	}
	return "does not begin with ^ and a whole label, so that it also matches names that end alike: write "
	       "^(.+\\.)?olm\\.vn$ for a name and its subdomains";
}
