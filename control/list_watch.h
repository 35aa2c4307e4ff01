/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watching for a new list: the folder of its file, by inotify(7), for files that are renamed or linked into place,
 * written and closed, or given other permissions, under the names of the list and of its signature files. A folder that vanishes, is replaced or does not exist yet is looked
 * for every second. One thread.
 */
#ifndef CONTROL_LIST_WATCH_H
#define CONTROL_LIST_WATCH_H

#include <stdbool.h>

#include "control/loop.h"

struct zr_list_watch {
	const char *path; /* of the list */
	void (*changed)(void *arg);
	void *arg;
	char *folder;
	struct zr_loop *loop;
	struct zr_watch watch; /* an inotify instance */
	struct zr_timer timer;
	int watched;                /* the folder's watch, -1 while there is none */
	bool is_missed;             /* it was said that the folder is not there */
	bool is_due;                /* something has changed */
	uint64_t first_ms, last_ms; /* of what has changed and was not told yet, with is_due */
	uint64_t looked_ms;         /* when the folder was looked for */
};

/*
 * Begin. path outlives it; changed is called from the loop, 200 ms after the last change (5 s after the first when they do not
 * end), and once at the beginning. 0 or -errno.
 */
int zr_list_watch_start(struct zr_list_watch *watch, struct zr_loop *loop, const char *path, void (*changed)(void *arg),
			void *arg);
/* Nothing happens when it was not started. */
void zr_list_watch_stop(struct zr_list_watch *watch);

/* Is the folder there? */
bool zr_list_watch_sees(const struct zr_list_watch *watch);

#endif
