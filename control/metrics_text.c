/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples in the forms of those who ask for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics_sample.h"

/* What comes before a metric's name, which telemetry's commands have in their own. */
#define PREFIX "zerorate_"

/* Text in a line of the format: a backslash and a line break are escaped, and so is a quote where text stands in quotes. */
static void put_escaped(FILE *out, const char *text, const char *escaped)
{
	for (; *text != '\0'; text++) {
		if (strchr(escaped, *text) != NULL)
			putc('\\', out);
		putc(*text == '\n' ? 'n' : *text, out);
	}
}

static void put_label(FILE *out, char before, const char *name, const char *text)
{
	fprintf(out, "%c%s=\"", before, name);
	put_escaped(out, text, "\\\n\"");
	putc('"', out);
}

static void put_head(FILE *out, const struct zr_metric *metric)
{
	fprintf(out, "# HELP %s ", metric->name);
	put_escaped(out, metric->help, "\\\n");
	fprintf(out, "\n# TYPE %s %s\n", metric->name, metric->type == ZR_METRIC_COUNTER ? "counter" : "gauge");
}

static void put_sample(FILE *out, const struct zr_sample *sample)
{
	const struct zr_metric *metric = sample->metric;
	char before = '{';

	fputs(metric->name, out);
	if (metric->label != NULL) {
		put_label(out, before, metric->label, sample->of);
		before = ',';
	}
	if (metric->key != NULL) {
		put_label(out, before, metric->key, sample->key);
		before = ',';
	}
	fprintf(out, "%s %s\n", before == ',' ? "}" : "", sample->value);
}

/* All that are texts of one metric, from the first on. Returns how many there are. */
static unsigned int put_info(FILE *out, const struct zr_sample *at, unsigned int most)
{
	unsigned int count = 0;
	char before = '{';

	fputs(at->metric->name, out);
	for (; count < most && strcmp(at[count].metric->name, at->metric->name) == 0; count++) {
		put_label(out, before, at[count].key, at[count].value);
		before = ',';
	}
	fputs("} 1\n", out);
	return count;
}

char *zr_samples_text(const struct zr_samples *samples, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (out == NULL)
		return NULL;
	for (unsigned int i = 0; i < samples->count;) {
		const struct zr_sample *sample = &samples->at[i];

		if (i == 0 || strcmp(sample[-1].metric->name, sample->metric->name) != 0)
			put_head(out, sample->metric);
		if (sample->metric->kind == ZR_METRIC_INFO) {
			i += put_info(out, sample, samples->count - i);
		} else {
			put_sample(out, sample);
			i++;
		}
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* By command, then by port, worker or consumer, else as they come: metrics lie in the order of the table. */
static int compare(const void *a, const void *b)
{
	const struct zr_sample *one = *(const struct zr_sample *const *)a, *other = *(const struct zr_sample *const *)b;
	int order = strcmp(one->metric->command, other->metric->command);

	if (order == 0)
		order = (one->element > other->element) - (one->element < other->element);
	return order != 0 ? order : (one > other) - (one < other);
}

static void value_of(const struct zr_sample *sample, struct zr_telemetry_value *value)
{
	const struct zr_metric *metric = sample->metric;

	*value = (struct zr_telemetry_value){
		.command = metric->command,
		.member = metric->name + strlen(PREFIX),
		.label = metric->label,
		.of = metric->label != NULL ? sample->of : NULL,
		.key = metric->key != NULL ? sample->key : NULL,
		.text = sample->is_whole ? NULL : sample->value,
		.number = sample->number,
	};
}

struct zr_telemetry_value *zr_samples_telemetry(const struct zr_samples *samples)
{
	struct zr_telemetry_value *values = calloc(samples->count, sizeof(*values));
	const struct zr_sample **order = calloc(samples->count, sizeof(const struct zr_sample *));

	for (unsigned int i = 0; order != NULL && i < samples->count; i++)
		order[i] = &samples->at[i];
	if (values != NULL && order != NULL) {
		qsort(order, samples->count, sizeof(const struct zr_sample *), compare);
		for (unsigned int i = 0; i < samples->count; i++)
			value_of(order[i], &values[i]);
	} else {
		free(values);
		values = NULL;
	}
	free(order);
	return values;
}
