/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/sums.h"
#include "control/totals_key.h"

/* Mean length of the keys that there is room for: a rule and a service have some 15 characters each. */
#define ENTRY_KEY_MEAN 64

/* What is handed out next of an interval. */
enum stage { STAGE_GATEWAY, STAGE_ENTRIES, STAGE_SUBSCRIBERS, STAGE_END };

struct cursor {
	enum stage stage;
	uint32_t at;
	unsigned int turn; /* 0: free, 1: charged */
};

struct interval {
	uint64_t first_us, last_us;
	struct zr_sum gateway;
	bool gateway_taken[2]; /* by verdict */
	struct zr_sums *entries, *subscribers;
	struct zr_traffic entries_other, subscribers_other;
	struct cursor cursor;
};

struct zr_interval_totals {
	struct interval intervals[2];
	unsigned int growing; /* which of them; the other one is handed out */
	struct zr_traffic charged_seen;
};

static const enum zr_verdict verdict_of[] = {ZR_FREE, ZR_CHARGED};

static struct interval *growing(struct zr_interval_totals *totals)
{
	return &totals->intervals[totals->growing];
}

static struct interval *ended(struct zr_interval_totals *totals)
{
	return &totals->intervals[1 - totals->growing];
}

static void add(struct zr_traffic *to, const struct zr_traffic *traffic)
{
	to->up_bytes += traffic->up_bytes;
	to->up_pkts += traffic->up_pkts;
	to->down_bytes += traffic->down_bytes;
	to->down_pkts += traffic->down_pkts;
}

static bool is_nothing(const struct zr_traffic *traffic)
{
	return (traffic->up_bytes | traffic->up_pkts | traffic->down_bytes | traffic->down_pkts) == 0;
}

static void interval_clear(struct interval *interval)
{
	zr_sums_clear(interval->entries);
	if (interval->subscribers != NULL)
		zr_sums_clear(interval->subscribers);
	*interval = (struct interval){
		.entries = interval->entries, .subscribers = interval->subscribers, .cursor = {.stage = STAGE_END}};
}

static int interval_make(struct interval *interval, const struct zr_totals_config *config)
{
	int error = zr_sums_make(config->entries_max, (size_t)config->entries_max * ENTRY_KEY_MEAN + ZR_ENTRY_KEY_MAX,
				 &interval->entries);

	if (error == 0 && config->subscribers_max > 0)
		error = zr_sums_make(config->subscribers_max,
				     (size_t)config->subscribers_max * sizeof(struct zr_subscriber_key),
				     &interval->subscribers);
	interval->cursor.stage = STAGE_END;
	return error;
}

int zr_totals_make(const struct zr_totals_config *config, uint64_t now_us, struct zr_interval_totals **out)
{
	struct zr_interval_totals *totals = calloc(1, sizeof(*totals));
	int error = totals == NULL ? -ENOMEM : interval_make(&totals->intervals[0], config);

	if (error == 0)
		error = interval_make(&totals->intervals[1], config);
	if (error != 0) {
		zr_totals_free(totals);
		return error;
	}
	growing(totals)->first_us = now_us;
	*out = totals;
	return 0;
}

void zr_totals_free(struct zr_interval_totals *totals)
{
	if (totals == NULL)
		return;
	for (unsigned int i = 0; i < 2; i++) {
		zr_sums_free(totals->intervals[i].entries);
		zr_sums_free(totals->intervals[i].subscribers);
	}
	free(totals);
}

/* Volume of one event, under what it stands for; a length of 0: under nothing. */
static void count(struct interval *interval, enum zr_verdict verdict, const struct zr_traffic *traffic,
		  const struct zr_totals_keys *keys)
{
	add(&interval->gateway.traffic[verdict], traffic);
	if (is_nothing(traffic))
		return;
	if (keys->entry_len > 0) {
		struct zr_sum *sum = zr_sums_take(interval->entries, keys->entry, keys->entry_len);

		add(sum != NULL ? &sum->traffic[verdict] : &interval->entries_other, traffic);
	}
	if (interval->subscribers != NULL && keys->has_subscriber) {
		struct zr_sum *sum = zr_sums_take(interval->subscribers, &keys->subscriber, sizeof(keys->subscriber));

		add(sum != NULL ? &sum->traffic[verdict] : &interval->subscribers_other, traffic);
	}
}

