/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/list_report.h"
#include "control/record/address.h"
#include "control/totals_key.h"

/* Rows: as many as totals tell apart. */
#define ENTRIES_MAX     (1U << 20)
#define SUBSCRIBERS_MAX (1U << 22)
#define ENTRY_KEY_MEAN  64

/* A row's key: a service, or a rule and a service, with their terminators; or a subscriber. One zero byte: there is none. */
#define KEY_MAX (ZR_RULE_MAX + 1 + ZR_SERVICE_MAX + 1)

static void add(struct zr_traffic *to, const struct zr_traffic *part)
{
	to->up_bytes += part->up_bytes;
	to->up_pkts += part->up_pkts;
	to->down_bytes += part->down_bytes;
	to->down_pkts += part->down_pkts;
}

static void take_off(struct zr_traffic *from, const struct zr_traffic *part)
{
	from->up_bytes -= part->up_bytes;
	from->up_pkts -= part->up_pkts;
	from->down_bytes -= part->down_bytes;
	from->down_pkts -= part->down_pkts;
}

int zr_ask_top_make(struct zr_ask_top *top, enum zr_top_by by, uint32_t limit, struct zr_interval_totals *totals,
		    const struct zr_traffic *charged)
{
	uint32_t most = by == ZR_TOP_SUBSCRIBER ? SUBSCRIBERS_MAX : ENTRIES_MAX;
	struct zr_totals_growing growing;
	int err;

	*top = (struct zr_ask_top){.by = by};
	if (totals != NULL) {
		zr_totals_charged(totals, charged);
		zr_totals_growing(totals, &growing);
		if (by != ZR_TOP_SUBSCRIBER || growing.subscribers != NULL)
			top->totals = totals;
		top->since_us = growing.since_us;
	}
	err = zr_sums_make(most, (size_t)most * ENTRY_KEY_MEAN, &top->rows);
	if (err == 0)
		err = zr_best_make(&top->best, limit);
	if (err != 0)
		return err;
	top->row_flows = calloc(most, sizeof(*top->row_flows));
	top->best_rows = calloc(limit, sizeof(*top->best_rows));
	return top->row_flows != NULL && top->best_rows != NULL ? 0 : -ENOMEM;
}

void zr_ask_top_clear(struct zr_ask_top *top)
{
	zr_sums_free(top->rows);
	zr_best_clear(&top->best);
	free(top->row_flows);
	free(top->best_rows);
	*top = (struct zr_ask_top){0};
}

static size_t entry_key(enum zr_top_by by, const char *rule, const char *service, char out[KEY_MAX])
{
	char *at = out;

	if (by == ZR_TOP_RULE && *rule != '\0')
		at = stpcpy(at, rule) + 1;
	at = stpcpy(at, service) + 1;
	return (size_t)(at - out);
}

/* The row of a key; NULL when there are too many. */
static struct zr_sum *row_of(const struct zr_ask_top *top, const void *key, size_t len)
{
	return zr_sums_take(top->rows, key, len);
}

static void copy_one(struct zr_ask_top *top, struct zr_sums *sums, uint32_t i)
{
	struct zr_record_total total;
	char text[KEY_MAX];
	const void *key;
	size_t len;
	const struct zr_sum *sum = zr_sums_at(sums, i, &key, &len);
	struct zr_sum *row;

	if (top->by != ZR_TOP_SUBSCRIBER) {
		zr_totals_entry_of_key(key, &total);
		len = entry_key(top->by, total.rule, total.service, text);
		key = text;
	}
	row = row_of(top, key, len);
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		add(&top->copied_sum.traffic[verdict], &sum->traffic[verdict]);
		if (row != NULL)
			add(&row->traffic[verdict], &sum->traffic[verdict]);
	}
}

/*
 * All rows are copied. What the gateway has and none of them is a row of its own: volume without an entry, beyond the bounds of
 * totals, and, while traffic goes on, what came during the copying. So it is never less than nothing.
 */
static void copy_end(struct zr_ask_top *top, const struct zr_totals_growing *growing)
{
	struct zr_sum none = growing->gateway, *row = row_of(top, "", 1);

	top->total = growing->gateway;
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		take_off(&none.traffic[verdict], &top->copied_sum.traffic[verdict]);
		if (row != NULL)
			add(&row->traffic[verdict], &none.traffic[verdict]);
	}
}

bool zr_ask_top_copy(struct zr_ask_top *top, unsigned int most)
{
	struct zr_totals_growing growing;
	struct zr_sums *sums;

	if (top->totals == NULL)
		return true;
	zr_totals_growing(top->totals, &growing);
	if (growing.since_us != top->since_us) {
		zr_sums_clear(top->rows);
		top->copied_sum = (struct zr_sum){0};
		top->copied = 0;
		top->since_us = growing.since_us;
	}
	sums = top->by == ZR_TOP_SUBSCRIBER ? growing.subscribers : growing.entries;
	for (; most > 0 && top->copied < zr_sums_count(sums); most--)
		copy_one(top, sums, top->copied++);
	if (top->copied < zr_sums_count(sums))
		return false;
	copy_end(top, &growing);
	return true;
}

static struct zr_sum *row_of_answer(const struct zr_ask_top *top, const struct zr_answer *answer)
{
	struct zr_totals_keys keys;
	char text[KEY_MAX];

