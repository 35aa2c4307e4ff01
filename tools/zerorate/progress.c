/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/progress.h"

#include <inttypes.h>
#include <time.h>

#include "tools/zerorate/terminal.h"

/* The first line comes after a while, further ones as often as an eye follows. */
#define FIRST_MS 1000
#define EVERY_MS 250

/* The clock is read at one call of so many. */
#define CALLS_PER_LOOK 64

#define MIB (1024 * 1024)

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void zr_progress_start(struct zr_progress *p, FILE *terminal, const char *what, uint64_t size_bytes)
{
	*p = (struct zr_progress){
		.terminal = terminal, .what = what, .size_bytes = size_bytes, .next_ms = now_ms() + FIRST_MS};
}

bool zr_progress_due(struct zr_progress *p)
{
	return p->terminal != NULL && p->calls++ % CALLS_PER_LOOK == 0 && now_ms() >= p->next_ms;
}

void zr_progress_show(struct zr_progress *p, uint64_t done_bytes, uint64_t pkts)
{
	unsigned int width = zr_terminal_width(fileno(p->terminal));
	char numbers[80], line[256];
	int len;

	if (p->size_bytes > 0 && done_bytes <= p->size_bytes)
		snprintf(numbers, sizeof(numbers), "%3.0f %% of %" PRIu64 " MiB, %" PRIu64 " packets",
			 100.0 * (double)done_bytes / (double)p->size_bytes, p->size_bytes / MIB, pkts);
	else
		snprintf(numbers, sizeof(numbers), "%" PRIu64 " MiB, %" PRIu64 " packets", done_bytes / MIB, pkts);
	len = snprintf(line, sizeof(line), "%s  %s", numbers, p->what);
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	if (width > 0 && len >= (int)width)
		len = (int)width - 1;
	fprintf(p->terminal, "\r\033[K%.*s", len, line);
	fflush(p->terminal);
	p->shown = true;
	p->next_ms = now_ms() + EVERY_MS;
}

void zr_progress_hide(struct zr_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", p->terminal);
	fflush(p->terminal);
	p->shown = false;
}
