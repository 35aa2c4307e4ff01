/* SPDX-License-Identifier: BSD-3-Clause */
/* Hours and a clock that steps: names follow the clock, order follows the numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ledger/book.h"

static void check_names(const struct book *book, const char *const *expected)
{
	char names[16][64];
	unsigned int count = book_files(book, "records-", ".db", names, 16), i;

	for (i = 0; expected[i] != NULL; i++) {
		assert_true(i < count);
		assert_string_equal(names[i], expected[i]);
	}
	assert_int_equal(count, i);
}

static void check_all(struct book *book, uint64_t lines)
{
	struct book_found found;

	book_read_all(book, &found);
	assert_int_equal(found.lines, lines);
	assert_int_equal(found.gaps, 0);
}

static void test_hours(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	for (unsigned int hour = 0; hour < 3; hour++) {
		book_put(&book, 100);
		book.now_us += BOOK_HOUR_US;
	}
	book_put(&book, 100);
	check_names(&book, (const char *const[]){"records-2026-11-23T08.db", "records-2026-11-23T09.db",
						 "records-2026-11-23T10.db", "records-2026-11-23T11.db", NULL});
	check_all(&book, 400);
	/* A file that was left is whole without its log. */
	book_close(&book);
	book_open(&book);
	check_all(&book, 400);
	book_free(&book);
}

/* The same hour goes on in the same file after a restart, but not in another epoch. */
static void test_same_hour(void **state)
{
	struct book book;
	char path[160];

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 10);
	book_close(&book);
	book_open(&book);
	book_put(&book, 10);
	check_names(&book, (const char *const[]){"records-2026-11-23T08.db", NULL});
	book_close(&book);
	book_path(&book, "cursors.db", path);
	assert_int_equal(remove(path), 0);
	book_open(&book);
	assert_true(book.start.new_epoch);
	assert_int_equal(book.start.epoch_us, BOOK_NOW_US + 1); /* the clock stands, epochs grow */
	assert_int_equal(book.start.next, 1);
	book_put(&book, 10);
	check_names(&book, (const char *const[]){"records-2026-11-23T08-1.db", "records-2026-11-23T08.db", NULL});
	check_all(&book, 30);
	book_free(&book);
}

static void test_steps(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 10);
	book.now_us -= 2 * BOOK_HOUR_US;
	book_put(&book, 10);
	book.now_us += 2 * BOOK_HOUR_US;
	book_put(&book, 10);
	book.now_us += 30 * 24 * BOOK_HOUR_US;
	book_put(&book, 10);
	book.now_us -= 30 * 24 * BOOK_HOUR_US;
	book_put(&book, 10);
	check_names(&book, (const char *const[]){"records-2026-11-23T06.db", "records-2026-11-23T08-1.db",
						 "records-2026-11-23T08-2.db", "records-2026-11-23T08.db",
						 "records-2026-12-23T08.db", NULL});
	check_all(&book, 50);
	book_close(&book);

	/* Back before the epoch: it stays the same one, and the time away is none. */
	book.now_us -= 1000 * BOOK_HOUR_US;
	book_put_and_kill(&book, 10);
	book.now_us -= BOOK_HOUR_US;
	book_open(&book);
	assert_int_equal(book.start.epoch_us, BOOK_NOW_US);
	assert_true(book.start.was_killed);
	assert_int_equal(book.start.away_from_us, book.start.away_to_us);
	book_put(&book, 10);
	check_all(&book, 70);
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_same_hour),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
