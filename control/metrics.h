/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What everybody outside is told in numbers: the control thread makes a snapshot once a second; Prometheus, over HTTP on a
 * thread of its own, and DPDK's telemetry on its read the latest one. Nobody who asks is waited for, and no worker is asked.
 */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include <jansson.h>

struct zr_metrics;

/*
 * listen: an address as zr_listen_parse takes it, NULL: nobody is listened to. It is taken now, and nothing is answered before
 * zr_metrics_start. 0 or -errno, which is logged.
 */
int zr_metrics_open(const char *listen, struct zr_metrics **out);

/* There is a snapshot: answer. Its thread inherits the CPUs of the caller. 0 or -errno, which is logged. */
int zr_metrics_start(struct zr_metrics *metrics);

/* Another snapshot, of a status (zr_status_json); NULL, or no memory: the one before stays. */
void zr_metrics_publish(struct zr_metrics *metrics, const json_t *status);

/* No more answers; telemetry has nothing to tell. metrics may be NULL. */
void zr_metrics_close(struct zr_metrics *metrics);

#endif
