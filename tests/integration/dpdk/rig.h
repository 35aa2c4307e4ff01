/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A dataplane in this process: EAL without hugepages, root or devices; ports over rings that a test fills; what was told,
 * as lines that can be compared with what the bare pipeline tells of the same packets.
 */
#ifndef TESTS_INTEGRATION_DPDK_RIG_H
#define TESTS_INTEGRATION_DPDK_RIG_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/dpdk/dataplane.h"
#include "dataplane/pipeline/pipeline.h"

#define RIG_LCORES "1-3"

/* Start EAL, once per program, with lcores 1 to 3 for workers. The same text goes into a configuration's eal. */
void rig_eal(void);
extern const char rig_eal_text[];

/* A list compiled: rows after the header. */
struct rig_list {
	void *block;
	struct zr_image *image;
	struct zr_suffix_index *index;
};
void rig_list_make(struct rig_list *list, const char *rows);
/* … or a whole list as a file holds it. */
void rig_list_read(struct rig_list *list, const char *text, size_t len);
void rig_list_free(struct rig_list *list);

/* Events as lines, with or without their times and counts of what is told of a flow. */
struct rig_lines {
	char **at;
	size_t count, room;
	bool with_times;
	uint64_t pkts, bytes;           /* of parts */
	const struct zr_image *seen[2]; /* lists that events were judged by; NULL: none */
};
/* Takes an event: a pipeline's or drain's callback; arg is the lines. */
void rig_lines_take(void *arg, const struct zr_usage *usage);
/* The same for a pipeline of the test's own. */
bool rig_lines_tell(void *arg, const struct zr_usage *usage);
/* Fails the test unless both hold the same lines, each as often. */
void rig_lines_equal(struct rig_lines *a, struct rig_lines *b);
void rig_lines_clear(struct rig_lines *lines);

/* A configuration that says little: one port, small tables, charged flows leave records. */
struct zr_dataplane_config rig_config(const char *device, const char *workers);

/* A port over a ring that the test fills; named net_ring_NAME. */
struct rte_ring *rig_port(const char *name, unsigned int frames);
/* Put a frame into the ring, in segments of at most segment bytes; waits while the ring is full. */
void rig_send(struct rte_ring *ring, const void *frame, size_t len, size_t segment);
/* A frame in such segments, not sent; NULL never. */
struct rte_mbuf *rig_frame(const void *frame, size_t len, size_t segment);
/* Mbufs of rig_send and rig_frame that are not back yet. */
unsigned int rig_mbufs_away(void);

struct zr_dataplane *rig_start(const struct zr_dataplane_config *config, const struct rig_list *list);
/* Drain until workers have judged, or lost with a name, so many frames. */
void rig_wait(struct zr_dataplane *dp, struct rig_lines *lines, uint64_t pkts);
/* Stop, drain to the end, check that the sums are exact, give out the last status if wanted, free. */
void rig_stop(struct zr_dataplane *dp, struct rig_lines *lines, struct zr_dataplane_status *last);

#endif
