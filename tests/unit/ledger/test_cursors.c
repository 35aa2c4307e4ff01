/* SPDX-License-Identifier: BSD-3-Clause */
/* What consumers have acknowledged: kept, never going back, never ahead of what is there; and cursors.db damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ledger/cursors.h"
#include "tests/unit/ledger/book.h"

static void make(struct book *book)
{
	book_make(book);
	book->consumers[0] = "billing";
	book->consumers[1] = "files";
	book->config.consumer_count = 2;
}

static void check_cursor(struct book *book, const char *consumer, uint64_t epoch_us, uint64_t seq)
{
	struct zr_position position = zr_ledger_cursor(book->ledger, consumer);

	assert_int_equal(position.epoch_us, epoch_us);
	assert_int_equal(position.seq, seq);
}

static bool ack(struct book *book, const char *consumer, uint64_t epoch_us, uint64_t seq)
{
	return zr_ledger_ack(book->ledger, consumer, (struct zr_position){epoch_us, seq});
}

static void test_kept(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	book_open(&book);
	check_cursor(&book, "billing", BOOK_NOW_US, 0);
	check_cursor(&book, "nobody", 0, 0);
	book_put(&book, 100);
	assert_true(ack(&book, "billing", BOOK_NOW_US, 40));
	assert_true(ack(&book, "billing", BOOK_NOW_US, 30)); /* going back is nothing */
	check_cursor(&book, "billing", BOOK_NOW_US, 40);
	book_close(&book);
	book_open(&book);
	check_cursor(&book, "billing", BOOK_NOW_US, 40);
	check_cursor(&book, "files", BOOK_NOW_US, 0);
	book_free(&book);
}

static void test_nonsense(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 100);
	assert_false(ack(&book, "billing", BOOK_NOW_US, 101));
	assert_false(ack(&book, "billing", BOOK_NOW_US + 1, 1));
	assert_false(ack(&book, "billing", BOOK_NOW_US - 1, 1));
	assert_false(ack(&book, "billing", BOOK_NOW_US, UINT64_MAX));
	assert_false(ack(&book, "nobody", BOOK_NOW_US, 1));
	check_cursor(&book, "billing", BOOK_NOW_US, 0);
	book_free(&book);
}

/* Kept without a batch as well, within the batch interval, and then also a kill leaves it. */
static void acknowledge_and_kill(struct book *book)
{
	book_open(book);
	assert_true(ack(book, "billing", BOOK_NOW_US, 70));
	for (unsigned int i = 0; i < 500; i++) {
		zr_ledger_tick(book->ledger);
		book_sleep();
	}
}

static void test_kept_without_batch(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 100);
	book_close(&book);
	book_in_child(&book, acknowledge_and_kill);
	book_open(&book);
	assert_true(book.start.was_killed);
	check_cursor(&book, "billing", BOOK_NOW_US, 70);
	book_free(&book);
}

/* A consumer that comes later begins with the oldest record that is kept; one that goes keeps its place. */
static void test_later(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	make(&book);
	book.config.consumer_count = 1;
	book.config.retention_us = 0;
	book_open(&book);
	book_put(&book, 100);
	assert_true(ack(&book, "billing", BOOK_NOW_US, 100));
	book.now_us += 2 * BOOK_HOUR_US;
	book_put(&book, 100);
	BOOK_UNTIL(&book, zr_ledger_oldest(book.ledger).seq == 100);
	book_close(&book);

	book.config.consumer_count = 2;
	book_open(&book);
	check_cursor(&book, "files", BOOK_NOW_US, 100);
	book_read(&book, zr_ledger_cursor(book.ledger, "files"), 10000, &found);
	assert_int_equal(found.lines, 100);
	assert_int_equal(found.gaps, 0);
	assert_true(ack(&book, "files", BOOK_NOW_US, 150));
	book_close(&book);

	book.config.consumer_count = 1;
	book_open(&book);
	check_cursor(&book, "files", 0, 0);
	book_close(&book);
	book.config.consumer_count = 2;
	book_open(&book);
	check_cursor(&book, "files", BOOK_NOW_US, 150);
	book_free(&book);
}

