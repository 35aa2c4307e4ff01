/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to the workload: one connection while it is written. */
#ifndef TESTS_SUPPORT_WORKLOAD_TALK_H
#define TESTS_SUPPORT_WORKLOAD_TALK_H

#include "tests/support/frame.h"
#include "tests/support/random.h"
#include "tests/support/workload.h"

/* What is said in one connection stays below the bounds of inspection. */
#define TALK_PACKETS  460
#define TALK_BYTES    (256 << 10)
#define TALK_MESSAGES 8

/* A packet. */
struct talk_packet {
	bool up;
	uint8_t tcp_flags;
	uint32_t seq, ack;
	const uint8_t *data;
	uint32_t len;
	struct frame_part part; /* when it is a fragment; its first one comes first */
	bool follows_at_once;   /* on the packet before: it is of the same datagram */
	uint32_t volume_bytes;
	uint64_t us;
};

/* A hello or a request, and the packet with which it is complete. */
struct talk_message {
	unsigned int packet;
	uint8_t evidence; /* enum zr_evidence: where its name stands */
	bool malformed;   /* a name was there but is no host name */
	bool spoof;       /* bytes of it came twice with different contents */
	char name[256];   /* canonical, of the first copies; empty: none */
};

struct talk {
	struct random *random;
	const struct workload_options *options;
	struct workload_flow *flow;
	bool start_seen; /* TCP: a SYN was captured, so that nobody can be in doubt who the client is */
	struct talk_packet packets[TALK_PACKETS];
	unsigned int packet_count;
	struct talk_message messages[TALK_MESSAGES]; /* in the order in which they are complete */
	unsigned int message_count;
	uint8_t bytes[TALK_BYTES];
	size_t byte_count;
};

/* Append a packet, whose data must last as long as the talk; more than TALK_PACKETS abort. */
struct talk_packet *talk_say(struct talk *t, bool up, const uint8_t *data, size_t len);
/* Keep bytes as long as the talk lasts. */
uint8_t *talk_keep(struct talk *t, const uint8_t *bytes, size_t len);
/* Is it certain who the client is before a name is read? */
bool talk_is_oriented(const struct talk *t);
/* Is it known that neither side is a subscriber? */
bool talk_is_ignored(const struct talk *t);
/* Is no name needed to judge it, not even on its first packet? */
bool talk_is_judged_at_once(const struct talk *t);

/* A name to be sent. */
struct talk_name {
	char sent[256]; /* empty: none is sent */
	bool malformed;
};
void talk_name(struct talk *t, struct talk_name *out);

/* workload_stream.c: what a client says, as a stream of bytes. */
#define STREAM_MAX (128 << 10)

struct stream_message {
	uint32_t from, to;     /* its bytes */
	uint32_t name_at[256]; /* where each byte of the name stands: a record may end inside it */
	uint32_t name_len;
	bool malformed;
	uint8_t evidence;
	bool own_segment; /* begins a segment, as it does when its client waits for an answer first */
};

struct stream {
	uint8_t bytes[STREAM_MAX];
	bool needed[STREAM_MAX]; /* whoever does not know this byte cannot tell what follows it */
	uint32_t len;
	struct stream_message messages[TALK_MESSAGES];
	unsigned int count;
};
void stream_tls(struct talk *t, struct stream *s);
void stream_http(struct talk *t, struct stream *s);
void stream_quic(struct talk *t, struct stream *s); /* the CRYPTO stream */
struct dtls_hello;
void stream_dtls(struct talk *t, struct dtls_hello *hello,
		 struct stream *s); /* the hello's body, and in hello itself */
void stream_nameless(struct talk *t, struct stream *s);

/* workload_order.c: the stream as segments. */
#define PIECES_MAX 400

struct piece {
	uint32_t from, len;
	bool altered; /* the letters of names in it are others */
};

struct pieces {
	struct piece at[PIECES_MAX];
	unsigned int count;
	unsigned int in_turn; /* so many come first and in order: their client waits behind them */
};
/* usual_len: of a segment when nothing is cut; largest_len: of any. */
void pieces_make(struct talk *t, const struct stream *s, uint32_t usual_len, uint32_t largest_len, struct pieces *out);
/* Write what a segment says to out. */
void piece_bytes(const struct stream *s, const struct piece *piece, uint8_t *out);

/* How much of a stream has come. */
struct delivery {
	uint8_t bytes[STREAM_MAX]; /* the first copies */
	bool seen[STREAM_MAX], differs[STREAM_MAX];
	uint32_t next;     /* the first byte that is needed and has not come */
	unsigned int told; /* messages that are complete */
};
/* A segment has come. */
void delivery_take(struct delivery *d, const struct stream *s, const struct piece *piece);
/* Tell the talk of message number n, complete with the last packet. */
void delivery_tell(const struct delivery *d, const struct stream *s, unsigned int n, struct talk *t);

/* workload_tcp.c, workload_udp.c, workload_dtls.c: write a connection. follows: another one on its tuple comes before. */
void talk_tcp(struct talk *t, bool follows);
void talk_quic(struct talk *t);
void talk_dtls(struct talk *t);
void talk_media(struct talk *t);
void talk_icmp(struct talk *t);

/* workload_fragments.c: send some packets in fragments. */
void talk_fragment(struct talk *t);

/* workload_time.c: give the packets their times, the first one at start_us. */
void talk_time(struct talk *t, uint64_t start_us);
/* The silence behind packet number i that ends the flow (DESIGN, section 3). */
uint64_t talk_timeout_us(const struct talk *t, unsigned int i);

/*
 * workload_truth.c: the records that the connection must leave, and its share of the totals. end_us: when all is cut, or
 * replaced: when the next connection of its tuple began.
 */
void talk_judge(const struct talk *t, struct workload *w, uint64_t end_us, bool replaced);

#endif
