/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a pipeline, shared by its files only. */
#ifndef DATAPLANE_PIPELINE_STATE_H
#define DATAPLANE_PIPELINE_STATE_H

#include "dataplane/flow/table.h"
#include "dataplane/inspect/dtls.h"
#include "dataplane/inspect/quic.h"
#include "dataplane/inspect/tcp_client.h"
#include "dataplane/pipeline/datagram.h"
#include "dataplane/pipeline/decisions.h"
#include "dataplane/pipeline/dns_watch.h"
#include "dataplane/pipeline/intern.h"
#include "dataplane/pipeline/lessons.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/ties.h"
#include "dataplane/pipeline/twice.h"

/*
 * Bounds of inspection while a flow is undecided, counted since its last cut: packets and bytes of both directions.
 * Retro-credited volume stays below them, which is what lets it fit 24 bits.
 */
#define ZR_INSPECT_PKTS  512
#define ZR_INSPECT_BYTES (1 << 20)

/* Which inspector a context belongs to. */
enum zr_context_kind { ZR_CONTEXT_TCP, ZR_CONTEXT_QUIC, ZR_CONTEXT_DTLS };

/* What inspection keeps for a flow whose message is not complete, or whose requests are followed. */
struct zr_context {
	union {
		struct zr_tcp_client tcp;
		struct zr_quic_client quic;
		struct zr_dtls_client dtls;
	};
	uint32_t flow;
	uint32_t next; /* slot, plus 1: the one for the flow's other side, or the next free one; 0: none */
	uint8_t kind;  /* enum zr_context_kind */
	bool from_b;   /* which side of the key is being listened to */
	bool resumed;  /* after a restart: the client has said nothing since that goes on where it was heard last */
};

struct zr_contexts {
	struct zr_context *slots;
	uint32_t count, used;
	uint32_t hand;             /* the slot that is emptied next, when all are taken */
	uint32_t fresh, free_head; /* slots from fresh on were never used; free_head is a slot's number plus 1 */
};

/* Connection ids that QUIC servers chose, each with the flow of its connection (rebind.c). */
struct zr_server_ids {
	struct zr_server_id *places;
	uint32_t sets;                        /* of places that an id may lie in */
	uint32_t learned;                     /* so far */
	uint32_t of_len[ZR_QUIC_CID_MAX + 1]; /* how many there are of each length */
};
size_t zr_server_ids_memory(size_t bytes);
void zr_server_ids_init(struct zr_server_ids *ids, void *memory, size_t bytes);

/* The packet of a flow to a trusted resolver that is being read. */
enum zr_asked { ZR_ASKED_NOTHING, ZR_ASKED_LISTED, ZR_ASKED_OTHER };
struct zr_reading {
	uint32_t flow;
	bool up;
	uint8_t asked;      /* enum zr_asked */
	uint8_t taught;     /* addresses */
	uint32_t entry;     /* LISTED: of the name, in the list in force */
	uint64_t shared_us; /* when it was last told of an address that it stands for another name, too */
	struct zr_dns_name name;
};

/* A compiled list and the index of its names by keyed hashes. */
struct zr_list_view {
	const struct zr_image *image;
	const struct zr_suffix_index *index;
};

/* The wall clock, as all flows of one generation see it. */
struct zr_wall {
	int64_t ahead_us;        /* of the packets' time */
	uint64_t switched_us[3]; /* packets' times: from each to the next one the tariff is the same. 0: not known */
};

