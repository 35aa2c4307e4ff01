/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a dataplane, shared by the files of this folder only. */
#ifndef DATAPLANE_DPDK_STATE_H
#define DATAPLANE_DPDK_STATE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <time.h>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "dataplane/dpdk/ask.h"
#include "dataplane/dpdk/dataplane.h"
#include "dataplane/dpdk/snapshot.h"

/* A multi-segment frame is copied to be contiguous: no IP packet, and so no frame that is read, is longer. */
#define ZR_CONTIGUOUS_BYTES 65536

/* One receive queue. One worker polls it, and only that worker writes its counters. */
struct zr_queue {
	alignas(64) uint16_t port, queue;       /* ethdev's numbers */
	uint16_t index;                         /* of the port in the configuration */
	bool waits;                             /* it is a capture file: full rings hold it up, nothing is lost */
	_Atomic uint64_t pkts, bytes;           /* received */
	_Atomic uint64_t full_pkts, full_bytes; /* … and lost because the ring to their worker was full */
	_Atomic uint32_t empty_polls;           /* since a frame came last; stays at its highest value */
};

/* One port of the configuration. */
struct zr_device {
	char name[ZR_DEVICE_MAX];
	uint16_t id; /* ethdev's number */
	uint16_t queues;
	uint8_t role;
	uint16_t domain;
	bool file;       /* a capture file: it waits … */
	bool ends;       /* … is not played without end */
	bool configured; /* has to be closed */
	/* The kernel's number of the interface that it sends through, of which its driver tells nothing; 0: there is none. */
	unsigned int interface;
	uint32_t tx_room; /* what its driver takes, however much the interface sends */
	/* As control saw them last: longer frames, but for a VLAN tag, are lost by its driver; true until control looks. */
	_Atomic uint32_t tx_len_max;
	_Atomic bool link_up;
	struct rte_mempool *pool;
};

/* A list as it is announced to workers. */
struct zr_announcement {
	const struct zr_image *image;
	const struct zr_suffix_index *index;
	uint64_t generation;
};

/* Frames that one worker received and another one judges, while one burst is sorted out. */
struct zr_outbox {
	struct rte_mbuf *frames[ZR_BURST];
	unsigned int count;
};

/* What one worker sends out of one port; only that worker writes it. */
struct zr_tx {
	alignas(64) const struct zr_device *device;
	unsigned int count; /* frames that are held */
	struct rte_mbuf *frames[ZR_BURST];
	_Atomic uint64_t pkts, bytes;
	_Atomic uint64_t dropped_pkts[ZR_TX_DROP_COUNT], dropped_bytes[ZR_TX_DROP_COUNT];
};

/* What workers do. Each waits until all have reached the one before. */
enum zr_phase {
	ZR_PHASE_RUN,
	ZR_PHASE_HOLD,  /* receive no more */
	ZR_PHASE_EMPTY, /* nobody hands over any more: empty the ring */
	ZR_PHASE_CUT,   /* advance to the latest time of any, cut all flows, end */
	ZR_PHASE_QUIT,  /* end at once */
};

struct zr_worker {
	struct zr_dataplane *dp;
	unsigned int index, lcore;
	void *memory; /* its pipeline's … */
	size_t memory_len;
	struct zr_pipeline *pipeline;
	struct rte_ring *ring;    /* frames that other workers received for this one; NULL: none do */
	struct rte_ring *events;  /* to control */
	struct rte_ring *lessons; /* what answers taught, to control; NULL: there are no trusted resolvers */
	const struct zr_learned_table *taught; /* what its pipeline knows network-wide */
	uint8_t *contiguous;                   /* ZR_CONTIGUOUS_BYTES */
	struct zr_outbox *outboxes;            /* one per worker; NULL: nothing is handed over */
	struct zr_tx *tx;                      /* one per port; NULL: nothing is forwarded */
	unsigned int turn;                     /* which of its queues is polled next */
	uint64_t generation;                   /* of the list that its pipeline judges by */
	uint64_t recording;                    /* generation of whose names it records */
	uint64_t latest_ns;                    /* the latest packet's time */
	uint64_t round_cycles;                 /* time stamp counter at the last round's end … */
	uint64_t published_cycles;             /* … and when counters were published in a round … */
	uint64_t publish_cycles;               /* … which is due again after so many */
	int64_t ahead_us;                      /* what the pipeline was told that the wall clock is ahead */
	struct zr_worker_status status;
	uint64_t told;       /* events put into the ring */
	uint32_t identities; /* flows with records that it takes up from an earlier run */
	bool waits;          /* for room in the ring */

