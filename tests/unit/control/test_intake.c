/* SPDX-License-Identifier: BSD-3-Clause */
/* From events to records: backpressure, what cannot be written, losses, totals and their place in the numbering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "control/intake.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/fake_ledger.h"

#define S      UINT64_C(1000000)
#define NOON   (UINT64_C(1795435200) * S) /* 2026-11-23T12:00:00Z */
#define NOON_T "2026-11-23T12:00:00.000000Z"

struct scene {
	struct zr_ledger ledger;
	struct zr_records *records;
	struct zr_interval_totals *totals;
	struct zr_intake *intake;
	uint64_t now_us;
};

static uint64_t clock_of(void *arg)
{
	const struct scene *s = arg;

	return s->now_us;
}

static void begin(struct scene *s, const struct zr_ledger_start *start)
{
	const struct zr_totals_config totals = {.entries_max = 16};
	const struct zr_exporter exporter = {.gateway = "gw", .epoch_us = 1};
	struct zr_intake_config config = {.totals_us = 3600 * S, .now_us = clock_of, .now_arg = s};

	*s = (struct scene){.now_us = NOON - 600 * S};
	fake_dataplane_reset();
	fake_ledger_make(&s->ledger, 1);
	assert_int_equal(zr_records_make(&exporter, 1, 1 << 20, &s->ledger, &s->records), 0);
	assert_int_equal(zr_totals_make(&totals, s->now_us, &s->totals), 0);
	config.records = s->records;
	config.ledger = &s->ledger;
	config.totals = s->totals;
	assert_int_equal(zr_intake_make(&config, start, &s->intake), 0);
}

static void begin_plain(struct scene *s)
{
	const struct zr_ledger_start start = {.next = 1};

	begin(s, &start);
}

static void end(struct scene *s)
{
	zr_intake_free(s->intake);
	zr_totals_free(s->totals);
	zr_records_free(s->records);
	fake_ledger_free(&s->ledger);
}

static unsigned int make_round(struct scene *s)
{
	return zr_intake_round(s->intake, &fake_dataplane, 1000);
}

/* Has the record of this number all of these texts, in order? */
static void has(const struct scene *s, uint64_t seq, const char *const *texts)
{
	const char *at;

	assert_true(seq >= 1 && seq <= s->ledger.row_count);
	at = s->ledger.rows[seq - 1].line;
	for (; *texts != NULL; texts++) {
		const char *found = strstr(at, *texts);

		if (found == NULL)
			print_message("%s lacks %s\n", s->ledger.rows[seq - 1].line, *texts);
		assert_non_null(found);
		at = found + strlen(*texts);
	}
}

#define HAS(s, seq, ...)                                         \
	do {                                                     \
		const char *const texts[] = {__VA_ARGS__, NULL}; \
		has(s, seq, texts);                              \
	} while (false)

/* Since the start, told or not. */
static void has_lost(const struct scene *s, enum zr_loss_cause cause, uint64_t times, uint64_t records,
		     uint64_t free_bytes, uint64_t charged_bytes)
{
	struct zr_lost lost[ZR_LOSS_CAUSE_COUNT];
	const struct zr_traffic *traffic = lost[cause].traffic;

	zr_intake_lost(s->intake, lost);
	assert_int_equal(lost[cause].times, times);
	assert_int_equal(lost[cause].records, records);
	assert_int_equal(traffic[ZR_FREE].up_bytes + traffic[ZR_FREE].down_bytes, free_bytes);
	assert_int_equal(traffic[ZR_CHARGED].up_bytes + traffic[ZR_CHARGED].down_bytes, charged_bytes);
}

/* No more is drained than can be written; the rest stays where it is while the disk is only slow. */
static void test_slow_disk(void **state)
{
	struct scene s;

	(void)state;
	begin_plain(&s);
	s.ledger.room = 10;
	fake_dataplane.events = 30;
	assert_int_equal(make_round(&s), 10);
	assert_int_equal(make_round(&s), 0);
	assert_int_equal(fake_dataplane.events, 20);
	assert_int_equal(s.ledger.put, 10);
	s.ledger.room = 15;
	assert_int_equal(make_round(&s), 15);
	s.ledger.room = UINT_MAX;
	s.ledger.holds_commits = true;
	fake_dataplane.events = 10000;
	for (unsigned int i = 0; i < 100; i++)
		make_round(&s);
	assert_true(fake_dataplane.events > 5000); /* memory holds what is not committed, and no more */
	assert_int_equal(s.ledger.put + fake_dataplane.events, 10025);
	fake_ledger_commit(&s.ledger);
	assert_true(make_round(&s) > 0);
	s.ledger.holds_commits = false;
	for (unsigned int i = 0; i < 100; i++)
		make_round(&s);
	assert_int_equal(s.ledger.put, 10025);
	end(&s);
}

