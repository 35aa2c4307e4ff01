/* SPDX-License-Identifier: BSD-3-Clause */
/* The DTLS inspector on raw datagrams: the input is a list of them, each behind its length in two bytes. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/dtls.h"
#include "dataplane/packet/cursor.h"

#define POOL_BYTES 49152

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zr_dtls_client client;

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	(void)owner;
	client.held = NULL;
}

static void need(bool ok)
{
	if (!ok)
		abort();
}

static enum zr_result feed(struct zr_assembly_pool *pool, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);
	char again[ZR_NAME_MAX + 1];
	enum zr_result result;
	struct zr_hello out;
	bool begins;

	need(copy != NULL);
	memcpy(copy, data, len);
	begins = zr_dtls_begins(copy, len);
	result = zr_dtls_client_feed(&client, pool, copy, len, &out);
	need(begins || result == ZR_NONE);
	if (result == ZR_OK) {
		need(strlen(out.name) == out.name_len);
		need(out.name_len == 0 ||
		     zr_name_canonical((const uint8_t *)out.name, out.name_len, again) == out.name_len);
		need(out.source == ZR_SOURCE_DTLS_SNI);
	}
	free(copy);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(64) uint8_t memory[POOL_BYTES + 4096];
	struct zr_cursor in = zr_cursor_of(data, size);
	enum zr_result result = ZR_MORE;
	struct zr_assembly_stats stats;
	struct zr_assembly_pool *pool;

	need(zr_assembly_pool_memory(POOL_BYTES) <= sizeof(memory));
	memset(memory, 0, sizeof(memory));
	memset(&client, 0, sizeof(client));
	pool = zr_assembly_pool_init(memory, POOL_BYTES, given_up, NULL);
	while (zr_cursor_left(&in) > 2 && (result == ZR_MORE || result == ZR_NONE)) {
		size_t len = zr_cursor_u16(&in);

		if (len > zr_cursor_left(&in))
			len = zr_cursor_left(&in);
		if (len > 0)
			result = feed(pool, zr_cursor_take(&in, len), len);
	}
	zr_dtls_client_stop(&client, pool);
	zr_assembly_pool_stats(pool, &stats);
	need(stats.in_use == 0);
	return 0;
}