struct zr_pipeline {
	struct zr_flow_table table;
	struct zr_totals totals;
	uint64_t counters[ZR_COUNTER_COUNT];
	struct zr_pipeline_config config;
	/*
	 * The list in force, and the one before it until every flow has been judged anew: a flow's generation says which one
	 * its rule counts in, and what the wall clock was when it was looked at.
	 */
	struct zr_list_view list, old_list;
	struct zr_wall wall, old_wall;
	uint64_t list_us;         /* when the list came into force */
	uint64_t tariff_since_us; /* parts that began before are of another tariff, by the wall clock set then */
	uint32_t list_left;       /* flows below this number may still be of the old list */
	uint8_t generation;
	uint64_t now_us;    /* the latest packet's time */
	uint64_t waited_us; /* for how long what is being counted has waited: 0 but for fragments */
	uint64_t swept_us;  /* up to when ageing has come */
	uint64_t window_from_us, window_until_us; /* between them no window of the list opens or closes */
	uint64_t next_flow;                       /* number of the next flow that leaves a record */
	uint8_t mark;                             /* what the latest packet is to be marked with */
	uint64_t removals;                        /* flows removed so far: what was looked up before may be stale */
	uint32_t flows_free;                      /* flows open that are free */
	struct zr_intern *intern;
	struct zr_assembly_pool *assembly;
	struct zr_contexts contexts;
	struct zr_server_ids server_ids;
	struct zr_quic_crypto *quic;
	struct zr_datagrams datagrams;
	struct zr_untold untold;
	uint64_t told;        /* events that were taken so far */
	uint64_t *identities; /* of flows of earlier runs, by their numbers from 1 to identities_max */
	uint32_t identities_max, identities_used;
	uint8_t *scratch;           /* ZR_SCRATCH bytes for a parser's own use */
	struct zr_dns_watch *watch; /* NULL: there are no trusted resolvers, and nothing is learned */
	struct zr_reading reading;
	struct zr_lessons lessons;
	struct zr_ties ties;
	uint64_t bond_key[2];
	const struct zr_learned_table *learned; /* network-wide, or NULL */
	uint32_t learned_left;                  /* places of ties below this number may not have been judged by it */
	struct zr_twices twices;
	struct zr_decisions decisions;
};

#define ZR_SCRATCH 65536

static inline struct zr_flow *zr_flow_at(struct zr_pipeline *p, uint32_t flow)
{
	return &p->table.flows[flow];
}

static inline struct zr_flow_rest *zr_rest_at(struct zr_pipeline *p, uint32_t flow)
{
	return &p->table.rest[flow];
}

/* The list that a flow was judged by, and the wall clock then. */
static inline const struct zr_list_view *zr_list_of(const struct zr_pipeline *p, const struct zr_flow *f)
{
	return f->generation == p->generation ? &p->list : &p->old_list;
}

static inline struct zr_wall *zr_wall_of(struct zr_pipeline *p, const struct zr_flow *f)
{
	return f->generation == p->generation ? &p->wall : &p->old_wall;
}

/* Wall clock time of a moment in packets' time: for stamps, windows and expiry. */
static inline uint64_t zr_wall_us(const struct zr_pipeline *p, const struct zr_flow *f, uint64_t us)
{
	return us + (uint64_t)(f->generation == p->generation ? p->wall : p->old_wall).ahead_us;
}

static inline int64_t zr_wall_s(const struct zr_pipeline *p, const struct zr_flow *f, uint64_t us)
{
	return (int64_t)(zr_wall_us(p, f, us) / 1000000);
}

/*
 * context.c: keep what has begun outside of a slot, for a side of a flow that keeps nothing yet; when there is no slot, one of
 * the oldest is given up. The slot that a side has, or NULL. Give back a side's slot, if it has one, or both, and what they
 * hold; and only what a context holds. Both sides are listened to until it is known which is the client.
 */
void zr_context_keep(struct zr_pipeline *p, uint32_t flow, struct zr_context *fresh);
struct zr_context *zr_context_of(const struct zr_pipeline *p, uint32_t flow, bool from_b);
void zr_context_put_side(struct zr_pipeline *p, uint32_t flow, bool from_b);
void zr_context_put(struct zr_pipeline *p, uint32_t flow);
void zr_context_drop(struct zr_pipeline *p, struct zr_context *context);
/* Is at least half of the slots free, so that one may be kept for what may never come? */
bool zr_context_plenty(const struct zr_pipeline *p);
/* What a side keeps goes for want of memory, and with it the flow's inspection, unless silence has ended the flow by now. */
void zr_context_give_up(struct zr_pipeline *p, uint32_t flow, bool from_b);
/* Where a context has its buffer. */
struct zr_assembly **zr_context_held(struct zr_context *context);
/* A flow's side as the owner of a buffer. */
static inline uint32_t zr_context_owner(uint32_t flow, bool from_b)
{
	return flow << 1 | from_b;
}

/* client.c: which side is the subscriber. Does neither address belong to one, though subscribers are known? */
bool zr_client_unknown(const struct zr_pipeline *p, const struct zr_packet *packet);
/* Is it the one who sent this packet? *certain: it cannot turn out to be the other. */
bool zr_client_sent(const struct zr_pipeline *p, const struct zr_packet *packet, bool *certain);
void zr_client_find(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b);
/* It has shown itself, by a hello or a request. */
void zr_client_fix(struct zr_pipeline *p, uint32_t flow, bool is_b);