/* What a full disk does not take is summed up by verdict and told when it takes records again, before anything else. */
static void test_full_disk(void **state)
{
	struct zr_unwritten sum;
	struct scene s;

	(void)state;
	begin_plain(&s);
	s.ledger.state = ZR_LEDGER_FULL;
	s.ledger.room = 2;
	fake_dataplane.events = 5;
	assert_int_equal(make_round(&s), 2);
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 0);
	s.now_us = NOON - 500 * S;
	assert_int_equal(make_round(&s), 3);
	fake_dataplane.usage.verdict = ZR_CHARGED;
	fake_dataplane.usage.reason = ZR_REASON_NO_MATCH;
	fake_dataplane.events = 4;
	s.now_us = NOON - 400 * S;
	assert_int_equal(make_round(&s), 4);
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 7);
	assert_int_equal(sum.traffic[ZR_FREE].up_bytes, 120);
	assert_int_equal(sum.traffic[ZR_FREE].up_pkts, 3);
	assert_int_equal(sum.traffic[ZR_CHARGED].up_bytes, 160);

	s.ledger.room = UINT_MAX;
	s.ledger.state = ZR_LEDGER_OK;
	fake_dataplane.events = 1;
	assert_int_equal(make_round(&s), 1);
	assert_int_equal(s.ledger.put, 5);
	HAS(&s, 3, "\"type\":\"loss\"", "\"cause\":\"ledger_full\"", "\"verdict\":\"charged\"", "\"up_bytes\":160",
	    "\"first\":\"2026-11-23T11:53:20.000000Z\",\"last\":\"2026-11-23T11:53:20.000000Z\"");
	HAS(&s, 4, "\"type\":\"loss\"", "\"cause\":\"ledger_full\"", "\"verdict\":\"free\"",
	    "\"up_bytes\":120,\"up_pkts\":3", "\"first\":\"2026-11-23T11:51:40.000000Z\"");
	HAS(&s, 5, "\"type\":\"usage\"", "\"verdict\":\"charged\"");
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 0);
	assert_int_equal(sum.traffic[ZR_FREE].up_bytes, 0);
	make_round(&s);
	assert_int_equal(s.ledger.put, 5);
	has_lost(&s, ZR_LOSS_LEDGER_FULL, 2, 7, 120, 160);
	has_lost(&s, ZR_LOSS_RING_FULL, 0, 0, 0, 0);

	/* What was only summed up is in no total. */
	s.now_us = NOON;
	make_round(&s);
	HAS(&s, 6, "\"type\":\"total\"", "\"verdict\":\"free\"", "\"up_bytes\":80,\"up_pkts\":2");
	end(&s);
}

/* While nothing can be waited for, what does not fit is summed up, whatever the ledger says of itself. */
static void test_hurry(void **state)
{
	struct zr_unwritten sum;
	struct scene s;

	(void)state;
	begin_plain(&s);
	s.ledger.room = 0;
	fake_dataplane.events = 5;
	assert_int_equal(make_round(&s), 0);
	zr_intake_hurry(s.intake);
	assert_int_equal(make_round(&s), 5);
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 5);
	assert_false(zr_intake_is_done(s.intake));
	end(&s);
}

static void lose(unsigned int worker, enum zr_verdict verdict, uint64_t bytes)
{
	struct zr_loss *lost = &fake_dataplane.status.workers[worker].lost[verdict];

	lost->traffic.down_bytes += bytes;
	lost->traffic.down_pkts++;
	lost->records++;
}

/*
 * What workers lose is told by its difference, with the interval in which it was found; while there is no room it adds up, and
 * that is told, too.
 */
