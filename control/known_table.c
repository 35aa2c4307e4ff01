/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/known_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of room, at the begin: what is learned while rows are copied fits as a rule. */
#define SPARE_ROWS  4096
#define NAME_LIKELY 32

void zr_known_copy_begin(struct zr_known_copy *copy, struct zr_known *known)
{
	struct zr_known_status status;

	zr_known_walk(known, ZR_KNOWN_TABLE);
	zr_known_status(known, &status);
	copy->row_room = (size_t)(status.rows + status.others) + SPARE_ROWS;
	copy->text_room = ((size_t)status.rows + SPARE_ROWS) * NAME_LIKELY;
	/* Pages are taken when they are written; more room is had by moving them. */
	copy->rows = malloc(copy->row_room * sizeof(*copy->rows));
	copy->texts = malloc(copy->text_room);
	copy->failed = copy->rows == NULL || copy->texts == NULL;
}

/* Room for one more, or NULL. */
static void *grown(void *at, size_t *room, size_t needed, size_t each)
{
	size_t more = *room + *room / 2;
	void *grown = at;

	if (needed > *room) {
		grown = realloc(at, more * each);
		if (grown != NULL)
			*room = more;
	}
	return grown;
}

static bool make_room(struct zr_known_copy *copy, size_t len)
{
	struct zr_learned_row *rows = grown(copy->rows, &copy->row_room, copy->count + 1, sizeof(*copy->rows));
	char *texts = grown(copy->texts, &copy->text_room, copy->text_bytes + len, 1);

	copy->rows = rows != NULL ? rows : copy->rows;
	copy->texts = texts != NULL ? texts : copy->texts;
	return rows != NULL && texts != NULL;
}

static void take(void *arg, const struct zr_known_row *row)
{
	struct zr_known_copy *copy = arg;
	size_t len = strlen(row->name);
	struct zr_learned_row *out;

	if (copy->failed || !make_room(copy, len)) {
		copy->failed = true;
		return;
	}
	out = &copy->rows[copy->count++];
	*out = (struct zr_learned_row){
		.family = row->family, .domain = row->domain, .name_len = (uint8_t)len, .until_s = row->until_s};
	memcpy(out->addr, row->address.b, row->family == 4 ? 4 : 16);
	memcpy(copy->texts + copy->text_bytes, row->name, len);
	copy->text_bytes += len;
}

bool zr_known_copy_step(struct zr_known_copy *copy, struct zr_known *known, int64_t now_s, unsigned int rows)
{
	return zr_known_step(known, ZR_KNOWN_TABLE, now_s, rows, take, copy);
}

int zr_known_copy_end(struct zr_known_copy *copy, struct zr_learned_table **out)
{
	int err = copy->failed ? -ENOMEM : 0;
	const char *text = copy->texts;

	for (size_t i = 0; err == 0 && i < copy->count; i++) {
		copy->rows[i].name = text;
		text += copy->rows[i].name_len;
	}
	if (err == 0)
		err = zr_learned_make(copy->rows, copy->count, out);
	zr_known_copy_clear(copy);
	return err;
}

void zr_known_copy_clear(struct zr_known_copy *copy)
{
	free(copy->rows);
	free(copy->texts);
	*copy = (struct zr_known_copy){0};
}
