/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/index.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(const struct zr_file *a, const struct zr_file *b)
{
	return a->epoch_us != b->epoch_us ? a->epoch_us < b->epoch_us : a->first < b->first;
}

static void insert(struct zr_index *index, struct zr_file *file)
{
	unsigned int at = index->count++;

	for (; at > 0 && is_before(file, index->files[at - 1]); at--)
		index->files[at] = index->files[at - 1];
	index->files[at] = file;
}

static void take_out(struct zr_index *index, const struct zr_file *file)
{
	unsigned int at = 0;

	while (index->files[at] != file)
		at++;
	index->count--;
	memmove(&index->files[at], &index->files[at + 1], (index->count - at) * sizeof(index->files[0]));
}

struct zr_file *zr_index_add(struct zr_index *index, const struct zr_file *file)
{
	struct zr_file *copy = malloc(sizeof(*copy));

	if (copy != NULL && index->count == index->room) {
		unsigned int room = index->room > 0 ? index->room * 2 : 64;
		struct zr_file **files = reallocarray(index->files, room, sizeof(*files));

		if (files == NULL) {
			free(copy);
			return NULL;
		}
		index->files = files;
		index->room = room;
	}
	if (copy != NULL) {
		*copy = *file;
		insert(index, copy);
	}
	return copy;
}

void zr_index_remove(struct zr_index *index, struct zr_file *file)
{
	take_out(index, file);
	free(file);
}

void zr_index_free(struct zr_index *index)
{
	for (unsigned int i = 0; i < index->count; i++)
		free(index->files[i]);
	free(index->files);
}

void zr_index_move(struct zr_index *index, struct zr_file *file)
{
	take_out(index, file);
	insert(index, file);
}

struct zr_file *zr_index_find(const struct zr_index *index, uint64_t epoch_us, uint64_t seq, uint64_t *last)
{
	struct zr_file *found = NULL;

	for (unsigned int i = 0; i < index->count; i++) {
		struct zr_file *file = index->files[i];

		if (file->epoch_us != epoch_us || file->last < file->first)
			continue;
		if (found != NULL && file->first <= *last)
			*last = file->first - 1;
		if (found != NULL && *last > seq)
			return found;
		found = file;
		*last = file->last;
	}
	return found != NULL && *last > seq ? found : NULL;
}

struct zr_file *zr_index_named(const struct zr_index *index, const char *name)
{
	for (unsigned int i = 0; i < index->count; i++) {
		if (strcmp(index->files[i]->name, name) == 0)
			return index->files[i];
	}
	return NULL;
}

struct zr_file *zr_index_newest(const struct zr_index *index, uint64_t epoch_us)
{
	struct zr_file *newest = NULL;

	for (unsigned int i = 0; i < index->count; i++) {
		if (index->files[i]->epoch_us == epoch_us)
			newest = index->files[i];
	}
	return newest;
}
