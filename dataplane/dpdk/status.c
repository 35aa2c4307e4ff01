/* SPDX-License-Identifier: BSD-3-Clause */
/* What control can ask of a running dataplane. */
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_version.h>

#include "dataplane/dpdk/interface.h"
#include "dataplane/dpdk/state.h"

/* A capture file that gave nothing that many times has ended; its driver does not say so. */
#define END_POLLS 16

const char *zr_drop_name(enum zr_drop drop)
{
	static const char *const names[] = {
#define X(id, name) [ZR_DROP_##id] = name,
		ZR_DROPS(X)
#undef X
	};

	return names[drop];
}

const char *zr_tx_drop_name(enum zr_tx_drop drop)
{
	static const char *const names[] = {
#define X(id, name) [ZR_TX_DROP_##id] = name,
		ZR_TX_DROPS(X)
#undef X
	};

	return names[drop];
}

static uint64_t counter(const _Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

/* What the configuration says of it. */
static void port_name(const struct zr_dataplane_port *port, struct zr_port_status *out)
{
	out->role = port->role;
	out->peer = port->peer;
	out->domain = port->domain;
}

/* Whether it has a link, for workers to go by; its speed in Mbit/s, 0: not known. */
static uint32_t port_look(struct zr_device *d)
{
	struct rte_eth_link link = {0};
	bool told = rte_eth_link_get_nowait(d->id, &link) == 0;

	/* Whose driver tells nothing must not seem to be up until the kernel is asked. */
	if (told && d->interface == 0)
		atomic_store_explicit(&d->link_up, link.link_status == RTE_ETH_LINK_UP, memory_order_relaxed);
	zr_interface_look(d);
	return told && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed : 0;
}

void zr_dataplane_links(struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		port_look(&dp->devices[i]);
}

static void port_fill(struct zr_device *d, struct zr_port_status *out)
{
	struct rte_eth_stats stats = {0};

	*out = (struct zr_port_status){0};
	snprintf(out->device, sizeof(out->device), "%s", d->name);
	out->link_mbps = port_look(d);
	out->link_up = atomic_load_explicit(&d->link_up, memory_order_relaxed);
	if (rte_eth_stats_get(d->id, &stats) == 0) {
		out->drops[ZR_DROP_MISSED] = stats.imissed;
		out->drops[ZR_DROP_NO_MBUF] = stats.rx_nombuf;
		out->drops[ZR_DROP_ERRORS] = stats.ierrors;
		out->tx_errors = stats.oerrors;
	}
}

/* What was lost is read before what was received, of which it is a part. */
static void queue_add(const struct zr_queue *q, struct zr_port_status *port)
{
	uint64_t full_pkts = counter(&q->full_pkts), full_bytes = counter(&q->full_bytes);

	atomic_thread_fence(memory_order_acquire);
	port->drops[ZR_DROP_RING_FULL] += full_pkts;
	port->rx_pkts += counter(&q->pkts) - full_pkts;
	port->rx_bytes += counter(&q->bytes) - full_bytes;
}

static void tx_add(const struct zr_tx *tx, struct zr_port_status *port)
{
	port->tx.pkts += counter(&tx->pkts);
	port->tx.bytes += counter(&tx->bytes);
	for (unsigned int i = 0; i < ZR_TX_DROP_COUNT; i++) {
		port->tx_drops[i].pkts += counter(&tx->dropped_pkts[i]);
		port->tx_drops[i].bytes += counter(&tx->dropped_bytes[i]);
	}
}

const char *zr_dataplane_version(void)
{
	const char *version = rte_version(), *number = strchr(version, ' '); /* "DPDK 22.11.7" */

	return number != NULL ? number + 1 : version;
}

static struct zr_ring_status ring_look(const struct rte_ring *ring)
{
	return ring == NULL ? (struct zr_ring_status){0}
			    : (struct zr_ring_status){rte_ring_count(ring), rte_ring_get_capacity(ring)};
}

void zr_dataplane_status(struct zr_dataplane *dp, struct zr_dataplane_status *out)
{
	out->port_count = dp->config.port_count;
	out->worker_count = dp->worker_count;
	out->forwards = dp->config.forwards;
	out->hardware_distribution = dp->hardware;
	out->unsettled_lists = zr_dataplane_settled(dp) ? 0 : 1;
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		port_fill(&dp->devices[i], &out->ports[i]);
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		port_name(&dp->config.ports[i], &out->ports[i]);
	for (unsigned int i = 0; i < dp->queue_count; i++)
		queue_add(&dp->queues[i], &out->ports[dp->queues[i].index]);
	out->memory = dp->memory;
	out->pages = dp->pages;
	out->cycles_per_s = rte_get_tsc_hz();
	for (unsigned int i = 0; i < dp->worker_count; i++) {
		zr_snapshot_read(&dp->workers[i]->snapshot, &out->workers[i]);
		out->frames[i] = ring_look(dp->workers[i]->ring);
		out->events[i] = ring_look(dp->workers[i]->events);
	}
	for (unsigned int i = 0; dp->config.forwards && i < dp->worker_count * dp->config.port_count; i++)
		tx_add(&dp->workers[i / dp->config.port_count]->tx[i % dp->config.port_count],
		       &out->ports[i % dp->config.port_count]);
}

uint64_t zr_dataplane_progress(struct zr_dataplane *dp, unsigned int worker)
{
	struct zr_worker_status status;

	zr_snapshot_read(&dp->workers[worker]->snapshot, &status);
	return status.total_cycles;
}

bool zr_dataplane_idle(struct zr_dataplane *dp)
{
	uint64_t received = 0, judged = 0;
	bool any = false;

	for (unsigned int i = 0; i < dp->queue_count; i++) {
		struct zr_queue *q = &dp->queues[i];

		if (dp->devices[q->index].ends) {
			if (atomic_load_explicit(&q->empty_polls, memory_order_acquire) < END_POLLS)
				return false;
			any = true;
		}
		received += counter(&q->pkts) - counter(&q->full_pkts);
	}
	for (unsigned int i = 0; i < dp->worker_count; i++) {
		struct zr_worker_status worker;

		zr_snapshot_read(&dp->workers[i]->snapshot, &worker);
		judged += worker.pkts;
	}
	return any && judged >= received;
}
