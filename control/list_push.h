/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_LIST_PUSH_H
#define CONTROL_LIST_PUSH_H

#include <sys/types.h>

#include "control/list_judge.h"

/* A list that somebody hands over. */
struct zr_list_push {
	char *file; /* what it is called; its own, like all that follows */
	int list;   /* open files */
	int signatures[ZR_SIGNATURE_FILES_MAX];
	char *names[ZR_SIGNATURE_FILES_MAX]; /* of the signature files */
	unsigned int signature_count;
	unsigned int overrides; /* a bit each: 1 << enum zr_list_override */
	uid_t uid;
	/*
	 * Called once, when it is decided; not at all when the daemon ends before. Without a judgment it is accepted and on the
	 * disk, and the daemon ends: it comes into force with the next start. The push is freed behind it.
	 */
	void (*decided)(const struct zr_list_push *push, const struct zr_list_judgment *judgment);
	void *arg;           /* the caller's */
	uint64_t connection; /* likewise */
};

/* Somebody who waits for what the list's file is judged to be. */
struct zr_list_reload {
	struct zr_list_reload *next; /* the lists' */
	uid_t uid;
	/* As of a push; file: what it is called. It is freed behind it. */
	void (*decided)(const struct zr_list_reload *reload, const char *file, const struct zr_list_judgment *judgment);
	void *arg;           /* the caller's */
	uint64_t connection; /* likewise */
};

/* Close and free; NULL is nothing. */
void zr_list_push_free(struct zr_list_push *push);

#endif
