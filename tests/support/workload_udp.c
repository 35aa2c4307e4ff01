/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversations over UDP: QUIC connections, media without a name. And ICMP, which has no ports. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/quic_make.h"
#include "tests/support/workload_talk.h"

#define DATAGRAM_LEN  1200 /* a client pads every datagram with an Initial to this (RFC 9000, section 14.1) */
#define DATAGRAMS_MAX 28   /* with an Initial, of one tuple */
#define FRAMES_LEN    1050 /* of frames in one Initial, so that headers find room beside them */
#define CRYPTO_LEN    1000

/* The frames that go into one Initial. */
struct flight {
	struct piece pieces[PIECES_MAX];
	unsigned int count;
};

struct quic {
	struct talk *t;
	struct stream stream;
	struct delivery delivery;
	struct flight flights[DATAGRAMS_MAX];
	unsigned int flight_count;
	struct quic_header header;
	struct quic_id server_id;
	bool answered;
};

static struct quic_id some_id(struct random *r, size_t len)
{
	struct quic_id id = {.len = len};

	for (size_t i = 0; i < len; i++)
		id.at[i] = (uint8_t)random_next(r);
	return id;
}

static void say_noise(struct talk *t, bool up, uint8_t first, uint8_t first_mask, size_t len)
{
	uint8_t bytes[1400];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random_next(t->random);
	bytes[0] = (uint8_t)((bytes[0] & first_mask) | first);
	talk_say(t, up, talk_keep(t, bytes, len), len);
}

/* The hello in CRYPTO frames, the frames in Initials. */
static void make_flights(struct quic *q)
{
	struct talk *t = q->t;
	struct flight *flight = q->flights;
	struct pieces pieces;
	size_t room = FRAMES_LEN;

	memset(q->flights, 0, sizeof(q->flights));
	pieces_make(t, &q->stream, CRYPTO_LEN, CRYPTO_LEN, &pieces);
	for (unsigned int i = 0; i < pieces.count; i++) {
		size_t len = pieces.at[i].len + 6; /* type, offset, length */
		bool early = t->options->cut && flight - q->flights < DATAGRAMS_MAX / 3 &&
			     random_percent(t->random, 10);

		if (len > room || (early && flight->count > 0)) {
			if (++flight == q->flights + DATAGRAMS_MAX)
				abort();
			room = FRAMES_LEN;
		}
		flight->pieces[flight->count++] = pieces.at[i];
		room -= len;
	}
	q->flight_count = (unsigned int)(flight - q->flights) + 1;
}

static void put_odd_frames(struct talk *t, struct quic_bytes *payload)
{
	switch (t->options->cut ? random_below(t->random, 12) : 11) {
	case 0:
		quic_put_fill(payload, 0x01, 1); /* PING */
		break;
	case 1:
		quic_put_fill(payload, 0x00, random_between(t->random, 1, 20)); /* PADDING */
		break;
	case 2:
		quic_put_ack(payload, random_below(t->random, 3), random_percent(t->random, 50));
		break;
	default:
		break;
	}
}

static void put_flight(struct quic *q, const struct flight *flight, struct quic_bytes *payload)
{
	uint8_t bytes[CRYPTO_LEN];

	for (unsigned int i = 0; i < flight->count; i++) {
		const struct piece *piece = &flight->pieces[i];

		if (payload->len < FRAMES_LEN)
			put_odd_frames(q->t, payload);
		piece_bytes(&q->stream, piece, bytes);
		quic_put_crypto_bytes(payload, piece->from, bytes, piece->len);
	}
}

/* Protect a packet into the datagram. */
static void seal(struct quic *q, struct quic_bytes *datagram, enum quic_type type, const struct quic_bytes *payload)
{
	q->header.type = type;
	q->header.pn++;
	q->header.pn_len = (uint8_t)random_between(q->t->random, 1, 4);
	/* A number's upper bytes are not sent: the receiver must not miss them. */
	if (q->header.pn > 255)
		abort();
	quic_seal(datagram, &q->header, payload);
}

static void take_flight(struct quic *q, const struct flight *flight)
{
	for (unsigned int i = 0; i < flight->count && q->delivery.told == 0; i++) {
		delivery_take(&q->delivery, &q->stream, &flight->pieces[i]);
		if (q->delivery.told > 0 && q->t->message_count == 0)
			delivery_tell(&q->delivery, &q->stream, 0, q->t);
	}
}

