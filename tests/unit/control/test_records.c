/* SPDX-License-Identifier: BSD-3-Clause */
/* Kept records: numbers, what is dropped when memory is full and what never is, and runs of lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "control/records.h"
#include "tests/support/fake_ledger.h"

#define MEMORY (1 << 20)

static struct zr_ledger ledger;

static struct zr_records *make_from(uint64_t next)
{
	const struct zr_exporter exporter = {.gateway = "gw", .epoch_us = 1};
	struct zr_records *records;

	fake_ledger_make(&ledger, 1);
	ledger.put = ledger.committed = next - 1;
	assert_int_equal(zr_records_make(&exporter, next, MEMORY, &ledger, &records), 0);
	return records;
}

static struct zr_records *make(void)
{
	return make_from(1);
}

static void end(struct zr_records *records)
{
	zr_records_free(records);
	fake_ledger_free(&ledger);
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
		assert_true(zr_records_add_usage(records, &usage));
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
	end(records);
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
	end(records);
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
	end(records);
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
	end(records);
}

static bool add_one(struct zr_records *records)
{
	const struct zr_usage usage = {.verdict = ZR_FREE, .reason = ZR_REASON_SNI, .rule = ZR_ENTRY_NONE, .family = 4};

	return zr_records_add_usage(records, &usage);
}

/* Numbers go on where the ledger's ended; totals and losses are numbered with the others. */
static void test_numbers_go_on(void **state)
{
	const struct zr_record_loss loss = {.cause = ZR_LOSS_AWAY, .first_us = 1, .last_us = 2};
	const struct zr_record_total total = {.verdict = ZR_FREE, .first_us = 1, .last_us = 2};
	struct zr_records *records = make_from(1000);
	const char *line;
	size_t len;

	(void)state;
	assert_int_equal(zr_records_next(records), 1000);
	assert_int_equal(zr_records_oldest(records), 1000);
	assert_true(zr_records_add_loss(records, &loss));
	assert_true(add_one(records));
	assert_true(zr_records_add_total(records, &total));
	assert_int_equal(zr_records_committed(records), 1002);
	line = zr_records_line(records, 1000, &len);
	is_line(line, len, 1000);
	assert_non_null(memmem(line, len, "\"type\":\"loss\"", 13));
	line = zr_records_line(records, 1002, &len);
	is_line(line, len, 1002);
	assert_non_null(memmem(line, len, "\"type\":\"total\"", 14));
	assert_int_equal(ledger.row_count, 3);
	assert_memory_equal(ledger.rows[2].line, line, len);
	end(records);
}

/* What is not committed stays, whatever memory there is: then there is no room until it is. */
static void test_uncommitted_stays(void **state)
{
	struct zr_records *records = make();
	uint64_t seq, last = 0;
	size_t len;

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		ledger.holds_commits = true;
		for (unsigned int room; (room = zr_records_room(records)) > 0;)
			for (; room > 0; room--)
				assert_true(add_one(records));
		seq = zr_records_next(records);
		while (add_one(records)) /* only what was certain was promised */
			;
		assert_true(zr_records_next(records) - seq < 16);
		assert_int_equal(zr_records_committed(records), last);
		assert_true(zr_records_oldest(records) <= last + 1);
		for (seq = last + 1; seq < zr_records_next(records); seq++) {
			const char *line = zr_records_line(records, seq, &len);

			is_line(line, len, seq);
		}
		last = zr_records_next(records) - 1;
		fake_ledger_commit(&ledger);
		assert_true(zr_records_room(records) > 200);
		take(records, 13);
		fake_ledger_commit(&ledger);
		last += 13;
	}
	end(records);
}

/* A record that the ledger does not take leaves its number to the next. */
static void test_ledger_is_full(void **state)
{
	struct zr_records *records = make();

	(void)state;
	ledger.room = 2;
	assert_int_equal(zr_records_room(records), 2);
	assert_true(add_one(records));
	assert_true(add_one(records));
	assert_int_equal(zr_records_room(records), 0);
	assert_false(add_one(records));
	assert_int_equal(zr_records_next(records), 3);
	ledger.room = 1;
	assert_true(add_one(records));
	assert_int_equal(zr_records_committed(records), 3);
	end(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),          cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_runs),           cmocka_unit_test(test_run_ends),
		cmocka_unit_test(test_numbers_go_on),  cmocka_unit_test(test_uncommitted_stays),
		cmocka_unit_test(test_ledger_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
