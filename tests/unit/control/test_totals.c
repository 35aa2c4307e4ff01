/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Totals against sums that are added up from the events one by one; a run that is killed behind every record against one
 * that is not. The list's accessors are defined here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/totals.h"
#include "tests/support/random.h"

#define RULES       12
#define LISTS       3
#define EVENTS      2000
#define HOUR_US     3600000000ULL
#define BEGIN_US    1795305600000000ULL
#define RECORDS_MAX 4000
#define ROOM        7

struct zr_image {
	uint64_t serial;
};

/* The same rules in every list, but for the rating group of rule 1 and the service of rule 2; every fourth an exclusion. */
void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out)
{
	static const char *const rules[RULES] = {".olm.vn",     ".hocmai.vn", ".k12.vn",    "!a.olm.vn",
						 "moet.gov.vn", ".b",         ".bc",        "!bc.b",
						 ".d",          ".e",         "10.0.0.0/8", "!f.e"};

	assert_in_range(entry, 0, RULES - 1);
	*out = (struct zr_entry){.rule = rules[entry], .service = "olm", .rating_group = 90001};
	if (entry == 1)
		out->rating_group += (uint32_t)image->serial;
	if (entry == 2)
		out->service = image->serial == 1 ? "k12" : "k12online";
	if (*out->rule == '!')
		*out = (struct zr_entry){.rule = out->rule, .service = "", .rating_group = 77};
}

uint64_t zr_image_serial(const struct zr_image *image)
{
	return image->serial;
}

static const struct zr_image lists[LISTS] = {{1}, {2}, {2}};
static const struct zr_exporter exporter = {.gateway = "hn-gw-01", .epoch_us = BEGIN_US};

static void random_event(struct random *random, struct zr_usage *out)
{
	*out = (struct zr_usage){
		.type = random_percent(random, 90) ? ZR_USAGE_PART : ZR_USAGE_TAG,
		.verdict = random_percent(random, 70) ? ZR_FREE : ZR_CHARGED,
		.image = random_percent(random, 90) ? &lists[random_below(random, LISTS)] : NULL,
		.rule = random_percent(random, 70) ? random_below(random, RULES) : ZR_ENTRY_NONE,
		.family = random_percent(random, 50) ? 4 : 6,
		.domain = (uint16_t)random_below(random, 2),
	};
	out->reason = out->verdict == ZR_FREE      ? ZR_REASON_SNI
		      : random_percent(random, 20) ? ZR_REASON_NOT_SUBSCRIBER
						   : ZR_REASON_EXCLUDED;
	out->client.b[0] = 10;
	out->client.b[3] = (uint8_t)random_below(random, 20);
	if (out->family == 6) { /* the same /64 for many */
		out->client.b[7] = (uint8_t)random_below(random, 3);
		out->client.b[15] = (uint8_t)random_next(random);
	}
	if (random_percent(random, 10)) /* a last part without packets */
		return;
	out->up_bytes = random_below(random, 100000);
	out->up_pkts = random_below(random, 100);
	out->down_bytes = random_next(random) >> 20;
	out->down_pkts = 1 + random_below(random, 10000);
	out->first_us = BEGIN_US;
	out->last_us = BEGIN_US + 1;
}

/* Does the event belong to the total? Spelled out, not by keys. */
static bool belongs(const struct zr_usage *usage, const struct zr_record_total *total)
{
	struct zr_entry entry;

	if (usage->type != ZR_USAGE_PART || usage->verdict != total->verdict)
		return false;
	if (total->has_entry) {
		if (usage->image == NULL || usage->rule == ZR_ENTRY_NONE)
			return false;
		zr_image_entry(usage->image, usage->rule, &entry);
		return strcmp(entry.rule, total->rule) == 0 && strcmp(entry.service, total->service) == 0 &&
		       (*entry.service == '\0' || entry.rating_group == total->rating_group) &&
		       usage->image->serial == total->list_serial;
	}
	if (total->family == 0)
		return true;
	return usage->reason != ZR_REASON_NOT_SUBSCRIBER && usage->family == total->family &&
	       usage->domain == total->domain &&
	       memcmp(usage->client.b, total->subscriber.b, total->family == 4 ? 4 : 8) == 0;
}

