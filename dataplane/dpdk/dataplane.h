/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane as the daemon sees it: ports, workers and their pipelines behind one handle. This is the only header of
 * dataplane/ that control/ includes, beside the types that it names itself. The dataplane never calls control: it fills
 * rings and counters, control drains them.
 *
 * Threads: every function here is for one control thread. Workers run on lcores of their own.
 */
#ifndef DATAPLANE_DPDK_DATAPLANE_H
#define DATAPLANE_DPDK_DATAPLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/pipeline/pipeline.h"

#define ZR_PORTS_MAX   32
#define ZR_WORKERS_MAX 64
#define ZR_DEVICE_MAX  64

/* One port as the configuration names it. */
struct zr_dataplane_port {
	char device[ZR_DEVICE_MAX]; /* PCI address, port name, or the name of a vdev that eal creates */
	uint8_t role;               /* enum zr_role */
	uint8_t peer;               /* forwards: which port (by its place) takes what comes in here, and gives to it */
	uint16_t domain;
};

/* Version of the form in which zr_dataplane_save writes flows (dataplane/pipeline/saved.h). */
#define ZR_SAVED_FLOW_VERSION 2

/* Open flows of an earlier run: what zr_dataplane_save wrote, one behind the other, and what is known of that run. */
struct zr_saved_run {
	const uint8_t *flows;
	size_t len;
	uint64_t list;     /* zr_image_identity of its last list */
	uint64_t saved_us; /* when it ended, Unix microseconds */
	bool same_epoch;   /* records of both runs have one numbering: flows keep theirs */
	uint32_t workers;
	bool hardware; /* its ports spread subscribers over workers */
};

/*
 * Is every byte of it a flow that can be read? Hostile bytes are welcome. *count: how many there are. Any thread; to be asked
 * before it is handed to zr_dataplane_start.
 */
bool zr_saved_run_check(const struct zr_saved_run *run, uint64_t *count);

struct zr_dataplane_config {
	const char *eal;     /* further EAL arguments as one text; never cores */
	const char *workers; /* lcores as a list: "1-3", "2,4"; more than the machine has CPUs share them */
	struct zr_dataplane_port ports[ZR_PORTS_MAX];
	unsigned int port_count;
	bool forwards;              /* ports stand in the traffic's way, in pairs; else they only listen */
	struct zr_mark_rules marks; /* forwards: how marks are written; which, pipeline.marks says */
	uint32_t frame_max;         /* largest frame taken, in bytes; larger ones than an mbuf come in segments */
	/*
	 * What each worker's pipeline is made of: flows and the bounds of memory are for all workers together and are divided
	 * among them; worker, usage and arg are set here.
	 */
	struct zr_pipeline_config pipeline;
	/*
	 * Workers take up these flows before their first packet; NULL: none. It must stay until zr_dataplane_restored. Whoever
	 * has no place for a flow ends it with its last record.
	 */
	const struct zr_saved_run *saved;
	bool keep_flows; /* at the end flows are cut, but stay for zr_dataplane_save */
};

/* Of which pages the memory of flows is. */
#define ZR_PAGES(X)                                                                            \
	X(ORDINARY, "ordinary", "ordinary pages (the kernel gives no transparent huge ones)")  \
	X(TRANSPARENT, "transparent", "transparent huge pages, as far as the kernel has them") \
	X(HUGE, "huge", "huge pages")

enum zr_pages {
#define X(id, name, text) ZR_PAGES_##id,
	ZR_PAGES(X)
#undef X
};
const char *zr_pages_name(enum zr_pages pages);
const char *zr_pages_text(enum zr_pages pages);

/* Memory that a dataplane takes at its start, all of it there from then on; it takes no more later. */
struct zr_memory {
	uint64_t flows_bytes;   /* tables of flows … */
	uint64_t flows_max;     /* … for so many */
	uint64_t bounded_bytes; /* names, unfinished hellos, connection ids, what answers teach, decisions */
	uint64_t records_bytes; /* rings to control; fewer when memory is short, once it runs what they have */
	uint64_t frames_bytes;  /* buffers of ports; 0: not known before they are open */
	/* EAL is told to take so many MiB of ordinary pages, since there are no huge ones; 0: there are, or eal says what. */
	unsigned int eal_mib;
};

struct zr_dataplane;

/*
 * What a configuration takes, before anything is started. Returns 0; -EINVAL; or -ENOMEM when so much is not there for this
 * process: then error says how much it is, what bounds it, and what to change. *out is filled then, too.
 * alone: as if nobody else used any memory, not even a dataplane that runs. It never fits then, or it is there one day.
 */
int zr_dataplane_memory(const struct zr_dataplane_config *config, bool alone, struct zr_memory *out, char *error,
			size_t error_len);

/* Bytes of ordinary pages that this process can still have, UINT64_MAX: nothing bounds them. */
uint64_t zr_dataplane_room(void);

/*
 * Start EAL (once per process), the ports and the workers. image and index: the list in force (index made with the
 * configuration's seed); they stay the caller's and must stay until a later list is settled or the dataplane stopped.
 * Returns 0, or a negative errno with a sentence in error: what could not be had and what to do. Nothing runs then.
 */