void zr_totals_add(struct zr_interval_totals *totals, const struct zr_usage *usage)
{
	const struct zr_traffic traffic = {.up_bytes = usage->up_bytes,
					   .up_pkts = usage->up_pkts,
					   .down_bytes = usage->down_bytes,
					   .down_pkts = usage->down_pkts};
	struct zr_totals_keys keys;

	if (usage->type != ZR_USAGE_PART)
		return;
	zr_totals_keys_of_usage(usage, &keys);
	count(growing(totals), usage->verdict, &traffic, &keys);
}

void zr_totals_charged(struct zr_interval_totals *totals, const struct zr_traffic *since_start)
{
	const struct zr_traffic *seen = &totals->charged_seen;
	const struct zr_traffic more = {.up_bytes = since_start->up_bytes - seen->up_bytes,
					.up_pkts = since_start->up_pkts - seen->up_pkts,
					.down_bytes = since_start->down_bytes - seen->down_bytes,
					.down_pkts = since_start->down_pkts - seen->down_pkts};

	add(&growing(totals)->gateway.traffic[ZR_CHARGED], &more);
	totals->charged_seen = *since_start;
}

int zr_totals_end(struct zr_interval_totals *totals, uint64_t now_us)
{
	struct interval *interval = growing(totals);
	struct zr_record_total next;

	if (zr_totals_peek(totals, &next, 1) > 0)
		return -EBUSY;
	/* The clock may have been set back meanwhile. */
	interval->last_us = now_us > interval->first_us ? now_us : interval->first_us;
	interval->cursor = (struct cursor){.stage = STAGE_GATEWAY};
	interval_clear(ended(totals));
	totals->growing = 1 - totals->growing;
	growing(totals)->first_us = now_us;
	return 0;
}

/* The sum that the cursor stands on, NULL behind the last one of its stage; fills what identifies it. */
static const struct zr_traffic *look(const struct interval *interval, const struct cursor *cursor,
				     struct zr_record_total *out)
{
	const struct zr_sums *sums = cursor->stage == STAGE_ENTRIES ? interval->entries : interval->subscribers;
	enum zr_verdict verdict = verdict_of[cursor->turn];
	const struct zr_sum *sum;
	const void *key;
	size_t len;

	*out = (struct zr_record_total){
		.verdict = verdict, .first_us = interval->first_us, .last_us = interval->last_us};
	if (cursor->stage == STAGE_GATEWAY)
		return cursor->at == 0 ? &interval->gateway.traffic[verdict] : NULL;
	if (sums == NULL || cursor->at >= zr_sums_count(sums))
		return NULL;
	sum = zr_sums_at(sums, cursor->at, &key, &len);
	if (cursor->stage == STAGE_ENTRIES)
		zr_totals_entry_of_key(key, out);
	else
		zr_totals_subscriber_of_key(key, out);
	return &sum->traffic[verdict];
}

static bool is_due(const struct interval *interval, const struct cursor *cursor, const struct zr_traffic *traffic)
{
	return cursor->stage == STAGE_GATEWAY ? !interval->gateway_taken[verdict_of[cursor->turn]]
					      : !is_nothing(traffic);
}

/* The next total that is due from the cursor on; moves the cursor behind it. */
static bool next_total(const struct interval *interval, struct cursor *cursor, struct zr_record_total *out)
{
	while (cursor->stage != STAGE_END) {
		const struct zr_traffic *traffic = look(interval, cursor, out);
		bool due;

		if (traffic == NULL) {
			*cursor = (struct cursor){.stage = cursor->stage + 1};
			continue;
		}
		due = is_due(interval, cursor, traffic);
		cursor->at += cursor->turn;
		cursor->turn = 1 - cursor->turn;
		if (due) {
			out->traffic = *traffic;
			return true;
		}
	}
	return false;
}

