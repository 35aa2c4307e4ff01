/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/list_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int zr_list_refuse(struct zr_list_loaded *out, int err, const char *what, const char *why)
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
		return zr_list_refuse(out, err, "it has more entries than a compiled list can hold: shorten it", "");
	return err;
}

int zr_list_build(const char *text, size_t len, const uint64_t key[2], struct zr_list_loaded *out)
{
	const char *reason = "";
	size_t block_len = 0;
	int err;

	*out = (struct zr_list_loaded){0};
	err = compile(text, len, out, &block_len);
	if (err == 0)
		err = zr_image_load(out->block, block_len, &out->image, &reason);
	if (err == -EINVAL && out->block != NULL)
		return zr_list_refuse(out, err, "what it was compiled to is not sound: ", reason);
	if (err == 0)
		err = zr_suffix_index_make(out->image, key, &out->index);
	if (err != 0 && out->findings.count == 0)
		return zr_list_refuse(out, err, "the list cannot be loaded: ", strerror(-err));
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