static void test_ring_full(void **state)
{
	struct zr_unwritten sum;
	struct scene s;

	(void)state;
	begin_plain(&s);
	lose(0, ZR_FREE, 100);
	lose(1, ZR_FREE, 10);
	s.now_us += S;
	zr_intake_sample(s.intake, &fake_dataplane.status);
	make_round(&s);
	assert_int_equal(s.ledger.put, 1);
	HAS(&s, 1, "\"type\":\"loss\"", "\"cause\":\"ring_full\"", "\"verdict\":\"free\"",
	    "\"down_bytes\":110,\"down_pkts\":2",
	    "\"first\":\"2026-11-23T11:50:00.000000Z\",\"last\":\"2026-11-23T11:50:01.000000Z\"");
	s.now_us += S;
	zr_intake_sample(s.intake, &fake_dataplane.status);
	make_round(&s);
	assert_int_equal(s.ledger.put, 1);

	s.ledger.room = 0;
	for (unsigned int i = 0; i < 3; i++) {
		lose(1, ZR_CHARGED, 7);
		s.now_us += S;
		zr_intake_sample(s.intake, &fake_dataplane.status);
		make_round(&s);
	}
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 3);
	assert_int_equal(sum.traffic[ZR_CHARGED].down_bytes, 21);
	s.ledger.room = UINT_MAX;
	make_round(&s);
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 0);
	assert_int_equal(s.ledger.put, 2);
	HAS(&s, 2, "\"cause\":\"ring_full\"", "\"verdict\":\"charged\"", "\"down_bytes\":21,\"down_pkts\":3",
	    "\"first\":\"2026-11-23T11:50:02.000000Z\",\"last\":\"2026-11-23T11:50:05.000000Z\"");

	/* A clock that is set back does not make an interval end before it begins. */
	lose(0, ZR_FREE, 1);
	s.now_us -= 3600 * S;
	zr_intake_sample(s.intake, &fake_dataplane.status);
	make_round(&s);
	assert_int_equal(s.ledger.put, 3);
	has_lost(&s, ZR_LOSS_RING_FULL, 3, 6, 111, 21);
	HAS(&s, 3, "\"first\":\"2026-11-23T10:50:05.000000Z\",\"last\":\"2026-11-23T11:50:05.000000Z\"");
	end(&s);
}

/* What the start found out comes first, without volumes. */
static void test_after_a_kill(void **state)
{
	const struct zr_ledger_start start = {.next = 1,
					      .was_killed = true,
					      .damaged = true,
					      .away_from_us = NOON - 3600 * S,
					      .away_to_us = NOON - 601 * S};
	struct scene s;

	(void)state;
	begin(&s, &start);
	fake_dataplane.events = 1;
	make_round(&s);
	assert_int_equal(s.ledger.put, 3);
	HAS(&s, 1, "\"type\":\"loss\"", "\"cause\":\"away\"",
	    "\"first\":\"2026-11-23T11:00:00.000000Z\",\"last\":\"2026-11-23T11:49:59.000000Z\"");
	HAS(&s, 2, "\"type\":\"loss\"", "\"cause\":\"damaged\"");
	has_lost(&s, ZR_LOSS_AWAY, 1, 0, 0, 0);
	has_lost(&s, ZR_LOSS_DAMAGED, 1, 0, 0, 0);
	assert_null(strstr(s.ledger.rows[0].line, "bytes"));
	assert_null(strstr(s.ledger.rows[0].line, "verdict"));
	assert_null(strstr(s.ledger.rows[1].line, "bytes"));
	HAS(&s, 3, "\"type\":\"usage\"");
	end(&s);
}

/* On the hour: the free total is what was numbered before it, the charged one what workers cut; what comes then is behind. */
static void test_totals(void **state)
{
	struct scene s;

	(void)state;
	begin_plain(&s);
	fake_dataplane.events = 3;
	make_round(&s);
	fake_dataplane.status.workers[0].cut_charged = (struct zr_traffic){1000, 10, 2000, 20};
	fake_dataplane.status.workers[1].cut_charged = (struct zr_traffic){1, 1, 1, 1};
	s.now_us = NOON - 1;
	make_round(&s);
	assert_int_equal(s.ledger.put, 3);
	s.now_us = NOON;
	fake_dataplane.events = 2;
	assert_int_equal(make_round(&s), 2);
	assert_int_equal(s.ledger.put, 7);
	HAS(&s, 4, "\"type\":\"total\"", "\"verdict\":\"free\"", "\"up_bytes\":120,\"up_pkts\":3",
	    "\"first\":\"2026-11-23T11:50:00.000000Z\",\"last\":\"" NOON_T "\"");
	HAS(&s, 5, "\"type\":\"total\"", "\"verdict\":\"charged\"",
	    "\"up_bytes\":1001,\"up_pkts\":11,\"down_bytes\":2001", "\"last\":\"" NOON_T "\"");
	make_round(&s);
	assert_int_equal(s.ledger.put, 7);

	/* A clock that is set back by hours makes the next interval end with the next hour. */
	s.now_us = NOON - 5 * 3600 * S + 10 * S;
	make_round(&s);
	assert_int_equal(s.ledger.put, 7);
	s.now_us = NOON - 4 * 3600 * S;
	make_round(&s);
	assert_int_equal(s.ledger.put, 9);
	HAS(&s, 8, "\"type\":\"total\"", "\"verdict\":\"free\"", "\"up_bytes\":80,\"up_pkts\":2");
	HAS(&s, 9, "\"verdict\":\"charged\"", "\"up_bytes\":0");
	end(&s);
}

