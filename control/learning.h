/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What trusted resolvers' answers teach, network-wide: taken from the workers, put together, and handed back to all of them as one
 * table, at most once a second. One thread, but for one of its own that makes the tables; no call takes long.
 */
#ifndef CONTROL_LEARNING_H
#define CONTROL_LEARNING_H

#include <jansson.h>

#include "control/config.h"
#include "control/jobs.h"
#include "control/known.h"
#include "control/known_table.h"
#include "rules/image.h"

/* What becomes of the next table. */
enum zr_learning_step { ZR_LEARNING_IDLE, ZR_LEARNING_COPY, ZR_LEARNING_MAKE, ZR_LEARNING_MADE };

/* Work of the thread that makes tables: the copied rows go in, a table comes out. */
struct zr_learning_job {
	struct zr_job job;
	struct zr_learning *learning;
	struct zr_known_copy copy;
	struct zr_learned_table *old; /* to be freed: that takes long, too */
	struct zr_learned_table *table;
	uint64_t took_ms;
	int err;
};

/* Zeroed but for config: at the beginning. */
struct zr_learning {
	const struct zr_config *config; /* must outlive it */
	const char *told;               /* the gap that the log says already; NULL: none */
	struct zr_dataplane *dataplane;
	struct zr_known *known;                  /* NULL: there are no trusted resolvers */
	struct zr_jobs *jobs;                    /* NULL likewise */
	struct zr_learned_table *table, *before; /* the one that is taught, and one that may still be read */
	enum zr_learning_step step;
	struct zr_learning_job job;
	uint64_t tables;   /* taught so far */
	uint64_t next_ms;  /* no table before (zr_loop_now_ms) */
	uint64_t begun_ms; /* when rows were begun to be copied */
	uint64_t lag_ms;   /* from then until the last table was taught */
	uint64_t untold;   /* lessons since then */
	int64_t ahead_s;   /* the packets' clock, as of the last lesson, before this machine's */
};

/* Take what workers learn from now on, if there are trusted resolvers. 0 or -errno. */
int zr_learning_start(struct zr_learning *learning, struct zr_loop *loop, struct zr_dataplane *dataplane);

/*
 * Take at most some thousand lessons, and go on with the next table. When a lesson was new, and a second has passed since the last
 * table was begun, or four times what it took to make, all workers are taught another one. Call it every few milliseconds with the time
 * of zr_loop_now_ms. True: there is more to do at once.
 */
bool zr_learning_round(struct zr_learning *learning, uint64_t now_ms);

/*
 * Unix time as what was learned has it: of the packets that taught it, and from the last one on as this machine's clock goes. A port
 * on a capture file has the file's time.
 */
int64_t zr_learning_now_s(const struct zr_learning *learning);

/*
 * Free what is held, and end the thread, which may be at a table still. Workers must read no table any more: after
 * zr_dataplane_free, and before zr_loop_free.
 */
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
