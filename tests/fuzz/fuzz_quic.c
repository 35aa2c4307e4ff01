/* SPDX-License-Identifier: BSD-3-Clause */
/* The QUIC inspector on raw datagrams: the input is a list of them, each behind its length in two bytes. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/quic.h"
#include "dataplane/packet/cursor.h"

#define POOL_BYTES 49152

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zr_quic_client client;

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	(void)owner;
	client.held = NULL;
}

static enum zr_result feed(struct zr_quic_crypto *crypto, struct zr_assembly_pool *pool, const uint8_t *data,
			   size_t len)
{
	uint8_t *copy = malloc(len), *scratch = malloc(len);
	struct zr_slice dcid;
	struct zr_hello out;
	enum zr_result result;

	memcpy(copy, data, len);
	if (zr_quic_begins(crypto, NULL, scratch, copy, len) && !zr_quic_is_initial(copy, len, &dcid))
		abort();
	result = zr_quic_client_feed(&client, crypto, pool, scratch, copy, len, &out);
	if (result == ZR_OK && strlen(out.name) != out.name_len)
		abort();
	free(copy);
	free(scratch);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zr_quic_crypto *crypto;
	static _Alignas(64) uint8_t memory[POOL_BYTES + 4096];
	struct zr_cursor in = zr_cursor_of(data, size);
	struct zr_assembly_pool *pool;
	enum zr_result result = ZR_MORE;

	if (crypto == NULL)
		crypto = zr_quic_crypto_new();
	if (zr_assembly_pool_memory(POOL_BYTES) > sizeof(memory))
		abort();
	memset(memory, 0, sizeof(memory));
	memset(&client, 0, sizeof(client));
	pool = zr_assembly_pool_init(memory, POOL_BYTES, given_up, NULL);
	while (zr_cursor_left(&in) > 2 && (result == ZR_MORE || result == ZR_NONE)) {
		size_t len = zr_cursor_u16(&in);

		if (len > zr_cursor_left(&in))
			len = zr_cursor_left(&in);
		if (len > 0)
			result = feed(crypto, pool, zr_cursor_take(&in, len), len);
	}
	zr_quic_client_stop(&client, pool);
	return 0;
}