/* Without room the interval goes on until there is some; no event comes between it and its total. */
static void test_totals_wait(void **state)
{
	struct scene s;

	(void)state;
	begin_plain(&s);
	fake_dataplane.events = 10;
	s.ledger.room = 4;
	make_round(&s);
	s.now_us = NOON;
	make_round(&s);
	assert_int_equal(s.ledger.put, 4);
	s.now_us = NOON + 5 * S;
	s.ledger.room = 1;
	assert_int_equal(make_round(&s), 0);
	HAS(&s, 5, "\"type\":\"total\"", "\"verdict\":\"free\"", "\"up_bytes\":160",
	    "\"last\":\"2026-11-23T12:00:05.000000Z\"");
	s.ledger.room = 3;
	assert_int_equal(make_round(&s), 2);
	HAS(&s, 6, "\"type\":\"total\"", "\"verdict\":\"charged\"", "\"last\":\"2026-11-23T12:00:05.000000Z\"");
	HAS(&s, 7, "\"type\":\"usage\"");
	end(&s);
}

/* Parts that are not recorded are in totals and in no record, also while nothing can be written. */
static void test_not_recorded(void **state)
{
	struct zr_unwritten sum;
	struct scene s;

	(void)state;
	begin_plain(&s);
	fake_dataplane.usage.verdict = ZR_CHARGED;
	fake_dataplane.usage.reason = ZR_REASON_EXCLUDED;
	fake_dataplane.usage.recorded = false;
	fake_dataplane.events = 2;
	assert_int_equal(make_round(&s), 2);
	s.ledger.room = 0;
	s.ledger.state = ZR_LEDGER_FAILING;
	fake_dataplane.events = 1;
	assert_int_equal(make_round(&s), 1);
	zr_intake_unwritten(s.intake, &sum);
	assert_int_equal(sum.records, 0);
	assert_int_equal(s.ledger.put, 0);
	s.ledger.room = UINT_MAX;
	s.now_us = NOON;
	make_round(&s);
	HAS(&s, 2, "\"type\":\"total\"", "\"verdict\":\"charged\"", "\"up_bytes\":120");
	end(&s);
}

/* At the end: losses, then the last totals behind the last usage record, whatever time it is. */
static void test_end(void **state)
{
	struct scene s;

	(void)state;
	begin_plain(&s);
	fake_dataplane.events = 1;
	make_round(&s);
	s.ledger.room = 2;
	lose(0, ZR_FREE, 5);
	zr_intake_end(s.intake, &fake_dataplane.status);
	assert_false(zr_intake_is_done(s.intake));
	make_round(&s);
	assert_false(zr_intake_is_done(s.intake));
	s.ledger.room = UINT_MAX;
	make_round(&s);
	assert_true(zr_intake_is_done(s.intake));
	make_round(&s);
	assert_int_equal(s.ledger.put, 4);
	HAS(&s, 2, "\"type\":\"loss\"", "\"cause\":\"ring_full\"");
	HAS(&s, 3, "\"type\":\"total\"", "\"verdict\":\"free\"", "\"up_bytes\":40");
	HAS(&s, 4, "\"type\":\"total\"", "\"verdict\":\"charged\"");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_disk),   cmocka_unit_test(test_full_disk),    cmocka_unit_test(test_hurry),
		cmocka_unit_test(test_ring_full),   cmocka_unit_test(test_after_a_kill), cmocka_unit_test(test_totals),
		cmocka_unit_test(test_totals_wait), cmocka_unit_test(test_not_recorded), cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
