/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of what is known, for the workers: rows are copied in steps, by the thread that learns, and put together by another one.
 */
#ifndef CONTROL_KNOWN_TABLE_H
#define CONTROL_KNOWN_TABLE_H

#include "control/known.h"
#include "rules/learned.h"

/* Rows on their way into a table. All zero: none. */
struct zr_known_copy {
	struct zr_learned_row *rows; /* their names are not set: one behind the other they are texts */
	char *texts;
	size_t count, row_room, text_bytes, text_room;
	bool failed; /* there was no memory */
};

/* Begin to copy all rows; a copy is empty. */
void zr_known_copy_begin(struct zr_known_copy *copy, struct zr_known *known);

/* Copy up to so many rows more, and forget what counts no longer at now_s. False: that was all. */
bool zr_known_copy_step(struct zr_known_copy *copy, struct zr_known *known, int64_t now_s, unsigned int rows);

/* In any thread: make the table (zr_learned_free), and empty the copy. 0, -ENOMEM or -E2BIG. */
int zr_known_copy_end(struct zr_known_copy *copy, struct zr_learned_table **out);

void zr_known_copy_clear(struct zr_known_copy *copy);

#endif
