/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client whose hello is cut, shuffled, repeated and packed in any way that RFC 6347 allows, with fixed seeds; the exact
 * name is demanded with the very datagram that completes it.
 */
#include <stdio.h>

#include "tests/unit/inspect/dtls_fixture.h"

#define PIECES_MAX 80

struct piece {
	size_t offset, len;
};

static size_t below(size_t n)
{
	return (size_t)random() % n;
}

static void shuffle(struct piece *pieces, size_t count)
{
	for (size_t i = count - 1; i > 0; i--) {
		size_t k = below(i + 1);
		struct piece other = pieces[k];

		pieces[k] = pieces[i];
		pieces[i] = other;
	}
}

/* Pieces that cover the hello, some of them twice or overlapping, in any order. */
static size_t scramble(size_t hello_len, struct piece *pieces)
{
	size_t longest = 1 + hello_len / (1 + below(PIECES_MAX / 4));
	size_t count = 0;

	for (size_t at = 0; at < hello_len;) {
		size_t len = count < PIECES_MAX / 2 ? 1 + below(longest) : hello_len;
		size_t back = below(4) == 0 ? below(at + 1) % 50 : 0;

		if (len > hello_len - at)
			len = hello_len - at;
		pieces[count++] = (struct piece){at - back, len + back};
		at += len;
	}
	for (size_t again = below(count); again > 0 && count < PIECES_MAX; again--, count++)
		pieces[count] = pieces[below(count)];
	shuffle(pieces, count);
	return count;
}

/* A datagram with some records, each with some of the next pieces; moves *next on. */
static size_t pack(struct fixture *f, const struct piece *pieces, size_t count, size_t *next)
{
	size_t len = 0;

	for (size_t records = 1 + below(3); records > 0 && *next < count; records--) {
		uint8_t *body = f->datagram + len + DTLS_RECORD_HEADER;
		size_t body_len = 0;

		do {
			const struct piece *piece = &pieces[(*next)++];

			if (below(5) == 0)
				body_len += dtls_put_fragment(body + body_len, &f->hello, below(f->hello.len), 0);
			body_len += dtls_put_fragment(body + body_len, &f->hello, piece->offset, piece->len);
		} while (*next < count && body_len < 8000 && below(3) == 0);
		len += dtls_put_record(f->datagram + len, HANDSHAKE, below(2) == 0 ? DTLS_1_0 : DTLS_1_2, 0, body,
				       body_len);
		if (below(6) == 0)
			len += dtls_put_record(f->datagram + len, 20, DTLS_1_2, (uint16_t)below(2), body, 1);
	}
	return len;
}

/* Do these pieces hold the whole hello? */
static bool complete(const struct piece *pieces, size_t count, size_t hello_len)
{
	static uint8_t there[ZR_HELLO_MAX];

	memset(there, 0, hello_len);
	for (size_t i = 0; i < count; i++)
		memset(there + pieces[i].offset, 1, pieces[i].len);
	return memchr(there, 0, hello_len) == NULL;
}

static void feed_scrambled(struct fixture *f)
{
	struct piece pieces[PIECES_MAX];
	size_t count = scramble(f->hello.len, pieces);
	enum zr_result result = ZR_MORE;
	size_t next = 0;

	while (result == ZR_MORE && next < count) {
		size_t len = pack(f, pieces, count, &next);

		result = feed_bytes(f, f->datagram, len);
		assert_int_equal(result, complete(pieces, next, f->hello.len) ? ZR_OK : ZR_MORE);
	}
	assert_int_equal(result, ZR_OK);
}

static void test_scrambled_hellos(void **state)
{
	struct fixture *f = *state;

	srandom(6347);
	for (unsigned int round = 0; round < 1000; round++) {
		size_t cookie_len = below(2) * below(256);
		char name[64];

		snprintf(name, sizeof(name), "lop-%u.hop.example.vn", round);
		if (cookie_len > 0 && below(2) == 0) {
			/* A part of the hello before the cookie was asked for. */
			dtls_make_hello(&f->hello, name, 0, below(3000));
			assert_int_equal(feed_fragment(f, below(50), 1 + below(50)), ZR_MORE);
		}
		dtls_make_hello(&f->hello, name, cookie_len, below(16) == 0 ? 8000 + below(8000) : below(3000));
		feed_scrambled(f);
		assert_named(f, name, false);
		stop(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_scrambled_hellos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
