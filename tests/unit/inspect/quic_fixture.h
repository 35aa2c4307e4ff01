/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the QUIC inspector share: a client, its hello, and datagrams that end at guard pages. */
#ifndef TESTS_UNIT_INSPECT_QUIC_FIXTURE_H
#define TESTS_UNIT_INSPECT_QUIC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/quic.h"
#include "tests/support/guard.h"
#include "tests/support/quic_make.h"

#define POOL_BYTES 262144
#define NAME       "hoc.example.vn"

static const uint32_t all_versions[] = {QUIC_V1, QUIC_V2, QUIC_DRAFT_29};

struct fixture {
	struct zr_quic_crypto *crypto;
	void *memory;
	struct zr_assembly_pool *pool;
	struct zr_quic_client client;
	struct zr_hello out;
	uint8_t hello[ZR_HELLO_MAX + 64];
	size_t hello_len;
};

static inline void given_up(void *arg, uint32_t owner)
{
	struct fixture *f = arg;

	assert_int_equal(owner, f->client.owner);
	f->client.held = NULL;
}

static inline void open_pool(struct fixture *f, size_t bytes)
{
	size_t room = (zr_assembly_pool_memory(bytes) + 63) / 64 * 64;

	free(f->memory);
	f->memory = aligned_alloc(64, room);
	assert_non_null(f->memory);
	memset(f->memory, 0, room);
	f->pool = zr_assembly_pool_init(f->memory, bytes, given_up, f);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->crypto = zr_quic_crypto_new();
	assert_non_null(f->crypto);
	open_pool(f, POOL_BYTES);
	f->hello_len = quic_make_hello(NAME, 0, f->hello, sizeof(f->hello));
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	zr_quic_client_stop(&f->client, f->pool);
	zr_quic_crypto_free(f->crypto);
	free(f->memory);
	free(f);
	return 0;
}

static inline struct quic_header header_of(uint32_t version, uint8_t id_byte)
{
	struct quic_header header = {.version = version, .dcid = {.len = 8}, .scid = {.len = 5}};

	memset(header.dcid.at, id_byte, header.dcid.len);
	return header;
}

/* One datagram, and the scratch, both ending at guard pages. */
static inline enum zr_result feed_bytes(struct fixture *f, const uint8_t *data, size_t len)
{
	struct guard data_guard, scratch_guard;
	const uint8_t *copy = guard_copy(&data_guard, data, len);
	uint8_t *scratch = guard_copy(&scratch_guard, data, len);
	enum zr_result result = zr_quic_client_feed(&f->client, f->crypto, f->pool, scratch, copy, len, &f->out);

	guard_free(&data_guard);
	guard_free(&scratch_guard);
	return result;
}

static inline enum zr_result feed(struct fixture *f, const struct quic_bytes *datagram)
{
	return feed_bytes(f, datagram->at, datagram->len);
}

/* One datagram with one packet. */
static inline enum zr_result feed_packet(struct fixture *f, const struct quic_header *header,
					 const struct quic_bytes *payload)
{
	struct quic_bytes datagram = {.len = 0};

	quic_seal(&datagram, header, payload);
	return feed(f, &datagram);
}

static inline struct quic_bytes crypto_payload(const struct fixture *f, size_t offset, size_t len)
{
	struct quic_bytes payload = {.len = 0};

	quic_put_crypto(&payload, f->hello, offset, len);
	if (payload.len < 1100)
		quic_put_fill(&payload, 0, 1100 - payload.len);
	return payload;
}

static inline void assert_named(const struct fixture *f, const char *name)
{
	assert_string_equal(f->out.name, name);
	assert_int_equal(f->out.name_len, strlen(name));
	assert_int_equal(f->out.source, ZR_SOURCE_QUIC_SNI);
	assert_false(f->out.malformed_name);
	assert_false(f->out.spoof);
}

static inline void assert_pool_empty(const struct fixture *f)
{
	struct zr_assembly_stats stats;

	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.in_use, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
