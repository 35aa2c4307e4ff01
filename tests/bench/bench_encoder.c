/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a record costs from the core's event to the line that leaves: the values and their JSON, the values and their CSV,
 * against a floor that copies finished lines of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"
#include "tests/bench/events.h"
#include "tests/bench/harness.h"

/* Lines are written one behind the other, as into a ring; the whole is as large as a cache that a daemon may have. */
#define OUT_BYTES ((size_t)BENCH_EVENTS * 1024)

struct setting {
	struct zr_exporter exporter;
	struct zr_usage events[BENCH_EVENTS];
	size_t (*encode)(const struct zr_record *record, char *out);
	char *out, *lines;
	size_t lens[BENCH_EVENTS]; /* of the lines in `lines` */
	size_t len;                /* of all of them */
};

static void run_copy(void *arg)
{
	struct setting *s = arg;
	size_t at = 0;

	for (unsigned int i = 0; i < BENCH_EVENTS; i++) {
		memcpy(s->out + at, s->lines + at, s->lens[i]);
		at += s->lens[i];
	}
}

static void run_encode(void *arg)
{
	struct setting *s = arg;
	struct zr_record record;
	char *at = s->out;

	for (unsigned int i = 0; i < BENCH_EVENTS; i++) {
		zr_record_of_usage(&s->exporter, 1000000 + i, &s->events[i], &record);
		at += s->encode(&record, at);
	}
}

static void lines_make(struct setting *s)
{
	struct zr_record record;
	size_t at = 0;

	for (unsigned int i = 0; i < BENCH_EVENTS; i++) {
		zr_record_of_usage(&s->exporter, 1000000 + i, &s->events[i], &record);
		s->lens[i] = s->encode(&record, s->lines + at);
		at += s->lens[i];
	}
	s->len = at;
}

int main(void)
{
	static struct setting json = {.exporter = {.gateway = "hn-gw-01", .epoch_us = 1795305600123456},
				      .encode = zr_record_json};
	static struct setting csv;
	const struct bench_side sides[] = {
		{run_copy, &json, BENCH_EVENTS}, {run_encode, &json, BENCH_EVENTS}, {run_encode, &csv, BENCH_EVENTS}};
	struct bench_time time[sizeof(sides) / sizeof(sides[0])];
	void *block;
	struct zr_image *image = bench_events_image(&block);

	bench_pin();
	json.out = bench_alloc(OUT_BYTES, true);
	json.lines = bench_alloc(OUT_BYTES, true);
	bench_events_make(json.events, image);
	csv = json;
	csv.encode = zr_record_csv;
	lines_make(&csv);
	lines_make(&json);
	bench_measure(sides, sizeof(sides) / sizeof(sides[0]), time);
	bench_print(&(struct bench_result){.name = "encoder_json",
					   .time = time[1],
					   .floor = time[0],
					   .mops_min = 1,
					   .bytes = (double)json.len / BENCH_EVENTS});
	bench_print(&(struct bench_result){.name = "encoder_csv",
					   .time = time[2],
					   .floor = time[0],
					   .mops_min = 1,
					   .bytes = (double)csv.len / BENCH_EVENTS});
	bench_free(json.lines, OUT_BYTES);
	bench_free(json.out, OUT_BYTES);
	zr_image_free(image);
	free(block);
	return 0;
}
