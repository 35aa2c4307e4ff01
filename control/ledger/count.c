/* SPDX-License-Identifier: BSD-3-Clause */
/* How much there is: room for records to come, and numbers that are kept. The control thread's side. */
#include <limits.h>

#include "control/ledger/ledger.h"
#include "control/ledger/state.h"

/* Most that a record takes in a batch: its hash, each member's kind and length or number, and texts no longer than as JSON. */
#define RECORD_MAX (sizeof(uint64_t) + (size_t)ZR_MEMBER_COUNT * (1 + sizeof(uint64_t)) + ZR_RECORD_JSON_MAX)

static unsigned int room_of(const struct zr_batch *batch)
{
	size_t bytes = (ZR_BATCH_BYTES - batch->used) / RECORD_MAX;
	uint64_t records = ZR_BATCH_RECORDS - batch->count;

	return (unsigned int)(bytes < records ? bytes : records);
}

unsigned int zr_ledger_room(struct zr_ledger *l)
{
	static const struct zr_batch empty;
	bool is_free;

	pthread_mutex_lock(&l->lock);
	is_free = l->handed == NULL;
	pthread_mutex_unlock(&l->lock);
	return room_of(l->filling) + (is_free ? room_of(&empty) : 0);
}

/* How many numbers of a file lie behind a position. Where the next file of the epoch begins it ends. Under the lock. */
static uint64_t behind(const struct zr_index *index, unsigned int i, struct zr_position after)
{
	const struct zr_file *file = index->files[i];
	const struct zr_file *next = i + 1 < index->count ? index->files[i + 1] : NULL;
	uint64_t first = file->first, last = file->last;

	if (next != NULL && next->epoch_us == file->epoch_us && next->last >= next->first && next->first <= last)
		last = next->first - 1;
	if (file->epoch_us < after.epoch_us)
		return 0;
	if (file->epoch_us == after.epoch_us && first <= after.seq)
		first = after.seq + 1;
	return last >= first ? last - first + 1 : 0;
}

uint64_t zr_ledger_behind(struct zr_ledger *l, struct zr_position after)
{
	uint64_t count = 0;

	pthread_mutex_lock(&l->lock);
	for (unsigned int i = 0; i < l->index.count; i++)
		count += behind(&l->index, i, after);
	pthread_mutex_unlock(&l->lock);
	return count;
}

struct zr_position zr_ledger_back(struct zr_ledger *l, uint64_t records)
{
	struct zr_position position = {l->epoch_us, atomic_load(&l->committed)};

	pthread_mutex_lock(&l->lock);
	for (unsigned int i = l->index.count; i > 0 && records > 0; i--) {
		const struct zr_file *file = l->index.files[i - 1];
		uint64_t count = behind(&l->index, i - 1, (struct zr_position){0});

		if (count == 0)
			continue;
		position.epoch_us = file->epoch_us;
		position.seq = file->first - 1 + (count > records ? count - records : 0);
		records -= count < records ? count : records;
	}
	pthread_mutex_unlock(&l->lock);
	return position;
}