/* path.c: the VLAN ids and TEIDs that a flow's packets came with. */
struct zr_path {
	uint16_t vlans[ZR_VLANS_MAX];
	uint32_t teid_up, teid_down;
	uint8_t vlan_count, has_teid_up, has_teid_down;
	uint8_t way_up; /* zr_packet.tunnel_way of what went up, with has_teid_up */
};
void zr_path_note(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up);
void zr_path_flip(struct zr_pipeline *p, uint32_t flow);
struct zr_path zr_path_of(const struct zr_pipeline *p, uint32_t flow);

/* The bits of evidence that a name was read. */
#define ZR_NAME_EVIDENCE                                                                       \
	(1U << ZR_EVIDENCE_TLS_SNI | 1U << ZR_EVIDENCE_QUIC_SNI | 1U << ZR_EVIDENCE_DTLS_SNI | \
	 1U << ZR_EVIDENCE_HTTP_HOST)

/* A name that was not there. */
#define ZR_NO_NAME ((struct zr_name_ref){.text = NULL, .len = 0})

/* judge.c: what a flow is at a time, by its name and its server's address. */
struct zr_judgement {
	uint8_t reason;             /* enum zr_reason */
	uint8_t evidence;           /* bits of enum zr_evidence */
	uint32_t rule;              /* entry, or ZR_ENTRY_NONE */
	uint64_t at_us;             /* the time */
	struct zr_suffixes learned; /* DNS_LEARNED: of the name that its server's address was learned for */
};
/* A flow whose hello or request has just been read; len 0: it carried no name. */
struct zr_judgement zr_judge_name(struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name,
				  enum zr_evidence source);
/* By its server's address alone: PREFIX, or UNDECIDED when no address entry covers it. */
struct zr_judgement zr_judge_address(struct zr_pipeline *p, uint32_t flow);
/* A judgement by an address entry, for another flow to the same server. */
struct zr_judgement zr_judge_prefix(const struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement);
/* Are two entries of two lists the same for billing: rule, service and rating group? ZR_ENTRY_NONE is like itself. */
bool zr_judge_same_entry(const struct zr_image *a, uint32_t rule_a, const struct zr_image *b, uint32_t rule_b);
/* A decided flow as of another time, by what is kept of its name. */
struct zr_judgement zr_judge_again(struct zr_pipeline *p, uint32_t flow, uint64_t at_us);

/* name.c: what is kept of a name: its text when it frees the flow, else keyed hashes of its suffixes. */
void zr_name_keep(struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name);
/* … and for a flow without a name of what its server's address was learned for. */
void zr_name_keep_learned(struct zr_pipeline *p, uint32_t flow, const struct zr_suffixes *name);
void zr_name_learned(const struct zr_pipeline *p, uint32_t flow, struct zr_suffixes *out);
/* The verdict is another one: text that does not free the flow becomes hashes. */
void zr_name_redact(struct zr_pipeline *p, uint32_t flow);
/* What is kept of one flow's name is kept for another, which has none, too. */
void zr_name_share(struct zr_pipeline *p, uint32_t flow, uint32_t from);
bool zr_name_same(const struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name);
/* The text, terminated, or NULL; the hashes (count 0 when there is no name or its text is kept). */
const char *zr_name_text(const struct zr_pipeline *p, uint32_t flow);
void zr_name_suffixes(const struct zr_pipeline *p, uint32_t flow, struct zr_suffixes *out);

/*
 * verdict.c: the first verdict of a flow; another one, which cuts what was counted under the old one; another one after the
 * caller's cut (same: it has the entry of the old one; cause: as zr_look_note's); and the same one, though a name was read.
 * name: what was read; NULL with change and replace: what is kept of the name stays.
 */
void zr_verdict_decide(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name);
void zr_verdict_change(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, struct zr_judgement judgement,
		       const struct zr_name_ref *name);
void zr_verdict_replace(struct zr_pipeline *p, uint32_t flow, uint8_t cause, struct zr_judgement judgement,
			const struct zr_name_ref *name, bool same);
void zr_verdict_stay(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name);
/* The verdict that a flow had in an earlier run; it is told as due already, and the name is kept if it frees the flow. */
void zr_verdict_restore(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name);
/* The first verdict of a flow that carries on what another began: what that one is, and how it was found out. */
void zr_verdict_inherit(struct zr_pipeline *p, uint32_t flow, uint32_t from);

