/* SPDX-License-Identifier: BSD-3-Clause */
/* Room on the disk: retention, the limit, a disk that is full or refuses, snapshots and locks of other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ledger/book.h"

static struct zr_ledger_status status_of(struct book *book)
{
	struct zr_ledger_status status;

	zr_ledger_status(book->ledger, &status);
	return status;
}

static bool ack_all(struct book *book)
{
	return zr_ledger_ack(book->ledger, "billing",
			     (struct zr_position){book->start.epoch_us, zr_ledger_committed(book->ledger)});
}

static void make(struct book *book)
{
	book_make(book);
	book->consumers[0] = "billing";
	book->config.consumer_count = 1;
}

static unsigned int count_files(const struct book *book)
{
	char names[64][64];

	return book_files(book, "records-", ".db", names, 64);
}

/* Old and acknowledged goes; old and not acknowledged stays, and so does the newest file, whatever its age. */
static void test_retention(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	make(&book);
	book.config.retention_us = 2 * BOOK_HOUR_US;
	book_open(&book);
	for (unsigned int hour = 0; hour < 4; hour++) {
		book_put(&book, 100);
		book.now_us += BOOK_HOUR_US;
	}
	for (unsigned int i = 0; i < 1200; i++) {
		zr_ledger_tick(book.ledger);
		book_sleep();
	}
	assert_int_equal(count_files(&book), 4);
	assert_true(ack_all(&book));
	/* 08 ended at 09:00 and 09 at 10:00, both two hours before 12:10. */
	BOOK_UNTIL(&book, count_files(&book) == 2);
	book.now_us += 1000 * BOOK_HOUR_US;
	BOOK_UNTIL(&book, count_files(&book) == 1);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 100);
	assert_int_equal(found.lost, 300);
	book_close(&book);
	book_open(&book);
	assert_false(book.start.new_epoch);
	assert_int_equal(book.start.next, 401);
	book_free(&book);
}

/* At the limit what is acknowledged goes before its time; then nothing more is written until somebody acknowledges. */
static void test_limit(void **state)
{
	struct book_found found;
	struct book book;
	uint64_t put;

	(void)state;
	make(&book);
	book.config.disk_limit_bytes = 4 << 20;
	book_open(&book);
	for (put = 0; put < 100000; put++) {
		zr_ledger_tick(book.ledger);
		if (put % 500 == 0)
			book.now_us += BOOK_HOUR_US;
		if (!book_try_put(&book))
			break;
		if (put % 500 == 499)
			BOOK_UNTIL(&book, zr_ledger_committed(book.ledger) == book.next - 1 ||
						  status_of(&book).state == ZR_LEDGER_FULL);
		if (status_of(&book).state == ZR_LEDGER_FULL)
			break;
	}
	assert_in_range(put, 2000, 99999);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_FULL);
	assert_non_null(strstr(status_of(&book).error, "disk limit"));
	assert_true(status_of(&book).bytes <= book.config.disk_limit_bytes);
	put = zr_ledger_committed(book.ledger);
	assert_true(put < book.next - 1);

	/* All that was put is there, or waits; none is lost when there is room again. */
	book_read_all(&book, &found);
	assert_int_equal(found.lines, put);
	assert_true(ack_all(&book));
	book_wait(&book);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_CRAMPED);
	book_read(&book, (struct zr_position){book.start.epoch_us, put}, 10000, &found);
	assert_int_equal(found.lines, book.next - 1 - put);
	book_free(&book);
}

/* The file that is written is larger than the limit: it is left as soon as everybody has it, and writing goes on. */
static void test_limit_of_one_file(void **state)
{
	struct book_found found;
	struct book book;
	uint64_t put;

	(void)state;
	make(&book);
	book.config.disk_limit_bytes = 1 << 20;
	book_open(&book);
	for (unsigned int round = 0; round < 3; round++) {
		put = book.next - 1;
		while (status_of(&book).state != ZR_LEDGER_FULL) {
			for (unsigned int i = 0; i < 200; i++)
				assert_true(book_try_put(&book));
			BOOK_UNTIL(&book, zr_ledger_committed(book.ledger) == book.next - 1 ||
						  status_of(&book).state == ZR_LEDGER_FULL);
		}
		assert_true(zr_ledger_committed(book.ledger) < book.next - 1);
		BOOK_UNTIL(&book, ack_all(&book) && zr_ledger_committed(book.ledger) == book.next - 1);
		book_read(&book, (struct zr_position){book.start.epoch_us, put}, 10000, &found);
		assert_int_equal(found.end.seq, book.next - 1);
		BOOK_UNTIL(&book, status_of(&book).state != ZR_LEDGER_FULL);
		assert_true(ack_all(&book));
	}
	assert_true(count_files(&book) <= 3);
	book_close(&book);
	book_open(&book);
	assert_false(book.start.new_epoch);
	book_free(&book);
}

