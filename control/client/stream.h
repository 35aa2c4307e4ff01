/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of a gateway as they come: the consumer's end of records.sock. For billing systems; this header needs no other
 * one of zerorate's. Each stream belongs to one thread at a time. Members of records and messages: zerorate-records(5).
 */
#ifndef CONTROL_CLIENT_STREAM_H
#define CONTROL_CLIENT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the daemon gives records when nothing else is configured. */
#define ZR_STREAM_PATH "/run/zerorate/records.sock"

/* Room for an epoch ("2026-11-23T05:57:05.818865Z") and for what went wrong, terminators included. */
#define ZR_STREAM_EPOCH 28
#define ZR_STREAM_ERROR 512

struct zr_stream;

struct zr_stream_options {
	const char *path; /* NULL: ZR_STREAM_PATH */
	const char *
		consumer; /* a durable consumer's name, which the daemon's configuration knows; NULL: an anonymous stream */
	uint64_t window; /* most records on their way and not acknowledged; 0: what the daemon thinks right */
	uint64_t last;   /* anonymous streams: begin so many records before the next one; 0: with the next one */
};

enum zr_stream_kind {
	ZR_STREAM_HELLO,  /* always the first: gateway, epoch, and in seq the first record's number */
	ZR_STREAM_RECORD, /* a record: epoch, seq, json */
	ZR_STREAM_LOST,   /* records of epoch from seq to last_seq are no longer kept and will not come */
	ZR_STREAM_ALIVE,  /* every few seconds: seq is the next record's number on this stream */
};

struct zr_stream_item {
	enum zr_stream_kind kind;
	const char *gateway; /* with HELLO */
	const char *json;    /* with RECORD: its object, terminated */
	size_t json_len;
	char epoch[ZR_STREAM_EPOCH]; /* not with ALIVE; (gateway, epoch, seq) is a record's key */
	uint64_t seq, last_seq;
};

/*
 * Connect and subscribe. options are not kept. Returns 0 with *out, or -errno with a sentence in error that says what to do.
 */
int zr_stream_open(const struct zr_stream_options *options, struct zr_stream **out, char error[ZR_STREAM_ERROR]);

/*
 * Wait for the next item, at most timeout_ms milliseconds (-1: as long as it takes). Texts in *item are valid until the next
 * call. Returns 1 with an item, 0 when the time is over, or -errno with the reason in error: -ECONNRESET when the daemon has
 * closed (open another stream, it goes on behind the last acknowledgement), -EPERM when it refused and said why, -EPROTO when
 * it said something that is not known, -EINTR for a signal (call again).
 */
int zr_stream_next(struct zr_stream *stream, int timeout_ms, struct zr_stream_item *item, char error[ZR_STREAM_ERROR]);

/* Is an item here that needs no waiting? What it says may still turn out to be an error. */
int zr_stream_pending(const struct zr_stream *stream);

/*
 * Everything up to this record of this epoch is safe with the consumer: it will not be sent again. One acknowledgement for many
 * records will do. Returns 0 or -errno; it waits until the daemon takes it.
 */
int zr_stream_ack(struct zr_stream *stream, const char *epoch, uint64_t seq);

/* Close and free; NULL is allowed. */
void zr_stream_close(struct zr_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