unsigned int zr_totals_peek(const struct zr_interval_totals *totals, struct zr_record_total *out, unsigned int room)
{
	const struct interval *interval = &totals->intervals[1 - totals->growing];
	struct cursor cursor = interval->cursor;
	unsigned int found = 0;

	while (found < room && next_total(interval, &cursor, &out[found]))
		found++;
	return found;
}

void zr_totals_skip(struct zr_interval_totals *totals, unsigned int skipped)
{
	struct interval *interval = ended(totals);
	struct zr_record_total total;

	while (skipped > 0 && next_total(interval, &interval->cursor, &total))
		skipped--;
}

/* A total that was numbered: it is not handed out again. */
static void resume_total(struct zr_interval_totals *totals, const struct zr_record *record)
{
	enum zr_verdict verdict = zr_totals_verdict_of_record(record);
	struct interval *interval = ended(totals);
	struct zr_totals_keys keys;
	struct zr_sum *sum = NULL;

	zr_totals_keys_of_record(record, &keys);
	if (keys.entry_len > 0)
		sum = zr_sums_find(interval->entries, keys.entry, keys.entry_len);
	else if (keys.has_subscriber && interval->subscribers != NULL)
		sum = zr_sums_find(interval->subscribers, &keys.subscriber, sizeof(keys.subscriber));
	else if (!keys.has_subscriber)
		interval->gateway_taken[verdict] = true;
	if (sum != NULL)
		sum->traffic[verdict] = (struct zr_traffic){0};
}

static void resume_end(struct zr_interval_totals *totals, const struct zr_record *record)
{
	struct interval *interval = growing(totals);
	uint64_t first_us = 0, last_us = 0;

	zr_totals_times_of_record(record, &first_us, &last_us);
	interval_clear(ended(totals));
	interval->first_us = first_us;
	interval->last_us = last_us;
	interval->cursor = (struct cursor){.stage = STAGE_GATEWAY};
	totals->growing = 1 - totals->growing;
	growing(totals)->first_us = last_us;
}

void zr_totals_resume(struct zr_interval_totals *totals, const struct zr_record *record)
{
	struct zr_totals_keys keys;
	struct zr_traffic traffic;

	switch (zr_totals_kind_of_record(record)) {
	case ZR_TOTALS_USAGE:
		zr_totals_keys_of_record(record, &keys);
		zr_totals_traffic_of_record(record, &traffic);
		count(growing(totals), zr_totals_verdict_of_record(record), &traffic, &keys);
		break;
	case ZR_TOTALS_GATEWAY_FREE:
		resume_end(totals, record);
		resume_total(totals, record);
		break;
	case ZR_TOTALS_TOTAL:
		resume_total(totals, record);
		break;
	case ZR_TOTALS_NOTHING:
		break;
	}
}

void zr_totals_growing(const struct zr_interval_totals *totals, struct zr_totals_growing *out)
{
	const struct interval *interval = &totals->intervals[totals->growing];

	*out = (struct zr_totals_growing){
		.since_us = interval->first_us,
		.gateway = interval->gateway,
		.entries = interval->entries,
		.subscribers = interval->subscribers,
	};
}

void zr_totals_status(const struct zr_interval_totals *totals, struct zr_totals_status *out)
{
	const struct interval *interval = &totals->intervals[totals->growing];
	struct zr_record_total next;

	*out = (struct zr_totals_status){
		.since_us = interval->first_us,
		.entries = zr_sums_count(interval->entries),
		.subscribers = interval->subscribers != NULL ? zr_sums_count(interval->subscribers) : 0,
		.entries_other = interval->entries_other,
		.subscribers_other = interval->subscribers_other,
		.pending = zr_totals_peek(totals, &next, 1) > 0,
	};
}
