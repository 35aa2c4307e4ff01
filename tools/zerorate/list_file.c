/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/list.h"

/* First guess of a file's size; it doubles as needed, up to the most that is taken for a list (a device never ends). */
#define FIRST_ROOM ((size_t)1 << 16)
#define MOST_ROOM  ((size_t)1 << 29)

static bool tell(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	return false;
}

/* The rest of a stream, malloc'ed; NULL with errno set. */
static char *read_all(FILE *file, size_t *len)
{
	size_t room = FIRST_ROOM;
	char *text = NULL;

	*len = 0;
	for (;;) {
		char *larger = realloc(text, room);

		if (larger == NULL)
			break;
		text = larger;
		*len += fread(text + *len, 1, room - *len, file);
		if (ferror(file))
			break;
		if (*len < room)
			return text;
		if (room == MOST_ROOM) {
			errno = EFBIG;
			break;
		}
		room *= 2;
	}
	free(text);
	return NULL;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = file != NULL ? read_all(file, len) : NULL;

	if (text == NULL)
		fprintf(stderr, "%s: the list cannot be read: %s; name a list (CSV) that you may read\n", path,
			strerror(errno));
	if (file != NULL)
		fclose(file);
	return text;
}

/* Each finding, and behind them, where the eye is, how many they are. */
static void tell_findings(const char *path, const struct zr_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct zr_finding_at *at = &findings->at[i];

		fprintf(stderr, "%s:%u:%u: %s\n", path, at->line, at->column, at->text);
	}
	if (findings->count > 0)
		fprintf(stderr, "%s: the list is refused: %zu error%s\n", path, findings->count,
			findings->count == 1 ? "" : "s");
}

static bool compile(const char *path, const char *text, size_t text_len, struct zr_list_file *out, size_t *block_len)
{
	struct zr_findings findings = {0};
	struct zr_list *list = NULL;
	int err = zr_list_read(text, text_len, &list, &findings);

	tell_findings(path, &findings);
	zr_findings_clear(&findings);
	if (err == -EINVAL)
		return false;
	if (err == 0)
		err = zr_list_compile(list, &out->block, block_len);
	zr_list_free(list);
	if (err == -E2BIG)
		return tell(path, "the list has more entries than a compiled list can hold: shorten it");
	return err == 0 || tell(path, strerror(-err));
}

bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_file *out)
{
	size_t text_len, block_len;
	const char *reason = "";
	char *text = read_file(path, &text_len);
	bool compiled;
	int err;

	*out = (struct zr_list_file){0};
	if (text == NULL)
		return false;
	compiled = compile(path, text, text_len, out, &block_len);
	free(text);
	if (!compiled)
		return false;
	err = zr_image_load(out->block, block_len, &out->image, &reason);
	if (err == 0)
		err = zr_suffix_index_make(out->image, key, &out->index);
	return err == 0 || tell(path, err == -EINVAL ? reason : strerror(-err));
}

void zr_list_file_close(struct zr_list_file *list)
{
	zr_suffix_index_free(list->index);
	zr_image_free(list->image);
	free(list->block);
}