int zr_dataplane_start(const struct zr_dataplane_config *config, const struct zr_image *image,
		       const struct zr_suffix_index *index, struct zr_dataplane **out, char *error, size_t error_len);

/* Another list for all workers. 0, or -EBUSY while an earlier one is not settled everywhere. */
int zr_dataplane_publish(struct zr_dataplane *dp, const struct zr_image *image, const struct zr_suffix_index *index);
/* Has every worker judged all its flows by the latest list, and drained what it told of the one before? */
bool zr_dataplane_settled(const struct zr_dataplane *dp);

/*
 * Drain events: at most max, worker by worker, in each worker's order. take is called for each; usage->image is the list
 * it was judged by. Returns how many there were.
 */
unsigned int zr_dataplane_drain(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_usage *usage),
				void *arg, unsigned int max);

/*
 * Take what answers taught, at most max, worker by worker, in each worker's order; one is valid during the call of take. Who
 * asked is not told. Returns how many there were.
 */
unsigned int zr_dataplane_learned(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_learned *learned),
				  void *arg, unsigned int max);

/*
 * What was learned network-wide is this from now on, for all workers. It stays the caller's, and must stay until a later one is
 * taught everywhere or the dataplane is freed. 0, or -EBUSY while the one before is not taught everywhere.
 */
int zr_dataplane_teach(struct zr_dataplane *dp, const struct zr_learned_table *table);
/* Does no worker read an earlier table than the last one any more? Then it can be freed. */
bool zr_dataplane_taught(struct zr_dataplane *dp);

/* Why a frame that a port received never reached a worker's pipeline, or a record never reached control. */
#define ZR_DROPS(X)                                                                              \
	X(MISSED, "rx_missed")    /* the port had no descriptor or queue space left (imissed) */ \
	X(NO_MBUF, "rx_no_mbuf")  /* the mbuf pool was empty (rx_nombuf) */                      \
	X(ERRORS, "rx_errors")    /* the port found the frame damaged (ierrors) */               \
	X(RING_FULL, "ring_full") /* the ring to the frame's worker was full, and nothing is forwarded */

enum zr_drop {
#define X(id, name) ZR_DROP_##id,
	ZR_DROPS(X)
#undef X
		ZR_DROP_COUNT
};
const char *zr_drop_name(enum zr_drop drop);

/* Why a frame that was to go out of a port did not. */
#define ZR_TX_DROPS(X)                                                                \
	X(FULL, "tx_full")           /* the port took no more, asked several times */ \
	X(LINK_DOWN, "tx_link_down") /* the port has no link */                       \
	X(TOO_LONG, "tx_too_long")   /* its driver, or its interface, would lose a frame of that length */

enum zr_tx_drop {
#define X(id, name) ZR_TX_DROP_##id,
	ZR_TX_DROPS(X)
#undef X
		ZR_TX_DROP_COUNT
};
const char *zr_tx_drop_name(enum zr_tx_drop drop);

struct zr_port_status {
	char device[ZR_DEVICE_MAX];
	bool link_up;
	uint8_t role; /* enum zr_role */
	uint8_t peer; /* forwarding: the place of the port that it gives to */
	uint16_t domain;
	uint32_t link_mbps;
	uint64_t rx_pkts, rx_bytes; /* frames handed to the workers' rings or pipelines */
	uint64_t drops[ZR_DROP_COUNT];
	/*
	 * Forwarding: frames that the port took to send, and those that it did not. Together they are what came in at its peer.
	 */
	struct zr_volume tx, tx_drops[ZR_TX_DROP_COUNT];
	/* Frames, as its driver tells (oerrors): taken and not sent; with some drivers also those not taken. */
	uint64_t tx_errors;
};

struct zr_worker_status {
	unsigned int lcore;
	uint64_t busy_cycles, total_cycles; /* since start; busy: polls that found something */
	uint64_t bursts, pkts;
	uint32_t flows, flows_undecided, flows_free, flows_max;
	uint64_t counters[ZR_COUNTER_COUNT];
	uint64_t marked, cleared; /* packets that a code point was written into, or taken away from */
	uint64_t mark_skipped;    /* … that should have been and are not: somebody else holds the frame */
	uint64_t twice;           /* enum zr_twice: the same traffic comes in twice */
	uint64_t lessons;         /* addresses that stand for listed names, each towards one subscriber */
	uint64_t learned_untold;  /* what answers taught that control's ring had no room for */
	uint64_t records;         /* tags and parts told, but for parts that are not recorded */
	/* All of this is consistent within the worker: of one moment between two bursts, at most 50 us and a round ago. */
	struct zr_totals totals;
	struct zr_loss lost[ZR_VERDICT_COUNT]; /* what the record ring had no room for in time */
	struct zr_traffic cut_charged;         /* volume of charged parts that no event tells */
};

/* What waits for a worker, or for control: how much of a ring is used, as one look sees it. size 0: there is no such ring. */
struct zr_ring_status {
	uint32_t used, size;
};

