/* SPDX-License-Identifier: BSD-3-Clause */
/* Kept records: numbers, what is dropped when memory is full, and runs of lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "control/records.h"

#define MEMORY (1 << 20)

static struct zr_records *make(void)
{
	const struct zr_exporter exporter = {.gateway = "gw", .epoch_us = 1};
	struct zr_records *records;

	assert_int_equal(zr_records_make(&exporter, MEMORY, &records), 0);
	return records;
}

/* Records of many lengths: names differ. */
static void take(struct zr_records *records, unsigned int count)
{
	char name[ZR_NAME_MAX + 1];
	struct zr_usage usage = {.verdict = ZR_FREE, .reason = ZR_REASON_SNI, .rule = ZR_ENTRY_NONE, .family = 4};

	memset(name, 'n', sizeof(name));
	for (unsigned int i = 0; i < count; i++) {
		size_t len = (zr_records_next(records) * 37) % ZR_NAME_MAX;

		name[len] = '\0';
		usage.name = name;
		zr_records_take(records, &usage);
		name[len] = 'n';
	}
}

/* One whole line, of this number. */
static void is_line(const char *line, size_t len, uint64_t seq)
{
	char number[40];

	snprintf(number, sizeof(number), ",\"seq\":%llu,", (unsigned long long)seq);
	assert_memory_equal(line, "{\"op\":\"record\",\"record\":{", 25);
	assert_memory_equal(line + len - 3, "}}\n", 3);
	assert_non_null(memmem(line, len, number, strlen(number)));
	assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
}

static void test_empty(void **state)
{
	struct zr_records *records = make();

	(void)state;
	assert_int_equal(zr_records_next(records), 1);
	assert_int_equal(zr_records_oldest(records), 1);
	zr_records_free(records);
}

/* However often the memory was filled: what is kept is whole, in order, and almost as much as fits. */
static void test_wraps(void **state)
{
	struct zr_records *records = make();

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		uint64_t oldest, next;
		size_t sum = 0, len;

		take(records, 7);
		oldest = zr_records_oldest(records);
		next = zr_records_next(records);
		assert_int_equal(next, (uint64_t)7 * (i + 1) + 1);
		if (i % 100 != 0)
			continue;
		for (uint64_t seq = oldest; seq < next; seq++) {
			const char *line = zr_records_line(records, seq, &len);

			is_line(line, len, seq);
			sum += len;
		}
		assert_true(sum <= MEMORY);
		assert_true(oldest == 1 || sum > MEMORY - 3 * ZR_RECORD_LINE_MAX);
	}
	zr_records_free(records);
}

/* Runs of lines, put one behind the other, are all lines; none goes beyond what was asked for. */
static void test_runs(void **state)
{
	struct zr_records *records = make();
	uint64_t seq, last;
	unsigned int runs = 0;

	(void)state;
	take(records, 20000);
	last = zr_records_next(records) - 1;
	for (seq = zr_records_oldest(records); seq <= last; runs++) {
		size_t len, one;
		const char *at = zr_records_lines(records, seq, last, 50000, &len);

		assert_true(len < 50000 + ZR_RECORD_LINE_MAX);
		for (; len > 0; len -= one, at += one) {
			one = (size_t)((const char *)memchr(at, '\n', len) - at) + 1;
			is_line(at, one, seq++);
		}
	}
	assert_int_equal(seq, last + 1);
	assert_true(runs >= MEMORY / 60000);
	zr_records_free(records);
}

static void test_run_ends(void **state)
{
	struct zr_records *records = make();
	size_t all, one, two;

	(void)state;
	take(records, 3);
	zr_records_lines(records, 1, 3, SIZE_MAX, &all);
	zr_records_lines(records, 1, 1, SIZE_MAX, &one);
	zr_records_lines(records, 1, 2, SIZE_MAX, &two);
	assert_true(one < two && two < all);
	zr_records_lines(records, 1, 3, 1, &two);
	assert_int_equal(two, one);
	zr_records_free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_run_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