/*
 * cut.c: counting, and ending a part or a flow. goes_on: verdict, entry and tariff stay the same, so that a part that nobody
 * takes can go on. What nobody took is offered again.
 */
void zr_cut_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool goes_on);
void zr_cut_again(struct zr_pipeline *p, uint32_t flow);
void zr_cut_end(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause);
static inline bool zr_cut_waits(const struct zr_flow *f)
{
	return f->late != 0 || f->tag_late;
}
/* A part is full: once, not for every packet from then on; what goes on is offered again by edges. */
void zr_cut_full(struct zr_pipeline *p, uint32_t flow);
/* The first packet of a part was counted. before_us: the flow's packet before it. */
void zr_cut_begin(struct zr_pipeline *p, uint32_t flow, uint64_t before_us);
/* What the flow has counted since its cut goes from the total of its reason to another's. */
void zr_cut_move(struct zr_pipeline *p, uint32_t flow, enum zr_reason to);
static inline bool zr_cut_empty(const struct zr_flow *f)
{
	return (f->up_pkts | f->down_pkts) == 0;
}

/* Half of what the smaller of its fields hold, in packets or bytes of one direction: no interim may be soon enough. */
static inline bool zr_cut_is_full(const struct zr_flow *f)
{
	return ((f->up_pkts | f->down_pkts) >> 31 | ((f->bytes_word[0] | f->bytes_word[1]) >> 40 & 1)) != 0;
}
/* Packets of every flow come here. No branch on the direction, which nothing predicts. */
static inline void zr_cut_count(struct zr_pipeline *p, uint32_t flow, bool up, uint32_t pkts, uint64_t bytes)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_volume *total = &p->totals.reason[f->reason];
	uint64_t before_us = f->last_us;
	bool begins;

	if (zr_cut_is_full(f))
		zr_cut_full(p, flow);
	begins = zr_cut_empty(f);
	f->last_us = p->now_us;
	f->bytes_word[!up] += bytes;
	f->pkts[!up] += pkts;
	total->bytes += bytes;
	total->pkts += pkts;
	if (begins)
		zr_cut_begin(p, flow, before_us);
}

/* edge.c: what time brings. Is anything due at now? Do it; false when the flow has ended and is gone. */
static inline bool zr_edge_due(const struct zr_pipeline *p, const struct zr_flow *f)
{
	return p->now_us - f->last_us >= p->config.timeout_us[f->timeout] || zr_tick(p->now_us) >= f->edge_tick ||
	       f->generation != p->generation;
}
bool zr_edge_pass(struct zr_pipeline *p, uint32_t flow);
/* A part begins, or edges were passed up to us: note when to look next. */
void zr_edge_set(struct zr_pipeline *p, uint32_t flow, uint64_t us);
/* Nobody took what was told: look again soon. */
void zr_edge_soon(struct zr_pipeline *p, uint32_t flow);
/*
 * The wall clock was set from one time to another: which parts are now of another tariff? Those that began before the time that
 * is returned, by the clock that was set; UINT64_MAX: all.
 */
uint64_t zr_edge_tariff_since(const struct zr_pipeline *p, uint64_t old_us, uint64_t us);
/*
 * When a part that begins with what has waited began; now, when an edge or another packet of the flow (before_us: its latest)
 * lies between.
 */
uint64_t zr_edge_waited_since(struct zr_pipeline *p, const struct zr_flow *f, uint64_t before_us);
/* Look at the next few flows at the ageing hand: fewer, the more events the burst's own packets told. */
void zr_edge_sweep(struct zr_pipeline *p, uint64_t told);

/*
 * pace.c: what one burst does for flows that no packet asks for: left is how much more, a flow counting for one and each event
 * that it tells for one more. asked: told_max is how many events are told when there is no more room.
 */
struct zr_pace {
	unsigned int left;
	bool asked;
	uint64_t told_max;
};
/*
 * May something be done for a flow now? Then do it and say how many events had been told before. False: it tells events, for
 * which there is no room now, and it waits. One that silence has ended does not wait when the table is nearly full, and keeps no
 * other free while it waits.
 */
bool zr_pace_may(struct zr_pipeline *p, struct zr_pace *pace, uint32_t flow);
void zr_pace_spend(const struct zr_pipeline *p, struct zr_pace *pace, uint64_t told_before);
/* Both, around what is due (zr_edge_pass). */
bool zr_pace_pass(struct zr_pipeline *p, struct zr_pace *pace, uint32_t flow);

