/* SPDX-License-Identifier: BSD-3-Clause */
/* What all users of SQLite here share: opening, statements without results, errors as -errno. One connection, one thread. */
#ifndef CONTROL_LEDGER_SQL_H
#define CONTROL_LEDGER_SQL_H

#include <sqlite3.h>
#include <stdint.h>

enum zr_sql_mode {
	ZR_SQL_MAKE,  /* a new file */
	ZR_SQL_WRITE, /* an existing one */
	ZR_SQL_READ,  /* an existing one that others may write; the file and its write-ahead log stay as they are */
	ZR_SQL_FIXED, /* one without a log that nobody writes: it is not even locked, and no room on the disk is needed */
};

/* Open a file. Returns 0 or -errno; *out is NULL then. */
int zr_sql_open(const char *path, enum zr_sql_mode mode, sqlite3 **out);

/* -errno of a result code: -EBADMSG when the file is damaged, -ENOSPC, -EBUSY, -ENOMEM, else what the system said or -EIO. */
int zr_sql_errno(sqlite3 *db, int code);

/* What an -errno of these functions means, for people. */
const char *zr_sql_why(int err);

/* Run statements that give nothing. 0 or -errno. */
int zr_sql_run(sqlite3 *db, const char *sql);

/* The number that a statement gives in its first row; -ENOENT when there is none, or no number. */
int zr_sql_number(sqlite3 *db, const char *sql, uint64_t *out);

#endif
