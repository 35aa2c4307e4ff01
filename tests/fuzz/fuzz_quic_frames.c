/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The QUIC inspector behind its encryption: the input is a list of packets, each one byte for its header, two for the length
 * of its payload, and the payload in clear, which is protected here.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/quic.h"
#include "dataplane/packet/cursor.h"
#include "tests/support/quic_make.h"

#define POOL_BYTES 49152

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zr_quic_client client;

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	(void)owner;
	client.held = NULL;
}

/* Bits of how: 0 and 1 the version, 2 another id, 3 an id that the server chose, 4 a 0-RTT packet, 5 a token. */
static struct quic_header header_of(uint8_t how)
{
	static const uint32_t known[] = {QUIC_V1, QUIC_V1, QUIC_V2, QUIC_DRAFT_29};
	struct quic_header header = {.version = known[how & 3], .dcid = {.len = 8}, .pn_len = 4};

	header.dcid.at[0] = how & 4;
	if (how & 8) {
		header.keys_from = header.dcid;
		header.dcid.len = 3;
	}
	header.type = how & 16 ? QUIC_0RTT : QUIC_INITIAL;
	header.token.len = how & 32 ? 20 : 0;
	return header;
}

/* One datagram of one packet, or of two when bit 6 says so. False: the input is at its end. */
static bool next_datagram(struct zr_cursor *in, struct quic_bytes *datagram)
{
	uint8_t how;

	datagram->len = 0;
	do {
		struct quic_bytes payload = {.len = 0};
		struct quic_header header;
		size_t len;

		how = zr_cursor_u8(in);
		len = zr_cursor_u16(in) % 1500;
		if (len > zr_cursor_left(in))
			len = zr_cursor_left(in);
		if (len == 0)
			return datagram->len > 0;
		header = header_of(how);
		quic_put(&payload, zr_cursor_take(in, len), len);
		quic_seal(datagram, &header, &payload);
	} while (how & 64 && datagram->len < 2000);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zr_quic_crypto *crypto;
	static _Alignas(64) uint8_t memory[POOL_BYTES + 4096];
	struct zr_cursor in = zr_cursor_of(data, size);
	struct zr_assembly_pool *pool;
	struct quic_bytes datagram;
	enum zr_result result = ZR_MORE;

	if (crypto == NULL)
		crypto = zr_quic_crypto_new();
	if (zr_assembly_pool_memory(POOL_BYTES) > sizeof(memory))
		abort();
	memset(memory, 0, sizeof(memory));
	memset(&client, 0, sizeof(client));
	pool = zr_assembly_pool_init(memory, POOL_BYTES, given_up, NULL);
	while ((result == ZR_MORE || result == ZR_NONE) && next_datagram(&in, &datagram)) {
		uint8_t *scratch = malloc(datagram.len);
		struct zr_hello out;

		result = zr_quic_client_feed(&client, crypto, pool, scratch, datagram.at, datagram.len, &out);
		if (result == ZR_OK && strlen(out.name) != out.name_len)
			abort();
		free(scratch);
	}
	zr_quic_client_stop(&client, pool);
	return 0;
}
