/* SPDX-License-Identifier: BSD-3-Clause */
/* records.sock: what comes from the ledger and what from memory, old epochs, gaps, consumers that fall behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/control/consumers_scene.h"

/* What is not yet on the disk is seen by nobody, and is no part of what must be served. */
static void test_uncommitted(void **state)
{
	struct scene s;
	struct client named, anonymous;

	(void)state;
	open_scene(&s);
	make_records(&s, 2);
	s.ledger.holds_commits = true;
	make_records(&s, 3);
	connect_client(&s, &named);
	connect_client(&s, &anonymous);
	say(&s, &named, SUBSCRIBE_BILLING);
	say(&s, &anonymous, "{\"op\":\"subscribe\"}\n");
	hear(&s, &named);
	hear(&s, &anonymous);
	has_numbers(&named, 1, 2);
	assert_non_null(strstr(anonymous.text, "\"next\":3}"));
	assert_int_equal(count_of(&anonymous, "\"op\":\"record\""), 0);
	assert_true(zr_consumers_served(s.consumers));
	fake_ledger_commit(&s.ledger);
	assert_false(zr_consumers_served(s.consumers));
	hear(&s, &named);
	hear(&s, &anonymous);
	has_numbers(&named, 1, 5);
	has_numbers(&anonymous, 3, 5);
	close_client(&s, &named);
	close_client(&s, &anonymous);
	close_scene(&s);
}

/* Old epochs come first, then this one, each record once and every gap where it lies; then what is new, from memory. */
static void test_old_epochs(void **state)
{
	struct scene s;
	struct client c;
	char *lost;

	(void)state;
	for (unsigned int rows = 1; rows < 60; rows += rows < 10 ? 1 : 10) {
		open_old_scene(&s);
		s.ledger.chunk_rows = rows;
		make_records(&s, 2);
		connect_client(&s, &c);
		say(&s, &c, SUBSCRIBE_BILLING);
		for (unsigned int i = 0; i < 4; i++)
			hear(&s, &c);
		assert_memory_equal(c.text,
				    "{\"op\":\"hello\",\"gateway\":\"gw\",\"epoch\":\"" OLDER "\",\"next\":4}\n", 77);
		assert_non_null(strstr(c.text, "\"seq\":4,}}\n{\"op\":\"lost\",\"epoch\":\"" OLDER "\",\"from\":5"));
		assert_int_equal(count_of(&c, "\"op\":\"record\""), 1 + 10 + 10 + 29 + 2);
		assert_non_null(strstr(c.text, "\"to\":20}\n{\"op\":\"record\",\"record\":{\"old\":1795392000000000,"
					       "\"seq\":1,}}\n"));
		lost = strstr(c.text, LOST(EPOCH, 2, 2));
		assert_non_null(lost);
		*lost = '\0';
		assert_int_equal(count_of(&c, "\"op\":\"record\""), 1 + 10 + 10 + 1);
		assert_true(zr_consumers_served(s.consumers));
		assert_int_equal(s.ledger.readers, 0);
		close_client(&s, &c);
		close_scene(&s);
	}
}

/* An ack may name an older epoch that came on this connection, and nothing that did not. */
static void test_old_acks(void **state)
{
	static const char *const wrong[] = {ACK(OLDER, 21),
					    ACK(OLD, 11),
					    ACK(OLD, 0),
					    ACK(EPOCH, 33),
					    ACK("2026-11-23T05:57:05.818866Z", 1),
					    ACK("2026-11-22T12:00:00.000000Z", 1)};
	struct scene s;
	struct client c;

	(void)state;
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(*wrong); i++) {
		open_old_scene(&s);
		connect_client(&s, &c);
		say(&s, &c, SUBSCRIBE_BILLING);
		hear(&s, &c);
		if (i < sizeof(wrong) / sizeof(*wrong)) {
			say(&s, &c, wrong[i]);
			is_refused(&s, &c, "not sent yet");
			assert_int_equal(s.ledger.acks, 0);
		} else {
			say(&s, &c, ACK(OLDER, 4) ACK(OLDER, 6) ACK(OLDER, 20) ACK(OLD, 7) ACK(OLDER, 8));
			assert_int_equal(s.ledger.cursors[0].epoch_us, OLD_US);
			assert_int_equal(s.ledger.cursors[0].seq, 7);
			say(&s, &c, ACK(EPOCH, 30));
			assert_int_equal(s.ledger.cursors[0].epoch_us, EPOCH_US);
			assert_int_equal(s.ledger.cursors[0].seq, 30);
			assert_int_equal(s.ledger.acks, 5);
		}
		close_client(&s, &c);
		close_scene(&s);
	}
}

