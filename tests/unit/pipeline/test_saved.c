/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow as bytes: what was written is read again, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/flow.h"
#include "dataplane/flow/verdict.h"
#include "dataplane/inspect/http.h"
#include "dataplane/inspect/tcp_client.h"
#include "dataplane/pipeline/saved.h"
#include "rules/image.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

#define NOW_US UINT64_C(1795305600000000)

/* A free flow over TLS with all that such a flow can have. */
static struct zr_saved_flow tls(void)
{
	return (struct zr_saved_flow){
		.id = 0x0001020000000003,
		.first_us = NOW_US - 1000,
		.last_us = NOW_US,
		.entry = 77,
		.client.b = {10, 0, 0, 1},
		.server.b = {203, 0, 113, 1},
		.client_port = 40000,
		.server_port = 443,
		.domain = 5,
		.family = 4,
		.proto = ZR_PROTO_TCP,
		.worker = 2,
		.timeout = ZR_TIMEOUT_TCP,
		.reason = ZR_REASON_SNI,
		.evidence = 1 << ZR_EVIDENCE_TLS_SNI,
		.vlan_count = 2,
		.vlans = {100, 4095},
		.has_teid_up = true,
		.teid_up = 0xdeadbeef,
		.part = 9,
		.flags = ZR_SAVED_CLIENT_FIXED | ZR_SAVED_START_KNOWN | ZR_SAVED_STREAMED_UP | ZR_SAVED_ECH,
		.start = 0x12345678,
		.rule = 3,
		.name_len = 10,
		.name = "www.olm.vn",
	};
}

static struct zr_saved_flow http(void)
{
	struct zr_saved_flow s = tls();

	s.reason = ZR_REASON_HOST;
	s.evidence = 1 << ZR_EVIDENCE_HTTP_HOST;
	s.flags = ZR_SAVED_INSPECT | ZR_SAVED_STREAM;
	s.stream = (struct zr_saved_stream){.body_left = UINT64_C(1) << 40,
					    .next_seq = 0xfffffff0,
					    .state = ZR_TCP_BODY,
					    .body = ZR_HTTP_BODY_CHUNKED,
					    .chunk = 6};
	return s;
}

static struct zr_saved_flow quic(void)
{
	struct zr_saved_flow s = tls();

	s.family = 6;
	memset(s.client.b, 0x20, 16);
	memset(s.server.b, 0x21, 16);
	s.proto = ZR_PROTO_UDP;
	s.timeout = ZR_TIMEOUT_QUIC;
	s.reason = ZR_REASON_QUIC_SNI;
	s.evidence = 1 << ZR_EVIDENCE_QUIC_SNI;
	s.flags = ZR_SAVED_START_KNOWN;
	s.server_id_len = ZR_QUIC_CID_MAX;
	memset(s.server_id, 0xcc, sizeof(s.server_id));
	return s;
}

/* Read what was written, from right before a page that cannot be read. */
static enum zr_result read_again(const struct zr_saved_flow *s, struct zr_saved_flow *out, size_t *used)
{
	uint8_t bytes[ZR_SAVED_MAX];
	size_t len = zr_saved_write(s, bytes);
	struct guard guard;
	const uint8_t *at = guard_copy(&guard, bytes, len);
	enum zr_result result;

	*used = 0;
	result = zr_saved_read(at, len, used, out);
	assert_true(result != ZR_OK || *used == len);
	guard_free(&guard);
	return result;
}

static void assert_read(const struct zr_saved_flow *s)
{
	uint8_t bytes[ZR_SAVED_MAX], again[ZR_SAVED_MAX];
	struct zr_saved_flow out;
	size_t used;

	assert_int_equal(read_again(s, &out, &used), ZR_OK);
	assert_int_equal(zr_saved_write(s, bytes), used);
	assert_int_equal(zr_saved_write(&out, again), used);
	assert_memory_equal(bytes, again, used);
	/* Not only as bytes: both could leave the same things out. */
	assert_int_equal(out.id, s->id);
	assert_int_equal(out.last_us, s->last_us);
	assert_int_equal(out.flags, s->flags);
	assert_int_equal(out.rule, s->rule);
	assert_int_equal(out.vlans[1], s->vlans[1]);
	assert_int_equal(out.teid_up, s->teid_up);
	assert_int_equal(out.stream.next_seq, s->stream.next_seq);
	assert_int_equal(out.stream.body_left, s->stream.body_left);
	assert_memory_equal(out.server.b, s->server.b, sizeof(s->server.b));
	assert_memory_equal(out.server_id, s->server_id, s->server_id_len);
	assert_string_equal(out.name, s->name);
}

