/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client's segments. The first byte chooses: a script of segments anywhere, or one stream that is fed whole, cut in two, and
 * in two pieces in the wrong order, which must all tell the same.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/tcp_client.h"

#define POOL_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

struct run {
	struct zr_tcp_client c;
	struct zr_assembly_pool *pool;
	uint64_t names; /* a hash of what was told, in order */
	unsigned int count;
	bool spoof;
};

static uint8_t scratch[ZR_HELLO_MAX];

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	(void)owner;
	abort(); /* one client cannot need the buffer of another */
}

static void begin(struct run *run, void *memory, uint32_t seq, bool anchored)
{
	memset(memory, 0, zr_assembly_pool_memory(POOL_BYTES));
	*run = (struct run){.pool = zr_assembly_pool_init(memory, POOL_BYTES, given_up, NULL)};
	zr_tcp_client_start(&run->c, 1, seq, anchored);
}

static void found(void *arg, const struct zr_hello *hello)
{
	struct run *run = arg;

	require(strlen(hello->name) == hello->name_len);
	require(hello->name_len == 0 || !hello->malformed_name);
	for (size_t i = 0; i <= hello->name_len; i++)
		run->names = (run->names ^ (uint8_t)hello->name[i]) * UINT64_C(0x100000001b3);
	run->count++;
	run->spoof |= hello->spoof;
}

static void feed(struct run *run, uint32_t seq, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	bool was_done = run->c.state == ZR_TCP_DONE;
	unsigned int count = run->count;
	struct zr_assembly_stats stats;
	enum zr_feed result;

	require(copy != NULL);
	memcpy(copy + 1, data, len);
	result = zr_tcp_client_feed(&run->c, run->pool, scratch, seq, copy + 1, (uint32_t)len, found, run);
	free(copy);
	zr_assembly_pool_stats(run->pool, &stats);
	require(stats.in_use == (run->c.held != NULL));
	require((result == ZR_FEED_DONE || result == ZR_FEED_LIMIT) == (run->c.state == ZR_TCP_DONE));
	require((result == ZR_FEED_PARTIAL) == (run->c.held != NULL));
	if (was_done)
		require(result == ZR_FEED_DONE && run->count == count);
}

static void end(struct run *run)
{
	struct zr_assembly_stats stats;

	zr_tcp_client_stop(&run->c, run->pool);
	zr_assembly_pool_stats(run->pool, &stats);
	require(stats.in_use == 0);
}

/* Segments: two bytes of offset from the previous one's end (signed), one of length, then the bytes. */
static void run_script(void *memory, const uint8_t *data, size_t size, bool anchored)
{
	struct run run;
	uint32_t seq = 0xfffff000;

	begin(&run, memory, seq, anchored);
	while (size >= 3) {
		int16_t step = (int16_t)(data[0] << 8 | data[1]);
		size_t len = data[2] < size - 3 ? data[2] : size - 3;

		seq += (uint32_t)(int32_t)step;
		feed(&run, seq, data + 3, len);
		seq += (uint32_t)len;
		data += 3 + len;
		size -= 3 + len;
	}
	end(&run);
}

static void run_cuts(void *memory, const uint8_t *data, size_t size, size_t cut)
{
	struct run whole, other;
	uint32_t body_end;
	uint8_t state;

	begin(&whole, memory, 0, true);
	feed(&whole, 0, data, size);
	state = whole.c.state;
	body_end = whole.c.next_seq + (uint32_t)whole.c.body_left;
	end(&whole);
	/* behind bytes that say nothing, where segments begin matters */
	if (state == ZR_TCP_OPAQUE)
		return;
	for (int swapped = 0; swapped < 1 + (size <= ZR_HELLO_MAX); swapped++) {
		begin(&other, memory, 0, true);
		if (swapped)
			feed(&other, (uint32_t)cut, data + cut, size - cut);
		feed(&other, 0, data, cut);
		if (!swapped)
			feed(&other, (uint32_t)cut, data + cut, size - cut);
		require(other.names == whole.names && other.count == whole.count && !other.spoof);
		/* What is no request and comes in pieces may be held until its line ends; empty lines before a head, with it. */
		if (other.c.state != state)
			require(state == ZR_TCP_DONE && other.c.held != NULL);
		else if (state != ZR_TCP_DONE && state != ZR_TCP_HEAD)
			require(other.c.next_seq + (uint32_t)other.c.body_left == body_end);
		end(&other);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(64) uint8_t memory[POOL_BYTES + 4096];

	require(zr_assembly_pool_memory(POOL_BYTES) <= sizeof(memory));
	if (size < 3)
		return 0;
	if (data[0] >= 2)
		run_cuts(memory, data + 3, size - 3, (size_t)(data[1] << 8 | data[2]) % (size - 2));
	else
		run_script(memory, data + 1, size - 1, data[0] == 1);
	return 0;
}