/* A datagram with one Initial, or with the frames split over two; packets of other types may follow. */
static void say_flight(struct quic *q, const struct flight *flight)
{
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	struct random *r = q->t->random;

	/* Once the server has said which id it wants, the client turns to that; the keys stay. */
	if (q->answered && random_percent(r, 50)) {
		q->header.keys_from = q->header.keys_from.len > 0 ? q->header.keys_from : q->header.dcid;
		q->header.dcid = q->server_id;
	}
	if (q->t->options->cut && random_percent(r, 20)) {
		quic_put_ack(&payload, 1, 0);
		quic_put_fill(&payload, 0, 20);
		seal(q, &datagram, QUIC_INITIAL, &payload);
		payload.len = 0;
	}
	put_flight(q, flight, &payload);
	if (datagram.len + payload.len < DATAGRAM_LEN)
		quic_put_fill(&payload, 0, DATAGRAM_LEN - datagram.len - payload.len);
	seal(q, &datagram, QUIC_INITIAL, &payload);
	if (q->t->options->cut && random_percent(r, 20)) {
		payload.len = 60;
		seal(q, &datagram, QUIC_0RTT, &payload);
	}
	talk_say(q->t, true, talk_keep(q->t, datagram.at, datagram.len), datagram.len);
	take_flight(q, flight);
}

static void shuffle_flights(struct quic *q)
{
	for (unsigned int n = random_below(q->t->random, q->flight_count + 1); n > 0; n--) {
		unsigned int i = random_below(q->t->random, q->flight_count);
		unsigned int j = random_below(q->t->random, q->flight_count);
		struct flight flight = q->flights[i];

		q->flights[i] = q->flights[j];
		q->flights[j] = flight;
	}
	if (q->flight_count < DATAGRAMS_MAX / 2 && random_percent(q->t->random, 20)) {
		q->flights[q->flight_count] = q->flights[random_below(q->t->random, q->flight_count)];
		q->flight_count++;
	}
}

/* The server's own Initial, which nobody opens here. */
static void answer(struct quic *q)
{
	uint8_t bytes[1200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_next(q->t->random);
	memcpy(bytes, "\xc1\0\0\0\1\0\x08", 7);
	memcpy(bytes + 7, q->server_id.at, 8);
	talk_say(q->t, false, talk_keep(q->t, bytes, sizeof(bytes)), sizeof(bytes));
	q->answered = true;
}

/* The server wants to see a token first; the client begins anew, with other keys (RFC 9000, section 8.1.2). */
static void retry(struct quic *q)
{
	struct random *r = q->t->random;
	struct quic_bytes datagram = {.len = 0}, nothing = {.len = 0};
	struct quic_header header = {
		.version = q->header.version,
		.type = QUIC_RETRY,
		.dcid = q->header.scid,
		.scid = some_id(r, random_between(r, 8, 20)),
		.token = some_id(r, 50),
	};

	quic_seal(&datagram, &header, &nothing);
	talk_say(q->t, false, talk_keep(q->t, datagram.at, datagram.len), datagram.len);
	q->header.dcid = header.scid;
	q->header.token = some_id(r, 34);
	memset(&q->delivery, 0, sizeof(q->delivery));
}

static void shake_hands(struct quic *q)
{
	struct talk *t = q->t;
	bool with_retry = t->options->cut && random_percent(t->random, 15);
	bool lost = t->options->cut && !t->options->plain && random_percent(t->random, 4);

	make_flights(q);
	if (t->options->cut && random_percent(t->random, 60))
		shuffle_flights(q);
	if (with_retry) {
		say_flight(q, &q->flights[0]);
		retry(q);
	}
	for (unsigned int i = lost && q->flight_count > 1 ? 1 : 0; i < q->flight_count; i++) {
		say_flight(q, &q->flights[i]);
		if (t->options->cut && !q->answered && random_percent(t->random, 20))
			answer(q);
	}
	if (!q->answered)
		answer(q);
}

static void choose_header(struct quic *q)
{
	static const uint32_t versions[] = {QUIC_V1, QUIC_V1, QUIC_V2, QUIC_DRAFT_29};
	struct random *r = q->t->random;

	q->header.version = versions[random_below(r, 4)];
	q->header.dcid = some_id(r, random_between(r, 8, 20));
	q->header.scid = some_id(r, random_below(r, 21));
	q->server_id = some_id(r, 8);
}

void talk_quic(struct talk *t)
{
	struct quic *q = calloc(1, sizeof(*q));

	q->t = t;
	stream_quic(t, &q->stream);
	choose_header(q);
	shake_hands(q);
	for (unsigned int n = random_below(t->random, 40); n > 0; n--)
		say_noise(t, random_percent(t->random, 30), 0x40, 0x3f, random_between(t->random, 30, 1350));
	free(q);
}

void talk_media(struct talk *t)
{
	uint8_t first = random_percent(t->random, 50) ? 0x80 : 0x00; /* RTP version 2, or nothing known */

	say_noise(t, t->options->plain || random_percent(t->random, 80), first, 0x3f, 172);
	for (unsigned int n = random_below(t->random, 40); n > 0; n--)
		say_noise(t, random_percent(t->random, 40), first, 0x3f, random_between(t->random, 1, 1300));
}

void talk_icmp(struct talk *t)
{
	say_noise(t, true, 8, 0, 64);
	for (unsigned int n = random_below(t->random, 10); n > 0; n--)
		say_noise(t, n % 2 == 0, n % 2 == 0 ? 8 : 0, 0, 64);
}
