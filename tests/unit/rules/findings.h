/* SPDX-License-Identifier: BSD-3-Clause */
/* What the reader finds wrong with a list, as text. */
#ifndef TESTS_UNIT_RULES_FINDINGS_H
#define TESTS_UNIT_RULES_FINDINGS_H

#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "tests/support/guard.h"

/* Read text, which ends at a guard page; wanted holds the findings, one a line, as LINE:COLUMN: TEXT. */
static inline void expect_errors(const char *text, const char *wanted)
{
	char *found = NULL;
	size_t found_len = 0;
	FILE *out = open_memstream(&found, &found_len);
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len = strlen(text);
	struct guard guard;

	assert_non_null(out);
	assert_int_equal(zr_list_read((const char *)guard_copy(&guard, text, len), len, &list, &errors), -EINVAL);
	assert_null(list);
	for (size_t i = 0; i < errors.count; i++)
		fprintf(out, "%u:%u: %s\n", errors.at[i].line, errors.at[i].column, errors.at[i].text);
	fclose(out);
	assert_string_equal(found, wanted);
	free(found);
	zr_findings_clear(&errors);
	guard_free(&guard);
}

#endif
