/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists and images for the tests of rules/: made from rows, asked by text. */
#ifndef TESTS_UNIT_RULES_LISTS_H
#define TESTS_UNIT_RULES_LISTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/list.h"
#include "rules/prefix.h"

#define DIRECTIVES                                      \
	"#! serial: 2026112201\n"                       \
	"#! issuer: Bộ Giáo dục và Đào tạo\n" \
	"#! issued: 2026-11-22T00:00:00+07:00\n"        \
	"#! expires: 2027-06-30T23:59:59+07:00\n"

/* The first row behind these stands in line 6. */
#define HEAD DIRECTIVES "match,service,rating_group,from,until,verify,owner,note\n"

/* 2026-12-01T00:00:00Z, while the list of DIRECTIVES is in force. */
#define NOW_S 1796083200

/* An image and the block that it views. */
struct made {
	struct zr_image *image;
	void *block;
	size_t len;
};

/* Compile a list that has no errors; what is wrong with it is printed. */
static inline struct made make_image(const char *text, size_t len)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	const char *reason = NULL;
	struct made made;

	if (zr_list_read(text, len, &list, &errors) != 0)
		for (size_t i = 0; i < errors.count; i++)
			print_error("%u:%u: %s\n", errors.at[i].line, errors.at[i].column, errors.at[i].text);
	assert_non_null(list);
	assert_int_equal(errors.count, 0);
	assert_int_equal(zr_list_compile(list, &made.block, &made.len), 0);
	zr_list_free(list);
	if (zr_image_load(made.block, made.len, &made.image, &reason) != 0)
		fail_msg("the image is refused: %s", reason);
	return made;
}

/* … from rows behind HEAD. */
static inline struct made make_rows(const char *rows)
{
	char *text = malloc(strlen(HEAD) + strlen(rows) + 1);
	struct made made;

	assert_non_null(text);
	strcpy(text, HEAD);
	strcat(text, rows);
	made = make_image(text, strlen(text));
	free(text);
	return made;
}

static inline void unmake(struct made *made)
{
	zr_image_free(made->image);
	free(made->block);
}

/* What a match says: the rule as written, "" when nothing covers it. */
static inline const char *rule_of(const struct zr_image *image, struct zr_match match)
{
	struct zr_entry entry;

	if (match.kind == ZR_MATCH_NONE) {
		assert_int_equal(match.entry, ZR_ENTRY_NONE);
		return "";
	}
	assert_true(match.entry < zr_image_entry_count(image));
	zr_image_entry(image, match.entry, &entry);
	assert_int_equal(match.kind == ZR_MATCH_EXCLUDED, entry.rule[0] == '!');
	return entry.rule;
}

static inline const char *ask_name(const struct zr_image *image, const char *name, int64_t now_s)
{
	struct zr_name_ref ref = {.text = name, .len = (uint8_t)strlen(name)};
	struct zr_match match;

	zr_image_match_names(image, &ref, 1, now_s, &match);
	return rule_of(image, match);
}

static inline const char *ask_address(const struct zr_image *image, const char *addr, uint8_t proto, uint16_t port,
				      int64_t now_s)
{
	struct zr_prefix prefix;

	assert_int_equal(zr_prefix_parse(addr, strlen(addr), &prefix), 0);
	return rule_of(image, zr_image_match_address(image, prefix.family, prefix.addr, proto, port, now_s));
}

#endif
