/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rules/utf8.h"

#define LINE_MAX_LEN 2048

/* Of a line that is repeated behind a number: its beginning. */
#define LAST_ROOM 512

/* Lines of a kind about somebody since the first of them. */
struct often {
	uint64_t who;
	uint64_t begin_ms;
	unsigned int written; /* 0: nothing is counted here */
	uint64_t left_out;
	enum zr_log_level level; /* the gravest that was left out */
	char last[LAST_ROOM];
};

/* The last one of a kind is for all who have none of their own. */
static struct often often[ZR_LOG_KIND_COUNT][ZR_LOG_OFTEN_WHO + 1];
static uint64_t now_ms;

__attribute__((format(printf, 2, 0))) static void write_line(enum zr_log_level level, const char *format, va_list args)
{
	int saved = errno;
	char line[LINE_MAX_LEN + 1];
	int start = snprintf(line, sizeof(line), "<%d>", level);
	int written = vsnprintf(line + start, sizeof(line) - (size_t)start, format, args);
	size_t len = (size_t)start + (written > 0 ? (size_t)written : 0);

	if (len > LINE_MAX_LEN)
		len = LINE_MAX_LEN;
	len = zr_utf8_mask(line, len);
	line[len] = '\n';
	/* In one piece, so that lines of other threads and programs do not come between; nobody could be told of an error. */
	(void)!write(STDERR_FILENO, line, len + 1);
	errno = saved;
}

void zr_log(enum zr_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(level, format, args);
	va_end(args);
}

/* Where somebody's lines are counted. */
static struct often *find(enum zr_log_kind kind, uint64_t who)
{
	struct often *all = often[kind], *free_one = NULL;

	for (unsigned int i = 0; i < ZR_LOG_OFTEN_WHO; i++) {
		if (all[i].written > 0 && all[i].who == who)
			return &all[i];
		if (all[i].written == 0 && free_one == NULL)
			free_one = &all[i];
	}
	return free_one != NULL ? free_one : &all[ZR_LOG_OFTEN_WHO];
}

void zr_log_often(enum zr_log_kind kind, uint64_t who, enum zr_log_level level, const char *format, ...)
{
	struct often *at = find(kind, who);
	va_list args;

	va_start(args, format);
	if (at->written < ZR_LOG_OFTEN_LINES) {
		if (at->written++ == 0)
			at->begin_ms = now_ms;
		at->who = who;
		write_line(level, format, args);
	} else {
		if (at->left_out++ == 0 || level < at->level)
			at->level = level;
		vsnprintf(at->last, sizeof(at->last), format, args);
	}
	va_end(args);
}

uint64_t zr_log_who(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return hash;
}

/* The time is over. */
static void tell(enum zr_log_kind kind, struct often *at)
{
	static const char *const names[] = {
#define X(id, name) [ZR_LOG_KIND_##id] = name,
		ZR_LOG_KINDS(X)
#undef X
	};

	if (at->left_out > 0)
		zr_log(at->level, "%" PRIu64 " more lines about %s in %" PRIu64 " s, the last: %s", at->left_out,
		       names[kind], (now_ms - at->begin_ms + 999) / 1000, at->last);
	*at = (struct often){0};
}

/* Tell of all whose first line is so old. */
static void tell_since(uint64_t age_ms)
{
	for (unsigned int kind = 0; kind < ZR_LOG_KIND_COUNT; kind++)
		for (unsigned int i = 0; i <= ZR_LOG_OFTEN_WHO; i++)
			if (often[kind][i].written > 0 && now_ms - often[kind][i].begin_ms >= age_ms)
				tell((enum zr_log_kind)kind, &often[kind][i]);
}

void zr_log_tick(uint64_t ms)
{
	now_ms = ms;
	tell_since(ZR_LOG_OFTEN_MS);
}

void zr_log_end(void)
{
	tell_since(0);
}
