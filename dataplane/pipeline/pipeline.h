/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core: bursts of packet views in, usage out. One pipeline per worker, one thread, no clock of its own: time comes in
 * with the packets. All memory is the caller's, sized from the configuration; nothing is allocated per packet.
 */
#ifndef DATAPLANE_PIPELINE_PIPELINE_H
#define DATAPLANE_PIPELINE_PIPELINE_H

#include <stddef.h>

#include "dataplane/flow/flow.h"
#include "dataplane/packet/mark.h"
#include "dataplane/packet/view.h"
#include "dataplane/pipeline/learned.h"
#include "dataplane/pipeline/look.h"
#include "dataplane/pipeline/twice.h"
#include "dataplane/pipeline/usage.h"
#include "rules/image.h"
#include "rules/learned.h"
#include "rules/prefix.h"

struct zr_pipeline;

/* Most rating groups that have a mark of their own. */
#define ZR_MARK_GROUPS_MAX 64

/* What packets of free flows are marked with: DSCP code points, or ZR_MARK_NONE, which zeroed memory does not say. */
struct zr_mark_choice {
	uint8_t otherwise; /* rating groups that are not named */
	uint8_t count;
	struct {
		uint32_t rating_group;
		uint8_t code_point;
	} groups[ZR_MARK_GROUPS_MAX];
};

/* Least memory for what answers teach. */
#define ZR_LEARNED_MIN ((size_t)1 << 20)

struct zr_pipeline_config {
	uint32_t flows;          /* flows open at a time, at most ZR_FLOWS_MAX */
	size_t reassembly_bytes; /* bound of the memory for unfinished hellos and datagrams in fragments */
	size_t names_bytes;      /* bound of the memory for names and paths of flows */
	size_t server_ids_bytes; /* bound of the memory for connection ids of QUIC servers */
	size_t decisions_bytes; /* bound of the memory for the latest decisions (zr_pipeline_decision); 0: none are kept */
	/* Each 1 us to 24 h. */
	uint64_t timeout_us[ZR_TIMEOUT_COUNT];
	uint64_t interim_us;
	bool retro_credit;
	bool verify_checksums; /* inspect no packet whose TCP or UDP checksum is wrong */
	bool charged_records;  /* charged flows leave records too */
	bool keep_names;       /* … with their names (an engineer's own captures only) */
	/* Charged parts that leave no record are told all the same, for totals: those with an entry; all of them. */
	bool totals_by_entry, totals_by_subscriber;
	const struct zr_prefix_set *subscribers; /* empty or NULL: not known */
	/* Whose answers teach; empty or NULL: nobody's, no DNS is free, and one sixteenth of learned_bytes is used. */
	const struct zr_prefix_set *trusted_resolvers;
	size_t learned_bytes; /* at least ZR_LEARNED_MIN: bound of the memory for what answers teach and verdicts hang on */
	/* How long an answer counts: its TTL between these, at most 30 days, and the grace beyond, at most as long. */
	uint64_t learned_ttl_min_us, learned_ttl_max_us, learned_grace_us;
	uint8_t verify;         /* OFF, FLAG or REQUIRE (enum zr_verify): what entries ask for that say nothing */
	uint64_t bind_grace_us; /* after a service's last free flow, at most 24 h, entries that are bound to it go on */
	bool dns_free;          /* queries for listed names to trusted resolvers, and their answers, … */
	uint64_t dns_free_bytes; /* … of so many bytes a subscriber and day … */
	int32_t day_offset_s;    /* … which begins so long before midnight UTC */
	struct zr_packet_rules packets;
	struct zr_mark_choice marks;
	uint64_t seed[2]; /* random at every start of a gateway, fixed for capture files */
	uint16_t start;   /* number of this start: with worker the first digits of flows that begin in it */
	uint8_t worker;
	uint32_t identities; /* most flows that keep their identity from an earlier run (zr_pipeline_restore) */

