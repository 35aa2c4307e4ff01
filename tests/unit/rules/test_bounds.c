/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists that are too large, or wrong from end to end, are refused within bounds. */
#include "tests/unit/rules/lists.h"

#include <errno.h>
#include <sys/mman.h>

static char *repeat(const char *row, size_t times, size_t *len)
{
	size_t head_len = strlen(HEAD), row_len = strlen(row);
	char *text = malloc(head_len + row_len * times);

	assert_non_null(text);
	memcpy(text, HEAD, head_len);
	for (size_t i = 0; i < times; i++)
		memcpy(text + head_len + row_len * i, row, row_len);
	*len = head_len + row_len * times;
	return text;
}

static void findings_are_kept_up_to_a_bound_and_counted_beyond_it(void **state)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len;
	char *text = repeat("h☃.vn,a,x\n", ZR_FINDINGS_MAX, &len);

	(void)state;
	assert_int_equal(zr_list_read(text, len, &list, &errors), -EINVAL);
	assert_int_equal(errors.count, ZR_FINDINGS_MAX);
	assert_int_equal(errors.more, ZR_FINDINGS_MAX);
	for (size_t i = 0; i < errors.count; i++) {
		assert_int_equal(errors.at[i].line, 6 + i / 2);
		assert_int_equal(errors.at[i].column, i % 2 == 0 ? 2 : 9);
	}
	zr_findings_clear(&errors);
	assert_int_equal(errors.more, 0);
	free(text);
}

static void a_list_with_errors_behind_the_bound_alone_is_refused(void **state)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len;
	char *text = repeat("a.vn,a,1\n", 3, &len);

	(void)state;
	for (size_t i = 0; i < ZR_FINDINGS_MAX / 2; i++) {
		assert_int_equal(zr_list_read(text, len, &list, &errors), -EINVAL);
		assert_null(list);
	}
	assert_int_equal(errors.count, ZR_FINDINGS_MAX);
	assert_int_equal(errors.more, 0);
	assert_int_equal(zr_list_read(text, len, &list, &errors), -EINVAL);
	assert_null(list);
	assert_int_equal(errors.count, ZR_FINDINGS_MAX);
	assert_int_equal(errors.more, 2);
	zr_findings_clear(&errors);
	free(text);
}

static void one_entry_too_many_ends_the_list(void **state)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len, told = 0;
	char *text = repeat("!a,,\n", ZR_LIST_ENTRIES_MAX + 2, &len);

	(void)state;
	assert_int_equal(zr_list_read(text, len, &list, &errors), -EINVAL);
	assert_null(list);
	for (size_t i = 0; i < errors.count; i++)
		told += strcmp(errors.at[i].text,
			       "this is entry 4000001: a list has at most 4000000, so write fewer") == 0;
	assert_int_equal(told, 1);
	/* All but the first contradict it; the row behind the one too many is not read. */
	assert_int_equal(errors.count + errors.more, ZR_LIST_ENTRIES_MAX + 1);
	zr_findings_clear(&errors);
	free(text);
}

/* The pages are never touched: only the first octets are looked at. */
static void a_text_that_is_too_long_is_refused_unread(void **state)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	char *text = mmap(NULL, ZR_LIST_BYTES_MAX + 1, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	assert_true(text != MAP_FAILED);
	memcpy(text, HEAD, strlen(HEAD));
	assert_int_equal(mprotect(text + 4096, ZR_LIST_BYTES_MAX + 1 - 4096, PROT_NONE), 0);
	assert_int_equal(zr_list_read(text, ZR_LIST_BYTES_MAX + 1, &list, &errors), -EINVAL);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.at[0].text, "the list is larger than 512 MiB, the most that is read: shorten it");
	zr_findings_clear(&errors);
	munmap(text, ZR_LIST_BYTES_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_are_kept_up_to_a_bound_and_counted_beyond_it),
		cmocka_unit_test(a_list_with_errors_behind_the_bound_alone_is_refused),
		cmocka_unit_test(one_entry_too_many_ends_the_list),
		cmocka_unit_test(a_text_that_is_too_long_is_refused_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
