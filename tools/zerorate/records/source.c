/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/records/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Records between two acknowledgements. */
#define ACK_EVERY 5000

/* How long the end is waited for when the daemon sends nothing, and how long between two attempts to connect. */
#define SILENCE_MS 2000
#define RETRY_S    1

/* Records that come while a stream is opened anew; more of them are not missed. */
#define RESUME_MARGIN 100000

struct position {
	char epoch[ZR_STREAM_EPOCH];
	uint64_t seq;
};

struct reading {
	const struct zr_source *source;
	struct zr_stream *stream;
	struct position seen; /* the last record taken; seq 0: none yet */
	struct position end;  /* the last record to be taken, when the reading does not follow */
	unsigned int unacknowledged;
	char error[ZR_STREAM_ERROR], told[ZR_STREAM_ERROR];
};

static bool tell(struct reading *reading)
{
	if (strcmp(reading->error, reading->told) != 0)
		fprintf(stderr, "zerorate %s: %s\n", reading->source->command, reading->error);
	strcpy(reading->told, reading->error);
	return false;
}

/* Open a stream and read its hello: 0, or -errno. */
static int open_stream(struct reading *reading, const struct zr_stream_options *options, struct zr_stream **stream,
		       struct zr_stream_item *hello)
{
	int got = zr_stream_open(options, stream, reading->error);

	if (got != 0)
		return got;
	/* Not without end: a signal may come just before the wait, and a daemon that hangs says nothing. */
	do
		got = zr_stream_next(*stream, SILENCE_MS, hello, reading->error);
	while ((got == -EINTR || got == 0) && !*reading->source->stopped);
	if (got == 1 && hello->kind == ZR_STREAM_HELLO)
		return 0;
	zr_stream_close(*stream);
	if (got == 1)
		snprintf(reading->error, sizeof(reading->error), "the daemon did not begin with hello");
	return got < 0 ? got : -EPROTO;
}

/* The next record at this moment: an anonymous stream would begin with it. */
static int find_next(struct reading *reading, struct position *next)
{
	const struct zr_stream_options options = {.path = reading->source->path};
	struct zr_stream_item hello;
	struct zr_stream *stream;
	int err = open_stream(reading, &options, &stream, &hello);

	if (err != 0)
		return err;
	memcpy(next->epoch, hello.epoch, sizeof(next->epoch));
	next->seq = hello.seq;
	zr_stream_close(stream);
	return 0;
}

/* How far back an anonymous stream must begin so that nothing is missed behind what was seen. */
static int resume_distance(struct reading *reading, uint64_t *last)
{
	struct position next;
	int err;

	*last = reading->source->last;
	if (reading->seen.seq == 0)
		return 0;
	err = find_next(reading, &next);
	if (err == 0 && strcmp(next.epoch, reading->seen.epoch) < 0) {
		/* Epochs only grow: this is another ledger, as on a gateway that was set up anew with a wrong clock. */
		reading->seen = (struct position){.seq = 0};
		return 0;
	}
	if (err == 0 && strcmp(next.epoch, reading->seen.epoch) == 0 && next.seq > reading->seen.seq)
		*last = next.seq - 1 - reading->seen.seq + RESUME_MARGIN;
	else
		*last = RESUME_MARGIN;
	return err;
}

/* 0 with a stream; 1 when there is nothing to be read from it; -errno. */
static int begin(struct reading *reading)
{
	const struct zr_source *source = reading->source;
	struct zr_stream_options options = {.path = source->path, .consumer = source->consumer};
	struct zr_stream_item hello;
	int err = 0;

	if (source->consumer == NULL)
		err = resume_distance(reading, &options.last);
	if (err == 0)
		err = open_stream(reading, &options, &reading->stream, &hello);
	if (err != 0 || source->follows)
		return err;
	err = find_next(reading, &reading->end);
	if (err != 0) {
		zr_stream_close(reading->stream);
		return err;
	}
	reading->end.seq--;
	if (strcmp(hello.epoch, reading->end.epoch) == 0 && hello.seq > reading->end.seq) {
		zr_stream_close(reading->stream);
		return 1;
	}
	return 0;
}

