/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/file.h"

/* Larger files are refused before they fill memory: a million entries take a tenth of it. */
#define LIST_MAX_BYTES (512U << 20)

/* Note what is wrong with the file as a whole, in one finding. Returns err. */
static int refuse(struct zr_list_loaded *out, int err, const char *what, const char *why)
{
	struct zr_finding_at *at = malloc(sizeof(*at));

	if (at == NULL)
		return -ENOMEM;
	*at = (struct zr_finding_at){0};
	if (asprintf(&at->text, "%s%s", what, why) < 0) {
		free(at);
		return -ENOMEM;
	}
	zr_findings_clear(&out->findings);
	out->findings = (struct zr_findings){.at = at, .count = 1, .room = 1};
	return err;
}

static int compile(const char *text, size_t text_len, struct zr_list_loaded *out, size_t *block_len)
{
	struct zr_list *list = NULL;
	int err = zr_list_read(text, text_len, &list, &out->findings);

	if (err != 0)
		return err;
	err = zr_list_compile(list, &out->block, block_len);
	zr_list_free(list);
	if (err == -E2BIG)
		return refuse(out, err, "it has more entries than a compiled list can hold: shorten it", "");
	return err;
}

int zr_list_load(const char *path, const uint64_t key[2], struct zr_list_loaded *out)
{
	size_t text_len = 0, block_len = 0;
	const char *reason = "";
	char *text;
	int err;

	*out = (struct zr_list_loaded){0};
	err = zr_file_read(path, LIST_MAX_BYTES, &text, &text_len);
	if (err != 0)
		return refuse(out, err, "the list cannot be read: ", zr_file_error(err));
	err = compile(text, text_len, out, &block_len);
	free(text);
	if (err != 0)
		goto out;
	err = zr_image_load(out->block, block_len, &out->image, &reason);
	if (err == -EINVAL)
		return refuse(out, err, "what it was compiled to is not sound: ", reason);
	if (err == 0)
		err = zr_suffix_index_make(out->image, key, &out->index);
out:
	if (err != 0 && out->findings.count == 0)
		return refuse(out, err, "the list cannot be loaded: ", strerror(-err));
	return err;
}

void zr_list_loaded_clear(struct zr_list_loaded *list)
{
	zr_suffix_index_free(list->index);
	zr_image_free(list->image);
	free(list->block);
	zr_findings_clear(&list->findings);
	*list = (struct zr_list_loaded){0};
}

void zr_list_finding_format(const char *path, const struct zr_finding_at *finding, char *out, size_t room)
{
	if (finding->line == 0)
		snprintf(out, room, "%s: %s", path, finding->text);
	else
		snprintf(out, room, "%s:%u:%u: %s", path, finding->line, finding->column, finding->text);
}
