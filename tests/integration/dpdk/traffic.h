/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic of many subscribers, as frames that a dataplane and a bare pipeline can both be given. */
#ifndef TESTS_INTEGRATION_DPDK_TRAFFIC_H
#define TESTS_INTEGRATION_DPDK_TRAFFIC_H

#include "tests/integration/dpdk/rig.h"

/* The list that some of the names are on. */
#define TRAFFIC_ROWS ".olm.vn,olm,1,,,,,\n*.hocmai.vn,hocmai,2,,,,,\n!ads.olm.vn,,,,,,,\n"

struct traffic_frame {
	uint8_t *data;
	size_t len;
	size_t segment; /* longest segment it goes in */
};

struct traffic {
	struct traffic_frame *frames;
	size_t count, room;
};

/*
 * TLS of so many subscribers, all mixed: IPv4 and IPv6, VLANs, GTP-U, later fragments, frames of jumbo bytes (0: none) in
 * segments, and some ARP.
 */
void traffic_make(struct traffic *t, unsigned int subscribers, size_t jumbo);
void traffic_send(const struct traffic *t, struct rte_ring *ring);
/* What the bare pipeline tells of it under the configuration of a dataplane. */
void traffic_reference(const struct traffic *t, const struct zr_dataplane_config *config, const struct rig_list *list,
		       struct rig_lines *lines);
void traffic_free(struct traffic *t);

#endif
