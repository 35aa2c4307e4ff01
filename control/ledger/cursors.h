/* SPDX-License-Identifier: BSD-3-Clause */
/* cursors.db: what the durable consumers have acknowledged, and how far the numbering of each epoch has come. One thread. */
#ifndef CONTROL_LEDGER_CURSORS_H
#define CONTROL_LEDGER_CURSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ledger/folder.h"
#include "control/ledger/ledger.h"
#include "control/ledger/mark.h"

/* Longest name of a consumer. */
#define ZR_CONSUMER_MAX 64

struct zr_cursor {
	char consumer[ZR_CONSUMER_MAX + 1];
	struct zr_position acked; /* what the consumer said last */
	struct zr_position kept;  /* what is on disk of it */
};

/* One epoch. */
struct zr_numbering {
	uint64_t epoch_us;
	uint64_t high_water; /* last number that was committed */
	uint16_t start;      /* number of the last start, from 0 */
	bool is_clean;       /* the last run was closed */
	uint64_t alive_us;   /* when it was last known to run */
	struct zr_mark mark; /* behind high_water */
};

struct zr_cursors;

/*
 * Open cursors.db and read it whole; made when it is not there. A damaged one is set aside (aside: its new name, else "") and
 * replaced. *is_new: nothing is known of earlier numbering. 0, or -errno; -EPROTO: of a newer version.
 */
int zr_cursors_open(const struct zr_folder *folder, struct zr_cursors **out, bool *is_new,
		    char aside[ZR_FILE_NAME_MAX]);
void zr_cursors_close(struct zr_cursors *cursors);

/* All epochs that are known, oldest first. *out is to be freed. 0 or -errno. */
int zr_cursors_numberings(struct zr_cursors *cursors, struct zr_numbering **out, unsigned int *count);

/* What a consumer has acknowledged. -ENOENT: nothing is known of it. */
int zr_cursors_find(struct zr_cursors *cursors, const char *consumer, struct zr_position *out);

/* Keep an epoch's numbering and the cursors' `acked`, durably, all or nothing. 0 or -errno. */
int zr_cursors_save(struct zr_cursors *cursors, const struct zr_numbering *numbering, const struct zr_cursor *list,
		    unsigned int count);

#endif