static void assert_refused(const struct zr_saved_flow *s)
{
	struct zr_saved_flow out;
	size_t used;

	assert_int_equal(read_again(s, &out, &used), ZR_BAD);
}

static void comes_back_as_it_was(void **state)
{
	struct zr_saved_flow s = tls();

	(void)state;
	assert_read(&s);
	s = http();
	assert_read(&s);
	s = quic();
	assert_read(&s);
	s.name_len = ZR_NAME_MAX;
	memset(s.name, 'a', ZR_NAME_MAX);
	for (unsigned int i = 63; i < ZR_NAME_MAX; i += 64)
		s.name[i] = '.';
	s.vlan_count = ZR_VLANS_MAX;
	s.has_teid_down = true;
	assert_read(&s);
	s = (struct zr_saved_flow){.family = 4, .proto = 1, .rule = ZR_ENTRY_NONE};
	assert_read(&s);
}

static void cut_short_is_refused(void **state)
{
	const struct zr_saved_flow all[] = {tls(), http(), quic()};
	struct zr_saved_flow out;
	uint8_t bytes[ZR_SAVED_MAX];
	size_t used;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		size_t len = zr_saved_write(&all[i], bytes);

		for (size_t cut = 0; cut < len; cut++) {
			struct guard guard;
			uint8_t *at = guard_copy(&guard, bytes, cut);

			assert_int_equal(zr_saved_read(at, cut, &used, &out), cut == 0 ? ZR_NONE : ZR_BAD);
			/* Nor when it says itself that it is so short. */
			if (cut >= 2) {
				at[0] = (uint8_t)(cut >> 8);
				at[1] = (uint8_t)cut;
				assert_int_equal(zr_saved_read(at, cut, &used, &out), ZR_BAD);
			}
			guard_free(&guard);
		}
	}
}

static void longer_than_its_fields_is_refused(void **state)
{
	const struct zr_saved_flow s = tls();
	uint8_t bytes[ZR_SAVED_MAX + 8] = {0};
	size_t len = zr_saved_write(&s, bytes), used;
	struct zr_saved_flow out;

	(void)state;
	assert_int_equal(zr_saved_read(bytes, sizeof(bytes), &used, &out), ZR_OK);
	assert_int_equal(used, len);
	bytes[1]++;
	assert_int_equal(zr_saved_read(bytes, sizeof(bytes), &used, &out), ZR_BAD);
	bytes[0] = 0xff;
	assert_int_equal(zr_saved_read(bytes, sizeof(bytes), &used, &out), ZR_BAD);
}