/* The window counts records over epochs and gaps alike. */
static void test_old_window(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_old_scene(&s);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"billing\",\"window\":15}\n");
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 15);
	assert_int_equal(count_of(&c, "\"op\":\"lost\""), 2);
	say(&s, &c, ACK(OLDER, 17));
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 15 + 11);
	say(&s, &c, ACK(OLD, 10));
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 15 + 11 + 10);
	assert_int_equal(count_of(&c, "\"op\":\"lost\""), 3);
	close_client(&s, &c);
	close_scene(&s);
}

/* Who has all of an older epoch is greeted with this one's first record, who has everything with the next. */
static void test_hello_of_the_next_epoch(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_old_scene(&s);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"archive\"}\n");
	hear(&s, &c);
	assert_memory_equal(c.text, "{\"op\":\"hello\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH "\",\"next\":1}\n", 77);
	close_client(&s, &c);
	close_scene(&s);

	s = (struct scene){.socket = {.path = socket_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP}};
	fake_ledger_make(&s.ledger, EPOCH_US);
	fake_ledger_consumer(&s.ledger, 0, "billing", (struct zr_position){OLD_US, 10});
	fake_ledger_add(&s.ledger, OLD_US, 1, 10, true);
	open_scene_at(&s, 1);
	connect_client(&s, &c);
	say(&s, &c, SUBSCRIBE_BILLING);
	hear(&s, &c);
	assert_string_equal(c.text, "{\"op\":\"hello\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH "\",\"next\":1}\n");
	assert_true(s.ledger.reads < 3);
	make_records(&s, 2);
	hear(&s, &c);
	has_numbers(&c, 1, 2);
	close_client(&s, &c);
	close_scene(&s);
}

/* While the ledger reads for one, it is told nothing, and the others are served. */
static void test_reading_takes_long(void **state)
{
	struct scene s;
	struct client behind, live;

	(void)state;
	open_old_scene(&s);
	s.ledger.holds_reads = true;
	connect_client(&s, &behind);
	connect_client(&s, &live);
	say(&s, &behind, SUBSCRIBE_BILLING);
	say(&s, &live, "{\"op\":\"subscribe\"}\n");
	make_records(&s, 10);
	hear(&s, &behind);
	hear(&s, &live);
	assert_int_equal(behind.len, 0);
	assert_int_equal(count_of(&live, "\"op\":\"record\""), 10);
	assert_false(zr_consumers_served(s.consumers));
	assert_int_equal(s.ledger.reads, 1);
	close_client(&s, &live);
	s.ledger.holds_reads = false;
	hear(&s, &behind);
	assert_int_equal(count_of(&behind, "\"op\":\"record\""), 1 + 10 + 10 + 29 + 10);
	close_client(&s, &behind);

	s.ledger.holds_reads = true;
	connect_client(&s, &behind);
	say(&s, &behind, SUBSCRIBE_BILLING);
	close_client(&s, &behind);
	assert_int_equal(s.ledger.readers, 0);
	close_scene(&s);
}

/* Reading that fails is tried again every few seconds; the connection stays, and is told that the daemon lives. */
static void test_reading_fails(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_old_scene(&s);
	s.ledger.read_error = -5;
	connect_client(&s, &c);
	say(&s, &c, SUBSCRIBE_BILLING);
	hear(&s, &c);
	assert_int_equal(s.ledger.reads, 1);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 0);
	s.ledger.read_error = 0;
	for (unsigned int i = 0; i < 200 && count_of(&c, "\"op\":\"alive\"") == 0; i++)
		hear(&s, &c);
	hear(&s, &c);
	assert_int_equal(count_of(&c, "{\"op\":\"alive\",\"next\":4}\n"), 1);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 1 + 10 + 10 + 29);
	close_client(&s, &c);
	close_scene(&s);
}

