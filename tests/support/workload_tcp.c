/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP connection around a client's stream: how it begins, what the server says, how it ends. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/workload_talk.h"

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

/* What is seen of a connection's beginning. */
enum beginning {
	WHOLE,      /* the three-way handshake */
	SYN_TWICE,  /* … whose SYN was lost behind us */
	FAST_OPEN,  /* data in the SYN (RFC 7413) */
	ONE_WAY,    /* nothing of what the server says */
	FROM_REPLY, /* the capture begins with the SYN+ACK */
	NO_START,   /* the capture begins behind the handshake */
	MID_HELLO,  /* the capture begins inside the first message */
	BEGINNINGS
};

struct tcp {
	struct talk *t;
	struct stream stream;
	struct delivery delivery;
	struct pieces pieces;
	enum beginning beginning;
	uint32_t up_isn, down_seq;
};

static void say(struct tcp *c, bool up, unsigned int flags, uint32_t seq, const uint8_t *data, size_t len)
{
	struct talk_packet *packet = talk_say(c->t, up, data, len);

	packet->tcp_flags = (uint8_t)flags;
	packet->seq = seq;
	packet->ack = up ? c->down_seq : c->up_isn + 1;
}

static void say_syn(struct tcp *c)
{
	say(c, true, SYN, c->up_isn, NULL, 0);
	c->t->start_seen = true;
}

static void say_piece(struct tcp *c, const struct piece *piece, unsigned int flags)
{
	struct talk *t = c->t;
	unsigned int told = c->delivery.told;
	uint8_t bytes[STREAM_MAX];
	const uint8_t *data = c->stream.bytes + piece->from;

	if (piece->altered)
		piece_bytes(&c->stream, piece, bytes);
	data = talk_keep(t, piece->altered ? bytes : data, piece->len);
	say(c, true, flags, c->up_isn + ((flags & SYN) != 0 ? 0 : 1 + piece->from), data, piece->len);
	delivery_take(&c->delivery, &c->stream, piece);
	while (told < c->delivery.told)
		delivery_tell(&c->delivery, &c->stream, told++, t);
}

/* The server says something: before a name is read only where nobody can take it for the client. */
static void answer(struct tcp *c)
{
	static const uint8_t hello[60000] = {22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3};
	struct talk *t = c->t;
	uint32_t len = 0;

	if ((t->message_count > 0 || talk_is_oriented(t)) && random_percent(t->random, 60))
		len = random_below(t->random, random_percent(t->random, 2) ? sizeof(hello) : 1400);
	say(c, false, ACK, c->down_seq, hello, len);
	c->down_seq += len;
}

static void answer_some(struct tcp *c, unsigned int percent)
{
	while (c->beginning != ONE_WAY && random_percent(c->t->random, percent))
		answer(c);
}

static void say_syn_ack(struct tcp *c)
{
	say(c, false, SYN | ACK, c->down_seq - 1, NULL, 0);
	c->t->start_seen = true;
}

/* Data in the SYN; a server that does not take it gets it again. Returns how many pieces are said. */
static unsigned int begin_fast(struct tcp *c)
{
	struct talk *t = c->t;

	t->start_seen = true;
	say_piece(c, &c->pieces.at[0], SYN);
	say_syn_ack(c);
	return random_percent(t->random, 50) ? 0 : 1;
}

static void drop_first_message(struct tcp *c)
{
	uint32_t seen_from = random_between(c->t->random, 1, c->stream.messages[0].to - 1);
	unsigned int kept = 0;

	for (unsigned int i = 0; i < c->pieces.count; i++)
		if (c->pieces.at[i].from >= seen_from)
			c->pieces.at[kept++] = c->pieces.at[i];
	c->pieces.count = kept;
}

