/* SPDX-License-Identifier: BSD-3-Clause */
/* A ledger in a temporary folder, with records whose every byte is known, on a clock that the test sets. */
#ifndef TESTS_UNIT_LEDGER_BOOK_H
#define TESTS_UNIT_LEDGER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ledger/ledger.h"

#define BOOK_HOUR_US 3600000000ULL

/* 2026-11-23T08:10:00Z */
#define BOOK_NOW_US 1795421400000000ULL

struct book {
	char folder[64];
	_Atomic uint64_t now_us;
	struct zr_ledger_config config;
	const char *consumers[4];
	struct zr_ledger *ledger;
	struct zr_ledger_start start;
	struct zr_exporter exporter;
	uint64_t next, wanted;
	int err;
	char error[256];
};

/* What reading back gave, checked on the way: in order, without duplicates, each number in a line or in a gap. */
struct book_found {
	uint64_t lines, lost, gaps, epochs;
	struct zr_position end;
};

/* A folder of its own, no consumers, batches of a millisecond. */
void book_make(struct book *book);
/* Close, and remove the folder. */
void book_free(struct book *book);

/* Open and close the ledger; opening must succeed. book_try_open leaves what came in err and error. */
void book_open(struct book *book);
void book_try_open(struct book *book);
void book_close(struct book *book);

/* Do something in a child process that kills itself behind it: nothing is closed. The second: open and put. */
void book_in_child(struct book *book, void (*run)(struct book *book));
void book_put_and_kill(struct book *book, uint64_t count);

/* The record with that number, as it is put and as its line must come back. Returns the line's length. */
size_t book_line(const struct zr_exporter *exporter, uint64_t seq, char *out);

/* Put records; wait until they are committed. */
void book_put(struct book *book, uint64_t count);
bool book_try_put(struct book *book);
void book_wait(struct book *book);

/* Wait until a condition holds; fails the test after 20 seconds. */
#define BOOK_UNTIL(book, condition)                 \
	for (int tries_ = 0; !(condition);) {       \
		if (++tries_ > 20000)               \
			fail_msg("%s", #condition); \
		zr_ledger_tick((book)->ledger);     \
		book_sleep();                       \
	}
void book_sleep(void);

/* Read everything behind a position, in chunks of about chunk_bytes; everything that there is. */
void book_read(struct book *book, struct zr_position after, size_t chunk_bytes, struct book_found *out);
void book_read_all(struct book *book, struct book_found *out);

/* Files. names: of that beginning and end, sorted; returns how many. */
unsigned int book_files(const struct book *book, const char *begin, const char *end, char names[][64],
			unsigned int room);
void book_path(const struct book *book, const char *name, char out[160]);
size_t book_file_bytes(const struct book *book, const char *name);
/* Overwrite with noise that differs from what is there; cut off. */
void book_noise(const struct book *book, const char *name, size_t at, size_t len, uint64_t seed);
void book_cut(const struct book *book, const char *name, size_t len);
/* Copy a whole folder over another one. */
void book_copy(const struct book *from, const struct book *to);

#endif