static void add(struct zr_traffic *to, const struct zr_traffic *traffic)
{
	to->up_bytes += traffic->up_bytes;
	to->up_pkts += traffic->up_pkts;
	to->down_bytes += traffic->down_bytes;
	to->down_pkts += traffic->down_pkts;
}

static void check_equal(const struct zr_traffic *a, const struct zr_traffic *b)
{
	assert_int_equal(a->up_bytes, b->up_bytes);
	assert_int_equal(a->up_pkts, b->up_pkts);
	assert_int_equal(a->down_bytes, b->down_bytes);
	assert_int_equal(a->down_pkts, b->down_pkts);
}

static struct zr_traffic traffic_of(const struct zr_usage *usage)
{
	return (struct zr_traffic){usage->up_bytes, usage->up_pkts, usage->down_bytes, usage->down_pkts};
}

static struct zr_traffic sum_of(const struct zr_usage *events, unsigned int count, const struct zr_record_total *total)
{
	struct zr_traffic sum = {0};

	for (unsigned int i = 0; i < count; i++) {
		const struct zr_traffic traffic = traffic_of(&events[i]);

		if (belongs(&events[i], total))
			add(&sum, &traffic);
	}
	return sum;
}

/* All totals of the interval that ended, a few at a time. Their texts live until it is overwritten by another end. */
static unsigned int take_all(struct zr_interval_totals *totals, struct zr_record_total *out, unsigned int most)
{
	unsigned int count = 0, found;

	while ((found = zr_totals_peek(totals, out + count, most - count < ROOM ? most - count : ROOM)) > 0) {
		/* Not all that was looked at could be written. */
		unsigned int taken = found > 2 ? found - 2 : found;

		zr_totals_skip(totals, taken);
		count += taken;
		assert_true(count < most);
	}
	return count;
}

static struct zr_interval_totals *make(uint32_t entries, uint32_t subscribers)
{
	struct zr_interval_totals *totals;

	assert_int_equal(zr_totals_make(&(struct zr_totals_config){entries, subscribers}, BEGIN_US, &totals), 0);
	return totals;
}

/* Sums of the totals of each kind: of the gateway, of entries, of subscribers; by verdict. */
static void sum_kinds(const struct zr_record_total *all, unsigned int count, struct zr_traffic sums[3][2])
{
	for (unsigned int i = 0; i < count; i++)
		add(&sums[all[i].has_entry ? 1 : all[i].family != 0 ? 2 : 0][all[i].verdict], &all[i].traffic);
}

static void check_interval(const struct zr_record_total *all, unsigned int count, const struct zr_usage *events,
			   uint64_t first_us)
{
	struct zr_traffic sums[3][2] = {0}, left[3][2] = {0};

	assert_int_equal(all[0].verdict, ZR_FREE);
	assert_int_equal(all[1].verdict, ZR_CHARGED);
	sum_kinds(all, count, sums);
	for (unsigned int i = 0; i < count; i++) {
		const struct zr_traffic sum = sum_of(events, EVENTS, &all[i]);

		check_equal(&all[i].traffic, &sum);
		assert_int_equal(all[i].first_us, first_us);
		assert_int_equal(all[i].last_us, first_us + HOUR_US);
		assert_int_equal(!all[i].has_entry && all[i].family == 0, i < 2);
		assert_true(i < 2 || all[i].traffic.down_pkts > 0);
	}
	/* Each total is right; that none is missing or told twice, their sums say. */
	for (unsigned int i = 0; i < EVENTS; i++) {
		const struct zr_usage *usage = &events[i];
		const struct zr_traffic traffic = traffic_of(usage);

		if (usage->type != ZR_USAGE_PART)
			continue;
		if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE)
			add(&left[1][usage->verdict], &traffic);
		if (usage->reason != ZR_REASON_NOT_SUBSCRIBER)
			add(&left[2][usage->verdict], &traffic);
	}
	for (unsigned int kind = 1; kind < 3; kind++) {
		check_equal(&sums[kind][0], &left[kind][0]);
		check_equal(&sums[kind][1], &left[kind][1]);
	}
}

