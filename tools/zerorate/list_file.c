/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First guess of a file's size; it doubles as needed, up to the most that is taken for a list (a device never ends). */
#define FIRST_ROOM ((size_t)1 << 16)
#define MOST_ROOM  ((size_t)1 << 29)

/* A path and a finding. */
#define TEXT_ROOM 16384

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

/* Each finding, and behind them, where the eye is, how many errors the list has. */
static void tell_findings(const char *path, const struct zr_findings *findings)
{
	char text[TEXT_ROOM];

	for (size_t i = 0; i < findings->count; i++) {
		zr_list_finding_format(path, &findings->at[i], text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	if (findings->count > 0 && findings->at[0].line > 0)
		fprintf(stderr, "%s: the list is refused: %zu error%s\n", path, findings->count,
			findings->count == 1 ? "" : "s");
}

bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out)
{
	size_t len;
	char *text = read_file(path, &len);
	bool built;

	*out = (struct zr_list_loaded){0};
	if (text == NULL)
		return false;
	built = zr_list_build(text, len, key, out) == 0;
	free(text);
	tell_findings(path, &out->findings);
	return built;
}
