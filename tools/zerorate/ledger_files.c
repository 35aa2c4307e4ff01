/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/ledger_files.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/progress.h"

/* Attach as a URI's parameter says. The path is a parameter too, and what a URI would misread is escaped. */
static bool attach_as(sqlite3 *database, const char *path, const char *how)
{
	sqlite3_stmt *statement = NULL;
	char uri[3 * 4096 + 32] = "file:";
	size_t len = strlen(uri);
	bool good;

	for (const char *at = path; *at != '\0' && len + 16 < sizeof(uri); at++)
		len += (size_t)snprintf(uri + len, sizeof(uri) - len, strchr("%?#", *at) != NULL ? "%%%02X" : "%c",
					(unsigned char)*at);
	snprintf(uri + len, sizeof(uri) - len, "?%s", how);
	good = sqlite3_prepare_v2(database, "ATTACH ?1 AS ledger", -1, &statement, NULL) == SQLITE_OK &&
	       sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC) == SQLITE_OK &&
	       sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return good;
}

/*
 * Who may read the folder and not write it cannot make the shared memory that SQLite wants beside a file with a log. One that has no
 * log is not written any more: it is read as it is.
 */
bool zr_ledger_attach(sqlite3 *database, const char *path)
{
	char log[4096 + 8];

	if (attach_as(database, path, "mode=ro"))
		return true;
	snprintf(log, sizeof(log), "%s-wal", path);
	return access(log, F_OK) != 0 && attach_as(database, path, "immutable=1");
}

bool zr_ledger_files_each(const char *command, const char *folder, bool (*add)(void *arg, const char *path), void *arg)
{
	struct zr_progress progress;
	char pattern[4096 + 16];
	bool good = true;
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/records-*.db", folder);
	if (glob(pattern, 0, NULL, &files) != 0) {
		fprintf(stderr,
			"zerorate %s: %s holds no ledger (records-*.db) that you may read: name the daemon's with "
			"--ledger\n",
			command, folder);
		return false;
	}
	zr_progress_start(&progress, isatty(STDERR_FILENO) == 1 ? stderr : NULL, folder, files.gl_pathc);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (zr_progress_due(&progress))
			zr_progress_show(&progress, i, 0);
		if (!add(arg, files.gl_pathv[i]))
			good = false;
	}
	zr_progress_hide(&progress);
	globfree(&files);
	return good;
}