/* renew.c: a flow has come to when the new list, or wall clock, came; a few that nobody speaks on come to it too. */
void zr_renew_flow(struct zr_pipeline *p, uint32_t flow);
void zr_renew_some(struct zr_pipeline *p, struct zr_pace *pace);

/* discover.c: names from what clients say. */
/* heard.c: what of a client's packet reaches its server. Does any server read it? Is it whole, for one who verifies checksums? */
bool zr_heard_read(const struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet);
bool zr_heard_whole(const struct zr_pipeline *p, const struct zr_packet *packet);
/* … may some servers read it, or all of it, and others not? packet has a payload. */
bool zr_heard_doubtful(const struct zr_packet *packet);

void zr_discover(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b);
/* Does this packet (a SYN, or a QUIC long header) begin another connection on the flow's tuple? */
bool zr_discover_anew(struct zr_pipeline *p, const struct zr_flow *f, const struct zr_packet *packet);
/* A QUIC long header from the server may tell an id that the same connection goes on with. */
void zr_discover_server(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet);
/*
 * A followed HTTP connection of an earlier run: when the packet shows that the client said what nobody heard, which may be a
 * request for any host, inspection ends and the flow is charged.
 */
void zr_discover_resumed(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b);
/* Inspection of the flow ends without a name: a bound was reached. */
void zr_discover_stop(struct zr_pipeline *p, uint32_t flow);

/* pipeline.c: a place in the table for a flow, for which another may have to go; ZR_FLOW_NONE: there is none. */
uint32_t zr_pipeline_insert(struct zr_pipeline *p, const struct zr_flow_key *key, uint64_t hash);

/* pipeline.c: count volume to a packet's flow, and inspect the packet's payload. */
void zr_pipeline_account(struct zr_pipeline *p, const struct zr_packet *packet, const struct zr_volume *waited);

/* fragment.c: a fragment comes; datagrams that are due by then go; all go; one goes (arg: the pipeline). */
void zr_fragment_take(struct zr_pipeline *p, const struct zr_packet *part);
void zr_fragment_expire(struct zr_pipeline *p, uint64_t until_us);
void zr_fragment_end_all(struct zr_pipeline *p);
void zr_fragment_ended(void *arg, struct zr_datagram *d);

/*
 * rebind.c: a QUIC server's long header tells the connection id that it chose. Is dcid the one that is remembered for this
 * flow? Does the client's packet, on a flow without a verdict, belong to a connection that had another flow? That flow's
 * verdict is taken over then. The flow ends.
 */
void zr_rebind_learn(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet);
void zr_rebind_keep(struct zr_pipeline *p, uint32_t flow, struct zr_slice scid);
/* What is remembered for a flow; len 0: nothing. */
struct zr_slice zr_rebind_id(const struct zr_pipeline *p, const struct zr_flow *f);
bool zr_rebind_knows(const struct zr_pipeline *p, const struct zr_flow *f, struct zr_slice dcid);
bool zr_rebind_take(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b);
void zr_rebind_forget(struct zr_pipeline *p, uint32_t flow);

/*
 * look.c: keep a decision that was just made, for who asks later. cause: enum zr_decision_cause or enum zr_cause; name: what
 * was read with it, or NULL. A flow has got its number.
 */
void zr_look_note(struct zr_pipeline *p, uint32_t flow, uint8_t cause, const struct zr_name_ref *name);
void zr_look_number(struct zr_pipeline *p, uint32_t flow);

/*
 * usage.c: tell a flow's tag, which is due. Tell its part: nothing when it needs no record (then it is counted where what is
 * not told is). False: nobody took it.
 */
bool zr_usage_tag(struct zr_pipeline *p, uint32_t flow);
bool zr_usage_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool final);
/* Bits of enum zr_flag. */
uint8_t zr_usage_flags(const struct zr_pipeline *p, uint32_t flow);
/* What its next part would say, without a cause. */
struct zr_usage zr_usage_now(struct zr_pipeline *p, uint32_t flow);
/* The identity (start, worker, number) behind a flow's id, and an event's flow. */
uint64_t zr_identity_of(const struct zr_pipeline *p, uint64_t id);
void zr_usage_identify(struct zr_usage *u, uint64_t identity);
/* Volume is added to a sum of what is not told. */
void zr_usage_add(struct zr_traffic *sum, const struct zr_flow *f);

#endif
