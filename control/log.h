/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on standard error, each with its level as sd-daemon(3) writes it ("<4>…"), so that journald knows which are
 * errors. Never called for a packet or a record. One thread.
 */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include <stdint.h>

enum zr_log_level { ZR_LOG_ERROR = 3, ZR_LOG_WARNING = 4, ZR_LOG_NOTICE = 5, ZR_LOG_INFO = 6 };

/* One line, without its line break. Control characters become '?'; what is longer than 2 KiB is cut. errno stays. */
void zr_log(enum zr_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What somebody outside, or a broken cable, can make happen as often as they like. The second column is in the plural. */
#define ZR_LOG_KINDS(X)                                          \
	X(LINK, "links of ports")                                \
	X(WORKER, "progress of workers")                         \
	X(CONSUMER, "consumers")                                 \
	X(REFUSED, "connections and requests that were refused") \
	X(RELOAD, "reading the list anew")

enum zr_log_kind {
#define X(id, name) ZR_LOG_KIND_##id,
	ZR_LOG_KINDS(X)
#undef X
		ZR_LOG_KIND_COUNT
};

/* So many lines of a kind are written in so long a time from the first of them; the others are counted. */
#define ZR_LOG_OFTEN_LINES 20
#define ZR_LOG_OFTEN_MS    60000

/* One line of a kind, or none when there were too many. */
void zr_log_often(enum zr_log_kind kind, enum zr_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Say of each kind whose time is over how many lines were left out, and the last of them, under the gravest of their levels. Call
 * it about every second with the time of a clock that is never set (CLOCK_MONOTONIC, ms), by which zr_log_often goes, too.
 */
void zr_log_tick(uint64_t now_ms);
/* Say it now, whatever the time: the program ends. */
void zr_log_end(void);

#endif
