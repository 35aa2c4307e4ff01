/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/captures.h"

#include <stdio.h>
#include <unistd.h>

/* One call of zr_captures_read. */
struct reading {
	struct zr_progress *progress;
	FILE *terminal; /* NULL: no progress line */
	zr_burst_fn burst;
	void *arg;
	bool ended; /* burst wants no more */
};

static void read_packets(struct reading *r, struct zr_capture *capture)
{
	struct zr_view views[ZR_BURST];
	unsigned int count;

	while (!r->ended && (count = zr_capture_burst(capture, views)) > 0) {
		r->ended = !r->burst(r->arg, views, count);
		if (zr_progress_due(r->progress))
			zr_progress_show(r->progress, zr_capture_done_bytes(capture), capture->pkts);
	}
}

/* One file; false when it could not be read to its end. */
static bool read_capture(struct reading *r, const char *path)
{
	struct zr_capture capture;
	bool whole;

	if (zr_capture_open(&capture, path)) {
		zr_progress_start(r->progress, r->terminal, path, zr_capture_size_bytes(&capture));
		read_packets(r, &capture);
		zr_progress_hide(r->progress);
	}
	whole = capture.error[0] == '\0';
	if (!whole)
		fprintf(stderr, "%s: %s\n", path, capture.error);
	zr_capture_close(&capture);
	return whole;
}

bool zr_captures_read(char **paths, int count, enum zr_format format, struct zr_progress *progress, zr_burst_fn burst,
		      void *arg)
{
	/* Records and the progress line would disturb each other on one terminal; a table comes in blocks. */
	bool shared = isatty(STDOUT_FILENO) && format == ZR_FORMAT_JSON;
	struct reading r = {.progress = progress, .burst = burst, .arg = arg};
	bool whole = true;

	if (isatty(STDERR_FILENO) && !shared)
		r.terminal = stderr;
	for (int i = 0; i < count && !r.ended; i++)
		whole &= read_capture(&r, paths[i]);
	return whole;
}
