/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list in force and the way to the next one: build the whole replacement on a thread of its own, publish it, free the
 * old one when no worker uses it any more. One replacement at a time; calls for another one meanwhile become one more.
 */
#ifndef CONTROL_LIST_H
#define CONTROL_LIST_H

#include <stdbool.h>

#include "control/list_load.h"
#include "control/loop.h"
#include "dataplane/dpdk/dataplane.h"

struct zr_lists;

enum zr_lists_phase {
	ZR_LISTS_IDLE,
	ZR_LISTS_BUILDING, /* a replacement is read and compiled */
	ZR_LISTS_SETTLING, /* published; running flows are judged by it */
};

/* Most findings of a refused list that are kept and logged. */
#define ZR_LISTS_FINDINGS 100

struct zr_lists_status {
	const char *path;
	enum zr_lists_phase phase;
	const struct zr_image *image;          /* in force */
	uint64_t in_force_us;                  /* since when, Unix microseconds */
	uint64_t refused_us;                   /* when the last replacement was refused; 0: it was not */
	const struct zr_findings *refused_why; /* of the last replacement */
	uint64_t published;                    /* how often a list came into force, the first one included */
};

/*
 * Load the first list from a file (path must outlive it), in this thread. Returns 0 or -errno; what is wrong is logged. key as
 * for zr_list_load.
 */
int zr_lists_make(const char *path, const uint64_t key[2], struct zr_lists **out);
/* The dataplane runs with it. From now on it can be replaced. 0 or -errno. */
int zr_lists_start(struct zr_lists *lists, struct zr_loop *loop, struct zr_dataplane *dataplane);
/* Replace it by what the file holds now. */
void zr_lists_reload(struct zr_lists *lists);
/* No more replacements: the dataplane stops. A build on its way is waited for. */
void zr_lists_stop(struct zr_lists *lists);
/* Free all of it; the dataplane is gone. */
void zr_lists_free(struct zr_lists *lists);

/* The list in force, and all that is known of it. Valid until the next round of the loop. */
const struct zr_list_loaded *zr_lists_current(const struct zr_lists *lists);
enum zr_lists_phase zr_lists_phase(const struct zr_lists *lists);
void zr_lists_status(const struct zr_lists *lists, struct zr_lists_status *out);

#endif