	/*
	 * Takes each event; called from inside the calls below. False: there is no room for it now. A tag is then offered
	 * again before the flow's next part. A part goes on and is offered again some seconds later, with what is counted until
	 * then; it is lost only when the flow ends, or goes on with another verdict, entry or tariff. Parts that are not
	 * recorded are not offered twice (zr_pipeline_untold).
	 */
	bool (*usage)(void *arg, const struct zr_usage *usage);
	/*
	 * How many events usage is to be offered now by flows that no packet asks for, which can wait: those that age, or meet an
	 * edge or another list. Some more must find room: one flow tells several at times. Called at most once in a burst or
	 * poll. NULL: nothing waits.
	 */
	uint32_t (*room)(void *arg);
	void *arg;
	/* Takes what answers taught; called from inside the calls below. What it has no room for is told again. NULL: nobody does. */
	void (*learned)(void *arg, const struct zr_learned *learned);

	/*
	 * When the tariff switches next: the first switch behind a time of the wall clock (Unix microseconds), UINT64_MAX:
	 * never. NULL: it never does. Called about twice a switch, and some dozen times when the wall clock is set, from inside
	 * the calls below; always the same answer.
	 */
	uint64_t (*tariff_next_us)(const void *arg, uint64_t after_us);
	const void *tariff_arg;
};

/* The defaults of DESIGN section 3 and 4: what a configuration that says nothing means. */
void zr_pipeline_defaults(struct zr_pipeline_config *config);

/* Bytes of memory a pipeline needs; 0 when the configuration is out of bounds. */
size_t zr_pipeline_memory(const struct zr_pipeline_config *config);

/*
 * Make a pipeline in memory (zeroed, aligned to 64, the caller's, for the pipeline's lifetime). config and what it points to
 * are copied or must outlive it (prefix sets). image: the list in force, with the index of its names for this seed; both
 * must outlive the pipeline. NULL when the cipher library cannot be had.
 */
struct zr_pipeline *zr_pipeline_init(void *memory, const struct zr_pipeline_config *config,
				     const struct zr_image *image, const struct zr_suffix_index *index);

/* Give back what is not in the memory (cipher contexts). Open flows are forgotten: zr_pipeline_shutdown first. */
void zr_pipeline_fini(struct zr_pipeline *p);

/*
 * Take up to ZR_BURST packets, in order. Times that go back are raised to the latest seen. Ages a few flows as well.
 */
void zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count);

/*
 * The same for packets that go on: marks[i] is the code point that packet i is to carry, ZR_MARK_NONE when it is not counted
 * as free or its rating group has none. A fragment that is not counted yet has none.
 */
void zr_pipeline_burst_marks(struct zr_pipeline *p, const struct zr_view *views, unsigned int count, uint8_t *marks);

/* A packet that its worker has no room for goes on without being looked at: it is counted as charged, ZR_REASON_OVERLOAD. */
void zr_pipeline_bypass(struct zr_pipeline *p, const struct zr_view *view);

/* Time has come to now_ns though no packet says so: edges and timeouts up to it are processed, for all flows. */
void zr_pipeline_advance(struct zr_pipeline *p, uint64_t now_ns);

/* Time has come to now_ns: age a few flows, as a burst without packets would. For a worker that has nothing else to do. */
void zr_pipeline_poll(struct zr_pipeline *p, uint64_t now_ns);

/*
 * Another list comes into force at the latest time seen. A flow is judged by it before its next packet is counted; silent
 * ones follow, a few with each burst or poll, until zr_pipeline_list_settled. Until then the old list and its index are
 * used and must stay. index: made with the configuration's seed. Returns 0, or -EBUSY while an earlier list is not settled.
 */
int zr_pipeline_list(struct zr_pipeline *p, const struct zr_image *image, const struct zr_suffix_index *index);
bool zr_pipeline_list_settled(const struct zr_pipeline *p);

/*
 * What was learned network-wide is now this, or nothing (NULL): the table before it is not read any more. Flows that wait for
 * evidence are judged by it, a few with each burst or poll.
 */
void zr_pipeline_learned(struct zr_pipeline *p, const struct zr_learned_table *table);

/*
 * The wall clock was set and is now so much ahead of the time that packets and polls bring (at first it is not). Stamps,
 * windows, expiry and the tariff follow it; timeouts and interims do not notice. All flows are judged again, as by a new
 * list: 0, or -EBUSY while an earlier one is not settled.
 */
