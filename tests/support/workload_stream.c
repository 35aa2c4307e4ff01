/* SPDX-License-Identifier: BSD-3-Clause */
/* What TCP clients say, as one stream of bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/dtls_make.h"
#include "tests/support/hello.h"
#include "tests/support/workload_talk.h"

#define HELLO_LEN_MAX          16384
#define HELLO_IN_DATAGRAMS_MAX 8000 /* stays below the datagrams that are looked at, however it is cut */
#define TLS_HEADER_LEN         5
#define TLS_RECORD_DATA        23

static void put(struct stream *s, const void *bytes, size_t len, bool needed)
{
	if (len > STREAM_MAX - s->len)
		abort();
	memcpy(s->bytes + s->len, bytes, len);
	memset(s->needed + s->len, needed, len);
	s->len += (uint32_t)len;
}

static void put_text(struct stream *s, const char *text)
{
	put(s, text, strlen(text), true);
}

/* Bytes that are no text and no record. */
static void put_noise(struct talk *t, struct stream *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(random_next(t->random) | 0x80);

		put(s, &byte, 1, false);
	}
}

static struct stream_message *begin_message(struct stream *s, enum zr_evidence evidence)
{
	struct stream_message *m = &s->messages[s->count];

	if (s->count == TALK_MESSAGES)
		abort();
	*m = (struct stream_message){.from = s->len, .evidence = (uint8_t)evidence};
	return m;
}

/* The message ends here. It was put in parts of part_len bytes, each behind a header of header_len. */
static void end_message_in_parts(struct stream *s, const struct talk_name *name, uint32_t part_len, uint32_t header_len)
{
	struct stream_message *m = &s->messages[s->count++];
	uint32_t name_len = (uint32_t)strlen(name->sent), matched = 0;

	m->to = s->len;
	m->name_len = name_len;
	m->malformed = name->malformed;
	/* The name is the first place that reads so. No prefix of a name but the empty one is also its end. */
	for (uint32_t at = m->from, n = 0; at < m->to && matched < name_len; at++, n++) {
		if (n % (part_len + header_len) < header_len)
			continue;
		if (s->bytes[at] != (uint8_t)name->sent[matched])
			matched = 0;
		if (s->bytes[at] == (uint8_t)name->sent[matched])
			m->name_at[matched++] = at;
	}
	if (matched < name_len)
		abort();
}

static void end_message(struct stream *s, const struct talk_name *name)
{
	end_message_in_parts(s, name, UINT32_MAX, 0);
}

/* The random and the session id of a hello are random indeed. */
static void fill_random(struct talk *t, uint8_t *message)
{
	for (unsigned int i = 0; i < 32; i++) {
		message[6 + i] = (uint8_t)random_next(t->random);
		message[39 + i] = (uint8_t)random_next(t->random);
	}
}

/* A hello of 300 bytes to all that is put together, mostly an ordinary one. */
static uint32_t hello_len(struct talk *t)
{
	switch (random_below(t->random, 4)) {
	case 0:
		return random_between(t->random, 1700, 2600);
	case 1:
		return random_between(t->random, 2600, HELLO_LEN_MAX);
	default:
		return random_between(t->random, 300, 700);
	}
}

/* A whole message of TLS, in records. */
static void put_hello(struct talk *t, struct stream *s, const struct talk_name *name)
{
	static const uint16_t record_lens[] = {16384, 16384, 16384, 1000, 200};
	uint32_t record_len = record_lens[random_below(t->random, 5)];
	uint32_t len = hello_len(t);
	uint8_t *records = malloc(2 * HELLO_ROOM), *message = records + HELLO_ROOM;
	size_t room = HELLO_LEN_MAX - (HELLO_LEN_MAX / record_len + 1) * TLS_HEADER_LEN;
	size_t n = hello_named(message, name->sent[0] != '\0' ? name->sent : NULL, len < room ? len : room,
			       random_below(t->random, 101));

	fill_random(t, message);
	n = hello_records(records, message, n, record_len);
	put(s, records, n, true);
	free(records);
	end_message_in_parts(s, name, record_len, TLS_HEADER_LEN);
}

/* What comes before the hello: a mail client asks for TLS, or a proxy for a way. */
static void put_prelude(struct talk *t, struct stream *s, const struct talk_name *name)
{
	char head[600];

	switch (random_below(t->random, 3)) {
	case 0:
		put_text(s, "EHLO a.example\r\nSTARTTLS\r\n");
		break;
	case 1:
		put_text(s, "a1 STARTTLS\r\n");
		break;
	default:
		begin_message(s, ZR_EVIDENCE_HTTP_HOST);
		snprintf(head, sizeof(head), "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n", name->sent, name->sent);
		put_text(s, head);
		end_message(s, name);
	}
}

void stream_tls(struct talk *t, struct stream *s)
{
	struct stream_message *m;
	struct talk_name name;
	bool asked = false;

	talk_name(t, &name);
	if (t->options->cut && !t->options->plain && name.sent[0] != '\0' && !name.malformed &&
	    random_percent(t->random, 10)) {
		put_prelude(t, s, &name);
		asked = true;
	}
	m = begin_message(s, ZR_EVIDENCE_TLS_SNI);
	m->own_segment = asked;
	put_hello(t, s, &name);
	for (unsigned int i = random_below(t->random, 3); i > 0; i--) {
		uint8_t header[] = {TLS_RECORD_DATA, 3, 3, 0, 0};
		uint32_t len = random_between(t->random, 20, 1500);

		header[3] = (uint8_t)(len >> 8);
		header[4] = (uint8_t)len;
		put(s, header, sizeof(header), false);
		put_noise(t, s, len);
	}
}

