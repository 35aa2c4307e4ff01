/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames on their way out: marked, gathered, sent. Nothing waits here. Private to this folder; on the worker's lcore. */
#ifndef DATAPLANE_DPDK_FORWARD_H
#define DATAPLANE_DPDK_FORWARD_H

#include "dataplane/dpdk/state.h"

/*
 * A frame goes on to the peer of the port that it came in at, with the next flush. view: its first bytes, in one piece;
 * code_point: its mark, or ZR_MARK_NONE. At most ZR_BURST frames between two flushes.
 */
void zr_forward(struct zr_worker *w, const struct zr_view *view, struct rte_mbuf *frame, uint8_t code_point);

/* Send what was gathered. What a port does not take is counted and given back. */
void zr_forward_flush(struct zr_worker *w);

/* Does the frame get through the port's driver and the interface beneath it? */
bool zr_forward_fits(const struct zr_device *d, const struct rte_mbuf *frame);

/* Write what zr_mark_plan planned, in whatever segments; false, and nothing is written, when one of them is shared. */
bool zr_forward_write(struct rte_mbuf *frame, const struct zr_mark_edit *edits, unsigned int count);

#endif