static void test_random_events(void **state)
{
	static struct zr_usage events[EVENTS];
	static struct zr_record_total all[1000];
	struct zr_interval_totals *totals = make(1000, 1000);
	struct random random = {.state = 6};

	(void)state;
	for (unsigned int hour = 0; hour < 4; hour++) {
		unsigned int count;

		for (unsigned int i = 0; i < EVENTS; i++) {
			random_event(&random, &events[i]);
			zr_totals_add(totals, &events[i]);
		}
		assert_int_equal(zr_totals_end(totals, BEGIN_US + (hour + 1) * HOUR_US), 0);
		count = take_all(totals, all, 1000);
		/* Two serials; 20 IPv4 addresses and 60 networks of IPv6 in two domains; free and charged. */
		assert_in_range(count, 2 + RULES + 80, 2 + 2 * (2 * RULES + 2 * 80));
		check_interval(all, count, events, BEGIN_US + hour * HOUR_US);
	}
	zr_totals_free(totals);
}

/* Nothing came: the gateway says so. */
static void test_silence(void **state)
{
	struct zr_interval_totals *totals = make(1, 0);
	struct zr_record_total all[10];

	(void)state;
	assert_int_equal(zr_totals_peek(totals, all, 10), 0);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + HOUR_US), 0);
	assert_int_equal(zr_totals_peek(totals, all, 10), 2);
	assert_int_equal(all[0].traffic.down_pkts + all[1].traffic.down_pkts, 0);
	zr_totals_free(totals);
}

static void test_not_taken_yet(void **state)
{
	struct zr_interval_totals *totals = make(1, 0);
	struct zr_record_total all[10];
	struct zr_totals_status status;

	(void)state;
	assert_int_equal(zr_totals_end(totals, BEGIN_US + 1), 0);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + 2), -EBUSY);
	zr_totals_skip(totals, 1);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + 2), -EBUSY);
	zr_totals_status(totals, &status);
	assert_true(status.pending);
	assert_int_equal(status.since_us, BEGIN_US + 1);
	zr_totals_skip(totals, 100);
	zr_totals_status(totals, &status);
	assert_false(status.pending);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + 2), 0);
	assert_int_equal(zr_totals_peek(totals, all, 10), 2);
	assert_int_equal(all[0].first_us, BEGIN_US + 1);
	zr_totals_free(totals);
}

static void test_clock_set_back(void **state)
{
	struct zr_interval_totals *totals = make(1, 0);
	struct zr_record_total total;

	(void)state;
	assert_int_equal(zr_totals_end(totals, BEGIN_US - HOUR_US), 0);
	assert_int_equal(zr_totals_peek(totals, &total, 1), 1);
	assert_int_equal(total.first_us, BEGIN_US);
	assert_int_equal(total.last_us, BEGIN_US);
	zr_totals_free(totals);
}

/* Charged volume without events: only what is new counts, into the gateway's charged total alone. */
static void test_charged_counters(void **state)
{
	struct zr_interval_totals *totals = make(10, 10);
	struct zr_record_total all[10];
	struct zr_traffic counted = {.up_bytes = 1000, .up_pkts = 10, .down_bytes = 5000, .down_pkts = 20};

	(void)state;
	zr_totals_charged(totals, &counted);
	zr_totals_charged(totals, &counted);
	counted.down_bytes += 77;
	counted.down_pkts += 1;
	zr_totals_charged(totals, &counted);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + HOUR_US), 0);
	assert_int_equal(take_all(totals, all, 10), 2);
	check_equal(&all[1].traffic, &counted);
	check_equal(&all[0].traffic, &(struct zr_traffic){0});

	counted.up_bytes += 3;
	zr_totals_charged(totals, &counted);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + 2 * HOUR_US), 0);
	assert_int_equal(take_all(totals, all, 10), 2);
	check_equal(&all[1].traffic, &(struct zr_traffic){.up_bytes = 3});
	zr_totals_free(totals);
}

