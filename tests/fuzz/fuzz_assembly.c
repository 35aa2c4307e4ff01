/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly against a byte-wise model: the input is a list of pieces and takes for a few owners in a pool that is too small
 * for all of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/assembly.h"
#include "dataplane/inspect/inspect.h"
#include "dataplane/packet/cursor.h"

#define OWNERS     3
#define POOL_BYTES 49152 /* one large buffer, and small ones */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct model {
	uint8_t data[ZR_HELLO_MAX];
	bool there[ZR_HELLO_MAX], conflict[ZR_HELLO_MAX];
};

static struct zr_assembly *held[OWNERS];
static struct model models[OWNERS];

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void given_up(void *arg, uint32_t owner)
{
	(void)arg;
	need(held[owner] != NULL);
	held[owner] = NULL;
}

static void model_add(struct model *m, uint32_t offset, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = offset; i < offset + len && i < ZR_HELLO_MAX; i++) {
		if (m->there[i])
			m->conflict[i] |= m->data[i] != data[i - offset];
		else
			m->data[i] = data[i - offset];
		m->there[i] = true;
	}
}

/* A conflict on both sides of n: the rest counts as in conflict from its start. */
static void model_consume(struct model *m, uint32_t n)
{
	bool before = memchr(m->conflict, true, n) != NULL;
	bool behind = memchr(m->conflict + n, true, ZR_HELLO_MAX - n) != NULL;

	memmove(m->data, m->data + n, ZR_HELLO_MAX - n);
	memmove(m->there, m->there + n, ZR_HELLO_MAX - n);
	memmove(m->conflict, m->conflict + n, ZR_HELLO_MAX - n);
	memset(m->there + ZR_HELLO_MAX - n, 0, n);
	memset(m->conflict + ZR_HELLO_MAX - n, 0, n);
	m->conflict[0] |= before && behind;
}

static void compare(const struct zr_assembly *a, const struct model *m)
{
	uint32_t len, want = 0, conflict = 0;
	const uint8_t *bytes = zr_assembly_bytes(a, &len);

	while (want < ZR_HELLO_MAX && m->there[want])
		want++;
	while (conflict < ZR_HELLO_MAX && !m->conflict[conflict])
		conflict++;
	need(len == want && memcmp(bytes, m->data, len) == 0);
	need(!zr_assembly_conflict(a, conflict));
	need(zr_assembly_conflict(a, conflict + 1) == (conflict < ZR_HELLO_MAX));
}

static void add(struct zr_assembly_pool *pool, unsigned int owner, struct zr_cursor *in)
{
	uint32_t offset = zr_cursor_u16(in);
	uint32_t len = zr_cursor_u16(in) % 2048;
	const uint8_t *data = zr_cursor_take(in, len);
	int result;

	if (data == NULL)
		return;
	result = zr_assembly_add(pool, &held[owner], offset, data, len);
	need(result == (offset >= ZR_HELLO_MAX || offset + len > ZR_HELLO_MAX ? -EFBIG : 0));
	model_add(&models[owner], offset, data, len);
}

static void step(struct zr_assembly_pool *pool, struct zr_cursor *in)
{
	uint8_t op = zr_cursor_u8(in);
	unsigned int owner = op >> 4 & 3;

	if (owner == OWNERS)
		return;
	if (held[owner] == NULL) {
		held[owner] = zr_assembly_get(pool, owner);
		memset(&models[owner], 0, sizeof(models[owner]));
	}
	need(held[owner] != NULL);
	if ((op & 7) == 0) {
		zr_assembly_put(pool, held[owner]);
		held[owner] = NULL;
		return;
	}
	if ((op & 7) == 1) {
		uint32_t len;

		zr_assembly_bytes(held[owner], &len);
		len = len > 0 ? zr_cursor_u16(in) % (len + 1) : 0;
		zr_assembly_consume(held[owner], len);
		model_consume(&models[owner], len);
	} else {
		add(pool, owner, in);
	}
	compare(held[owner], &models[owner]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_cursor in = zr_cursor_of(data, size);
	size_t room = (zr_assembly_pool_memory(POOL_BYTES) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, room);
	struct zr_assembly_pool *pool;

	need(memory != NULL);
	memset(memory, 0, room);
	memset(held, 0, sizeof(held));
	pool = zr_assembly_pool_init(memory, POOL_BYTES, given_up, NULL);
	while (zr_cursor_left(&in) > 0)
		step(pool, &in);
	free(memory);
	return 0;
}
