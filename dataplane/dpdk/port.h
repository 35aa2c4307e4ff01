/* SPDX-License-Identifier: BSD-3-Clause */
/* One port: found, asked what it can do, set up, started. Private to this folder. */
#ifndef DATAPLANE_DPDK_PORT_H
#define DATAPLANE_DPDK_PORT_H

#include <rte_ethdev.h>

#include "dataplane/dpdk/state.h"

struct zr_driver;

/* A port while it is being set up. The caller fills the first four members. */
struct zr_port_setup {
	struct zr_dataplane *dp;
	struct zr_device *device; /* name, role and domain are known */
	char *error;              /* where refusals go */
	size_t error_len;
	struct rte_eth_dev_info info;
	const struct zr_driver *driver;
	uint16_t descriptors, tx_descriptors;
	uint32_t room;        /* bytes of data in an mbuf */
	uint32_t segments;    /* mbufs that the largest frame takes */
	uint32_t tx_segments; /* … that the peer's largest frame takes; 0: nothing is sent */
};

/* Say in s->error that the port cannot be had, and what to do. Returns status. */
__attribute__((format(printf, 3, 4))) int zr_port_refuse(const struct zr_port_setup *s, int status, const char *format,
							 ...);

/* Find the port and plan its mbufs. This and the next two return 0, or a negative errno with a sentence in s->error. */
int zr_port_find(struct zr_port_setup *s);

/* Its queues and their mbufs. It must be known by then whether hardware spreads. */
int zr_port_configure(struct zr_port_setup *s);

int zr_port_start(struct zr_port_setup *s);

/* Frames that the ring to a worker has room for. */
unsigned int zr_port_ring_frames(const struct zr_dataplane *dp);

/* Bytes of its mbufs. */
uint64_t zr_port_pool_bytes(const struct zr_device *d);

#endif
