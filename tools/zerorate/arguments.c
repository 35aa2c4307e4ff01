/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/timestamp.h"

#define US_PER_S UINT64_C(1000000)

bool zr_argument_refuse(const char *command, const char *option, const char *what)
{
	fprintf(stderr, "zerorate %s: %s %s\n", command, option, what);
	return false;
}

/* One prefix of a comma-separated list. */
static bool add_prefix(const char *command, const char *option, const char *text, int len, struct zr_prefix_set *set)
{
	char correct[ZR_PREFIX_TEXT];
	struct zr_prefix prefix;
	int err = zr_prefix_parse(text, (size_t)len, &prefix);

	if (err == -ERANGE) {
		zr_prefix_format(&prefix, correct);
		fprintf(stderr, "zerorate %s: %s: '%.*s' has address bits behind its length: write %s\n", command,
			option, len, text, correct);
		return false;
	}
	if (err != 0) {
		fprintf(stderr,
			"zerorate %s: %s: '%.*s' is no prefix: write addresses like 10.0.0.0/8 or 2001:db8::/32, "
			"with commas between them\n",
			command, option, len, text);
		return false;
	}
	return zr_prefix_set_add(set, &prefix) == 0 || zr_argument_refuse(command, option, "does not fit into memory");
}

bool zr_argument_prefixes(const char *command, const char *option, const char *text, struct zr_prefix_set *set)
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (!add_prefix(command, option, text, (int)len, set))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

bool zr_argument_time(const char *command, const char *option, const char *text, uint64_t *out_us)
{
	int64_t time_s;

	if (zr_timestamp_parse(text, strlen(text), &time_s) != 0 || time_s < 0)
		return zr_argument_refuse(command, option, "is " ZR_TIMESTAMP_FORM "2026-11-01T00:00:00+07:00");
	*out_us = (uint64_t)time_s * US_PER_S;
	return true;
}

bool zr_argument_format(const char *command, const char *text, enum zr_format *format)
{
	if (strcmp(text, "json") == 0)
		*format = ZR_FORMAT_JSON;
	else if (strcmp(text, "table") == 0)
		*format = ZR_FORMAT_TABLE;
	else
		return zr_argument_refuse(command, "--format", "is json or table");
	return true;
}