/* Who falls behind what memory holds goes on from the ledger and comes back to memory: nothing is missing, nothing twice. */
static void test_falls_behind(void **state)
{
	struct scene s;
	struct client c;
	char ack[128];

	(void)state;
	open_scene(&s);
	s.ledger.chunk_rows = 300;
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"billing\",\"window\":1000}\n");
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t sent;

		make_records(&s, 3000);
		hear(&s, &c);
		sent = s.ledger.cursors[0].seq + 1000;
		while (sent < s.ledger.put) {
			snprintf(ack, sizeof(ack), "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":%lu}\n", sent);
			say(&s, &c, ack);
			hear(&s, &c);
			make_records(&s, 50);
			sent += 1000;
		}
		snprintf(ack, sizeof(ack), "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":%lu}\n", s.ledger.put);
		hear(&s, &c);
		say(&s, &c, ack);
	}
	assert_true(zr_records_oldest(s.records) > 1);
	assert_true(s.ledger.reads > 5);
	assert_int_equal(s.ledger.readers, 0);
	assert_int_equal(count_of(&c, "\"op\":\"lost\""), 0);
	has_numbers(&c, 1, s.ledger.put);
	close_client(&s, &c);
	close_scene(&s);
}

/* An anonymous stream may begin some records earlier: in memory, in the ledger, in an older epoch, at what there is. */
static void test_last(void **state)
{
	static const struct {
		const char *last, *epoch;
		unsigned int next, records;
	} cases[] = {
		{"0", EPOCH, 33, 0}, {"2", EPOCH, 31, 2}, {"3", EPOCH, 30, 3},   {"32", EPOCH, 1, 31},
		{"33", OLD, 10, 32}, {"42", OLD, 1, 41},  {"46", OLDER, 17, 42}, {"9007199254740992", OLDER, 1, 55},
	};
	struct scene s;
	struct client c;
	char text[128];

	(void)state;
	open_old_scene(&s);
	make_records(&s, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		connect_client(&s, &c);
		snprintf(text, sizeof(text), "{\"op\":\"subscribe\",\"last\":%s}\n", cases[i].last);
		say(&s, &c, text);
		hear(&s, &c);
		snprintf(text, sizeof(text), "\"epoch\":\"%s\",\"next\":%u}\n", cases[i].epoch, cases[i].next);
		assert_non_null(strstr(c.text, text));
		assert_int_equal(count_of(&c, "\"op\":\"record\""), cases[i].records);
		close_client(&s, &c);
	}
	assert_int_equal(s.ledger.acks, 0);
	close_scene(&s);
}

/* One that reads nothing stops at its socket's room; the others get all; when it reads again, it gets all too, line by line. */
static void test_never_reads(void **state)
{
	struct scene s;
	struct client slow, fast;

	(void)state;
	open_scene(&s);
	connect_client(&s, &slow);
	connect_client(&s, &fast);
	say(&s, &slow, "{\"op\":\"subscribe\",\"consumer\":\"archive\",\"window\":1000000}\n");
	say(&s, &fast, "{\"op\":\"subscribe\",\"consumer\":\"billing\",\"window\":1000000}\n");
	for (unsigned int i = 0; i < 20; i++) {
		make_records(&s, 500);
		hear(&s, &fast);
	}
	has_numbers(&fast, 1, 10000);
	assert_true(zr_records_oldest(s.records) > 2000);
	hear(&s, &slow);
	has_numbers(&slow, 1, 10000);
	for (char *line = strtok(slow.text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		assert_int_equal(line[strlen(line) - 1], '}');
	assert_int_equal(s.ledger.readers, 0);
	close_client(&s, &slow);
	close_client(&s, &fast);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uncommitted),
		cmocka_unit_test(test_old_epochs),
		cmocka_unit_test(test_old_acks),
		cmocka_unit_test(test_old_window),
		cmocka_unit_test(test_hello_of_the_next_epoch),
		cmocka_unit_test(test_reading_takes_long),
		cmocka_unit_test(test_reading_fails),
		cmocka_unit_test(test_falls_behind),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_never_reads),
	};
	int failed;

	if (!begin_scenes())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	end_scenes();
	return failed;
}
