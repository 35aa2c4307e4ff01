/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the DTLS inspector share: a client, its hello, and datagrams that end at guard pages. */
#ifndef TESTS_UNIT_INSPECT_DTLS_FIXTURE_H
#define TESTS_UNIT_INSPECT_DTLS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/dtls.h"
#include "tests/support/dtls_make.h"
#include "tests/support/guard.h"

#define POOL_BYTES 262144
#define NAME       "hop.lop.example.vn"
#define HANDSHAKE  22

struct fixture {
	void *memory;
	struct zr_assembly_pool *pool;
	struct zr_dtls_client client;
	struct zr_hello out;
	struct dtls_hello hello;
	uint8_t datagram[65536];
};

static inline void given_up(void *arg, uint32_t owner)
{
	struct fixture *f = arg;

	assert_int_equal(owner, f->client.owner);
	f->client.held = NULL;
}

static inline int setup(void **state)
{
	size_t room = (zr_assembly_pool_memory(POOL_BYTES) + 63) / 64 * 64;
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->memory = aligned_alloc(64, room);
	assert_non_null(f->memory);
	memset(f->memory, 0, room);
	f->pool = zr_assembly_pool_init(f->memory, POOL_BYTES, given_up, f);
	dtls_make_hello(&f->hello, NAME, 0, 0);
	*state = f;
	return 0;
}

/* End the association; nothing of the pool is in use then. */
static inline void stop(struct fixture *f)
{
	struct zr_assembly_stats stats;

	zr_dtls_client_stop(&f->client, f->pool);
	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.in_use, 0);
	f->client = (struct zr_dtls_client){.owner = 7};
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	stop(f);
	free(f->memory);
	free(f);
	return 0;
}

/* One datagram that ends at a guard page. What feeding finds, the cheap look found before. */
static inline enum zr_result feed_bytes(struct fixture *f, const uint8_t *data, size_t len)
{
	struct guard guard;
	const uint8_t *copy = guard_copy(&guard, data, len);
	bool begins = zr_dtls_begins(copy, len);
	enum zr_result result;

	memset(&f->out, 0xee, sizeof(f->out));
	result = zr_dtls_client_feed(&f->client, f->pool, copy, len, &f->out);
	assert_true(begins || result == ZR_NONE);
	guard_free(&guard);
	return result;
}

/* One datagram with one fragment. */
static inline enum zr_result feed_fragment(struct fixture *f, size_t offset, size_t len)
{
	return feed_bytes(f, f->datagram, dtls_put_datagram(f->datagram, &f->hello, offset, len));
}

static inline void assert_named(const struct fixture *f, const char *name, bool spoof)
{
	assert_string_equal(f->out.name, name);
	assert_int_equal(f->out.name_len, strlen(name));
	assert_int_equal(f->out.source, ZR_SOURCE_DTLS_SNI);
	assert_false(f->out.malformed_name);
	assert_int_equal(f->out.spoof, spoof);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
