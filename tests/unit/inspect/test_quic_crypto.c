/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys and protection against the vectors of RFC 9001, RFC 9369 and draft-ietf-quic-tls-29, appendix A of each. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "dataplane/inspect/quic.h"
#include "dataplane/inspect/quic_crypto.h"
#include "tests/support/guard.h"
#include "tests/support/quic_make.h"

/* The connection id and the frame that all three documents use. */
static const char dcid_hex[] = "8394c8f03e515708";
static const char payload_hex[] = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
				  "04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
				  "616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
				  "04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
				  "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
				  "0d0010000e0403050306030203080408050806002d00020101001c0002400100"
				  "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
				  "75300901100f088394c8f03e51570806048000ffff";

static const struct {
	uint32_t version;
	const char *key, *iv, *hp;
	const char *packet_start; /* the protected header and the sample */
	const char *tag;
} vectors[] = {
	{QUIC_V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2",
	 "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
	 "e221af44860018ab0856972e194cd934"},
	{QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9",
	 "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071",
	 "a18b2faa745b6fe189cf772a9f84cbfc"},
	{QUIC_DRAFT_29, "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f",
	 "9ddd12c994c0698b89374a9c077a3077", NULL, NULL},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return len;
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t want[256];
	size_t len = from_hex(hex, want);

	assert_memory_equal(bytes, want, len);
}

/* The client's Initial of appendix A.2. */
static void make_appendix_packet(uint32_t version, struct quic_bytes *datagram)
{
	struct quic_header header = {.version = version, .pn = 2, .pn_len = 4};
	struct quic_bytes payload;

	header.dcid.len = from_hex(dcid_hex, header.dcid.at);
	payload.len = from_hex(payload_hex, payload.at);
	quic_put_fill(&payload, 0, 1162 - payload.len);
	datagram->len = 0;
	quic_seal(datagram, &header, &payload);
}

static int setup(void **state)
{
	*state = zr_quic_crypto_new();
	return *state == NULL;
}

static int teardown(void **state)
{
	zr_quic_crypto_free(*state);
	return 0;
}

static void test_keys_of_the_documents(void **state)
{
	uint8_t dcid[8];
	struct zr_quic_keys keys;

	from_hex(dcid_hex, dcid);
	for (size_t i = 0; i < VECTORS; i++) {
		assert_int_equal(zr_quic_initial_keys(*state, vectors[i].version, dcid, sizeof(dcid), &keys), 0);
		assert_hex(keys.key, vectors[i].key);
		assert_hex(keys.iv, vectors[i].iv);
		assert_hex(keys.hp, vectors[i].hp);
	}
}

static void test_keys_are_refused(void **state)
{
	uint8_t dcid[ZR_QUIC_CID_MAX + 1] = {0};
	struct zr_quic_keys keys;

	assert_int_equal(zr_quic_initial_keys(*state, 0xff00001c, dcid, 8, &keys), -EINVAL);
	assert_int_equal(zr_quic_initial_keys(*state, 0, dcid, 8, &keys), -EINVAL);
	assert_int_equal(zr_quic_initial_keys(*state, QUIC_V1, dcid, sizeof(dcid), &keys), -EINVAL);
	assert_int_equal(zr_quic_initial_keys(*state, QUIC_V1, dcid, ZR_QUIC_CID_MAX, &keys), 0);
	assert_int_equal(zr_quic_initial_keys(*state, QUIC_V1, dcid, 0, &keys), 0);
}

/* What the test support makes is what the documents print: it may stand for real clients in the other tests. */
static void test_the_maker_makes_the_documents_packets(void **state)
{
	struct quic_bytes datagram;

	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		make_appendix_packet(vectors[i].version, &datagram);
		assert_int_equal(datagram.len, 1200);
		if (vectors[i].tag == NULL)
			continue;
		assert_hex(datagram.at, vectors[i].packet_start);
		assert_hex(datagram.at + datagram.len - 16, vectors[i].tag);
	}
}

static bool open_datagram(struct zr_quic_crypto *crypto, const struct quic_bytes *datagram, uint8_t *scratch,
			  struct zr_slice *payload)
{
	struct zr_cursor c = zr_cursor_of(datagram->at, datagram->len);
	struct zr_quic_packet packet;
	struct zr_quic_keys keys;

	assert_true(zr_quic_packet_next(&c, &packet));
	assert_true(packet.initial);
	assert_int_equal(zr_quic_initial_keys(crypto, packet.version, packet.dcid.at, packet.dcid.len, &keys), 0);
	return zr_quic_open(crypto, &keys, &packet, scratch, payload);
}

static void test_the_documents_packets_open(void **state)
{
	struct quic_bytes datagram;
	struct zr_slice payload;
	uint8_t scratch[1200];

	for (size_t i = 0; i < VECTORS; i++) {
		make_appendix_packet(vectors[i].version, &datagram);
		assert_true(open_datagram(*state, &datagram, scratch, &payload));
		assert_int_equal(payload.len, 1162);
		assert_hex(payload.at, payload_hex);
	}
}

