/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS associations: a hello in fragments, perhaps after one that the server answered with a cookie. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/dtls_make.h"
#include "tests/support/workload_talk.h"

#define DATAGRAM_MAX       4096
#define FRAGMENT_LEN       1000
#define DATAGRAMS_USUAL    64 /* of one hello: half of what is looked at */
#define RECORD_HANDSHAKE   22
#define RECORD_DATA        23
#define HELLO_VERIFY_LEN   60
#define HELLO_VERIFY_FIRST 3 /* message type */

struct dtls {
	struct talk *t;
	struct dtls_hello hello;
	struct stream stream; /* the hello's body */
	struct delivery delivery;
	struct pieces pieces;
};

static size_t put_piece(struct dtls *d, const struct piece *piece, uint8_t *out)
{
	struct dtls_hello said = d->hello;

	piece_bytes(&d->stream, piece, said.body + piece->from);
	return dtls_put_fragment(out, &said, piece->from, piece->len);
}

/* Pieces from number i on in one datagram; returns how many. */
static unsigned int say_pieces(struct dtls *d, unsigned int i)
{
	unsigned int most = 1 + d->pieces.count / DATAGRAMS_USUAL + random_below(d->t->random, 2), n = 0;
	struct talk *t = d->t;
	uint8_t fragments[DATAGRAM_MAX], datagram[DATAGRAM_MAX];
	size_t len = 0;

	for (; n < most && i + n < d->pieces.count && len + FRAGMENT_LEN + DTLS_FRAGMENT_HEADER <= 3 * FRAGMENT_LEN;
	     n++)
		len += put_piece(d, &d->pieces.at[i + n], fragments + len);
	len = dtls_put_record(datagram, RECORD_HANDSHAKE, DTLS_1_2, 0, fragments, len);
	talk_say(t, true, talk_keep(t, datagram, len), len);
	for (unsigned int k = i; k < i + n && d->delivery.told == 0; k++) {
		delivery_take(&d->delivery, &d->stream, &d->pieces.at[k]);
		if (d->delivery.told > 0 && t->message_count == 0)
			delivery_tell(&d->delivery, &d->stream, 0, t);
	}
	return n;
}

/* The server wants its cookie back; the client begins anew (RFC 6347, section 4.2.1). */
static void verify(struct dtls *d)
{
	uint8_t body[HELLO_VERIFY_LEN] = {HELLO_VERIFY_FIRST, 0, 0, HELLO_VERIFY_LEN - DTLS_FRAGMENT_HEADER};
	uint8_t datagram[DATAGRAM_MAX];
	size_t len = dtls_put_record(datagram, RECORD_HANDSHAKE, DTLS_1_2, 0, body, sizeof(body));

	talk_say(d->t, false, talk_keep(d->t, datagram, len), len);
	d->hello.message_seq++;
	memset(&d->delivery, 0, sizeof(d->delivery));
}

static void say_data(struct talk *t)
{
	uint8_t body[1300], datagram[DATAGRAM_MAX];
	size_t len = random_between(t->random, 20, sizeof(body));

	for (size_t i = 0; i < len; i++)
		body[i] = (uint8_t)random_next(t->random);
	len = dtls_put_record(datagram, RECORD_DATA, DTLS_1_2, 1, body, len);
	talk_say(t, random_percent(t->random, 40), talk_keep(t, datagram, len), len);
}

void talk_dtls(struct talk *t)
{
	struct dtls *d = calloc(1, sizeof(*d));

	d->t = t;
	stream_dtls(t, &d->hello, &d->stream);
	pieces_make(t, &d->stream, FRAGMENT_LEN, FRAGMENT_LEN, &d->pieces);
	if (t->options->cut && random_percent(t->random, 30)) {
		say_pieces(d, 0);
		verify(d);
	}
	for (unsigned int i = 0; i < d->pieces.count;)
		i += say_pieces(d, i);
	for (unsigned int n = random_below(t->random, 40); n > 0; n--)
		say_data(t);
	free(d);
}
