/* SPDX-License-Identifier: BSD-3-Clause */
/* What is put comes back, byte for byte, in this run and in the next; numbers go on; two cannot have one folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/ledger/book.h"

static void test_first_start(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	assert_true(book.start.new_epoch);
	assert_false(book.start.was_killed);
	assert_int_equal(book.start.epoch_us, BOOK_NOW_US);
	assert_int_equal(book.start.next, 1);
	assert_int_equal(book.start.start, 0);
	assert_int_equal(zr_ledger_committed(book.ledger), 0);
	book_free(&book);
}

static void test_reads_back(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 5000);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 5000);
	assert_int_equal(found.gaps + found.epochs, 0);
	assert_int_equal(found.end.seq, 5000);

	/* One line at a time, and from the middle. */
	book_read(&book, (struct zr_position){book.start.epoch_us, 4990}, 1, &found);
	assert_int_equal(found.lines, 10);
	book_read(&book, (struct zr_position){book.start.epoch_us, 5000}, 1, &found);
	assert_int_equal(found.lines, 0);
	book_free(&book);
}

static void test_up_to(void **state)
{
	const struct zr_ledger_chunk *chunk;
	struct zr_ledger_reader *reader;
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 100);
	assert_int_equal(zr_ledger_reader_make(book.ledger, &reader), 0);
	assert_null(zr_ledger_chunk(reader));
	zr_ledger_read(reader, (struct zr_position){book.start.epoch_us, 10}, 30, 1 << 20);
	BOOK_UNTIL(&book, (chunk = zr_ledger_chunk(reader)) != NULL);
	assert_int_equal(chunk->count, 20);
	assert_true(chunk->at_end);
	assert_int_equal(chunk->next.seq, 30);
	/* The lines of a chunk are one piece. */
	for (unsigned int i = 1; i < chunk->count; i++)
		assert_ptr_equal(chunk->items[i].line, chunk->items[i - 1].line + chunk->items[i - 1].len);

	zr_ledger_read(reader, (struct zr_position){book.start.epoch_us + 1, 0}, 30, 100);
	BOOK_UNTIL(&book, (chunk = zr_ledger_chunk(reader)) != NULL);
	assert_int_equal(chunk->error, -EINVAL);

	/* Freed while a request is under way. */
	zr_ledger_read(reader, (struct zr_position){book.start.epoch_us, 0}, 100, 1 << 20);
	zr_ledger_reader_free(reader);
	zr_ledger_reader_free(NULL);
	book_free(&book);
}

static void test_restart(void **state)
{
	struct book_found found;
	struct book book;
	uint64_t epoch_us;

	(void)state;
	book_make(&book);
	book_open(&book);
	epoch_us = book.start.epoch_us;
	book_put(&book, 100);
	book_close(&book);
	for (unsigned int start = 1; start < 4; start++) {
		book_open(&book);
		assert_false(book.start.new_epoch);
		assert_false(book.start.was_killed);
		assert_int_equal(book.start.epoch_us, epoch_us);
		assert_int_equal(book.start.start, start);
		assert_int_equal(book.start.next, start * 100 + 1);
		book_put(&book, 100);
		book_read_all(&book, &found);
		assert_int_equal(found.lines, (start + 1) * 100);
		book_close(&book);
	}
	book_free(&book);
}

/* Records that were put and not yet committed when it closes are committed. */
static void test_close_commits(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	book_make(&book);
	book.config.batch_us = 60000000;
	book_open(&book);
	for (unsigned int i = 0; i < 70000; i++) {
		while (!book_try_put(&book))
			book_sleep();
	}
	book_close(&book);
	book_open(&book);
	assert_int_equal(book.start.next, 70001);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 70000);
	book_free(&book);
}

/* At the end nothing waits for more. */
static void test_hurry(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book.config.batch_us = UINT64_C(1000000) * 1000000;
	book_open(&book);
	for (unsigned int i = 0; i < 10; i++)
		assert_true(book_try_put(&book));
	zr_ledger_tick(book.ledger);
	assert_int_equal(zr_ledger_committed(book.ledger), 0);
	zr_ledger_hurry(book.ledger);
	book_wait(&book);
	assert_int_equal(zr_ledger_committed(book.ledger), 10);
	book_free(&book);
}

