/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The audit log of lists: audit.jsonl in the state folder, a JSON object a line, only ever appended to; control/README.md has
 * the members. One thread at a time.
 */
#ifndef CONTROL_LIST_AUDIT_H
#define CONTROL_LIST_AUDIT_H

#include <jansson.h>
#include <stdbool.h>

/* Most entries that are read back, and of how many bytes of the file at most. */
#define ZR_LIST_AUDIT_ENTRIES 1000
#define ZR_LIST_AUDIT_BYTES   (4U << 20)

/* Longest line that is written, or understood. */
#define ZR_LIST_AUDIT_LINE (64U << 10)

struct zr_list_audit {
	int fd;
	bool is_torn; /* the last line has no end */
	bool is_read_only;
};

/*
 * Open the log in an open folder; nothing is written, so that a full disk is no obstacle. On a disk that is read-only it can be
 * read. 0 or -errno.
 */
int zr_list_audit_open(int folder, struct zr_list_audit *out);
/* Nothing happens when fd is negative. */
void zr_list_audit_close(struct zr_list_audit *audit);

/*
 * Append an entry, on the disk when it returns, behind a last line that a kill or a full disk has torn. 0 or -errno; -EMSGSIZE
 * when it is longer than a line may be, -ENOENT when somebody has removed the file.
 */
int zr_list_audit_append(struct zr_list_audit *audit, const json_t *entry);
/* What its -errno means, as the end of a sentence. */
const char *zr_list_audit_error(int err);

/*
 * The last entries, most of them the number given, oldest first: *out is a new array. A line that is no JSON object, whoever
 * wrote it, is {"event":"damaged"}. Returns 0 or -errno.
 */
int zr_list_audit_tail(const struct zr_list_audit *audit, unsigned int most, json_t **out);

#endif
