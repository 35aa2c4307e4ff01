/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must survive a restart: the highest list that was ever accepted, and the accepted lists themselves. In the folder:
 *
 *     highest                             one line, serial and SHA-256; replacing it is the moment at which a list is accepted
 *     accepted/SERIAL-SHA256/list.csv     the last lists and the signatures that counted; SHA256 is the first 16 digits
 *     audit.jsonl                         control/list_audit.h
 *
 * One thread at a time.
 */
#ifndef CONTROL_LIST_STATE_H
#define CONTROL_LIST_STATE_H

#include "control/list_files.h"

/* Accepted lists that are kept. */
#define ZR_LIST_STATE_KEPT 10

/* Room for what is wrong with the folder. */
#define ZR_LIST_STATE_ERROR 512

/* A list by its number and content. */
struct zr_list_mark {
	uint64_t serial; /* 0: no list */
	uint8_t sha256[ZR_SHA256_OCTETS];
};

struct zr_list_state {
	const char *path;
	int folder, accepted; /* open folders */
	struct zr_list_mark highest;
};

/*
 * Open the folder, which is made when it is not there; path outlives it. Another daemon's folder is refused. Returns 0, or
 * -errno with a sentence in error.
 */
int zr_list_state_open(const char *path, struct zr_list_state *out, char error[ZR_LIST_STATE_ERROR]);
/* Nothing happens when it is not open (zr_list_state_open failed). */
void zr_list_state_close(struct zr_list_state *state);

/*
 * Read the accepted copy of the highest list. Returns 0, or -errno: -EBADMSG when its content is not what was accepted. Call
 * zr_list_files_clear whatever the result.
 */
int zr_list_state_read(const struct zr_list_state *state, struct zr_list_files *out);

/*
 * Keep a list with its signature files number i with keep[i], then make it the highest. Returns 0 when all of it is on the
 * disk, or -errno; the list may then be the highest or not, but what is the highest is whole.
 */
int zr_list_state_commit(struct zr_list_state *state, uint64_t serial, const struct zr_list_files *files,
			 const bool keep[ZR_SIGNATURE_FILES_MAX]);

/* Read the line of `highest`: "SERIAL SHA256\n", nothing else. Returns whether it is one. */
bool zr_list_mark_parse(const char *text, size_t len, struct zr_list_mark *out);

#endif
