/* SPDX-License-Identifier: BSD-3-Clause */
/* A ledger that a test scripts: control/ledger/ledger.h in memory, without files or threads. */
#ifndef TESTS_SUPPORT_FAKE_LEDGER_H
#define TESTS_SUPPORT_FAKE_LEDGER_H

#include "control/ledger/ledger.h"

#define FAKE_CONSUMERS 4

/* One number of the ledger; without a line it is lost. */
struct fake_row {
	struct zr_position at;
	char *line;
	uint32_t len;
};

struct zr_ledger {
	uint64_t epoch_us, put, committed;
	bool holds_commits; /* what is put is not committed until fake_ledger_commit */
	unsigned int room;  /* so many more records are taken */
	enum zr_ledger_state state;
	bool holds_reads;            /* requests stay under way */
	int read_error;              /* of every read */
	unsigned int reads, readers; /* requests so far; readers there are */
	unsigned int chunk_rows;     /* most numbers in a chunk */
	struct fake_row *rows;       /* in order */
	size_t row_count;
	const char *consumers[FAKE_CONSUMERS];
	struct zr_position cursors[FAKE_CONSUMERS];
	unsigned int acks; /* that went on */
};

/* An empty one whose next record is number 1; it commits at once and takes any number of records. */
void fake_ledger_make(struct zr_ledger *fake, uint64_t epoch_us);
void fake_ledger_free(struct zr_ledger *fake);

/* A durable consumer that acknowledged up to a position. */
void fake_ledger_consumer(struct zr_ledger *fake, unsigned int i, const char *name, struct zr_position cursor);

/* Numbers from..to of an epoch, which are behind all there are; there: their lines are kept, else they are lost. */
void fake_ledger_add(struct zr_ledger *fake, uint64_t epoch_us, uint64_t from, uint64_t to, bool there);
/* What has this number is lost. */
void fake_ledger_lose(struct zr_ledger *fake, uint64_t epoch_us, uint64_t from, uint64_t to);

/* All that was put is committed. */
void fake_ledger_commit(struct zr_ledger *fake);

#endif
