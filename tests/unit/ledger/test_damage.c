/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files cut off and overwritten in every region, the newest and older ones, their logs: it opens, what is intact comes back
 * byte for byte and once, and what is not is told to be lost. (book_read checks each line and that lines and gaps make up
 * all numbers.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ledger/file.h"
#include "tests/unit/ledger/book.h"

#define EACH  300
#define HOURS 3
#define ALL   ((uint64_t)EACH * HOURS)

/* No record of the book takes fewer bytes in a file. */
#define ROW_MIN 150

static const char *const files[HOURS] = {"records-2026-11-23T08.db", "records-2026-11-23T09.db",
					 "records-2026-11-23T10.db"};

/* Three hours of records, closed. */
static void make(struct book *book)
{
	book_make(book);
	book_open(book);
	for (unsigned int hour = 0; hour < HOURS; hour++) {
		if (hour > 0)
			book->now_us += BOOK_HOUR_US;
		book_put(book, EACH);
	}
	book_close(book);
}

/* Three hours of records, the last one killed: it has a log, from which nothing has been copied yet. */
static void make_killed(struct book *book)
{
	book_make(book);
	book_open(book);
	book_put(book, EACH);
	book->now_us += BOOK_HOUR_US;
	book_put(book, EACH);
	book_close(book);
	book->now_us += BOOK_HOUR_US;
	book_put_and_kill(book, EACH);
	assert_true(book_file_bytes(book, "records-2026-11-23T10.db-wal") > 10000);
}

/* Open what is left, read everything, go on with it, open again: the same. Returns how many were lost. */
static uint64_t check(struct book *copy, uint64_t all)
{
	struct book_found first, again;

	book_open(copy);
	book_read_all(copy, &first);
	assert_int_equal(first.lines + first.lost, all);
	assert_int_equal(first.epochs, copy->start.new_epoch);
	if (copy->start.new_epoch)
		assert_int_equal(copy->start.next, 1);
	else
		assert_int_equal(copy->start.next, all + 1);
	book_put(copy, 5);
	book_close(copy);

	book_open(copy);
	assert_false(copy->start.new_epoch);
	book_read_all(copy, &again);
	assert_int_equal(again.lines, first.lines + 5);
	assert_int_equal(again.lost, first.lost);
	book_close(copy);
	return first.lost;
}

static void noise_everywhere(const struct book *book, const char *name, size_t step, size_t len, uint64_t most_lost)
{
	size_t size = book_file_bytes(book, name);
	struct book copy;

	book_make(&copy);
	copy.now_us = book->now_us;
	for (size_t at = 0; at + len <= size; at += step) {
		uint64_t lost;

		book_copy(book, &copy);
		book_noise(&copy, name, at, len, at);
		lost = check(&copy, ALL);
		if (lost > most_lost)
			fail_msg("%s: noise of %zu bytes at %zu: %llu records lost", name, len, at,
				 (unsigned long long)lost);
	}
	book_free(&copy);
}

static void cut_everywhere(const struct book *book, const char *name, size_t step)
{
	size_t size = book_file_bytes(book, name);
	struct book copy;

	book_make(&copy);
	copy.now_us = book->now_us;
	for (size_t at = 0; at < size; at += step) {
		uint64_t lost;

		book_copy(book, &copy);
		book_cut(&copy, name, at);
		lost = check(&copy, ALL);
		if (lost > EACH || lost > (size - at) / ROW_MIN + 2)
			fail_msg("%s: cut off at %zu: %llu records lost", name, at, (unsigned long long)lost);
	}
	book_free(&copy);
}

/* A few bytes cost the rows that they hit, whatever structure they were. */
static void test_noise_newest(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	noise_everywhere(&book, files[2], 3571, 60, 2);
	noise_everywhere(&book, files[2], ZR_PAGE_BYTES, 100, 2); /* headers of pages */
	noise_everywhere(&book, files[2], ZR_PAGE_BYTES, ZR_PAGE_BYTES, ZR_PAGE_BYTES / ROW_MIN);
	book_free(&book);
}

static void test_noise_older(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	noise_everywhere(&book, files[0], 3571, 60, 2);
	noise_everywhere(&book, files[1], ZR_PAGE_BYTES, 100, 2);
	noise_everywhere(&book, files[1], ZR_PAGE_BYTES, ZR_PAGE_BYTES, ZR_PAGE_BYTES / ROW_MIN);
	book_free(&book);
}

/* The header byte by byte. */
static void test_noise_header(void **state)
{
	struct book book, copy;

	(void)state;
	make(&book);
	book_make(&copy);
	copy.now_us = book.now_us;
	for (size_t at = 0; at < 110; at++) {
		book_copy(&book, &copy);
		book_noise(&copy, files[at % HOURS], at, 1, at);
		assert_int_equal(check(&copy, ALL), 0);
	}
	book_free(&copy);
	book_free(&book);
}

static void test_cut(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	for (unsigned int i = 0; i < HOURS; i++)
		cut_everywhere(&book, files[i], 9973);
	book_free(&book);
}

/* A log that is damaged hides what is behind the damage from SQLite; it is found nevertheless. */
static void test_log(void **state)
{
	struct book book;

	(void)state;
	make_killed(&book);
	noise_everywhere(&book, "records-2026-11-23T10.db-wal", 4001, 30, 2);
	noise_everywhere(&book, "records-2026-11-23T10.db-wal", 1 << 20, 32, 2); /* its header */
	cut_everywhere(&book, "records-2026-11-23T10.db-wal", 9973);
	noise_everywhere(&book, "records-2026-11-23T10.db", 4001, 60, 2);
	book_free(&book);
}

/* Whole files gone: the newest, an older one. */
static void test_missing(void **state)
{
	struct book book, copy;
	char path[160];

	(void)state;
	make(&book);
	book_make(&copy);
	copy.now_us = book.now_us;
	for (unsigned int i = 0; i < HOURS; i++) {
		struct book_found found;

		book_copy(&book, &copy);
		book_path(&copy, files[i], path);
		assert_int_equal(remove(path), 0);
		book_open(&copy);
		assert_int_equal(copy.start.new_epoch, i == HOURS - 1);
		book_read(&copy, (struct zr_position){BOOK_NOW_US, 0}, 10000, &found);
		assert_int_equal(found.lines, ALL - EACH);
		assert_int_equal(found.lost, EACH);
		assert_int_equal(found.gaps, 1);
		book_close(&copy);
	}
	book_free(&copy);
	book_free(&book);
}

/* Both at once: the newest file and cursors.db. */
static void test_both(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	book_noise(&book, files[2], 0, 100, 1);
	book_noise(&book, "cursors.db", 0, 100, 2);
	assert_int_equal(check(&book, ALL), 0);
	book_free(&book);
}

/* Damage that comes while the ledger is open: found when it is read, in a closed file and in the one that is written. */
static void test_while_open(void **state)
{
	struct book_found found;
	struct book book;
	char names[8][64];

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, EACH);
	book.now_us += BOOK_HOUR_US;
	book_put(&book, EACH);
	book_noise(&book, files[0], 3 * ZR_PAGE_BYTES, 60, 1);
	book_noise(&book, files[0], 5 * ZR_PAGE_BYTES + 4000, 60, 1);
	book_read_all(&book, &found);
	assert_int_equal(found.lines + found.lost, 2 * EACH);
	assert_in_range(found.lost, 1, 4);
	assert_int_equal(book_files(&book, "records-2026-11-23T08.db.damaged", "", names, 8), 1);

	/* The log of the file that is written: its pages are in nobody's memory but the writer's. */
	book_noise(&book, "records-2026-11-23T09.db-wal", 60000, 60, 1);
	book_put(&book, EACH);
	book_read_all(&book, &found);
	assert_int_equal(found.lines + found.lost, 3 * EACH);
	assert_in_range(found.lost, 1, 6);
	book_close(&book);
	book_free(&book);
}