void stream_quic(struct talk *t, struct stream *s)
{
	uint8_t *message = malloc(HELLO_ROOM);
	struct talk_name name;
	uint32_t len = hello_len(t);

	talk_name(t, &name);
	begin_message(s, ZR_EVIDENCE_QUIC_SNI);
	put(s, message,
	    hello_named(message, name.sent[0] != '\0' ? name.sent : NULL,
			len < HELLO_IN_DATAGRAMS_MAX ? len : HELLO_IN_DATAGRAMS_MAX, random_below(t->random, 101)),
	    true);
	end_message(s, &name);
	free(message);
}

void stream_dtls(struct talk *t, struct dtls_hello *hello, struct stream *s)
{
	uint32_t len = hello_len(t);
	struct talk_name name;

	talk_name(t, &name);
	dtls_make_hello(hello, name.sent[0] != '\0' ? name.sent : NULL, 0,
			len < HELLO_IN_DATAGRAMS_MAX ? len : HELLO_IN_DATAGRAMS_MAX);
	begin_message(s, ZR_EVIDENCE_DTLS_SNI);
	put(s, hello->body, hello->len, true);
	end_message(s, &name);
}

/* The header fields of a request that have nothing to do with its host. */
static void put_fields(struct talk *t, struct stream *s)
{
	unsigned int len = 0;

	if (random_percent(t->random, 30))
		len = random_below(t->random, 3000);
	else if (random_percent(t->random, 3))
		len = random_below(t->random, 14000);
	if (len == 0)
		return;
	put_text(s, "Cookie: ");
	for (unsigned int i = 0; i < len; i++)
		put_text(s, "c");
	put_text(s, "\r\n");
}

/* A request's head but for what it says of its body. */
static void put_head(struct talk *t, struct stream *s, const char *method, const struct talk_name *name)
{
	static const char *const around[][2] = {{"Host: ", "\r\n"},       {"host:", "\r\n"},
						{"HOST: \t ", " \t\r\n"}, {"hOsT: ", ":8080\r\n"},
						{"Host:\r\n ", "\r\n"},   {"Host: ", "\n"}};
	unsigned int form = random_below(t->random, 6);
	bool absolute = name->sent[0] != '\0' && !name->malformed && random_percent(t->random, 20);
	bool fields_first = random_percent(t->random, 50);
	char line[600];

	snprintf(line, sizeof(line), "%s %s%s/b HTTP/1.1\r\n", method, absolute ? "http://" : "",
		 absolute ? name->sent : "");
	put_text(s, line);
	if (fields_first)
		put_fields(t, s);
	/* With the host in the target the field is of no use. */
	if (!absolute && name->sent[0] != '\0') {
		snprintf(line, sizeof(line), "%s%s%s", around[form][0], name->sent, around[form][1]);
		put_text(s, line);
	}
	if (!fields_first)
		put_fields(t, s);
}

/* A body may read like a request. */
static void put_body(struct talk *t, struct stream *s, uint32_t len)
{
	static const char decoy[] = "GET / HTTP/1.1\r\nHost: decoy.olm.vn\r\n\r\n";

	if (len > sizeof(decoy) && random_percent(t->random, 50)) {
		put(s, decoy, sizeof(decoy) - 1, false);
		len -= sizeof(decoy) - 1;
	}
	put_noise(t, s, len);
}

static void put_chunks(struct talk *t, struct stream *s)
{
	static const char *const ends[] = {"\r\n", ";name=value\r\n", " \r\n"};
	char line[40];

	for (unsigned int i = random_below(t->random, 4); i > 0; i--) {
		uint32_t len = random_between(t->random, 1, 3000);

		snprintf(line, sizeof(line), "%04x%s", len, ends[random_below(t->random, 3)]);
		put_text(s, line);
		put_body(t, s, len);
		put_text(s, "\r\n");
	}
	put_text(s, random_percent(t->random, 30) ? "0\r\nSum: 1\r\n\r\n" : "0\r\n\r\n");
}

static void put_request(struct talk *t, struct stream *s, const struct talk_name *name)
{
	unsigned int body = random_below(t->random, 4);
	uint32_t len = body == 0 ? random_below(t->random, 8000) : 0;
	char field[60];

	begin_message(s, ZR_EVIDENCE_HTTP_HOST);
	put_head(t, s, body < 2 ? "POST" : "GET", name);
	if (body == 0) {
		snprintf(field, sizeof(field), "Content-Length: %u\r\n", len);
		put_text(s, field);
	} else if (body == 1) {
		put_text(s, "Transfer-Encoding: chunked\r\n");
	}
	put_text(s, "\r\n");
	end_message(s, name);
	if (body == 0)
		put_body(t, s, len);
	else if (body == 1)
		put_chunks(t, s);
}

void stream_http(struct talk *t, struct stream *s)
{
	unsigned int requests = t->options->plain ? 1 : random_between(t->random, 1, 5);
	struct talk_name name;

	for (unsigned int i = 0; i < requests; i++) {
		/* Mostly the same host again. */
		if (i == 0 || random_percent(t->random, 40))
			talk_name(t, &name);
		put_request(t, s, &name);
	}
}

void stream_nameless(struct talk *t, struct stream *s)
{
	put_text(s, "SSH-2.0-client\r\n");
	put_noise(t, s, random_below(t->random, 3000));
}