	if (top->by != ZR_TOP_SUBSCRIBER)
		return row_of(top, text, entry_key(top->by, answer->rule, answer->service, text));
	zr_totals_keys_of_usage(&answer->usage, &keys);
	return keys.has_subscriber ? row_of(top, &keys.subscriber, sizeof(keys.subscriber)) : row_of(top, "", 1);
}

void zr_ask_top_take(void *arg, const struct zr_answer *answer)
{
	const struct zr_traffic traffic = {.up_bytes = answer->usage.up_bytes,
					   .up_pkts = answer->usage.up_pkts,
					   .down_bytes = answer->usage.down_bytes,
					   .down_pkts = answer->usage.down_pkts};
	enum zr_verdict verdict = answer->state == ZR_STATE_FREE ? ZR_FREE : ZR_CHARGED;
	struct zr_ask_top *top = arg;
	struct zr_sum *row = row_of_answer(top, answer);

	add(&top->total.traffic[verdict], &traffic);
	top->flows++;
	if (row == NULL)
		return;
	add(&row->traffic[verdict], &traffic);
	top->row_flows[zr_sums_number(top->rows, row)]++;
}

static uint64_t bytes_of(const struct zr_traffic *traffic)
{
	return traffic->up_bytes + traffic->down_bytes;
}

static uint64_t pkts_of(const struct zr_traffic *traffic)
{
	return traffic->up_pkts + traffic->down_pkts;
}

/* The row without an entry may have nothing at all. */
static bool is_nothing(const struct zr_sum *sum, uint64_t flows)
{
	return flows + pkts_of(&sum->traffic[ZR_FREE]) + pkts_of(&sum->traffic[ZR_CHARGED]) == 0;
}

bool zr_ask_top_rank(struct zr_ask_top *top, unsigned int most)
{
	for (; most > 0 && top->ranked < zr_sums_count(top->rows); most--) {
		uint32_t row = top->ranked++, place;
		const void *key;
		size_t len;
		const struct zr_sum *sum = zr_sums_at(top->rows, row, &key, &len);

		if (is_nothing(sum, top->row_flows[row]))
			continue;
		place = zr_best_offer(&top->best,
				      bytes_of(&sum->traffic[ZR_FREE]) + bytes_of(&sum->traffic[ZR_CHARGED]));
		if (place != ZR_BEST_NONE)
			top->best_rows[place] = row;
	}
	if (top->ranked < zr_sums_count(top->rows))
		return false;
	zr_best_sort(&top->best);
	return true;
}

static void set_number(json_t *object, const char *member, uint64_t number)
{
	json_object_set_new(object, member, json_integer((json_int_t)number));
}

static json_t *sums_json(json_t *object, const struct zr_sum *sum, uint64_t flows)
{
	set_number(object, "flows", flows);
	set_number(object, "free_bytes", bytes_of(&sum->traffic[ZR_FREE]));
	set_number(object, "free_pkts", pkts_of(&sum->traffic[ZR_FREE]));
	set_number(object, "charged_bytes", bytes_of(&sum->traffic[ZR_CHARGED]));
	set_number(object, "charged_pkts", pkts_of(&sum->traffic[ZR_CHARGED]));
	return object;
}

static void set_subscriber(json_t *object, const void *key)
{
	struct zr_record_total total = {0};
	char text[ZR_ADDRESS_TEXT_MAX];

	zr_totals_subscriber_of_key(key, &total);
	json_object_set_new(
		object, "subscriber",
		json_stringn(text, (size_t)(zr_subscriber_format(text, total.family, &total.subscriber) - text)));
	set_number(object, "domain", total.domain);
}

/* What the row is of; nothing when it is of no entry, no subscriber. */
static json_t *row_json(const struct zr_ask_top *top, const char *key, size_t len)
{
	json_t *object = json_object();
	const char *service = key;

	if (top->by == ZR_TOP_SUBSCRIBER) {
		if (len > 1)
			set_subscriber(object, key);
		return object;
	}
	if (strlen(key) + 1 < len) {
		json_object_set_new(object, "rule", zr_list_report_text(key));
		service += strlen(key) + 1;
	}
	if (*service != '\0')
		json_object_set_new(object, "service", zr_list_report_text(service));
	return object;
}

json_t *zr_ask_top_json(const struct zr_ask_top *top)
{
	json_t *rows = json_array(), *reply = json_object();
	struct zr_sum others = top->total;
	uint64_t others_flows = top->flows;
	char since[ZR_TIME_TEXT];

	for (uint32_t i = 0; i < top->best.count; i++) {
		uint32_t row = top->best_rows[top->best.items[i].place], flows = top->row_flows[row];
		const void *key;
		size_t len;
		const struct zr_sum *sum = zr_sums_at(top->rows, row, &key, &len);

		for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++)
			take_off(&others.traffic[verdict], &sum->traffic[verdict]);
		others_flows -= flows;
		json_array_append_new(rows, sums_json(row_json(top, key, len), sum, flows));
	}
	json_object_set_new(reply, "op", json_string("top"));
	json_object_set_new(reply, "by", json_string(zr_top_by_name(top->by)));
	zr_time_format(top->since_us, since);
	if (top->totals != NULL)
		json_object_set_new(reply, "since", json_string(since));
	json_object_set_new(reply, "rows", rows);
	json_object_set_new(reply, "total", sums_json(json_object(), &top->total, top->flows));
	json_object_set_new(reply, "others", sums_json(json_object(), &others, others_flows));
	return reply;
}
