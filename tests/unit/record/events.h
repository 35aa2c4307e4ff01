/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random events of every form, and the list that they point to. It stands in for rules/image.c, so that texts which no list
 * may hold can be tried too.
 */
#ifndef TESTS_UNIT_RECORD_EVENTS_H
#define TESTS_UNIT_RECORD_EVENTS_H

#include "control/record/record.h"
#include "tests/support/random.h"

/* Longest random text, terminator included: longer than any that is written. */
#define EVENT_TEXT 400

struct zr_image {
	uint64_t serial;
	struct zr_entry entry;
};

/* An event and what it points to. Not to be copied. */
struct event {
	struct zr_usage usage;
	struct zr_image image;
	struct zr_exporter exporter;
	char gateway[EVENT_TEXT], rule[EVENT_TEXT], service[EVENT_TEXT], name[EVENT_TEXT];
};

/* Make a random event. Numbers are at most number_max; texts hold any bytes but '\0'. */
void event_random(struct random *random, uint64_t number_max, struct event *out);

/*
 * Make a record of the event: most often the tag or usage that it is, sometimes a total or a loss with its numbers and texts.
 */
void event_record(struct random *random, uint64_t seq, const struct event *event, struct zr_record *out);

#endif
