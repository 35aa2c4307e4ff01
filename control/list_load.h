/* SPDX-License-Identifier: BSD-3-Clause */
/* A list file, read, compiled and indexed: ready to be put in force. */
#ifndef CONTROL_LIST_LOAD_H
#define CONTROL_LIST_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "rules/image.h"
#include "rules/list.h"

struct zr_list_loaded {
	void *block;
	struct zr_image *image;
	struct zr_suffix_index *index;
	struct zr_findings findings; /* why there is none; line 0: of the whole file */
};

/*
 * Read, compile, load and index a list; key: the seed of the dataplane's configuration. Returns 0 or -errno, with all that is
 * wrong in out->findings. Call zr_list_loaded_clear whatever the result. Any thread.
 */
int zr_list_load(const char *path, const uint64_t key[2], struct zr_list_loaded *out);
void zr_list_loaded_clear(struct zr_list_loaded *list);

/* Write a finding as "FILE:LINE:COLUMN: text", terminated, cut at room bytes. */
void zr_list_finding_format(const char *path, const struct zr_finding_at *finding, char *out, size_t room);

#endif
