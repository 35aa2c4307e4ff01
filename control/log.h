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
#define ZR_LOG_KINDS(X)                              \
	X(LINK, "links of ports")                    \
	X(WORKER, "progress of workers")             \
	X(CONSUMER, "consumers")                     \
	X(REFUSED, "connections that were refused")  \
	X(DENIED, "requests that are for operators") \
	X(RELOAD, "reading the list anew")           \
	X(LEARNED, "what answers taught")

enum zr_log_kind {
#define X(id, name) ZR_LOG_KIND_##id,
	ZR_LOG_KINDS(X)
#undef X
		ZR_LOG_KIND_COUNT
};

/* So many lines of a kind about one and the same are written in so long a time from the first of them; the others are counted. */
#define ZR_LOG_OFTEN_LINES 20
#define ZR_LOG_OFTEN_MS    60000

/*
 * So many of a kind are told apart at a time, so that nobody hides behind another one's noise; those beyond are counted
 * together.
 */
#define ZR_LOG_OFTEN_WHO 8

/* One line of a kind about a port, worker, user or whoever it is, by a number; or none when there were too many. */
void zr_log_often(enum zr_log_kind kind, uint64_t who, enum zr_log_level level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The number of who has a name. */
uint64_t zr_log_who(const char *name);

/*
 * Say of all whose time is over how many lines were left out, and the last of them, under the gravest of their levels. Call
 * it about every second with the time of a clock that is never set (CLOCK_MONOTONIC, ms), by which zr_log_often goes, too.
 */
void zr_log_tick(uint64_t now_ms);
/* Say it now, whatever the time: the program ends. */
void zr_log_end(void);

#endif