/* A batch that is larger than the limit is written, when nothing else is kept for anybody. */
static void test_limit_below_batch(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	make(&book);
	book.config.disk_limit_bytes = 1 << 20;
	book.config.batch_us = 10000000;
	book_open(&book);
	for (unsigned int i = 0; i < 5000; i++)
		assert_true(book_try_put(&book));
	book_close(&book);
	book_open(&book);
	assert_int_equal(book.start.next, 5001);
	assert_false(book.start.was_killed);
	assert_true(ack_all(&book));
	for (unsigned int i = 0; i < 5000; i++)
		assert_true(book_try_put(&book));
	book_close(&book);
	book_open(&book);
	assert_int_equal(book.start.next, 10001);
	book_read(&book, (struct zr_position){book.start.epoch_us, 5000}, 10000, &found);
	assert_int_equal(found.lines, 5000);
	book_free(&book);
}

/*
 * Retention is over for all, and a new file was begun that nothing could be written to yet: the last one with records stays,
 * since it says how far the numbering has come.
 */
static void test_newest_with_rows_stays(void **state)
{
	struct rlimit limit, small;
	struct book book;

	(void)state;
	make(&book);
	book.config.retention_us = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 400000;
	book_open(&book);
	book_put(&book, 100);
	assert_true(ack_all(&book));
	book.now_us += BOOK_HOUR_US;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned int i = 0; i < 3000; i++)
		assert_true(book_try_put(&book));
	BOOK_UNTIL(&book, count_files(&book) == 2);
	for (unsigned int i = 0; i < 2500; i++) {
		zr_ledger_tick(book.ledger);
		book_sleep();
	}
	assert_int_equal(count_files(&book), 2);
	assert_int_equal(zr_ledger_committed(book.ledger), 100);
	assert_int_equal(zr_ledger_close(book.ledger), 3000);
	book.ledger = NULL;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	book_open(&book);
	assert_false(book.start.new_epoch);
	assert_int_equal(book.start.next, 101);
	book_free(&book);
}

/* A file that was named by a clock that was ahead does not keep the ones behind it for all that time. */
static void test_clock_was_ahead(void **state)
{
	char names[64][64];
	struct book book;

	(void)state;
	make(&book);
	book.config.retention_us = 2 * BOOK_HOUR_US;
	book_open(&book);
	book.now_us += 10000 * BOOK_HOUR_US;
	book_put(&book, 10);
	book.now_us -= 10000 * BOOK_HOUR_US;
	for (unsigned int hour = 0; hour < 4; hour++) {
		book_put(&book, 10);
		book.now_us += BOOK_HOUR_US;
	}
	assert_true(ack_all(&book));
	BOOK_UNTIL(&book, count_files(&book) == 3);
	assert_int_equal(book_files(&book, "records-2026", ".db", names, 64), 2);
	book_free(&book);
}

/* What is in the files is personal: nobody but the daemon's user and group may read them, whatever the mask. */
static void test_rights(void **state)
{
	mode_t mask = umask(0);
	char path[160], names[16][64];
	unsigned int count, files = 0;
	struct stat st;
	struct book book;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 10);
	count = book_files(&book, "", "", names, 16);
	for (unsigned int i = 0; i < count; i++) {
		book_path(&book, names[i], path);
		assert_int_equal(stat(path, &st), 0);
		if (!S_ISREG(st.st_mode))
			continue;
		assert_int_equal(st.st_mode & 0777, 0640);
		files++;
	}
	assert_int_equal(files, 7); /* the lock, two databases with their logs and shared memory */
	umask(mask);
	book_free(&book);
}

/* Batches are bounded: when the disk refuses, put says so, and nothing is lost or out of order behind it. */
static void test_disk_refuses(void **state)
{
	struct rlimit limit, small;
	struct book_found found;
	struct book book;

	(void)state;
	make(&book);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 200000;
	book_open(&book);
	book_put(&book, 100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	while (book_try_put(&book))
		zr_ledger_tick(book.ledger);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_FAILING || status_of(&book).state == ZR_LEDGER_FULL);
	assert_true(status_of(&book).pending >= 65536);
	assert_true(status_of(&book).error[0] != '\0');
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	book_wait(&book);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_OK);
	book_put(&book, 10);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, book.next - 1);
	assert_int_equal(found.gaps, 0);
	book_free(&book);
}

/* Closing while the disk refuses ends, says how many records are lost, and the next start knows. */
static void test_close_refused(void **state)
{
	struct rlimit limit, small;
	struct book book;

	(void)state;
	make(&book);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 1000;
	book_open(&book);
	book_put(&book, 100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned int i = 0; i < 2000; i++)
		assert_true(book_try_put(&book));
	assert_int_equal(zr_ledger_close(book.ledger), 2000);
	book.ledger = NULL;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	book_open(&book);
	assert_true(book.start.was_killed);
	assert_false(book.start.new_epoch);
	assert_int_equal(book.start.next, 101);
	book_free(&book);
}

