/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger's folder: names of its files, their sizes, removing them and setting them aside with what belongs to them. */
#ifndef CONTROL_LEDGER_FOLDER_H
#define CONTROL_LEDGER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a file's name, terminator included: records-2026-11-23T08-65535.db.damaged65535-wal is shorter. */
#define ZR_FILE_NAME_MAX 64

#define ZR_CURSORS_NAME "cursors.db"
#define ZR_LOCK_NAME    "ledger.lock"

struct zr_folder {
	const char *path;
	int fd;
};

/* What a name in the folder is. */
enum zr_file_kind {
	ZR_FILE_OTHER,
	ZR_FILE_RECORDS,     /* records-2026-11-23T08.db, records-2026-11-23T08-1.db */
	ZR_FILE_RECORDS_NEW, /* the same with .new: not finished */
	ZR_FILE_DAMAGED,     /* anything.damaged, .damaged1, … */
	ZR_FILE_LOG,         /* write-ahead log of any of them */
};

enum zr_file_kind zr_file_kind(const char *name);

/* Name of the file of an hour; suffix 0: none. */
void zr_file_name(uint64_t now_us, unsigned int suffix, char out[ZR_FILE_NAME_MAX]);

/* Does the file bear the name of the hour of now_us? Of what time is its end, by its name (0: not a file of records)? */
bool zr_file_is_of_hour(const char *name, uint64_t now_us);
uint64_t zr_file_end_us(const char *name);

/* "folder/name" and a suffix into out[room]; -ENAMETOOLONG. */
int zr_folder_path(const struct zr_folder *folder, const char *name, const char *suffix, char *out, size_t room);

bool zr_folder_has(const struct zr_folder *folder, const char *name);

/*
 * A name of an hour behind all that are taken, damaged ones included: a name that was freed is not given again while others of
 * its hour are there, one of which may say that it was salvaged from it. 0 or -errno.
 */
int zr_folder_free_name(const struct zr_folder *folder, uint64_t now_us, char out[ZR_FILE_NAME_MAX]);

/* Bytes of a file; of its write-ahead log. 0 when it is not there. */
uint64_t zr_folder_bytes(const struct zr_folder *folder, const char *name);
uint64_t zr_folder_log_bytes(const struct zr_folder *folder, const char *name);

/* Remove a database with its log. Returns 0 or -errno. */
int zr_folder_remove(const struct zr_folder *folder, const char *name);

/* Rename a database with its log to the first free NAME.damaged, which out names. 0 or -errno. */
int zr_folder_set_aside(const struct zr_folder *folder, const char *name, char out[ZR_FILE_NAME_MAX]);

/* Give NAME.new, which is complete and closed, its name; durable. 0 or -errno. */
int zr_folder_finish(const struct zr_folder *folder, const char *name);

/* Call tell for every file; its order is not defined. 0 or -errno. */
int zr_folder_list(const struct zr_folder *folder, void (*tell)(void *arg, const char *name, uint64_t bytes),
		   void *arg);

#endif