/* Noise anywhere in cursors.db, or its end gone: it opens; a consumer gets records twice rather than not at all. */
static void test_damaged(void **state)
{
	unsigned int replaced = 0;
	struct book book, copy;
	size_t size;

	(void)state;
	make(&book);
	make(&copy);
	book_open(&book);
	book_put(&book, 100);
	assert_true(ack(&book, "billing", BOOK_NOW_US, 60));
	book_close(&book);
	size = book_file_bytes(&book, "cursors.db");
	for (size_t at = 0; at < size; at += size / 97) {
		struct book_found found;
		size_t left = size - at;

		book_copy(&book, &copy);
		if (at / (size / 97) % 4 == 3)
			book_cut(&copy, "cursors.db", at);
		else
			book_noise(&copy, "cursors.db", at, left < 40 ? left : 40, at);
		book_open(&copy);
		if (copy.start.new_epoch) {
			char names[4][64];

			replaced++;
			assert_int_equal(book_files(&copy, "cursors.db.damaged", "", names, 4), 1);
			check_cursor(&copy, "billing", BOOK_NOW_US, 0);
			assert_int_equal(copy.start.epoch_us, BOOK_NOW_US + 1);
			assert_int_equal(copy.start.next, 1);
		} else {
			check_cursor(&copy, "billing", BOOK_NOW_US, 60);
			assert_int_equal(copy.start.next, 101);
		}
		book_read_all(&copy, &found);
		assert_int_equal(found.lines, 100);
		assert_int_equal(found.gaps, 0);
		book_put(&copy, 10);
		book_read_all(&copy, &found);
		assert_int_equal(found.lines, 110);
		book_close(&copy);
	}
	assert_true(replaced > 10);
	book_free(&book);
	book_free(&copy);
}

static void set_start(struct book *book, uint16_t start)
{
	struct zr_folder folder = {.path = book->folder, .fd = open(book->folder, O_RDONLY | O_DIRECTORY)};
	char aside[ZR_FILE_NAME_MAX];
	struct zr_numbering *list;
	struct zr_cursors *cursors;
	unsigned int count;
	bool is_new;

	assert_int_equal(zr_cursors_open(&folder, &cursors, &is_new, aside), 0);
	assert_int_equal(zr_cursors_numberings(cursors, &list, &count), 0);
	assert_int_equal(count, 1);
	list[0].start = start;
	assert_int_equal(zr_cursors_save(cursors, &list[0], NULL, 0), 0);
	free(list);
	zr_cursors_close(cursors);
	close(folder.fd);
}

/* 65536 starts of one epoch have numbers; the next one begins a new epoch. */
static void test_starts_used_up(void **state)
{
	struct book book;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 10);
	book_close(&book);
	set_start(&book, UINT16_MAX - 1);
	book_open(&book);
	assert_int_equal(book.start.start, UINT16_MAX);
	assert_false(book.start.new_epoch);
	book_close(&book);
	book_open(&book);
	assert_true(book.start.new_epoch);
	assert_int_equal(book.start.start, 0);
	assert_int_equal(book.start.next, 1);
	assert_false(book.start.was_killed);
	book_free(&book);
}

static void test_newer_version(void **state)
{
	char path[160], *message = NULL;
	struct book book;
	sqlite3 *db;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 10);
	book_close(&book);
	book_path(&book, "records-2026-11-23T08.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=2;UPDATE meta SET value=2 WHERE name='schema_version'",
				      NULL, NULL, &message),
			 SQLITE_OK);
	sqlite3_close(db);
	book_try_open(&book);
	assert_int_equal(book.err, -EPROTO);
	assert_non_null(strstr(book.error, "newer version"));
	book.ledger = NULL;
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_kept_without_batch),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_starts_used_up),
		cmocka_unit_test(test_newer_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
