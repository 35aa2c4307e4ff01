/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The latest snapshot over HTTP, for Prometheus: GET /metrics, on a thread of its own that never takes a lock for longer than
 * a copy of the text needs. Clients are bounded in number, memory and time, and hold up each other at most.
 */
#ifndef CONTROL_METRICS_HTTP_H
#define CONTROL_METRICS_HTTP_H

#include <stddef.h>

struct zr_metrics_http;

/* Take the address. 0 or -errno, which is logged. */
int zr_metrics_http_open(const char *listen, struct zr_metrics_http **out);
/* Begin to answer; there must be a snapshot. 0 or -errno, which is logged. */
int zr_metrics_http_start(struct zr_metrics_http *http);
/* The next answers are this text of len bytes, which is taken over and freed with free(3). */
void zr_metrics_http_publish(struct zr_metrics_http *http, char *text, size_t len);
/* Ends the thread. http may be NULL. */
void zr_metrics_http_close(struct zr_metrics_http *http);

#endif
