/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "control/metrics_http.h"
#include "control/metrics_sample.h"

struct zr_metrics {
	struct zr_metrics_http *http; /* NULL: nobody is listened to */
	struct zr_samples samples;
	struct zr_telemetry_value *values; /* of them */
};

int zr_metrics_open(const char *listen, struct zr_metrics **out)
{
	struct zr_metrics *metrics = calloc(1, sizeof(*metrics));
	int err;

	if (metrics == NULL)
		return -ENOMEM;
	err = listen != NULL ? zr_metrics_http_open(listen, &metrics->http) : 0;
	if (err != 0) {
		free(metrics);
		return err;
	}
	*out = metrics;
	return 0;
}

int zr_metrics_start(struct zr_metrics *metrics)
{
	return metrics->http != NULL ? zr_metrics_http_start(metrics->http) : 0;
}

static void tell_telemetry(struct zr_metrics *metrics, struct zr_samples *samples)
{
	struct zr_telemetry_value *values = zr_samples_telemetry(samples);

	if (values == NULL) {
		zr_samples_clear(samples);
		return;
	}
	zr_dataplane_telemetry(values, samples->count);
	/* From here on nobody reads the ones before. */
	free(metrics->values);
	zr_samples_clear(&metrics->samples);
	metrics->values = values;
	metrics->samples = *samples;
}

void zr_metrics_publish(struct zr_metrics *metrics, const json_t *status)
{
	struct zr_samples samples;
	size_t len;
	char *text;

	if (zr_samples_take(&samples, status) != 0 || samples.count == 0) {
		zr_samples_clear(&samples);
		return;
	}
	text = metrics->http != NULL ? zr_samples_text(&samples, &len) : NULL;
	if (text != NULL)
		zr_metrics_http_publish(metrics->http, text, len);
	tell_telemetry(metrics, &samples);
}

void zr_metrics_close(struct zr_metrics *metrics)
{
	if (metrics == NULL)
		return;
	zr_metrics_http_close(metrics->http);
	zr_dataplane_telemetry(NULL, 0);
	free(metrics->values);
	zr_samples_clear(&metrics->samples);
	free(metrics);
}
