/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of workers as the lists of flows and of decisions that `flows` and `explain` reply. One thread. */
#ifndef CONTROL_ASK_LIST_H
#define CONTROL_ASK_LIST_H

#include "control/ask_request.h"
#include "control/best.h"

struct zr_ask_list {
	bool decisions; /* latest first; else open flows, those with most bytes first */
	bool recorded;  /* names that are kept for who records may be shown */
	struct zr_best best;
	struct zr_answer *answers; /* by place */
	uint64_t matched, matched_bytes;
	/* The reply as it is written. */
	uint32_t written;
	char *text;
	size_t len, room;
	bool failed; /* without memory */
};

/* 0 or -ENOMEM. zr_ask_list_clear also after a failure. */
int zr_ask_list_make(struct zr_ask_list *list, uint32_t limit, bool decisions, bool recorded);
void zr_ask_list_clear(struct zr_ask_list *list);

/* Take an answer; arg: the list. */
void zr_ask_list_take(void *arg, const struct zr_answer *answer);

/*
 * When all are taken: write at most `most` of them behind head, the begin of an object up to the array's bracket. 0: the array
 * is closed; -EAGAIN: call it again; -ENOMEM.
 */
int zr_ask_list_write(struct zr_ask_list *list, const char *head, unsigned int most);

/* End the object with tail and a line break; the text, which is the caller's to free, and its length. NULL without memory. */
char *zr_ask_list_end(struct zr_ask_list *list, const char *tail, size_t *len);

#endif