/* A disk that is really full: a small tmpfs. */
static void test_full_disk(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	make(&book);
	if (mount("none", book.folder, "tmpfs", 0, "size=4m") != 0) {
		print_message("skipped: mounting a tmpfs is not allowed here: %s\n", strerror(errno));
		book_free(&book);
		skip();
	}
	book_open(&book);
	for (unsigned int i = 0; i < 100000 && status_of(&book).state != ZR_LEDGER_FULL; i++) {
		zr_ledger_tick(book.ledger);
		if (i % 1000 == 0)
			book.now_us += BOOK_HOUR_US;
		book_try_put(&book);
		if (i % 1000 == 999)
			BOOK_UNTIL(&book, zr_ledger_committed(book.ledger) == book.next - 1 ||
						  status_of(&book).state == ZR_LEDGER_FULL);
	}
	assert_int_equal(status_of(&book).state, ZR_LEDGER_FULL);
	assert_true(zr_ledger_committed(book.ledger) > 1000);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, zr_ledger_committed(book.ledger));
	assert_true(ack_all(&book));
	book_wait(&book);
	book_read(&book, (struct zr_position){book.start.epoch_us, found.end.seq}, 10000, &found);
	assert_int_equal(found.end.seq, book.next - 1);
	assert_int_equal(found.gaps, 0);
	book_close(&book);
	assert_int_equal(umount(book.folder), 0);
	book_free(&book);
}

static void run_sql(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* Somebody's snapshot keeps one hour's log, and status names it; the next hour and its log are not concerned. */
static void test_snapshot(void **state)
{
	const char *first = "records-2026-11-23T08.db";
	struct book_found found;
	char path[160];
	struct book book;
	sqlite3 *db;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 1000);
	book_path(&book, first, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run_sql(db, "BEGIN;SELECT count(*) FROM records");
	book_put(&book, 1000);
	book.now_us += BOOK_HOUR_US;
	book_put(&book, 1000);
	BOOK_UNTIL(&book, strcmp(status_of(&book).wal_held, first) == 0);
	book.now_us += BOOK_HOUR_US;
	book_put(&book, 1000);
	book_path(&book, "records-2026-11-23T09.db-wal", path);
	BOOK_UNTIL(&book, access(path, F_OK) != 0);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 4000);
	assert_string_equal(status_of(&book).wal_held, first);

	run_sql(db, "COMMIT");
	BOOK_UNTIL(&book, status_of(&book).wal_held[0] == '\0');
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 4000);
	book_free(&book);
}

/* A kill while a snapshot holds the log: the next start does not write behind what was left there. */
static void test_snapshot_over_kill(void **state)
{
	struct book_found found;
	char path[160], names[8][64];
	struct book book;
	sqlite3 *db;

	(void)state;
	make(&book);
	book_put_and_kill(&book, 1000);
	book_path(&book, "records-2026-11-23T08.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run_sql(db, "BEGIN;SELECT count(*) FROM records");
	book_open(&book);
	book_put(&book, 1000);
	assert_int_equal(book_files(&book, "records-2026-11-23T08", ".db", names, 8), 2);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 2000);
	run_sql(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	book_free(&book);
}

/* Somebody writes to the hour's file: records go into another one. */
static void test_foreign_lock(void **state)
{
	char path[160], names[8][64];
	struct book_found found;
	struct book book;
	sqlite3 *db;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 10);
	book_path(&book, "records-2026-11-23T08.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run_sql(db, "BEGIN IMMEDIATE");
	book_put(&book, 10);
	assert_int_equal(book_files(&book, "records-2026-11-23T08", ".db", names, 8), 2);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_OK);
	run_sql(db, "ROLLBACK");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 20);
	assert_int_equal(found.gaps, 0);
	book_free(&book);
}

/* Somebody writes to cursors.db, of which there is one: the ledger waits, and says why. */
static void test_foreign_lock_on_cursors(void **state)
{
	struct book_found found;
	char path[160];
	struct book book;
	sqlite3 *db;

	(void)state;
	make(&book);
	book_open(&book);
	book_put(&book, 10);
	book_path(&book, "cursors.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
	run_sql(db, "BEGIN IMMEDIATE");
	assert_true(book_try_put(&book));
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_FAILING);
	assert_non_null(strstr(status_of(&book).error, "lock"));
	assert_int_equal(zr_ledger_close(book.ledger), 1);
	book.ledger = NULL;
	book_try_open(&book);
	assert_int_equal(book.err, -EBUSY);
	assert_non_null(strstr(book.error, "lock"));
	run_sql(db, "ROLLBACK");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	/* What was in the hour's file already was numbered: it is found there. */
	book_open(&book);
	assert_int_equal(book.start.next, 12);
	assert_false(book.start.new_epoch);
	book_put(&book, 1);
	BOOK_UNTIL(&book, status_of(&book).state == ZR_LEDGER_OK);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 12);
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retention),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_disk_refuses),
		cmocka_unit_test(test_close_refused),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_snapshot_over_kill),
		cmocka_unit_test(test_foreign_lock),
		cmocka_unit_test(test_foreign_lock_on_cursors),
		cmocka_unit_test(test_limit_of_one_file),
		cmocka_unit_test(test_limit_below_batch),
		cmocka_unit_test(test_newest_with_rows_stays),
		cmocka_unit_test(test_clock_was_ahead),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
