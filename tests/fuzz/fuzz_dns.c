/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS from bytes to learned addresses. The input is a list of messages, each behind one byte that says how it comes and its
 * length in two bytes: as a datagram or as a segment of a stream, from one side or the other, a while after the one before.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/dns_learn.h"
#include "dataplane/inspect/dns_stream.h"

#define POOL_BYTES 49152
#define QUERIES    4

/* Bits of how a message comes. */
enum { UP = 1, STREAM = 2, AHEAD = 4, LATER = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All there is of one input. */
static struct scene {
	struct zr_dns_learner learner;
	struct zr_dns_stream streams[2];
	uint32_t seqs[2];
	struct zr_packet packet;
	uint64_t us;
} scene;

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void need_name(const struct zr_dns_name *name)
{
	char again[ZR_NAME_MAX + 1];

	need(name->len > 0 && strlen(name->text) == name->len);
	need(zr_name_canonical((const uint8_t *)name->text, name->len, again) == name->len);
	need(strcmp(again, name->text) == 0);
}

static void on_learned(void *arg, const struct zr_dns_learned *learned)
{
	const struct zr_dns_address *address = learned->address;

	(void)arg;
	need(learned->packet == &scene.packet && learned->time_us == scene.us);
	need(address->chain_count <= ZR_DNS_CHAIN_MAX && address->ttl_s <= INT32_MAX);
	need(address->family == 4 || address->family == 6);
	need_name(address->name);
	for (unsigned int i = 0; i < address->chain_count; i++)
		need_name(address->chain[i]);
}

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	zr_dns_stream_lost(&scene.streams[owner]);
}

static void on_message(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	zr_dns_learn(&scene.learner, &scene.packet, data, len, scene.us);
}

static void take(struct zr_assembly_pool *pool, unsigned int how, const uint8_t *data, size_t len)
{
	bool up = (how & UP) != 0;
	uint32_t *seq = &scene.seqs[up];
	uint8_t *copy = malloc(len > 0 ? len : 1);

	need(copy != NULL);
	memcpy(copy, data, len);
	scene.us += (how & LATER) != 0 ? ZR_DNS_MATCH_US / 2 : 1;
	scene.packet = (struct zr_packet){.family = 4, .proto = (how & STREAM) != 0 ? ZR_PROTO_TCP : ZR_PROTO_UDP};
	scene.packet.src.b[0] = up ? 1 : 2;
	scene.packet.dst.b[0] = up ? 2 : 1;
	if ((how & STREAM) == 0) {
		on_message(NULL, copy, len);
	} else {
		/* Ahead of what follows: the next segment comes before this one. */
		uint32_t at = *seq + ((how & AHEAD) != 0 ? how >> 4 : 0);

		zr_dns_stream_feed(&scene.streams[up], pool, at, copy, (uint32_t)len, on_message, NULL);
		*seq += (how & AHEAD) != 0 ? 0 : (uint32_t)len;
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(64) uint8_t pool_memory[POOL_BYTES + 4096], match_memory[4096];
	static const uint64_t key[2] = {1, 2};
	struct zr_cursor in = zr_cursor_of(data, size);
	struct zr_assembly_stats stats;
	struct zr_assembly_pool *pool;

	need(zr_assembly_pool_memory(POOL_BYTES) <= sizeof(pool_memory));
	need(zr_dns_match_memory(QUERIES) <= sizeof(match_memory));
	memset(pool_memory, 0, sizeof(pool_memory));
	memset(match_memory, 0, sizeof(match_memory));
	memset(&scene, 0, sizeof(scene));
	pool = zr_assembly_pool_init(pool_memory, POOL_BYTES, given_up, NULL);
	scene.learner.asked = zr_dns_match_init(match_memory, QUERIES, key);
	scene.learner.learned = on_learned;
	for (uint32_t i = 0; i < 2; i++)
		zr_dns_stream_start(&scene.streams[i], i, 0, i == 0);
	while (zr_cursor_left(&in) > 3) {
		unsigned int how = zr_cursor_u8(&in);
		size_t len = zr_cursor_u16(&in);

		if (len > zr_cursor_left(&in))
			len = zr_cursor_left(&in);
		take(pool, how, zr_cursor_take(&in, len), len);
	}
	for (unsigned int i = 0; i < 2; i++)
		zr_dns_stream_stop(&scene.streams[i], pool);
	zr_assembly_pool_stats(pool, &stats);
	need(stats.in_use == 0);
	return 0;
}
