/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams with a known truth, cut, shuffled, repeated and overlapped in thousands of ways: the inspector tells exactly the
 * names that are in them, in their order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/hello.h"
#include "tests/unit/inspect/tcp_client_support.h"

#define STREAM_MAX   131072
#define SEGMENTS_MAX 4096
#define NAMES_MAX    32

static uint64_t random_state;

/* splitmix64, reduced to 0 … below - 1 */
static uint32_t random_below(uint32_t below)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

static uint32_t random_between(uint32_t low, uint32_t high)
{
	return low + random_below(high - low + 1);
}

struct truth {
	uint8_t bytes[STREAM_MAX];
	uint32_t len;
	unsigned int names;
	char name[NAMES_MAX][64];
};

struct piece {
	uint32_t offset, len, when;
};

struct delivery {
	struct piece pieces[SEGMENTS_MAX];
	unsigned int count;
};

static struct truth truth;
static struct delivery delivery;

static const char *add_name(void)
{
	char *name = truth.name[truth.names++];

	snprintf(name, sizeof(truth.name[0]), "n%u.example%u.vn", random_below(1000), random_below(100000));
	return name;
}

static void add_text(const char *text)
{
	size_t len = strlen(text);

	memcpy(truth.bytes + truth.len, text, len);
	truth.len += (uint32_t)len;
}

/* Body bytes that look like a request when a segment begins with them. */
static void add_body(uint32_t len)
{
	static const char lure[] = "GET / HTTP/1.1\r\nHost: not.me\r\n\r\n";

	for (uint32_t i = 0; i < len; i++)
		truth.bytes[truth.len++] = (uint8_t)lure[i % (sizeof(lure) - 1)];
}

static void add_chunked_body(void)
{
	char line[64];

	for (uint32_t chunks = random_below(4); chunks > 0; chunks--) {
		uint32_t len = random_between(1, 1500);

		snprintf(line, sizeof(line), "%x%s\r\n", len, random_below(2) ? ";ext=1" : "");
		add_text(line);
		add_body(len);
		add_text("\r\n");
	}
	add_text(random_below(2) ? "0\r\n\r\n" : "0\r\nTrailer: x\r\n\r\n");
}

static void add_request(const char *method)
{
	const char *name = add_name();
	uint32_t kind = random_below(3), body_len = random_below(4000);
	char head[512];

	snprintf(head, sizeof(head), "%s%s %s HTTP/1.1\r\nUser-Agent: x\r\nHost: %s%s\r\n",
		 random_below(4) ? "" : "\r\n", method, method[0] == 'C' ? name : "/path?query", name,
		 random_below(2) ? ":8080" : "");
	add_text(head);
	if (method[0] == 'C') {
		add_text("\r\n");
	} else if (kind == 0) {
		add_text("\r\n");
	} else if (kind == 1) {
		snprintf(head, sizeof(head), "Content-Length: %u\r\n\r\n", body_len);
		add_text(head);
		add_body(body_len);
	} else {
		add_text("Transfer-Encoding: chunked\r\n\r\n");
		add_chunked_body();
	}
}

static void add_hello(uint32_t max, uint32_t fragment_len)
{
	const char *name = add_name();
	uint32_t total = random_between(200, max);

	truth.len += (uint32_t)hello_stream(truth.bytes + truth.len, name, total, random_below(101), fragment_len);
}

/* Cut all of the stream into pieces of 1 to longest bytes, the n-th piece to come as the n-th. */
static void cut(uint32_t longest)
{
	delivery.count = 0;
	for (uint32_t at = 0; at < truth.len;) {
		uint32_t len = random_between(1, longest);

		if (len > truth.len - at)
			len = truth.len - at;
		assert_true(delivery.count < SEGMENTS_MAX);
		delivery.pieces[delivery.count] = (struct piece){
			.offset = at, .len = len, .when = delivery.count * SEGMENTS_MAX};
		delivery.count++;
		at += len;
	}
}

/* Repeat some pieces and add some that overlap their neighbours, at the time when they could first have been sent or later. */
static void repeat(uint32_t longest)
{
	unsigned int first_count = delivery.count;

	for (unsigned int n = random_below(first_count + 1) / 2; n > 0 && delivery.count < SEGMENTS_MAX; n--) {
		struct piece piece = delivery.pieces[random_below(first_count)];

		if (random_below(2)) {
			uint32_t back = random_below(longest);

			piece.offset -= back < piece.offset ? back : piece.offset;
			piece.len += random_below(longest) / 2;
			if (piece.len > truth.len - piece.offset)
				piece.len = truth.len - piece.offset;
		}
		delivery.pieces[delivery.count++] = piece;
	}
}

static int earlier(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	return a->when < b->when ? -1 : a->when > b->when;
}

/* Let each piece come up to window places late. */
static void shuffle(uint32_t window)
{
	for (unsigned int i = 0; i < delivery.count; i++)
		delivery.pieces[i].when += random_below(window * SEGMENTS_MAX + 1);
	qsort(delivery.pieces, delivery.count, sizeof(delivery.pieces[0]), earlier);
}