static int acknowledge(struct reading *reading)
{
	if (!reading->source->flush(reading->source->arg))
		return -EIO;
	if (reading->unacknowledged == 0)
		return 0;
	reading->unacknowledged = 0;
	return zr_stream_ack(reading->stream, reading->seen.epoch, reading->seen.seq);
}

/*
 * Was the item taken on a connection before? An anonymous stream begins somewhere before what was seen, be it in an older epoch;
 * a consumer's goes on behind what was acknowledged, and what it brings of an older epoch may be new.
 */
static bool is_seen(const struct reading *reading, const struct zr_stream_item *item)
{
	uint64_t last = item->kind == ZR_STREAM_LOST ? item->last_seq : item->seq;
	int order = strcmp(item->epoch, reading->seen.epoch);

	if (reading->seen.seq == 0)
		return false;
	return order == 0 ? last <= reading->seen.seq : order < 0 && reading->source->consumer == NULL;
}

/* Has the reading come to its end with this item? */
static bool is_end(const struct reading *reading, const struct zr_stream_item *item)
{
	uint64_t seq = item->kind == ZR_STREAM_LOST ? item->last_seq : item->seq;

	return !reading->source->follows && strcmp(item->epoch, reading->end.epoch) == 0 && seq >= reading->end.seq;
}

/* 0 to go on, 1 at the end, -errno. */
static int take(struct reading *reading, const struct zr_stream_item *item)
{
	if (item->kind != ZR_STREAM_RECORD && item->kind != ZR_STREAM_LOST)
		return 0;
	if (is_seen(reading, item))
		return 0;
	if (!reading->source->take(reading->source->arg, item))
		return -EIO;
	if (item->kind == ZR_STREAM_RECORD) {
		memcpy(reading->seen.epoch, item->epoch, sizeof(item->epoch));
		reading->seen.seq = item->seq;
		if (++reading->unacknowledged == ACK_EVERY) {
			int err = acknowledge(reading);

			if (err != 0)
				return err;
		}
	}
	return is_end(reading, item) ? 1 : 0;
}

/* Read one stream: 1 at the end, -errno when it broke. */
static int drain(struct reading *reading)
{
	const struct zr_source *source = reading->source;
	struct zr_stream_item item;
	int got = 0;

	while (got == 0 && !*source->stopped) {
		if (!zr_stream_pending(reading->stream))
			got = acknowledge(reading);
		if (got < 0)
			break;
		got = zr_stream_next(reading->stream, source->follows ? -1 : SILENCE_MS, &item, reading->error);
		if (got == 1)
			got = take(reading, &item);
		else if (got == 0)
			got = 1; /* a long silence: what is kept has come */
		else if (got == -EINTR)
			got = 0;
	}
	if (got >= 0) {
		int err = acknowledge(reading);

		got = err != 0 ? err : 1;
	}
	return got;
}

static bool may_come_back(int err)
{
	return err == -ECONNRESET || err == -EPIPE || err == -ENOENT || err == -ECONNREFUSED;
}

bool zr_source_read(const struct zr_source *source)
{
	struct reading reading = {.source = source};

	for (;;) {
		int got = begin(&reading);

		if (got == 0) {
			reading.told[0] = '\0';
			got = drain(&reading);
			zr_stream_close(reading.stream);
			reading.unacknowledged = 0;
		}
		if (got > 0 || *source->stopped)
			return true;
		if (got == -EIO)
			return false; /* who takes has said why */
		tell(&reading);
		if (!source->follows || !may_come_back(got))
			return false;
		sleep(RETRY_S);
		if (*source->stopped)
			return true;
	}
}