static void test_killed(void **state)
{
	struct book_found found;
	struct book book;

	(void)state;
	book_make(&book);
	book_put_and_kill(&book, 100);
	book.now_us += 5000000;
	book_open(&book);
	assert_true(book.start.was_killed);
	assert_int_equal(book.start.away_from_us, BOOK_NOW_US);
	assert_int_equal(book.start.away_to_us, BOOK_NOW_US + 5000000);
	assert_false(book.start.new_epoch);
	assert_int_equal(book.start.start, 1);
	assert_int_equal(book.start.next, 101);
	book_read_all(&book, &found);
	assert_int_equal(found.lines, 100);
	book_close(&book);
	book_open(&book);
	assert_false(book.start.was_killed);
	book_free(&book);
}

static void test_two_openers(void **state)
{
	struct book book, other;

	(void)state;
	book_make(&book);
	book_open(&book);
	other = book;
	book_try_open(&other);
	assert_int_equal(other.err, -EBUSY);
	assert_non_null(strstr(other.error, book.folder));
	book_put(&book, 10);
	book_free(&book);
}

static void test_bad_folder(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book.config.folder = "/proc/self/nothing/here";
	book_try_open(&book);
	assert_int_equal(book.err, -ENOENT);
	assert_non_null(strstr(book.error, "/proc/self/nothing/here"));
	book_free(&book);
}

static void test_event(void **state)
{
	struct book book;
	struct pollfd poll_fd;

	(void)state;
	book_make(&book);
	book_open(&book);
	BOOK_UNTIL(&book, poll(&(struct pollfd){.fd = zr_ledger_event_fd(book.ledger), .events = POLLIN}, 1, 0) == 0);
	assert_true(book_try_put(&book));
	book_sleep();
	book_sleep();
	zr_ledger_tick(book.ledger);
	poll_fd = (struct pollfd){.fd = zr_ledger_event_fd(book.ledger), .events = POLLIN};
	assert_int_equal(poll(&poll_fd, 1, 20000), 1);
	assert_int_equal(zr_ledger_committed(book.ledger), 1);
	book_free(&book);
}

static void put_total(struct book *book, uint8_t verdict, bool has_entry)
{
	struct zr_record_total total = {
		.verdict = verdict, .has_entry = has_entry, .rule = ".olm.vn", .service = "olm"};
	char json[ZR_RECORD_JSON_MAX];
	struct zr_record record;

	zr_record_of_total(&book->exporter, book->next, &total, &record);
	assert_true(zr_ledger_put(book->ledger, &record, json, zr_record_json(&record, json)));
	book->next++;
}

/* The sum behind the last free total of the gateway outlives a restart and a kill; other totals do not touch it. */
static void test_sum_since_total(void **state)
{
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 3); /* 1 + 2 + 3 */
	assert_int_equal(book.start.free_since_total.up_bytes, 0);
	book_close(&book);
	book_open(&book);
	assert_int_equal(book.start.free_since_total.up_bytes, 6);
	assert_int_equal(book.start.free_since_total.down_bytes, 6 * 1000003);
	assert_int_equal(book.start.free_since_total.up_pkts, 3);
	assert_int_equal(book.start.free_since_total.down_pkts, 6);
	assert_int_equal(book.start.last_total_seq, 0);
	put_total(&book, ZR_FREE, false); /* 4 */
	put_total(&book, ZR_FREE, true);  /* 5 */
	put_total(&book, ZR_CHARGED, false);
	book_put(&book, 2); /* 7 is a tag, without volume; 8 */
	put_total(&book, ZR_FREE, true);
	book_close(&book);
	book_put_and_kill(&book, 1); /* 10 */
	book_open(&book);
	assert_int_equal(book.start.free_since_total.up_bytes, 18);
	assert_int_equal(book.start.last_total_seq, 4);
	book_free(&book);
}

static void test_status(void **state)
{
	struct zr_ledger_status status;
	struct book book;

	(void)state;
	book_make(&book);
	book_open(&book);
	book_put(&book, 100);
	zr_ledger_status(book.ledger, &status);
	assert_int_equal(status.state, ZR_LEDGER_OK);
	assert_string_equal(zr_ledger_state_name(status.state), "ok");
	assert_int_equal(status.files, 1);
	assert_int_equal(status.committed, 100);
	assert_int_equal(status.pending, 0);
	assert_int_equal(status.pending_bytes, 0);
	assert_int_equal(status.epoch_us, BOOK_NOW_US);
	assert_true(status.batches > 0);
	BOOK_UNTIL(&book, (zr_ledger_status(book.ledger, &status), status.bytes > 100 * 100));
	assert_true(status.wal_bytes > 0);
	assert_string_equal(status.wal_held, "");
	book_free(&book);
}

