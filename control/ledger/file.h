/* SPDX-License-Identifier: BSD-3-Clause */
/* One file of records: its schema, how it is made, what can be told of it. */
#ifndef CONTROL_LEDGER_FILE_H
#define CONTROL_LEDGER_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/ledger/folder.h"

#define ZR_SCHEMA_VERSION 1

/* Bytes of a page. The longest row fits into one, so that a row is never in two places. */
#define ZR_PAGE_BYTES 8192

/* Pages of the write-ahead log after which it is copied into the file and begun anew (16 MiB). */
#define ZR_LOG_PAGES 2048

/* Who wrote a file, and why. Texts: the caller's. */
struct zr_file_origin {
	const char *gateway, *program; /* program may be NULL */
	uint64_t epoch_us, now_us;
	const char *salvaged_from; /* name of the damaged file it is made of; NULL: of none */
};

/* What a file says of itself and what numbers are in it. */
struct zr_file_facts {
	uint64_t epoch_us;
	uint64_t first, last; /* 0: no rows */
	bool is_salvaged;
	char salvaged_from[ZR_FILE_NAME_MAX];
};

/*
 * Make an empty file of that name, durably: it is there whole or not at all. fill: called with the connection to put rows into
 * it before it gets its name; may be NULL. Returns 0 or -errno, or what fill returned.
 */
int zr_file_make(const struct zr_folder *folder, const char *name, const struct zr_file_origin *origin,
		 int (*fill)(void *arg, sqlite3 *db), void *arg);

/* Open a file to add rows. 0 or -errno. */
int zr_file_open_to_write(const struct zr_folder *folder, const char *name, bool synchronous_full, sqlite3 **out);

/* Open a file to read; is_fixed: it has no write-ahead log and nobody writes to it (ZR_SQL_FIXED). 0 or -errno. */
int zr_file_open_to_read(const struct zr_folder *folder, const char *name, bool is_fixed, sqlite3 **out);

/* Facts of an open file. -EBADMSG when it is damaged, -EPROTO when it is of a newer version. */
int zr_file_facts(sqlite3 *db, struct zr_file_facts *out);

/*
 * Check the whole file as SQLite does, for at most limit_us, and its last rows' hashes. -EBADMSG when it is damaged.
 */
int zr_file_check(sqlite3 *db, uint64_t limit_us);

/*
 * Statements: all columns of a new row, where a number that is there already is an error or (keep_first) left as it is; all
 * columns of the rows behind ?1 up to ?2. 0 or -errno.
 */
int zr_file_prepare_insert(sqlite3 *db, bool keep_first, sqlite3_stmt **out);
int zr_file_prepare_select(sqlite3 *db, sqlite3_stmt **out);

#endif