	struct zr_snapshot snapshot;
	/* Written by the worker, read by control. */
	_Atomic uint64_t settled;        /* the list that all its flows are judged by */
	_Atomic uint64_t settled_events; /* events put into the ring until then */
	_Atomic unsigned int reached;    /* enum zr_phase */
	_Atomic bool restored;           /* flows of an earlier run are taken up */
	_Atomic uint64_t reached_ns;     /* its latest packet's time then */
	/* Control's own. */
	alignas(64) bool launched;
	uint64_t taken; /* events drained so far */
};

struct zr_dataplane {
	struct zr_dataplane_config config;
	struct zr_device devices[ZR_PORTS_MAX];
	struct zr_port views[RTE_MAX_ETHPORTS]; /* by ethdev's number: what the core is told of a port */
	uint8_t out[RTE_MAX_ETHPORTS];          /* … the place of the one that it forwards to */
	bool marks;                             /* some rating group has a mark */
	struct zr_queue *queues;
	unsigned int queue_count; /* queue i belongs to worker i modulo their number */
	struct zr_worker *workers[ZR_WORKERS_MAX];
	unsigned int worker_count;
	uint32_t flows_max; /* of each worker */
	struct zr_memory memory;
	enum zr_pages pages;           /* of flows */
	bool hardware;                 /* the ports spread subscribers */
	struct zr_spread_parts *parts; /* where tunnels' fragments go; NULL: nothing is handed over */
	bool shared_cpus;
	bool file_time; /* packets bring their capture's time, and no clock is read */
	uint64_t
		clock_offset_ns; /* from the monotonic clock to the time that packets get: the wall clock's at the start */
	int stamp_offset;        /* where in an mbuf its time stands */
	uint64_t stamp_flag;     /* … when this flag is set */

	alignas(64) _Atomic(const struct zr_announcement *) published;
	_Atomic(struct zr_asked *) asked;                /* NULL: nothing is asked */
	_Atomic(const struct zr_recording *) recording;  /* whose names are recorded; NULL: nobody's ever were */
	_Atomic(const struct zr_learned_table *) taught; /* what was learned network-wide; NULL: nothing yet */
	_Atomic unsigned int phase;                      /* enum zr_phase */
	_Atomic uint64_t end_ns;                         /* the latest packet time of any worker, before ZR_PHASE_CUT */
	struct zr_announcement lists[2];                 /* the list in force and the one before */
	uint32_t identities[ZR_WORKERS_MAX];             /* see struct zr_worker */
	struct rte_rcu_qsbr *qsbr;
	uint64_t token;            /* grace period of the last publication */
	struct zr_asked *given_up; /* what was asked before, until its grace period is over */
	uint64_t given_up_token;
	struct zr_recording recordings[2]; /* the last one and the one before */
	uint64_t recording_token;          /* grace period of the last one */
	uint64_t taught_token;             /* grace period of the last table … */
	unsigned int teaching;             /* … and how many more it takes; 0: all are over */
	unsigned int drain_turn;           /* the worker that is drained first */
	unsigned int learned_turn;         /* … of what it learned */
};

/* Add to a counter that only this thread writes. */
static inline void zr_tally(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

static inline uint64_t zr_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* worker.c: a worker's life, on its lcore. arg: its struct zr_worker. */
int zr_worker_run(void *arg);
/* worker.c: one round of it: what has come by now, in a phase before ZR_PHASE_CUT. */
void zr_worker_round(struct zr_worker *w, enum zr_phase phase);
/* worker.c: by a worker: its counters for control to read, between two bursts. */
void zr_worker_publish(struct zr_worker *w);
/* worker.c: end all flows of a worker that has ended, on its lcore. */
int zr_worker_forget(void *arg);
/* restart.c: by a worker, before its first packet: take up its flows of an earlier run, at a time. */
void zr_worker_restore(struct zr_worker *w, uint64_t now_ns);
/* restart.c: how many flows with records every worker will take up. */
void zr_restart_count(struct zr_dataplane *dp, uint32_t identities[ZR_WORKERS_MAX]);
/* worker.c: what a pipeline calls with each event. */
bool zr_worker_tell(void *arg, const struct zr_usage *usage);
/* worker.c: … and asks how many may wait to be told. */
uint32_t zr_worker_room(void *arg);

/* lists.c: make the list in force the published one, before workers run. */
void zr_lists_init(struct zr_dataplane *dp, const struct zr_image *image, const struct zr_suffix_index *index);

#endif