static void deliver(struct client *client, bool anchored)
{
	uint32_t isn = random_below(2) ? random_below(UINT32_MAX) : 0U - random_below(truth.len + 1);

	client_start(client, isn, anchored ? 0 : delivery.pieces[0].offset, anchored);
	for (unsigned int i = 0; i < delivery.count; i++) {
		const struct piece *piece = &delivery.pieces[i];

		client_feed(client, piece->offset, truth.bytes + piece->offset, piece->len);
	}
}

/* Everything that is true was told, and nothing else. */
static void assert_truth(struct client *client, uint64_t seed)
{
	bool same = client->count == truth.names;

	for (unsigned int i = 0; same && i < truth.names; i++)
		same = strcmp(client->told[i].name, truth.name[i]) == 0 && !client->told[i].spoof;
	if (!same)
		fail_msg("seed %llu: told %u names of %u, first %s", (unsigned long long)seed, client->count,
			 truth.names, client->told[0].name);
	assert_int_equal(client_stop(client), 0);
}

static void begin(uint64_t seed)
{
	random_state = seed;
	truth.len = 0;
	truth.names = 0;
}

static uint32_t random_fragment_len(void)
{
	switch (random_below(3)) {
	case 0:
		return 16384;
	case 1:
		return random_between(1, 20);
	default:
		return random_between(20, 3000);
	}
}

/* A hello of any size, all pieces in any order. */
static void test_hellos(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 1; seed <= 1500; seed++) {
		uint32_t longest;

		begin(seed);
		add_hello(seed % 3 == 0 ? ZR_HELLO_MAX : 3000, random_fragment_len());
		longest = random_below(2) ? 1460 : random_between(truth.len / 500 + 1, 2000);
		cut(longest);
		repeat(longest);
		shuffle(random_below(2) ? SEGMENTS_MAX / 2 : random_below(8));
		deliver(client, true);
		assert_truth(client, seed);
	}
}

/* … of a connection whose SYN was not seen. */
static void test_hellos_without_syn(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 10001; seed <= 11000; seed++) {
		begin(seed);
		add_hello(seed % 3 == 0 ? ZR_HELLO_MAX : 3000, 16384);
		cut(random_below(2) ? 1460 : random_between(truth.len / 500 + 8, 2000));
		repeat(1460);
		shuffle(random_below(2) ? SEGMENTS_MAX / 2 : random_below(8));
		deliver(client, false);
		assert_truth(client, seed);
	}
}

/* Hellos with data behind them. */
static void test_hellos_and_more(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 20001; seed <= 20500; seed++) {
		begin(seed);
		add_hello(4000, random_fragment_len());
		add_body(random_below(8000));
		cut(1460);
		repeat(700);
		shuffle(random_below(6));
		deliver(client, true);
		assert_truth(client, seed);
	}
}

/* Connections with several requests, pipelined and not, bodies that pretend to be requests. */
static void test_requests(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 30001; seed <= 31500; seed++) {
		uint32_t requests, longest;

		begin(seed);
		for (requests = random_between(1, 8); requests > 0; requests--)
			add_request(random_below(2) ? "GET" : "POST");
		longest = random_below(2) ? 1460 : random_between(truth.len / 1000 + 1, 1460);
		cut(longest);
		repeat(longest / 2 + 1);
		shuffle(random_below(2) ? 0 : random_below(6));
		deliver(client, true);
		assert_truth(client, seed);
	}
}

/* Segments longer than the window. */
static void test_requests_in_large_segments(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 40001; seed <= 40400; seed++) {
		begin(seed);
		for (uint32_t requests = 24; requests > 0; requests--)
			add_request("POST");
		cut(random_between(17000, 30000));
		deliver(client, seed % 2 == 0);
		assert_truth(client, seed);
	}
}

/* One request whose head comes in any order, on a connection whose SYN was not seen. */
static void test_request_without_syn(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 50001; seed <= 50500; seed++) {
		begin(seed);
		add_request("CONNECT");
		cut(random_between(8, 200));
		shuffle(random_below(8));
		deliver(client, false);
		assert_truth(client, seed);
	}
}

/* A hello behind CONNECT, both in any order. */
static void test_hello_behind_connect(void **state)
{
	struct client *client = *state;

	for (uint64_t seed = 60001; seed <= 60500; seed++) {
		begin(seed);
		add_request("CONNECT");
		add_hello(8000, random_fragment_len());
		cut(random_between(8, 1460));
		repeat(100);
		shuffle(random_below(6));
		deliver(client, true);
		assert_truth(client, seed);
	}
}

static int setup(void **state)
{
	*state = client_new(1U << 20);
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hellos),
		cmocka_unit_test(test_hellos_without_syn),
		cmocka_unit_test(test_hellos_and_more),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_requests_in_large_segments),
		cmocka_unit_test(test_request_without_syn),
		cmocka_unit_test(test_hello_behind_connect),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