/* What no pipeline writes: one field at a time. */
static void every_field_is_checked(void **state)
{
	struct zr_saved_flow s;

	(void)state;
#define REFUSE(base, change)        \
	do {                        \
		s = base();         \
		change;             \
		assert_refused(&s); \
	} while (0)
	REFUSE(tls, s.family = 5);
	REFUSE(tls, s.timeout = ZR_TIMEOUT_COUNT);
	REFUSE(tls, s.reason = ZR_REASON_COUNT);
	REFUSE(tls, s.evidence = 1 << ZR_EVIDENCE_COUNT);
	REFUSE(tls, s.flags |= ZR_SAVED_ALL + 1);
	REFUSE(tls, s.last_us = ZR_TIME_MAX_US + 1);
	REFUSE(tls, s.first_us = s.last_us + 1);
	REFUSE(tls, s.vlans[1] = 4096);
	REFUSE(tls, s.proto = ZR_PROTO_UDP); /* with a stream */
	REFUSE(tls, s.proto = 1);
	REFUSE(tls, s.reason = ZR_REASON_NO_MATCH);
	REFUSE(tls, s.reason = ZR_REASON_PREFIX);
	REFUSE(tls, s.name[0] = 'W');
	REFUSE(tls, s.name[3] = '/');
	REFUSE(tls, s.name[9] = '.');               /* "www.olm.v." */
	REFUSE(tls, s.flags |= ZR_SAVED_CUT_SHORT); /* of what is not inspected */
	REFUSE(tls, s.flags |= ZR_SAVED_STREAM);
	REFUSE(tls, (s.server_id_len = 8, s.evidence |= 1 << ZR_EVIDENCE_QUIC_SNI));
	REFUSE(http, s.stream.state = ZR_TCP_TLS);
	REFUSE(http, s.stream.state = ZR_TCP_OPAQUE);
	REFUSE(http, s.stream.state = ZR_TCP_DONE);
	REFUSE(http, s.stream.body = ZR_HTTP_BODY_TUNNEL + 1);
	REFUSE(http, s.stream.chunk = 7);
	REFUSE(http, s.flags |= ZR_SAVED_CUT_SHORT);
	REFUSE(http, (s.reason = ZR_REASON_UNDECIDED, s.name_len = 0));
	REFUSE(quic, s.server_id_len = ZR_QUIC_SERVER_ID_MIN - 1);
	REFUSE(quic, s.evidence = 1 << ZR_EVIDENCE_DTLS_SNI);
	REFUSE(quic, s.flags |= ZR_SAVED_INSPECT);
	REFUSE(quic, s.flags |= ZR_SAVED_RST);
	REFUSE(tls, (s.reason = ZR_REASON_UNDECIDED, s.name_len = 0, s.flags = ZR_SAVED_TAG_DUE));
	REFUSE(tls, (s.reason = ZR_REASON_UNDECIDED, s.name_len = 0, s.flags = ZR_SAVED_STAYS_CHARGED));
#undef REFUSE
}

/* Lengths that the fixed part tells are checked before anything is taken by them. */
static void lengths_beyond_the_bounds_are_refused(void **state)
{
	const struct zr_saved_flow s = quic();
	uint8_t bytes[ZR_SAVED_MAX], bad[ZR_SAVED_MAX];
	size_t len = zr_saved_write(&s, bytes), used;
	struct zr_saved_flow out;

	(void)state;
	/* TEIDs, VLANs, server id and name stand in the last four bytes of the fixed part. */
	for (size_t at = 58; at < 62; at++) {
		struct guard guard;

		memcpy(bad, bytes, len);
		bad[at] = 0xff;
		assert_int_equal(zr_saved_read(guard_copy(&guard, bad, len), len, &used, &out), ZR_BAD);
		guard_free(&guard);
	}
}

/* Any bytes: read and written again they are the same, or they are refused. */
static void noise_is_harmless(void **state)
{
	const struct zr_saved_flow all[] = {tls(), http(), quic()};
	struct random r = {.state = 1};
	unsigned int taken = 0;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		uint8_t bytes[ZR_SAVED_MAX], again[ZR_SAVED_MAX];
		size_t len = zr_saved_write(&all[round % 3], bytes), used;
		struct zr_saved_flow out;
		struct guard guard;

		for (unsigned int i = random_below(&r, 3); i < 3; i++)
			bytes[random_below(&r, (uint32_t)len)] ^= (uint8_t)(1U << random_below(&r, 8));
		if (zr_saved_read(guard_copy(&guard, bytes, len), len, &used, &out) == ZR_OK) {
			assert_int_equal(zr_saved_write(&out, again), used);
			assert_memory_equal(again, bytes, used);
			taken++;
		}
		guard_free(&guard);
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(cut_short_is_refused),
		cmocka_unit_test(longer_than_its_fields_is_refused),
		cmocka_unit_test(every_field_is_checked),
		cmocka_unit_test(lengths_beyond_the_bounds_are_refused),
		cmocka_unit_test(noise_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
