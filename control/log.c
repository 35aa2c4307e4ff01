/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "rules/utf8.h"

#define LINE_MAX_LEN 2048

void zr_log(enum zr_log_level level, const char *format, ...)
{
	int saved = errno;
	char line[LINE_MAX_LEN + 1];
	int start = snprintf(line, sizeof(line), "<%d>", level);
	size_t len;
	va_list args;
	int written;

	va_start(args, format);
	written = vsnprintf(line + start, sizeof(line) - (size_t)start, format, args);
	va_end(args);
	len = (size_t)start + (written > 0 ? (size_t)written : 0);
	if (len > LINE_MAX_LEN)
		len = LINE_MAX_LEN;
	len = zr_utf8_mask(line, len);
	line[len] = '\n';
	/* In one piece, so that lines of other threads and programs do not come between; nobody could be told of an error. */
	(void)!write(STDERR_FILENO, line, len + 1);
	errno = saved;
}
