/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image_format.h"
#include "tools/zerorate/whole_file.h"

/* A path and a finding. */
#define TEXT_ROOM 16384

char *zr_list_file_read(const char *path, size_t *len)
{
	char reason[ZR_WHOLE_FILE_REASON];
	char *text = zr_whole_file_read(path, ZR_LIST_BYTES_MAX, len, reason);

	if (text == NULL)
		fprintf(stderr, "%s: the list cannot be read: %s; name a list (CSV) that you may read\n", path, reason);
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
	if (findings->more > 0)
		fprintf(stderr, "%s: the list is refused: %zu errors, of which these are %zu\n", path,
			findings->count + findings->more, findings->count);
	else if (findings->count > 0 && findings->at[0].line > 0)
		fprintf(stderr, "%s: the list is refused: %zu error%s\n", path, findings->count,
			findings->count == 1 ? "" : "s");
}

bool zr_list_file_build(const char *path, const char *text, size_t len, const uint64_t key[2],
			struct zr_list_loaded *out)
{
	bool built = zr_list_build(text, len, key, out) == 0;

	tell_findings(path, &out->findings);
	return built;
}

bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out)
{
	size_t len;
	char *text = zr_list_file_read(path, &len);
	bool built;

	*out = (struct zr_list_loaded){0};
	if (text == NULL)
		return false;
	built = zr_list_file_build(path, text, len, key, out);
	free(text);
	return built;
}

bool zr_list_or_image_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out)
{
	size_t len, magic_len = strlen(ZR_IMAGE_MAGIC);
	const char *reason = NULL;
	char *text = zr_list_file_read(path, &len);
	bool opened;
	int err;

	*out = (struct zr_list_loaded){0};
	if (text == NULL)
		return false;
	if (len < magic_len || memcmp(text, ZR_IMAGE_MAGIC, magic_len) != 0) {
		opened = zr_list_file_build(path, text, len, key, out);
		free(text);
		return opened;
	}
	out->block = text;
	err = zr_image_load(text, len, &out->image, &reason);
	if (err != 0)
		fprintf(stderr, "%s: the compiled list is refused: %s; compile it again\n", path,
			err == -EINVAL ? reason : strerror(-err));
	return err == 0;
}
