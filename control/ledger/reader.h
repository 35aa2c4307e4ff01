/* SPDX-License-Identifier: BSD-3-Clause */
/* One reader: its request and what it gave. */
#ifndef CONTROL_LEDGER_READER_H
#define CONTROL_LEDGER_READER_H

#include "control/ledger/ledger.h"

enum zr_reader_state { ZR_READER_IDLE, ZR_READER_WAITING, ZR_READER_SERVED, ZR_READER_DONE };

struct zr_ledger_reader {
	struct zr_ledger *ledger;
	struct zr_ledger_reader *next; /* in the queue */
	enum zr_reader_state state;    /* under the ledger's lock, like is_gone */
	bool is_gone;                  /* freed while it was served: the thread frees it */

	/* The control thread's until it waits, the reader thread's until it is done. */
	struct zr_position after;
	uint64_t up_to;
	size_t most_bytes;
	char *bytes;
	struct zr_ledger_item *items;
	size_t room; /* of bytes, which items has its number from */
	size_t used;
	unsigned int item_room;
	struct zr_ledger_chunk chunk;
};

/* serve.c, the reader thread's: fill the chunk. */
void zr_reader_serve(struct zr_ledger_reader *reader);

/* Close the file that was read last. The reader thread's. */
void zr_reader_close_file(struct zr_ledger *ledger);

#endif
