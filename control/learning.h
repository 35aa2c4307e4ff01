/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What trusted resolvers' answers teach, network-wide: taken from the workers, put together, and handed back to all of them as one
 * table, at most once a second. One thread.
 */
#ifndef CONTROL_LEARNING_H
#define CONTROL_LEARNING_H

#include <jansson.h>

#include "control/config.h"
#include "control/known.h"
#include "rules/image.h"

/* Zeroed but for config: at the beginning. */
struct zr_learning {
	const struct zr_config *config; /* must outlive it */
	const char *told;               /* the gap that the log says already; NULL: none */
	struct zr_dataplane *dataplane;
	struct zr_known *known;                  /* NULL: there are no trusted resolvers */
	struct zr_learned_table *table, *before; /* the one that is taught, and one that may still be read */
	uint64_t tables;                         /* taught so far */
	uint64_t next_ms;                        /* no table before (zr_loop_now_ms) */
	uint64_t untold;                         /* lessons since the last table */
};

/* Take what workers learn from now on, if there are trusted resolvers. 0, -ENOMEM or -EIO. */
int zr_learning_start(struct zr_learning *learning, struct zr_dataplane *dataplane);

/*
 * Take at most some thousand lessons. When one was new, and a second has passed since the last table, or twenty times what it took
 * to build, all workers are taught another one. Call it every few milliseconds with the time of zr_loop_now_ms.
 */
void zr_learning_round(struct zr_learning *learning, uint64_t now_ms);

/* Free what is held. Workers must read no table any more: after zr_dataplane_free. */
void zr_learning_clear(struct zr_learning *learning);

/* The status member `evidence`, a new reference. */
json_t *zr_learning_json(const struct zr_learning *learning, const struct zr_dataplane_status *now);

/*
 * What the list asks for that no answer can back, for there are no trusted resolvers: a sentence, or NULL. image: the list in force.
 */
const char *zr_learning_gap(const struct zr_learning *learning, const struct zr_image *image);

/* Once a second, and at the start: a gap that came or went is logged. */
void zr_learning_tell(struct zr_learning *learning, const struct zr_image *image);

#endif