/* More entries and subscribers than there is room for: the rest is told, and nothing is lost to the gateway. */
static void test_bounds(void **state)
{
	static struct zr_record_total all[100];
	struct zr_interval_totals *totals = make(5, 3);
	struct zr_traffic sums[3][2] = {0}, expected[3] = {0};
	struct zr_totals_status status;
	struct random random = {.state = 60};

	(void)state;
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct zr_usage usage;
		struct zr_traffic traffic;

		random_event(&random, &usage);
		usage.type = ZR_USAGE_PART;
		zr_totals_add(totals, &usage);
		traffic = traffic_of(&usage);
		add(&expected[0], &traffic);
		if (usage.image != NULL && usage.rule != ZR_ENTRY_NONE)
			add(&expected[1], &traffic);
		if (usage.reason != ZR_REASON_NOT_SUBSCRIBER)
			add(&expected[2], &traffic);
	}
	zr_totals_status(totals, &status);
	assert_int_equal(status.entries, 5);
	assert_int_equal(status.subscribers, 3);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + HOUR_US), 0);
	sum_kinds(all, take_all(totals, all, 100), sums);
	for (unsigned int kind = 0; kind < 3; kind++)
		add(&sums[kind][0], &sums[kind][1]);
	assert_true(status.entries_other.down_pkts > 0 && status.subscribers_other.down_pkts > 0);
	add(&sums[1][0], &status.entries_other);
	add(&sums[2][0], &status.subscribers_other);
	for (unsigned int kind = 0; kind < 3; kind++)
		check_equal(&sums[kind][0], &expected[kind]);
	zr_totals_status(totals, &status);
	assert_int_equal(status.entries + status.subscribers, 0);
	check_equal(&status.entries_other, &(struct zr_traffic){0});
	zr_totals_free(totals);
}

static void test_refused(void **state)
{
	struct zr_interval_totals *totals = NULL;

	(void)state;
	assert_int_equal(zr_totals_make(&(struct zr_totals_config){0, 0}, 0, &totals), -EINVAL);
	assert_int_equal(zr_totals_make(&(struct zr_totals_config){ZR_TOTALS_MAX + 1, 0}, 0, &totals), -EINVAL);
	assert_int_equal(zr_totals_make(&(struct zr_totals_config){1, ZR_TOTALS_MAX + 1}, 0, &totals), -EINVAL);
	assert_null(totals);
	zr_totals_free(NULL);
}

/* What a run writes. Texts of totals are kept with them. */
struct written {
	struct zr_record record;
	struct zr_record_total total;
	char rule[ZR_RULE_MAX + 1], service[ZR_SERVICE_MAX + 1];
};

struct run {
	const struct zr_usage *events;
	struct written *records;
	unsigned int count;  /* records */
	unsigned int taken;  /* events */
	unsigned int inside; /* events of the interval that grows */
};

static bool write_total(struct run *run, struct zr_interval_totals *totals)
{
	struct written *w = &run->records[run->count];

	if (zr_totals_peek(totals, &w->total, 1) == 0)
		return false;
	if (w->total.has_entry) {
		strcpy(w->rule, w->total.rule);
		strcpy(w->service, w->total.service);
		w->total.rule = w->rule;
		w->total.service = w->service;
	}
	zr_totals_skip(totals, 1);
	run->count++;
	zr_record_of_total(&exporter, run->count, &w->total, &w->record);
	return true;
}

/*
 * One record more: while totals are to be handed out, events come between them. Depends on nothing but the counts, so that a
 * run can go on where another was killed.
 */
static void step(struct run *run, struct zr_interval_totals *totals)
{
	const struct zr_usage *usage = &run->events[run->taken];

	if (run->count % 3 != 0 && write_total(run, totals))
		return;
	if (run->inside >= 100 && zr_totals_end(totals, BEGIN_US + run->taken * 1000000ULL) == 0) {
		run->inside = 0;
		assert_true(write_total(run, totals));
		return;
	}
	run->taken++;
	run->inside++;
	zr_totals_add(totals, usage);
	run->count++;
	zr_record_of_usage(&exporter, run->count, usage, &run->records[run->count - 1].record);
}

