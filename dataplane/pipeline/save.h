/* SPDX-License-Identifier: BSD-3-Clause */
/* Open flows over a restart of the program: out of one pipeline, and into another one of any seed, size, number and list. */
#ifndef DATAPLANE_PIPELINE_SAVE_H
#define DATAPLANE_PIPELINE_SAVE_H

#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/saved.h"

/*
 * Cut every open flow at the latest time seen (cause shutdown, not final). All that was counted is told then, and flows stay
 * open: zr_pipeline_save writes them; when that fails, zr_pipeline_shutdown ends them.
 */
void zr_pipeline_pause(struct zr_pipeline *p);

/*
 * Write all open flows of a paused pipeline, each as zr_saved_read reads it, those that may go first when room is short before
 * the others. write is handed bytes of whole flows, at most 64 KiB at a time; it returns 0, or what is returned then, after
 * which nothing more is written. Changes nothing. Allocates nothing.
 */
int zr_pipeline_save(struct zr_pipeline *p, int (*write)(void *arg, const void *bytes, size_t len), void *arg);

/* What is known of the run that flows come from. */
struct zr_restore {
	uint64_t list;     /* zr_image_identity of its list in force at the end */
	uint64_t saved_us; /* when it ended, Unix microseconds */
	bool same_epoch; /* records of both runs have one numbering: flows keep their identity and their parts' numbers */
	const uint16_t *domains; /* those that ports have now */
	unsigned int domain_count;
};

/*
 * Take up a flow that zr_saved_read gave, before the pipeline's first packet; time must have come to now (zr_pipeline_poll).
 * It goes on from there by the list in force. Silent for longer than its timeout, after four minutes in which nobody listened,
 * or without a place (an unknown domain, a client that is no subscriber any more, a tuple that is there already, a full
 * table), it ends: when it ever left a record, with a last one without volume. A flow evicted for it ends likewise.
 */
void zr_pipeline_restore(struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *saved);

#endif
