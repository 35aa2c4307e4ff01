/* SPDX-License-Identifier: BSD-3-Clause */
/* How much there is: numbers behind a position and back from the end, room for records, what totals are resumed with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/ledger/book.h"

static struct zr_position at(const struct book *book, uint64_t seq)
{
	return (struct zr_position){book->exporter.epoch_us, seq};
}

static void is_back(struct book *book, uint64_t records, uint64_t seq)
{
	struct zr_position position = zr_ledger_back(book->ledger, records);

	assert_int_equal(position.epoch_us, book->exporter.epoch_us);
	assert_int_equal(position.seq, seq);
}

/* Over two files of an epoch. */
static void test_numbers(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 0)), 0);
	is_back(&book, 5, 0);
	book_put(&book, 10);
	book_wait(&book);
	book.now_us += BOOK_HOUR_US;
	book_put(&book, 7);
	book_wait(&book);
	assert_int_equal(zr_ledger_behind(book.ledger, (struct zr_position){0}), 17);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 0)), 17);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 4)), 13);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 10)), 7);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 16)), 1);
	assert_int_equal(zr_ledger_behind(book.ledger, at(&book, 17)), 0);
	is_back(&book, 0, 17);
	is_back(&book, 1, 16);
	is_back(&book, 7, 10);
	is_back(&book, 8, 9);
	is_back(&book, 17, 0);
	is_back(&book, UINT64_MAX, 0);
	book_free(&book);
}

/* As many as there is said to be room for can be put, one after the other, whatever the writer does. */
static void test_room(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book.config.batch_us = 1000000;
	book_open(&book);
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int room = zr_ledger_room(book.ledger);

		for (unsigned int j = 0; j < room && j < 5000; j++)
			assert_true(book_try_put(&book));
	}
	assert_true(zr_ledger_room(book.ledger) < 14000);
	book_wait(&book);
	assert_true(zr_ledger_room(book.ledger) > 7000);
	book_free(&book);
}

struct resumed {
	uint64_t first, last, count;
};

static void take(void *arg, const struct zr_record *record)
{
	struct resumed *resumed = arg;
	uint64_t seq = record->members[ZR_MEMBER_SEQ].number;

	if (resumed->count++ == 0)
		resumed->first = seq;
	resumed->last = seq;
}

static void put_total(struct book *book)
{
	const struct zr_record_total total = {.verdict = ZR_FREE, .first_us = 1, .last_us = 2};
	char line[ZR_RECORD_JSON_MAX];
	struct zr_record record;

	zr_record_of_total(&book->exporter, book->next, &total, &record);
	assert_true(zr_ledger_put(book->ledger, &record, line, zr_record_json(&record, line)));
	book->next++;
}

/* Numbers of the totals: 4, 9 and 14, in three files; 17 is the last record. */
static void put_intervals(struct book *book)
{
	book_open(book);
	for (unsigned int i = 0; i < 3; i++) {
		book_put(book, i == 0 ? 3 : 4);
		put_total(book);
		book_wait(book);
		book->now_us += BOOK_HOUR_US;
	}
	book_put(book, 3);
	book_wait(book);
}

/* After a kill: what is behind the last total but one, over all files; after an orderly end nothing. */
static void test_resume(void **state)
{
	struct resumed resumed = {0};
	struct book book;

	(void)state;
	book_make(&book);
	book.config.resume = take;
	book.config.resume_arg = &resumed;
	book_in_child(&book, put_intervals);
	book_open(&book);
	assert_true(book.start.was_killed);
	assert_int_equal(book.start.next, 18);
	assert_int_equal(book.start.last_total_seq, 14);
	assert_int_equal(resumed.first, 10);
	assert_int_equal(resumed.last, 17);
	assert_int_equal(resumed.count, 8);
	book_close(&book);
	resumed = (struct resumed){0};
	book_open(&book);
	assert_false(book.start.was_killed);
	assert_int_equal(resumed.count, 0);
	book_free(&book);
}

/* Without any total: from the first record on. */
static void test_resume_from_the_beginning(void **state)
{
	struct resumed resumed = {0};
	struct book book;

	(void)state;
	book_make(&book);
	book.config.resume = take;
	book.config.resume_arg = &resumed;
	book_put_and_kill(&book, 5);
	book_open(&book);
	assert_int_equal(resumed.first, 1);
	assert_int_equal(resumed.count, 5);
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_resume_from_the_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