static bool is_gateway_free(const struct zr_record *record)
{
	return record->members[ZR_MEMBER_FLOW].kind == ZR_VALUE_NONE &&
	       record->members[ZR_MEMBER_RULE].kind == ZR_VALUE_NONE &&
	       record->members[ZR_MEMBER_SUBSCRIBER_IP].kind == ZR_VALUE_NONE &&
	       memcmp(record->members[ZR_MEMBER_VERDICT].text, "free", 4) == 0;
}

/* Start again with the first `kept` records of the other run, from behind the last but one of the gateway's free totals. */
static struct zr_interval_totals *restart(const struct run *other, unsigned int kept, struct run *run)
{
	struct zr_interval_totals *totals = make(1000, 1000);
	unsigned int from = kept, seen = 0;

	while (from > 0 && (!is_gateway_free(&other->records[from - 1].record) || ++seen < 2))
		from--;
	for (unsigned int i = from; i < kept; i++)
		zr_totals_resume(totals, &other->records[i].record);
	run->events = other->events;
	run->count = kept;
	run->taken = run->inside = 0;
	for (unsigned int i = 0; i < kept; i++) {
		const struct zr_record *record = &other->records[i].record;

		if (record->members[ZR_MEMBER_FLOW].kind != ZR_VALUE_NONE) {
			run->taken++;
			run->inside++;
		} else if (is_gateway_free(record)) {
			run->inside = 0;
		}
	}
	return totals;
}

static void check_same(const struct zr_record *a, const struct zr_record *b)
{
	char line_a[ZR_RECORD_JSON_MAX], line_b[ZR_RECORD_JSON_MAX];
	size_t len = zr_record_json(a, line_a);

	assert_int_equal(zr_record_json(b, line_b), len);
	assert_memory_equal(line_a, line_b, len);
}

static void test_resume(void **state)
{
	static struct zr_usage events[EVENTS];
	struct written *records = calloc(RECORDS_MAX, sizeof(*records)), *again = calloc(RECORDS_MAX, sizeof(*again));
	struct run whole = {.events = events, .records = records};
	struct zr_interval_totals *totals = make(1000, 1000);
	struct random random = {.state = 61};

	(void)state;
	assert_non_null(records);
	assert_non_null(again);
	for (unsigned int i = 0; i < EVENTS; i++)
		random_event(&random, &events[i]);
	while (whole.count < 1000)
		step(&whole, totals);
	zr_totals_free(totals);
	assert_true(whole.taken > 300); /* intervals */
	for (unsigned int kept = 0; kept < 700; kept++) {
		struct run run = {.records = again};

		totals = restart(&whole, kept, &run);
		while (run.count < 1000)
			step(&run, totals);
		for (unsigned int i = kept; i < 1000; i++)
			check_same(&again[i].record, &records[i].record);
		zr_totals_free(totals);
	}
	free(again);
	free(records);
}

/* Stored records that say little or nonsense count as what they say. */
static void test_resume_nonsense(void **state)
{
	static const char *const types[] = {"usage", "total", "loss", "tag", "x"};
	struct zr_interval_totals *totals = make(10, 10);
	struct zr_record record;
	struct zr_record_total all[10];
	struct zr_value value = {.kind = ZR_VALUE_TEXT};

	(void)state;
	zr_record_clear(&record);
	zr_totals_resume(totals, &record);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		value.text = types[i];
		value.len = (uint32_t)strlen(types[i]);
		assert_true(zr_record_set(&record, ZR_MEMBER_TYPE, &value));
		zr_totals_resume(totals, &record);
	}
	value.text = "2001:db8:::/64";
	value.len = (uint32_t)strlen(value.text);
	assert_true(zr_record_set(&record, ZR_MEMBER_SUBSCRIBER_IP, &value));
	zr_totals_resume(totals, &record);
	while (zr_totals_peek(totals, all, 10) > 0)
		zr_totals_skip(totals, 10);
	assert_int_equal(zr_totals_end(totals, BEGIN_US + HOUR_US), 0);
	assert_int_equal(zr_totals_peek(totals, all, 10), 2);
	zr_totals_free(totals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_events),    cmocka_unit_test(test_silence),
		cmocka_unit_test(test_not_taken_yet),    cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_charged_counters), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_refused),          cmocka_unit_test(test_resume),
		cmocka_unit_test(test_resume_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
