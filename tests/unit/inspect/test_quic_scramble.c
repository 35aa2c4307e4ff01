/* SPDX-License-Identifier: BSD-3-Clause */
/* A client that scrambles: what any real one may do, with fixed seeds; the exact name is demanded each time. */
#include <stdio.h>

#include "tests/unit/inspect/quic_fixture.h"

struct piece {
	size_t offset, len;
};

static size_t below(size_t n)
{
	return (size_t)random() % n;
}

/* Pieces that cover the hello, some of them twice or overlapping, in any order. */
static size_t scramble(size_t hello_len, struct piece *pieces, size_t room)
{
	size_t count = 0;

	for (size_t at = 0; at < hello_len;) {
		size_t len = 1 + below(count + 2 < room / 2 ? 400 : hello_len);
		size_t back = below(4) == 0 ? below(at + 1) % 50 : 0;

		if (len > hello_len - at)
			len = hello_len - at;
		pieces[count++] = (struct piece){at - back, len + back};
		at += len;
		if (below(8) == 0 && count + 1 < room / 2) {
			pieces[count] = pieces[below(count)];
			count++;
		}
	}
	for (size_t i = count - 1; i > 0; i--) {
		size_t k = below(i + 1);
		struct piece other = pieces[k];

		pieces[k] = pieces[i];
		pieces[i] = other;
	}
	return count;
}

static void put_piece(struct quic_bytes *payload, const uint8_t *hello, const struct piece *piece)
{
	quic_put_fill(payload, 0x00, below(3) == 0 ? below(20) : 0);
	quic_put_fill(payload, 0x01, below(3));
	if (below(6) == 0)
		quic_put_ack(payload, (unsigned int)below(4), (int)below(2));
	quic_put_crypto(payload, hello, piece->offset, piece->len);
}

/* Bytes of the hello from its start that these pieces hold without a hole. */
static bool complete(const struct piece *pieces, size_t count, size_t hello_len)
{
	static uint8_t there[ZR_HELLO_MAX];

	memset(there, 0, hello_len);
	for (size_t i = 0; i < count; i++)
		memset(there + pieces[i].offset, 1, pieces[i].len);
	return memchr(there, 0, hello_len) == NULL;
}

static void feed_scrambled(struct fixture *f, struct quic_header *header, const char *name)
{
	struct piece pieces[64];
	size_t count = scramble(f->hello_len, pieces, 64);
	size_t next = 0;
	enum zr_result result = ZR_MORE;

	while (next < count) {
		struct quic_bytes datagram = {.len = 0};

		for (size_t packets = 1 + below(2); packets > 0 && next < count; packets--) {
			struct quic_bytes payload = {.len = 0};

			put_piece(&payload, f->hello, &pieces[next++]);
			while (next < count && payload.len < 600 && below(3) != 0)
				put_piece(&payload, f->hello, &pieces[next++]);
			header->pn++;
			header->pn_len = (uint8_t)(1 + below(4));
			quic_put_fill(&payload, 0, 4);
			quic_seal(&datagram, header, &payload);
		}
		assert_int_equal(result, ZR_MORE);
		result = feed(f, &datagram);
		assert_int_equal(result, complete(pieces, next, f->hello_len) ? ZR_OK : ZR_MORE);
		if (result == ZR_OK)
			break;
		if (below(4) == 0)
			assert_int_equal(feed(f, &datagram), ZR_MORE); /* sent again */
		if (below(4) == 0) {
			if (header->keys_from.len == 0)
				header->keys_from = header->dcid;
			header->dcid.at[0] ^= 0xff; /* the server has answered */
		}
	}
	assert_int_equal(result, ZR_OK);
	assert_named(f, name);
}

static void test_scrambled_hellos(void **state)
{
	struct fixture *f = *state;

	srandom(9000);
	for (unsigned int round = 0; round < 400; round++) {
		struct quic_header header = header_of(all_versions[below(3)], (uint8_t)round);
		char name[64];

		header.dcid.len = 8 + below(ZR_QUIC_CID_MAX - 7);
		header.token.len = below(2) * below(64);
		snprintf(name, sizeof(name), "lop-%u.hoc.example.vn", round);
		f->hello_len = quic_make_hello(name, below(3500), f->hello, sizeof(f->hello));
		memset(&f->client, 0, sizeof(f->client));
		feed_scrambled(f, &header, name);
		zr_quic_client_stop(&f->client, f->pool);
		assert_pool_empty(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_scrambled_hellos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
