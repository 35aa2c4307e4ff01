/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Somebody else's lock is waited for that long; what takes longer is tried again by who asked. */
#define BUSY_MS 1000

int zr_sql_errno(sqlite3 *db, int code)
{
	int err = db != NULL ? sqlite3_system_errno(db) : 0;

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:      /* a table or column is not there */
	case SQLITE_MISMATCH:   /* a number is not one */
	case SQLITE_CONSTRAINT: /* a number is there already */
		return -EBADMSG;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -EINTR;
	case SQLITE_READONLY:
		return -EROFS;
	default:
		if (db != NULL && sqlite3_extended_errcode(db) == SQLITE_IOERR_SHORT_READ) /* cut off */
			return -EBADMSG;
		if (err == EDQUOT) /* a user's quota is a disk's end; -EDQUOT is the ledger's own limit */
			return -ENOSPC;
		return err > 0 ? -err : -EIO;
	}
}

const char *zr_sql_why(int err)
{
	return err == -EBUSY ? "somebody else holds a lock on a file: end what writes to it" : strerror(-err);
}

/* The path as a URI that says that nothing changes the file. */
static bool immutable_uri(const char *path, char *out, size_t room)
{
	char *at = out + snprintf(out, room, "file:");

	for (; *path != '\0'; path++) {
		if ((size_t)(at - out) + sizeof("%00?immutable=1") > room)
			return false;
		at += sprintf(at, strchr("%?#", *path) != NULL ? "%%%02x" : "%c", *path);
	}
	strcpy(at, "?immutable=1");
	return true;
}

/* What is in it is personal: the file is made before SQLite would make it for all to read; its log takes its rights over. */
static int make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int zr_sql_open(const char *path, enum zr_sql_mode mode, sqlite3 **out)
{
	static const int flags[] = {
		[ZR_SQL_MAKE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[ZR_SQL_WRITE] = SQLITE_OPEN_READWRITE,
		[ZR_SQL_READ] = SQLITE_OPEN_READONLY,
		[ZR_SQL_FIXED] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
	};
	char uri[PATH_MAX * 3];
	sqlite3 *db = NULL;
	int code, err;

	*out = NULL;
	if (mode == ZR_SQL_FIXED && !immutable_uri(path, uri, sizeof(uri)))
		return -ENAMETOOLONG;
	if (mode == ZR_SQL_MAKE) {
		err = make_private(path);
		if (err != 0)
			return err;
	}
	code = sqlite3_open_v2(mode == ZR_SQL_FIXED ? uri : path, &db, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK && mode == ZR_SQL_READ)
		code = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(db, BUSY_MS);
	err = zr_sql_errno(db, code);
	if (err != 0) {
		sqlite3_close(db);
		return err;
	}
	*out = db;
	return 0;
}

int zr_sql_run(sqlite3 *db, const char *sql)
{
	return zr_sql_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int zr_sql_number(sqlite3 *db, const char *sql, uint64_t *out)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	int err;

	if (code != SQLITE_OK)
		return zr_sql_errno(db, code);
	code = sqlite3_step(statement);
	err = zr_sql_errno(db, code);
	if (err == 0 && (code != SQLITE_ROW || sqlite3_column_type(statement, 0) != SQLITE_INTEGER))
		err = -ENOENT;
	if (err == 0)
		*out = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return err;
}