static void test_one_changed_bit_does_not_open(void **state)
{
	struct quic_bytes datagram;
	struct zr_slice payload;
	uint8_t scratch[1200];

	make_appendix_packet(QUIC_V1, &datagram);
	for (size_t at = 18; at < datagram.len; at += 7) {
		datagram.at[at] ^= 0x10;
		assert_false(open_datagram(*state, &datagram, scratch, &payload));
		datagram.at[at] ^= 0x10;
	}
	assert_true(open_datagram(*state, &datagram, scratch, &payload));
}

static void test_every_length_of_packet_number(void **state)
{
	struct quic_header header = {.version = QUIC_V1, .dcid = {.len = 8}};
	struct zr_slice payload;
	uint8_t scratch[256];

	for (uint8_t pn_len = 1; pn_len <= 4; pn_len++) {
		/* The least payload whose sample fits (RFC 9001, section 5.4.2), and the reserved bits set. */
		struct quic_bytes pings = {.len = 0}, datagram = {.len = 0};

		quic_put_fill(&pings, 0x01, 4U - pn_len + (pn_len == 4));
		header.pn_len = pn_len;
		header.pn = 0xfedcba98U >> (32 - 8 * pn_len);
		header.clear_bits = 0x0c;
		quic_seal(&datagram, &header, &pings);
		assert_true(open_datagram(*state, &datagram, scratch, &payload));
		assert_int_equal(payload.len, pings.len);
		assert_memory_equal(payload.at, pings.at, pings.len);
	}
}

/* The maker's keys are from OpenSSL's own HKDF. */
static void test_every_length_of_connection_id(void **state)
{
	struct quic_header header = {.version = QUIC_V1, .pn_len = 1};
	struct zr_slice payload;
	uint8_t scratch[256];

	for (uint8_t len = 0; len <= ZR_QUIC_CID_MAX; len++) {
		struct quic_bytes pings = {.len = 0}, datagram = {.len = 0};

		header.dcid.len = len;
		memset(header.dcid.at, 0xe0 + len, len);
		quic_put_fill(&pings, 0x01, 8);
		quic_seal(&datagram, &header, &pings);
		assert_true(open_datagram(*state, &datagram, scratch, &payload));
		assert_memory_equal(payload.at, pings.at, pings.len);
	}
}

static void test_an_empty_payload_does_not_open(void **state)
{
	struct quic_header header = {.version = QUIC_V1, .dcid = {.len = 8}, .pn_len = 4};
	struct quic_bytes nothing = {.len = 0}, datagram = {.len = 0};
	struct zr_slice payload;
	uint8_t scratch[256];

	quic_seal(&datagram, &header, &nothing);
	assert_false(open_datagram(*state, &datagram, scratch, &payload));
}

static unsigned long allocations;

static void *counting_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(len);
}

static void *counting_realloc(void *at, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(at, len);
}

static void counting_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
}

static void test_opening_allocates_nothing(void **state)
{
	struct quic_bytes datagram;
	struct zr_cursor c;
	struct zr_quic_packet packet;
	struct zr_slice payload;
	uint8_t scratch[1200];
	unsigned long before;

	make_appendix_packet(QUIC_V2, &datagram);
	c = zr_cursor_of(datagram.at, datagram.len);
	assert_true(zr_quic_packet_next(&c, &packet));
	before = allocations;
	assert_true(before > 0);
	for (unsigned int i = 0; i < 100; i++) {
		struct zr_quic_keys keys, other_keys;

		assert_int_equal(zr_quic_initial_keys(*state, QUIC_V2, packet.dcid.at, packet.dcid.len, &keys), 0);
		assert_int_equal(zr_quic_initial_keys(*state, QUIC_V1, packet.dcid.at, packet.dcid.len, &other_keys),
				 0);
		assert_true(zr_quic_open(*state, &keys, &packet, scratch, &payload));
		assert_false(zr_quic_open(*state, &other_keys, &packet, scratch, &payload));
	}
	assert_int_equal(allocations, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_of_the_documents),
		cmocka_unit_test(test_keys_are_refused),
		cmocka_unit_test(test_the_maker_makes_the_documents_packets),
		cmocka_unit_test(test_the_documents_packets_open),
		cmocka_unit_test(test_one_changed_bit_does_not_open),
		cmocka_unit_test(test_every_length_of_packet_number),
		cmocka_unit_test(test_every_length_of_connection_id),
		cmocka_unit_test(test_an_empty_payload_does_not_open),
		cmocka_unit_test(test_opening_allocates_nothing),
	};

	/* Before OpenSSL allocates for the first time. */
	if (!CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free))
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