/* Run the stock program; its output into result. */
static void run_sqlite(const struct book *book, const char *file, const char *query, char *result, size_t room)
{
	char command[1024], path[160];
	FILE *pipe;

	book_path(book, file, path);
	snprintf(command, sizeof(command), "sqlite3 %s \"%s\"", path, query);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	result[fread(result, 1, room - 1, pipe)] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static bool has_sqlite(void)
{
	if (system("command -v sqlite3 >/dev/null") == 0)
		return true;
	print_message("skipped: the program sqlite3 is not installed\n");
	return false;
}

/* What is documented of the schema, by the stock program, while the ledger is open. */
static void test_stock_sqlite(void **state)
{
	static const struct {
		const char *file, *query, *result;
	} cases[] = {
		{"records-2026-11-23T08.db", "SELECT count(*),min(seq),max(seq) FROM records", "100|1|100\n"},
		{"records-2026-11-23T08.db", "SELECT value FROM meta WHERE name='gateway'", "hn-gw-01\n"},
		{"records-2026-11-23T08.db", "SELECT value FROM meta WHERE name='created_by'", "test\n"},
		{"records-2026-11-23T08.db", "PRAGMA user_version", "1\n"},
		{"records-2026-11-23T08.db", "PRAGMA journal_mode", "wal\n"},
		{"records-2026-11-23T08.db", "SELECT proto,vlan,final FROM records WHERE seq IN (8,10)",
		 "tcp|100|4094|1\n50|100|1\n"},
		{"cursors.db", "SELECT high_water,clean FROM numbering", "100|0\n"},
	};
	struct book book;

	(void)state;
	if (!has_sqlite())
		skip();
	book_make(&book);
	book_open(&book);
	book_put(&book, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char result[256];

		run_sqlite(&book, cases[i].file, cases[i].query, result, sizeof(result));
		assert_string_equal(result, cases[i].result);
	}
	book_free(&book);
}

/*
 * Take the next query out of the manual, a line that begins with "sqlite3": its file, and what stands in quotation marks.
 * Returns what is behind it; NULL: there is none.
 */
static const char *next_query(const char *at, char *file, char *query)
{
	const char *begin, *end;

	at = strstr(at, "\nsqlite3 ");
	if (at == NULL)
		return NULL;
	begin = strchr(at, '"');
	assert_non_null(begin);
	end = strchr(begin + 1, '"');
	assert_non_null(end);
	at = strstr(at, ".db");
	assert_true(at != NULL && at < begin);
	while (at[-1] != ' ')
		at--;
	assert_int_equal(sscanf(at, "%63s", file), 1);
	snprintf(query, 1024, "%.*s", (int)(end - begin - 1), begin + 1);
	return end;
}

/* The queries of zerorate-records(5) run as they stand there, and give something. */
static void test_documented_queries(void **state)
{
	static char text[65536], result[65536];
	const char *at, *manual = getenv("ZR_RECORDS_MANUAL");
	char file[64], query[1024];
	unsigned int count = 0;
	struct book book;
	FILE *stream;

	(void)state;
	if (!has_sqlite())
		skip();
	assert_non_null(manual);
	stream = fopen(manual, "r");
	assert_non_null(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	book_make(&book);
	book.consumers[0] = "billing";
	book.config.consumer_count = 1;
	book_open(&book);
	book_put(&book, 100);
	assert_true(zr_ledger_ack(book.ledger, "billing", (struct zr_position){book.start.epoch_us, 58}));
	book_close(&book);
	for (at = text; (at = next_query(at, file, query)) != NULL; count++) {
		run_sqlite(&book, file, query, result, sizeof(result));
		if (strstr(query, "'10.1.2.3'") == NULL)
			assert_true(strlen(result) > 1);
		if (strcmp(file, "cursors.db") == 0)
			assert_string_equal(result, "billing|42\n");
		if (strstr(query, "GROUP BY service") != NULL)
			assert_non_null(strstr(result, "olm|418001672\n"));
	}
	assert_int_equal(count, 4);
	book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_start),     cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_up_to),           cmocka_unit_test(test_restart),
		cmocka_unit_test(test_close_commits),   cmocka_unit_test(test_hurry),
		cmocka_unit_test(test_killed),          cmocka_unit_test(test_two_openers),
		cmocka_unit_test(test_bad_folder),      cmocka_unit_test(test_event),
		cmocka_unit_test(test_sum_since_total), cmocka_unit_test(test_status),
		cmocka_unit_test(test_stock_sqlite),    cmocka_unit_test(test_documented_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
