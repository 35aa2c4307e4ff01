/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of all metrics at one moment, out of a status; and what is made of them. No state; any thread. */
#ifndef CONTROL_METRICS_SAMPLE_H
#define CONTROL_METRICS_SAMPLE_H

#include <jansson.h>
#include <stdbool.h>

#include "control/metrics_table.h"
#include "dataplane/dpdk/dataplane.h"

/* Longest text of a label, and of a value; longer ones are cut. */
#define ZR_METRIC_TEXT 80

struct zr_sample {
	const struct zr_metric *metric;
	unsigned int element;     /* place of `of` among those of its array */
	char of[ZR_METRIC_TEXT];  /* the text of metric->label; "" without one */
	char key[ZR_METRIC_TEXT]; /* the text of metric->key; "" without one */
	char value[ZR_METRIC_TEXT];
	bool is_whole; /* the value is number, and not below 0 */
	uint64_t number;
};

struct zr_samples {
	struct zr_sample *at; /* by metric, in the table's order */
	unsigned int count, room;
};

/* All that a status (zr_status_json) has. 0 or -ENOMEM. Call zr_samples_clear afterwards, whatever the result. */
int zr_samples_take(struct zr_samples *samples, const json_t *status);
void zr_samples_clear(struct zr_samples *samples);

/* As Prometheus's text format 0.0.4, terminated: the caller frees it. NULL without memory. */
char *zr_samples_text(const struct zr_samples *samples, size_t *len);

/* As telemetry wants them, as many as there are samples; they point into these. The caller frees it. NULL without memory. */
struct zr_telemetry_value *zr_samples_telemetry(const struct zr_samples *samples);

#endif
