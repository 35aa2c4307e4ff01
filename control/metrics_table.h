/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All metrics, each a row: what it is called, what it says, and which member of the status (control/status.h) it is. From it
 * are made what Prometheus scrapes and what DPDK's telemetry tells; zerorate-metrics(7) is compared with it.
 *
 * Names are Prometheus's: base units, counters end in _total. No label is a subscriber's or a host's, so that there are never more
 * series than ports, workers, consumers and named reasons make.
 */
#ifndef CONTROL_METRICS_TABLE_H
#define CONTROL_METRICS_TABLE_H

#include <stdint.h>

enum zr_metric_type { ZR_METRIC_COUNTER, ZR_METRIC_GAUGE };

/* How a member of the status becomes a number. */
enum zr_metric_kind {
	ZR_METRIC_NUMBER, /* as it is; true and false are 1 and 0; null is none */
	ZR_METRIC_MS,     /* milliseconds, told in seconds */
	ZR_METRIC_MBPS,   /* a link's speed, told in bytes a second */
	ZR_METRIC_TIME,   /* a time in text, told in Unix seconds */
	ZR_METRIC_COUNT,  /* of an array: how many it has */
	ZR_METRIC_GIVEN,  /* 1, or 0 when it is null */
	ZR_METRIC_STATE,  /* a text, one of names: 1 for that key, 0 for the others */
	ZR_METRIC_INFO,   /* a text, as the label key; such rows of one metric are one series of value 1 */
};

struct zr_metric {
	const char *name;
	uint8_t type;        /* enum zr_metric_type */
	uint8_t kind;        /* enum zr_metric_kind */
	const char *command; /* of telemetry */
	/*
	 * Names of members, divided by dots. "*" stands for each element of an array, told apart by its member label; or for
	 * each member of an object, told apart by its name under key.
	 */
	const char *path;
	const char *label, *key;
	/* Which keys there are; those that the status leaves out are 0. NULL: those of the status. NULL behind the last. */
	const char *(*names)(unsigned int i);
	const char *help;
};

extern const struct zr_metric zr_metrics[];
extern const unsigned int zr_metric_count;

#endif