int zr_pipeline_clock(struct zr_pipeline *p, int64_t ahead_us);

/* Cut every open flow (cause shutdown), at the latest time seen. */
void zr_pipeline_shutdown(struct zr_pipeline *p);

/* What was counted so far; and what of it was cut without having been told. */
void zr_pipeline_totals(const struct zr_pipeline *p, struct zr_totals *out);
void zr_pipeline_untold(const struct zr_pipeline *p, struct zr_untold *out);

/* Events of inspection and the table, by name. Never reset. */
#define ZR_COUNTERS(X)                                                                                      \
	X(FLOWS_NEW, "flows_new")                 /* flows taken up */                                      \
	X(FLOWS_RESTORED, "flows_restored")       /* … from an earlier run */                             \
	X(FLOWS_OUTDATED, "flows_outdated")       /* of an earlier run, which had ended meanwhile */        \
	X(FLOWS_MISFIT, "flows_misfit")           /* …, which the configuration has no place for */       \
	X(EVICTED_UNDECIDED, "evicted_undecided") /* evicted before a verdict */                            \
	X(EVICTED_CHARGED, "evicted_charged")                                                               \
	X(EVICTED_FREE, "evicted_free")                                                                     \
	X(CHECKSUMS_BAD, "checksums_bad")           /* client packets not inspected for their checksum */   \
	X(UNHEARD, "unheard")                       /* … since TCP had no ACK, a RST, or a late SYN */    \
	X(HELLOS_GIVEN_UP, "hellos_given_up")       /* reassembly memory was full */                        \
	X(DATAGRAMS_GIVEN_UP, "datagrams_given_up") /* in fragments that were not put together */           \
	X(FLOWS_REBOUND, "flows_rebound")           /* of a QUIC connection that had another port before */ \
	X(SERVER_IDS_EVICTED, "server_ids_evicted") /* memory for connection ids was full */                \
	X(NAMES_MALFORMED, "names_malformed")       /* a name that is no host name */                       \
	X(NAMES_FULL, "names_full")                 /* memory for names or paths was full */                \
	X(DECISIONS, "decisions")                   /* kept for who asks why */                             \
	X(SEEN_TWICE, "seen_twice")                 /* of the packets sampled, came in from two sides */    \
	X(LESSONS, "lessons")                       /* addresses that answers taught for listed names */    \
	X(LESSONS_EVICTED, "lessons_evicted")       /* … which went for want of memory */                 \
	X(LESSONS_FULL, "lessons_full")             /* … for whose name there was none */                 \
	X(DNS_UNASKED, "dns_unasked")               /* answers of trusted resolvers to no query seen */     \
	X(DNS_PASSED_OVER, "dns_passed_over")       /* packets of theirs or to them that were not read */   \
	X(DNS_FREE_EXCEEDED, "dns_free_exceeded")   /* flows charged for the bytes of free DNS a day */     \
	X(FLOWS_BACKED, "flows_backed")             /* unlearned ones that became free by an answer */      \
	X(TIES_FULL, "ties_full")                   /* flows that were to be tied, for which there is no room */

enum zr_counter {
#define X(id, name) ZR_COUNTER_##id,
	ZR_COUNTERS(X)
#undef X
		ZR_COUNTER_COUNT
};

const char *zr_counter_name(enum zr_counter counter);
uint64_t zr_pipeline_counter(const struct zr_pipeline *p, enum zr_counter counter);
/* Does the same traffic come in twice? Told from samples; once it was found it stays. */
enum zr_twice zr_pipeline_twice(const struct zr_pipeline *p);

/* Lessons held now: addresses that stand for listed names, each towards one subscriber. */
uint32_t zr_pipeline_lessons(const struct zr_pipeline *p);
/* Flows open now. */
uint32_t zr_pipeline_flows(const struct zr_pipeline *p);
/* … of them without a verdict, and free ones. */
uint32_t zr_pipeline_flows_undecided(const struct zr_pipeline *p);
uint32_t zr_pipeline_flows_free(const struct zr_pipeline *p);

#endif