/* A kill between the salvage and setting the damaged file aside leaves both. */
static void test_salvage_cut_short(void **state)
{
	struct book book, copy;
	struct book_found found;
	char names[8][64], from[160], to[160], command[400];

	(void)state;
	make(&book);
	book_make(&copy);
	copy.now_us = book.now_us;
	book_noise(&book, files[1], 0, 100, 1);
	book_copy(&book, &copy);
	assert_int_equal(check(&copy, ALL), 0);
	assert_int_equal(book_files(&copy, "records-2026-11-23T09", ".db", names, 8), 1);
	book_path(&book, files[1], from);
	book_path(&copy, files[1], to);
	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
	book_open(&copy);
	book_read_all(&copy, &found);
	assert_int_equal(found.lines, ALL + 5);
	assert_int_equal(found.gaps, 0);
	assert_int_equal(book_files(&copy, "records-2026-11-23T09", ".db", names, 8), 1);
	book_free(&copy);
	book_free(&book);
}

/*
 * The damaged file of an hour was deleted to make room: its name is not given again in that hour, since the next start would
 * take what bears it for what the salvaged one was made of.
 */
static void test_name_of_damaged(void **state)
{
	struct book_found found;
	char path[160], names[8][64];
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, EACH);
	book_close(&book);
	book_noise(&book, files[0], 0, 100, 1);
	book_open(&book);
	assert_true(book.start.new_epoch);
	book_path(&book, "records-2026-11-23T08.db.damaged", path);
	assert_int_equal(remove(path), 0);
	book_put(&book, EACH);
	book_close(&book);
	book_open(&book);
	assert_false(book.start.new_epoch);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 2 * EACH);
	assert_int_equal(found.lost, 0);
	assert_int_equal(book_files(&book, "records-", ".damaged", names, 8), 0);
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_newest),
		cmocka_unit_test(test_noise_older),
		cmocka_unit_test(test_noise_header),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_while_open),
		cmocka_unit_test(test_salvage_cut_short),
		cmocka_unit_test(test_name_of_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
