/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which numbers are in which file, from the files themselves: ordered by epoch and first number, whatever the files' names
 * say. The ledger's lock guards it.
 */
#ifndef CONTROL_LEDGER_INDEX_H
#define CONTROL_LEDGER_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ledger/folder.h"

struct zr_file {
	char name[ZR_FILE_NAME_MAX];
	uint64_t epoch_us, first, last; /* last < first: nothing is committed yet */
	uint64_t log_bytes;             /* of a closed file's log, when it was last looked at */
	unsigned int pins;              /* who reads it or empties its log; it is not deleted then */
	unsigned int salvages;          /* how often it was salvaged in this run */
	bool is_closed;                 /* nothing more is written to it */
	bool is_salvaged;               /* holes in it are what is lost for good */
};

struct zr_index {
	struct zr_file **files;
	unsigned int count, room;
};

/* Add a file; copied. NULL: no memory. The file stays where it is until it is removed. */
struct zr_file *zr_index_add(struct zr_index *index, const struct zr_file *file);
void zr_index_remove(struct zr_index *index, struct zr_file *file);
void zr_index_free(struct zr_index *index);

/* Put a file whose numbers have changed into its place. */
void zr_index_move(struct zr_index *index, struct zr_file *file);

/*
 * The file of an epoch that has the next number behind seq, and *last, the last number to be taken from it: where the next
 * file begins it ends, whatever else is in it. NULL: none.
 */
struct zr_file *zr_index_find(const struct zr_index *index, uint64_t epoch_us, uint64_t seq, uint64_t *last);

struct zr_file *zr_index_named(const struct zr_index *index, const char *name);

/* The last file of an epoch; NULL: none. */
struct zr_file *zr_index_newest(const struct zr_index *index, uint64_t epoch_us);

#endif
