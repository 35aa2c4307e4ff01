/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics_sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S 1000.0

/* Bytes a second in 1 Mbit/s. */
#define BYTES_PER_MBIT 125000

/* Most of a member's name. */
#define NAME_BYTES 32

/* On the way from a status to one of its members. */
struct walk {
	struct zr_samples *samples;
	const struct zr_metric *metric;
	unsigned int element;
	const char *of, *key;
	int err;
};

static struct zr_sample *next_sample(struct walk *walk)
{
	struct zr_samples *samples = walk->samples;

	if (samples->count == samples->room) {
		unsigned int room = samples->room > 0 ? 2 * samples->room : 256;
		struct zr_sample *at = reallocarray(samples->at, room, sizeof(*at));

		if (at == NULL) {
			walk->err = -ENOMEM;
			return NULL;
		}
		samples->at = at;
		samples->room = room;
	}
	return &samples->at[samples->count++];
}

static void emit(struct walk *walk, bool is_whole, uint64_t number, const char *value)
{
	struct zr_sample *sample = walk->err == 0 ? next_sample(walk) : NULL;

	if (sample == NULL)
		return;
	*sample = (struct zr_sample){
		.metric = walk->metric, .element = walk->element, .is_whole = is_whole, .number = number};
	snprintf(sample->of, sizeof(sample->of), "%s", walk->of != NULL ? walk->of : "");
	snprintf(sample->key, sizeof(sample->key), "%s", walk->key != NULL ? walk->key : "");
	snprintf(sample->value, sizeof(sample->value), "%s", value);
}

static void emit_whole(struct walk *walk, int64_t number)
{
	char text[ZR_METRIC_TEXT];

	snprintf(text, sizeof(text), "%" PRId64, number);
	emit(walk, number >= 0, (uint64_t)number, text);
}

static void emit_real(struct walk *walk, double number)
{
	char text[ZR_METRIC_TEXT];

	/* As short as keeps the number what it is. */
	snprintf(text, sizeof(text), "%.15g", number);
	if (strtod(text, NULL) != number)
		snprintf(text, sizeof(text), "%.17g", number);
	emit(walk, false, 0, text);
}

/* A time in UTC, as records write it. */
static void emit_time(struct walk *walk, const char *text)
{
	struct tm tm = {0};
	const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	char value[ZR_METRIC_TEXT];
	int64_t s;

	if (rest == NULL)
		return;
	s = (int64_t)timegm(&tm);
	if (*rest != '.') {
		emit_whole(walk, s);
		return;
	}
	snprintf(value, sizeof(value), "%" PRId64 "%.*s", s, (int)(1 + strspn(rest + 1, "0123456789")), rest);
	emit(walk, false, 0, value);
}

static void emit_states(struct walk *walk, const char *state)
{
	for (unsigned int i = 0; state != NULL && walk->metric->names(i) != NULL; i++) {
		walk->key = walk->metric->names(i);
		emit_whole(walk, strcmp(state, walk->key) == 0);
	}
}

static void emit_number(struct walk *walk, const json_t *value)
{
	if (json_is_real(value))
		emit_real(walk, json_real_value(value));
	else if (json_is_integer(value))
		emit_whole(walk, json_integer_value(value));
	else if (json_is_boolean(value))
		emit_whole(walk, json_is_true(value));
}

static void emit_member(struct walk *walk, const json_t *value)
{
	switch ((enum zr_metric_kind)walk->metric->kind) {
	case ZR_METRIC_NUMBER:
		emit_number(walk, value);
		break;
	case ZR_METRIC_MS:
		emit_real(walk, json_number_value(value) / MS_PER_S);
		break;
	case ZR_METRIC_MBPS:
		emit_whole(walk, json_integer_value(value) * BYTES_PER_MBIT);
		break;
	case ZR_METRIC_TIME:
		emit_time(walk, json_string_value(value));
		break;
	case ZR_METRIC_COUNT:
		emit_whole(walk, (int64_t)json_array_size(value));
		break;
	case ZR_METRIC_GIVEN:
		emit_whole(walk, !json_is_null(value));
		break;
	case ZR_METRIC_STATE:
		emit_states(walk, json_string_value(value));
		break;
	case ZR_METRIC_INFO:
		walk->key = walk->metric->key;
		if (json_is_string(value))
			emit(walk, false, 0, json_string_value(value));
		break;
	}
}

static void walk_path(struct walk *walk, const json_t *at, const char *path);

/* Each element that has a name, which anonymous streams have not. */
static void walk_array(struct walk *walk, const json_t *array, const char *rest)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i), *of = json_object_get(one, walk->metric->label);
		char text[ZR_METRIC_TEXT];

		if (json_is_integer(of))
			snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(of));
		else
			snprintf(text, sizeof(text), "%s", json_is_string(of) ? json_string_value(of) : "");
		walk->element = (unsigned int)i;
		walk->of = text;
		if (text[0] != '\0')
			walk_path(walk, one, rest);
		walk->of = NULL;
	}
}

/* All names that there are; what the status leaves out is 0. */
static void walk_names(struct walk *walk, const json_t *object, const char *rest)
{
	for (unsigned int i = 0; walk->metric->names(i) != NULL; i++) {
		const json_t *one = json_object_get(object, walk->metric->names(i));

		walk->key = walk->metric->names(i);
		if (one != NULL)
			walk_path(walk, one, rest);
		else
			emit_whole(walk, 0);
	}
}

static void walk_object(struct walk *walk, const json_t *object, const char *rest)
{
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		walk->key = json_object_iter_key(at);
		walk_path(walk, json_object_iter_value(at), rest);
	}
}

static void walk_path(struct walk *walk, const json_t *at, const char *path)
{
	size_t len = strcspn(path, ".");
	const char *rest = path[len] == '.' ? path + len + 1 : path + len;
	char name[NAME_BYTES];

	if (at == NULL)
		return;
	if (len == 0) {
		emit_member(walk, at);
	} else if (path[0] != '*') {
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		walk_path(walk, json_object_get(at, name), rest);
	} else if (json_is_array(at)) {
		walk_array(walk, at, rest);
	} else if (walk->metric->names != NULL) {
		walk_names(walk, at, rest);
	} else {
		walk_object(walk, at, rest);
	}
}

int zr_samples_take(struct zr_samples *samples, const json_t *status)
{
	*samples = (struct zr_samples){0};
	for (unsigned int i = 0; i < zr_metric_count; i++) {
		struct walk walk = {.samples = samples, .metric = &zr_metrics[i]};

		walk_path(&walk, status, zr_metrics[i].path);
		if (walk.err != 0)
			return walk.err;
	}
	return 0;
}

void zr_samples_clear(struct zr_samples *samples)
{
	free(samples->at);
	*samples = (struct zr_samples){0};
}