/* Returns how many pieces are said. */
static unsigned int begin(struct tcp *c)
{
	switch (c->beginning) {
	case FAST_OPEN:
		return begin_fast(c);
	case FROM_REPLY:
		say_syn_ack(c);
		return 0;
	case MID_HELLO:
		drop_first_message(c);
		return 0;
	case NO_START:
		if (random_percent(c->t->random, 30))
			answer(c);
		return 0;
	case SYN_TWICE:
		say_syn(c);
		break;
	default:
		break;
	}
	say_syn(c);
	if (c->beginning != ONE_WAY)
		say_syn_ack(c);
	say(c, true, ACK, c->up_isn + 1, NULL, 0);
	return 0;
}

static void end(struct tcp *c)
{
	uint32_t up_seq = c->up_isn + 1 + c->stream.len;
	struct talk *t = c->t;
	unsigned int how = random_below(t->random, 5);
	unsigned int late = random_below(t->random, 4);

	if (how == 0)
		return;
	if (how == 1)
		say(c, random_percent(t->random, 50) || c->beginning == ONE_WAY, RST, up_seq, NULL, 0);
	else
		say(c, true, FIN | ACK, up_seq, NULL, 0);
	if (how > 2 && c->beginning != ONE_WAY)
		say(c, false, FIN | ACK, c->down_seq, NULL, 0);
	/* Late packets belong to the old flow. */
	for (; how != 2 && late > 0; late--)
		say(c, c->beginning == ONE_WAY || late % 2 == 0, ACK, late % 2 == 0 ? up_seq : c->down_seq, NULL, 0);
}

static enum beginning choose_beginning(struct tcp *c, bool follows)
{
	struct talk *t = c->t;
	enum beginning beginning = WHOLE;

	if (t->options->cut && random_percent(t->random, 60))
		beginning = (enum beginning)random_below(t->random, follows ? FROM_REPLY : BEGINNINGS);
	if (beginning == FAST_OPEN && c->pieces.at[0].from != 0)
		beginning = WHOLE;
	/* Without a start, whatever reads like a request at a segment's start is the first: also a body, if it comes first. */
	if (beginning == NO_START && t->flow->kind == WORKLOAD_HTTP &&
	    (c->pieces.at[0].from != 0 || c->pieces.at[0].len < 8))
		beginning = WHOLE;
	/* Nor is what comes before a hello anything that could be known by itself. */
	if (beginning == NO_START && c->pieces.in_turn > 0)
		beginning = WHOLE;
	/* Where the rest begins must not be taken for a beginning. */
	if (beginning == MID_HELLO && (t->options->plain || t->flow->kind != WORKLOAD_TLS || c->stream.count != 1 ||
				       c->stream.messages[0].from != 0))
		beginning = WHOLE;
	return beginning;
}

static void converse(struct tcp *c, bool follows)
{
	struct talk *t = c->t;
	unsigned int done;

	c->beginning = choose_beginning(c, follows);
	done = begin(c);
	for (unsigned int i = done; i < c->pieces.count; i++) {
		answer_some(c, 15);
		say_piece(c, &c->pieces.at[i], random_percent(t->random, 50) ? PSH | ACK : ACK);
	}
	for (unsigned int n = random_below(t->random, 20); n > 0; n--)
		answer_some(c, 70);
	end(c);
	if (t->packet_count == 0)
		say(c, true, ACK, c->up_isn + 1, NULL, 0);
}

void talk_tcp(struct talk *t, bool follows)
{
	struct tcp *c = calloc(1, sizeof(*c));

	c->t = t;
	c->up_isn = (uint32_t)random_next(t->random);
	c->down_seq = (uint32_t)random_next(t->random);
	if (random_percent(t->random, 25))
		c->up_isn = UINT32_MAX - random_below(t->random, 20000);
	if (t->flow->kind == WORKLOAD_TLS)
		stream_tls(t, &c->stream);
	else if (t->flow->kind == WORKLOAD_HTTP)
		stream_http(t, &c->stream);
	else
		stream_nameless(t, &c->stream);
	pieces_make(t, &c->stream, 1400, 9000, &c->pieces);
	converse(c, follows);
	free(c);
}