struct zr_dataplane_status {
	unsigned int port_count, worker_count;
	struct zr_port_status ports[ZR_PORTS_MAX];
	struct zr_worker_status workers[ZR_WORKERS_MAX];
	struct zr_ring_status frames[ZR_WORKERS_MAX]; /* that other workers received for this one */
	struct zr_ring_status events[ZR_WORKERS_MAX]; /* of this one, to be drained */
	uint64_t cycles_per_s;                        /* of the workers' cycles */
	bool forwards;
	bool hardware_distribution; /* the ports spread subscribers over queues themselves */
	uint64_t unsettled_lists;   /* 1 while a list is on its way */
	struct zr_memory memory;
	enum zr_pages pages;
};

/* Of which DPDK the program is made: "22.11.7". */
const char *zr_dataplane_version(void);

/* Look which ports have a link; workers give nothing to one without. Call it about ten times a second. */
void zr_dataplane_links(struct zr_dataplane *dp);

/* Read all counters; none is ever reset. Links are looked at, too. */
void zr_dataplane_status(struct zr_dataplane *dp, struct zr_dataplane_status *out);

/*
 * One value that DPDK's telemetry tells (dpdk-telemetry.py): the command that tells it, without "/zerorate/", and the name of
 * its member there. Values of one command come one behind the other, those of one `of` too, and of one member.
 */
struct zr_telemetry_value {
	const char *command, *member;
	const char *label,
		*of; /* which port, worker … it is of: the name of a member, and its text; NULL: the whole gateway's */
	const char *key;  /* one of several of that member: its name; NULL: it is the only one */
	const char *text; /* the value; NULL: it is number */
	uint64_t number;
};

/*
 * What telemetry tells from now on. Values and texts are the caller's and must stay until the next call has returned;
 * before zr_dataplane_free it is called with none. Telemetry reads them on a thread of its own, and this waits no longer than
 * one reply takes to be put together.
 */
void zr_dataplane_telemetry(const struct zr_telemetry_value *values, unsigned int count);

/* How far a worker's rounds have come: grows all the time, also when they find nothing. 0: it has not begun. */
uint64_t zr_dataplane_progress(struct zr_dataplane *dp, unsigned int worker);

/* Have all ports that end (capture files) come to their end, and is everything they gave judged? */
bool zr_dataplane_idle(struct zr_dataplane *dp);

/*
 * Stop receiving, let the workers finish what they hold, advance all of them to the latest packet time of any, cut every open
 * flow. Call until it returns 0, draining between (-EAGAIN: not done yet). Then zr_dataplane_free.
 */
int zr_dataplane_stop(struct zr_dataplane *dp);

/* Have all workers taken up what the configuration's saved holds? Drain until then. */
bool zr_dataplane_restored(const struct zr_dataplane *dp);

/*
 * With keep_flows, once zr_dataplane_stop has returned 0: write all open flows (see zr_pipeline_save), and say in run what is
 * known of this one: list, saved_us, workers, hardware. Returns 0 or what write returned.
 */
int zr_dataplane_save(struct zr_dataplane *dp, struct zr_saved_run *run,
		      int (*write)(void *arg, const void *bytes, size_t len), void *arg);
/* They cannot be kept: end them with their last records. Then zr_dataplane_stop is to be called until it returns 0 again. */
void zr_dataplane_forget(struct zr_dataplane *dp);

/* What workers can be asked while they work (dataplane/pipeline/look.h). */
enum zr_question_kind { ZR_ASK_FLOWS, ZR_ASK_DECISIONS };

struct zr_question {
	uint8_t kind; /* enum zr_question_kind */
	struct zr_look look;
};

/*
 * Ask all workers, one question at a time. Each looks at a few flows between two bursts, and stops looking while its answers
 * are not taken. 0; -EBUSY: another one is being asked, or workers have not let go of the one before yet, which takes a round;
 * -ENOMEM.
 */
int zr_dataplane_ask(struct zr_dataplane *dp, const struct zr_question *question);

/* Take at most max answers, in any order of workers; one is valid during the call of take. Returns how many there were. */
unsigned int zr_dataplane_answers(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_answer *answer),
				  void *arg, unsigned int max);

/* How far they have come. */
struct zr_ask_progress {
	uint64_t looked; /* places in flow tables */
	uint64_t open;   /* open flows among them, that fit or not */
};

/* Has every worker answered all of it, and are its answers taken? */
bool zr_dataplane_answered(const struct zr_dataplane *dp, struct zr_ask_progress *progress);

/* No more is wanted of what was asked. Nothing happens when nothing was. */
void zr_dataplane_ask_end(struct zr_dataplane *dp);

/*
 * Record the names of one subscriber's charged flows in its decisions from now on, NULL: nobody's; what was recorded before is
 * wiped. Each worker does so with its next round. 0, or -EAGAIN while one of them has not noticed the last change.
 */
int zr_dataplane_record(struct zr_dataplane *dp, const struct zr_prefix *subscriber);

void zr_dataplane_free(struct zr_dataplane *dp);

#endif
