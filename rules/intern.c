/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/hash.h"

/* len 0: free. */
struct zr_list_intern_slot {
	uint64_t hash;
	uint32_t offset, len;
};

static int grow_slots(struct zr_list_intern *intern)
{
	size_t count = intern->slot_count == 0 ? 64 : intern->slot_count * 2;
	struct zr_list_intern_slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < intern->slot_count; i++) {
		size_t at = intern->slots[i].hash & (count - 1);

		if (intern->slots[i].len == 0)
			continue;
		while (slots[at].len != 0)
			at = (at + 1) & (count - 1);
		slots[at] = intern->slots[i];
	}
	free(intern->slots);
	intern->slots = slots;
	intern->slot_count = count;
	return 0;
}

static int append(struct zr_list_intern *intern, const void *bytes, size_t len)
{
	if (len > UINT32_MAX - intern->len)
		return -E2BIG;
	if (len > intern->room - intern->len) {
		size_t room = (intern->len + len) * 2;
		char *grown = realloc(intern->bytes, room);

		if (grown == NULL)
			return -ENOMEM;
		intern->bytes = grown;
		intern->room = room;
	}
	memcpy(intern->bytes + intern->len, bytes, len);
	intern->len += len;
	return 0;
}

int zr_list_intern_add(struct zr_list_intern *intern, const void *bytes, size_t len, uint32_t *offset)
{
	uint64_t hash = zr_hash_bytes(bytes, len);
	struct zr_list_intern_slot *slot;
	size_t at;
	int error;

	if (intern->used >= intern->slot_count / 2 && (error = grow_slots(intern)) != 0)
		return error;
	for (at = hash & (intern->slot_count - 1);; at = (at + 1) & (intern->slot_count - 1)) {
		slot = &intern->slots[at];
		if (slot->len == 0)
			break;
		if (slot->hash == hash && slot->len == len && memcmp(intern->bytes + slot->offset, bytes, len) == 0) {
			*offset = slot->offset;
			return 0;
		}
	}
	*offset = (uint32_t)intern->len;
	error = append(intern, bytes, len);
	if (error != 0)
		return error;
	*slot = (struct zr_list_intern_slot){.hash = hash, .offset = *offset, .len = (uint32_t)len};
	intern->used++;
	return 0;
}

void zr_list_intern_clear(struct zr_list_intern *intern)
{
	free(intern->bytes);
	free(intern->slots);
	*intern = (struct zr_list_intern){0};
}
