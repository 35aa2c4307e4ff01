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

/* Lines of a kind since the first of them. */
struct often {
	uint64_t begin_ms; /* with written */
	unsigned int written;
	uint64_t left_out;
	enum zr_log_level level; /* the gravest that was left out */
	char last[LAST_ROOM];
};

static struct often often[ZR_LOG_KIND_COUNT];
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

void zr_log_often(enum zr_log_kind kind, enum zr_log_level level, const char *format, ...)
{
	struct often *at = &often[kind];
	va_list args;

	va_start(args, format);
	if (at->written < ZR_LOG_OFTEN_LINES) {
		if (at->written++ == 0)
			at->begin_ms = now_ms;
		write_line(level, format, args);
	} else {
		if (at->left_out++ == 0 || level < at->level)
			at->level = level;
		vsnprintf(at->last, sizeof(at->last), format, args);
	}
	va_end(args);
}

/* A kind's time is over. */
static void tell(enum zr_log_kind kind)
{
	static const char *const names[] = {
#define X(id, name) [ZR_LOG_KIND_##id] = name,
		ZR_LOG_KINDS(X)
#undef X
	};
	struct often *at = &often[kind];

	if (at->left_out > 0)
		zr_log(at->level, "%" PRIu64 " more lines about %s in %d s, the last: %s", at->left_out, names[kind],
		       ZR_LOG_OFTEN_MS / 1000, at->last);
	*at = (struct often){0};
}

void zr_log_tick(uint64_t ms)
{
	now_ms = ms;
	for (unsigned int kind = 0; kind < ZR_LOG_KIND_COUNT; kind++)
		if (often[kind].written > 0 && now_ms - often[kind].begin_ms >= ZR_LOG_OFTEN_MS)
			tell((enum zr_log_kind)kind);
}

void zr_log_end(void)
{
	for (unsigned int kind = 0; kind < ZR_LOG_KIND_COUNT; kind++)
		tell((enum zr_log_kind)kind);
}
