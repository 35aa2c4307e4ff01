/* SPDX-License-Identifier: BSD-3-Clause */
/* From a list's text to what judges by it: read, compiled, loaded and indexed. */
#ifndef RULES_LIST_BUILD_H
#define RULES_LIST_BUILD_H

#include "rules/image.h"
#include "rules/list.h"

struct zr_list_loaded {
	void *block;
	struct zr_image *image;
	struct zr_suffix_index *index;
	struct zr_findings findings; /* why there is none; line 0: of the whole file */
};

/*
 * Read, compile, load and index a list; key: the seed of the pipelines that are to judge by it. Returns 0 or -errno, with all
 * that is wrong in out->findings. Call zr_list_loaded_clear whatever the result. Any thread.
 */
int zr_list_build(const char *text, size_t len, const uint64_t key[2], struct zr_list_loaded *out);
void zr_list_loaded_clear(struct zr_list_loaded *list);

/* Replace out's findings by one about the file as a whole: what, then why. Returns err, or -ENOMEM. */
int zr_list_refuse(struct zr_list_loaded *out, int err, const char *what, const char *why);

/* Write a finding as "FILE:LINE:COLUMN: text" ("FILE: text" of the whole file), terminated, cut at room bytes. */
void zr_list_finding_format(const char *path, const struct zr_finding_at *finding, char *out, size_t room);

#endif
