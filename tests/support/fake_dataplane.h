/* SPDX-License-Identifier: BSD-3-Clause */
/* A dataplane that a test scripts: control's side of dataplane/dpdk/dataplane.h without EAL, ports or workers. */
#ifndef TESTS_SUPPORT_FAKE_DATAPLANE_H
#define TESTS_SUPPORT_FAKE_DATAPLANE_H

#include "dataplane/dpdk/dataplane.h"

struct zr_dataplane {
	const struct zr_image *image; /* published last */
	unsigned int published;       /* how often, the first one included */
	bool settles;                 /* a published list settles at once */
	bool settled;
	unsigned int stop_calls; /* so many calls of stop are answered with -EAGAIN */
	struct zr_usage usage;   /* what every event is */
	unsigned int events;     /* waiting to be drained */
	/* What drains instead, on the daemon's thread, as zr_dataplane_drain does; NULL: nothing does. */
	unsigned int (*drain)(void (*take)(void *arg, const struct zr_usage *usage), void *arg, unsigned int max);
	unsigned int at_stop; /* events that the first call of stop makes */
	struct zr_dataplane_status status;
	bool stuck[ZR_WORKERS_MAX];        /* the worker makes no progress any more */
	uint64_t progress[ZR_WORKERS_MAX]; /* grows when it is asked for, but for those that are stuck */
	/* What saving writes, how often it was asked for, and how often flows were to be ended instead. */
	const uint8_t *flows;
	size_t flows_len;
	unsigned int saves, forgets;
	const struct zr_saved_run *saved; /* what it was started with; valid until it is restored */
	bool restored;
	/* What every question is answered with; silent: with nothing at all. What was asked, and how often. */
	const struct zr_answer *answers;
	unsigned int answer_count, answered, asked;
	bool asking, silent;
	struct zr_question question;
	bool holds;                              /* workers do not let go of what was asked or recorded before */
	struct zr_prefix recorded;               /* family 0: nobody */
	unsigned int recordings;                 /* how often it was told whose names to record */
	const struct zr_telemetry_value *values; /* what telemetry was told to tell last */
	unsigned int value_count;
	const struct zr_learned *lessons; /* what workers learned, to be taken */
	unsigned int lesson_count;
	const struct zr_learned_table *taught; /* the table that was taught last, and how often one was */
	unsigned int tables;
	bool unlearned; /* workers still read the table before */
};

/* The one there is: zr_dataplane_start returns it. Set its members before and while the daemon runs. */
extern struct zr_dataplane fake_dataplane;

/* A free flow's usage record, judged by no list. */
void fake_dataplane_reset(void);

#endif
