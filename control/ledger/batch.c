/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/batch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* A record: its hash, then for each member its kind and its number, or the length of its text and the text. */

int zr_batch_init(struct zr_batch *batch)
{
	void *memory = mmap(NULL, ZR_BATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);

	memset(batch, 0, sizeof(*batch));
	if (memory == MAP_FAILED)
		return -ENOMEM;
	batch->bytes = memory;
	return 0;
}

void zr_batch_free(struct zr_batch *batch)
{
	if (batch->bytes != NULL)
		munmap(batch->bytes, ZR_BATCH_BYTES);
}

void zr_batch_clear(struct zr_batch *batch)
{
	batch->used = 0;
	batch->count = batch->first = batch->last = 0;
}

static size_t len_of(const struct zr_record *record)
{
	size_t len = sizeof(uint64_t);

	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		const struct zr_value *value = &record->members[i];

		len += 1;
		if (value->kind == ZR_VALUE_NUMBER)
			len += sizeof(value->number);
		else if (value->kind == ZR_VALUE_TEXT)
			len += sizeof(value->len) + value->len;
	}
	return len;
}

static char *put(char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

bool zr_batch_add(struct zr_batch *batch, uint64_t seq, const struct zr_record *record, uint64_t hash)
{
	char *at = batch->bytes + batch->used;

	if (batch->count >= ZR_BATCH_RECORDS || len_of(record) > ZR_BATCH_BYTES - batch->used)
		return false;
	at = put(at, &hash, sizeof(hash));
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		const struct zr_value *value = &record->members[i];

		*at++ = (char)value->kind;
		if (value->kind == ZR_VALUE_NUMBER) {
			at = put(at, &value->number, sizeof(value->number));
		} else if (value->kind == ZR_VALUE_TEXT) {
			at = put(at, &value->len, sizeof(value->len));
			at = put(at, value->text, value->len);
		}
	}
	batch->used = (size_t)(at - batch->bytes);
	if (batch->count++ == 0)
		batch->first = seq;
	batch->last = seq;
	return true;
}

static const char *get(const char *at, void *out, size_t len)
{
	memcpy(out, at, len);
	return at + len;
}

size_t zr_batch_get(const struct zr_batch *batch, size_t from, struct zr_record *out, uint64_t *hash)
{
	const char *at = get(batch->bytes + from, hash, sizeof(*hash));

	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		struct zr_value *value = &out->members[i];

		value->kind = (uint8_t)*at++;
		if (value->kind == ZR_VALUE_NUMBER) {
			at = get(at, &value->number, sizeof(value->number));
		} else if (value->kind == ZR_VALUE_TEXT) {
			at = get(at, &value->len, sizeof(value->len));
			value->text = at;
			at += value->len;
		}
	}
	return (size_t)(at - batch->bytes);
}
