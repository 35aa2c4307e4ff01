/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/pipeline.h"

#include <string.h>

#include "dataplane/pipeline/resolve.h"
#include "dataplane/pipeline/state.h"

#define NS_PER_US   1000
#define EVICT_TRIES 4

/* The packets of a burst that have a flow, and what was looked up for them. */
struct lookup {
	struct zr_packet packets[ZR_BURST];
	struct zr_flow_key keys[ZR_BURST];
	uint64_t hashes[ZR_BURST];
	uint64_t us[ZR_BURST]; /* each packet's time, which never goes back */
	uint32_t flows[ZR_BURST];
	bool from_b[ZR_BURST];
	uint8_t at[ZR_BURST]; /* which of the burst's views it is */
	uint8_t *marks;       /* of each view; NULL: nobody asks */
	unsigned int count;
	uint64_t latest_us;
	uint64_t removals;              /* of the pipeline, when they were looked up */
	const struct zr_volume *waited; /* what the one packet counts for; NULL: each counts for itself */
};

/* The key of the next packet. */
static void stage_key(const struct zr_pipeline *p, struct lookup *l)
{
	l->from_b[l->count] = zr_flow_key_of(&l->packets[l->count], &l->keys[l->count]);
	l->hashes[l->count] = zr_flow_hash(&p->table, &l->keys[l->count]);
	l->count++;
}

/* Count what came in, and at once what has no flow. Has it one? */
static inline bool receive(struct zr_pipeline *p, const struct zr_packet *packet)
{
	p->totals.received.pkts++;
	p->totals.received.bytes += packet->volume_bytes;
	if (packet->unaccounted == ZR_ACCOUNTED)
		return true;
	p->totals.unaccounted[packet->unaccounted].pkts++;
	p->totals.unaccounted[packet->unaccounted].bytes += packet->volume_bytes;
	return false;
}

/* Read headers; count what came in, and at once what has no flow. */
static void stage_parse(struct zr_pipeline *p, const struct zr_view *views, unsigned int count, struct lookup *l)
{
	l->latest_us = p->now_us;
	l->waited = NULL;
	l->count = 0;
	for (unsigned int i = 0; i < count; i++) {
		struct zr_packet *packet = &l->packets[l->count];
		uint64_t us = views[i].time_ns / NS_PER_US;

		if (us > l->latest_us)
			l->latest_us = us < ZR_TIME_MAX_US ? us : ZR_TIME_MAX_US;
		l->us[l->count] = l->latest_us;
		zr_packet_parse(&p->config.packets, &views[i], packet);
		if (!receive(p, packet))
			continue;
		l->at[l->count] = (uint8_t)i;
		stage_key(p, l);
	}
}

static void stage_find(struct zr_pipeline *p, struct lookup *l)
{
	zr_flow_table_find(&p->table, l->keys, l->hashes, l->count, l->flows);
	l->removals = p->removals;
}

/* Make room for a flow. One that has ended by now, though nobody noticed, is room enough. */
static void flow_evict(struct zr_pipeline *p)
{
	uint32_t victim = zr_flow_table_victim(&p->table);
	struct zr_flow *f = zr_flow_at(p, victim);

	if (zr_edge_due(p, f) && !zr_edge_pass(p, victim))
		return;
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		p->counters[ZR_COUNTER_EVICTED_UNDECIDED]++;
	else if ((f->flags & ZR_FLOW_FREE) == 0)
		p->counters[ZR_COUNTER_EVICTED_CHARGED]++;
	else
		p->counters[ZR_COUNTER_EVICTED_FREE]++;
	zr_cut_end(p, victim, ZR_CAUSE_EVICTED);
}

uint32_t zr_pipeline_insert(struct zr_pipeline *p, const struct zr_flow_key *key, uint64_t hash)
{
	uint32_t flow = zr_flow_table_insert(&p->table, key, hash);

	for (unsigned int i = 0; flow == ZR_FLOW_NONE && i < EVICT_TRIES; i++) {
		flow_evict(p);
		flow = zr_flow_table_insert(&p->table, key, hash);
	}
	return flow;
}

static void flow_start(struct zr_flow *f, const struct zr_packet *packet, bool up)
{
	bool opener = (packet->tcp_flags & ZR_TCP_ACK) == 0;

	if (packet->proto != ZR_PROTO_TCP || (packet->tcp_flags & ZR_TCP_SYN) == 0)
		return;
	f->start = opener ? packet->tcp_seq : packet->tcp_ack - 1;
	f->flags |= ZR_FLOW_START_KNOWN;
	/* Opened towards the client, whose own first byte has another number. */
	if (opener != up)
		f->flags |= (f->flags & ZR_FLOW_CLIENT_IS_B) != 0 ? ZR_FLOW_STREAMED_B : ZR_FLOW_STREAMED_A;
}

/* Is there anything to inspect? */
static void flow_prepare(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet)
{
	struct zr_judgement judgement = {.reason = ZR_REASON_NOT_SUBSCRIBER, .rule = ZR_ENTRY_NONE};
	struct zr_flow *f = zr_flow_at(p, flow);

	if (zr_client_unknown(p, packet))
		zr_verdict_decide(p, flow, judgement, ZR_NO_NAME);
	else if (packet->proto == ZR_PROTO_TCP || packet->proto == ZR_PROTO_UDP)
		f->flags |= ZR_FLOW_INSPECT;
}

/* A part begins and no name is known: an address entry frees it from this packet on. */
static void flow_judge_address(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_judgement judgement = zr_judge_address(p, flow);

	if (judgement.reason == ZR_REASON_UNDECIDED) {
		if ((zr_flow_at(p, flow)->flags & ZR_FLOW_INSPECT) != 0)
			return;
		judgement.reason = ZR_REASON_NO_NAME;
	}
	zr_verdict_decide(p, flow, judgement, ZR_NO_NAME);
}

static uint32_t flow_open(struct zr_pipeline *p, const struct zr_packet *packet, const struct zr_flow_key *key,
			  uint64_t hash, bool from_b)
{
	uint32_t flow = zr_pipeline_insert(p, key, hash);
	struct zr_flow *f;
	bool up;

	if (flow == ZR_FLOW_NONE)
		return flow;
	f = zr_flow_at(p, flow);
	p->counters[ZR_COUNTER_FLOWS_NEW]++;
	f->generation = p->generation;
	zr_rest_at(p, flow)->first_us = p->now_us - p->waited_us;
	f->last_us = p->now_us - p->waited_us;
	zr_client_find(p, flow, packet, from_b);
	if (p->watch != NULL && (packet->src_port == ZR_PORT_DNS || packet->dst_port == ZR_PORT_DNS))
		zr_resolve_begin(p, flow, packet, from_b);
	up = from_b == ((f->flags & ZR_FLOW_CLIENT_IS_B) != 0);
	flow_start(f, packet, up);
	if (packet->vlan_count > 0)
		zr_path_note(p, flow, packet, up);
	flow_prepare(p, flow, packet);
	return flow;
}

/* A SYN, or a QUIC long header (RFC 8999, section 5.1). */
static bool may_begin(const struct zr_packet *packet)
{
	if (packet->proto == ZR_PROTO_UDP)
		return packet->payload_len > 0 && (packet->payload[0] & 0x80) != 0;
	return (packet->tcp_flags & ZR_TCP_SYN) != 0;
}

static bool begins_anew(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	bool up = from_b == ((f->flags & ZR_FLOW_CLIENT_IS_B) != 0);

	if (packet->proto == ZR_PROTO_UDP && !up && (f->flags & ZR_FLOW_CLIENT_FIXED) != 0) {
		zr_discover_server(p, flow, packet);
		return false;
	}
	return zr_discover_anew(p, f, packet);
}

/* The flow of a packet, as of now: edges that lie before it are passed, and a new connection has a new flow. */
static uint32_t flow_of(struct zr_pipeline *p, const struct lookup *l, unsigned int i)
{
	const struct zr_packet *packet = &l->packets[i];
	uint32_t flow = l->flows[i];

	if (flow == ZR_FLOW_NONE || p->removals != l->removals)
		flow = zr_flow_table_find_one(&p->table, &l->keys[i], l->hashes[i]);
	if (flow != ZR_FLOW_NONE && zr_edge_due(p, zr_flow_at(p, flow)) && !zr_edge_pass(p, flow))
		flow = ZR_FLOW_NONE;
	if (flow != ZR_FLOW_NONE && may_begin(packet) && begins_anew(p, flow, packet, l->from_b[i])) {
		zr_cut_end(p, flow, ZR_CAUSE_NEW_FLOW);
		flow = ZR_FLOW_NONE;
	}
	if (flow == ZR_FLOW_NONE)
		flow = flow_open(p, packet, &l->keys[i], l->hashes[i], l->from_b[i]);
	return flow;
}

static void tcp_close(struct zr_flow *f, unsigned int tcp_flags, bool up)
{
	if ((tcp_flags & ZR_TCP_FIN) != 0)
		f->flags |= up ? ZR_FLOW_FIN_UP : ZR_FLOW_FIN_DOWN;
	if ((tcp_flags & ZR_TCP_RST) != 0)
		f->flags |= ZR_FLOW_RST;
	if ((f->flags & ZR_FLOW_RST) != 0 ||
	    (f->flags & (ZR_FLOW_FIN_UP | ZR_FLOW_FIN_DOWN)) == (ZR_FLOW_FIN_UP | ZR_FLOW_FIN_DOWN))
		f->timeout = ZR_TIMEOUT_LINGER;
}

static bool over_bound(const struct zr_flow *f)
{
	return f->up_pkts + f->down_pkts > ZR_INSPECT_PKTS || f->up_bytes + f->down_bytes > ZR_INSPECT_BYTES;
}

/* Time comes to a packet. Is it a fragment? Then it is done with. */
static bool stage_fragment(struct zr_pipeline *p, const struct lookup *l, unsigned int i)
{
	if (l->us[i] >= p->datagrams.due_us)
		zr_fragment_expire(p, l->us[i]);
	p->now_us = l->us[i];
	if (!l->packets[i].fragment)
		return false;
	zr_fragment_take(p, &l->packets[i]);
	return true;
}

/* It is charged, and no flow keeps it. */
static void account_without_flow(struct zr_pipeline *p, enum zr_reason reason, const struct zr_packet *packet,
				 uint32_t pkts, uint64_t bytes)
{
	struct zr_traffic *sum = &p->untold.cut_charged;
	bool certain;

	p->totals.reason[reason].pkts += pkts;
	p->totals.reason[reason].bytes += bytes;
	if (zr_client_sent(p, packet, &certain)) {
		sum->up_pkts += pkts;
		sum->up_bytes += bytes;
	} else {
		sum->down_pkts += pkts;
		sum->down_bytes += bytes;
	}
}

/* A packet of a flow without a verdict, or the first one under a free verdict, was counted. */
static void account_news(struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_flow *f = zr_flow_at(p, flow);

	if ((f->flags & ZR_FLOW_TAG_DUE) != 0)
		zr_usage_tag(p, flow);
	else if (over_bound(f))
		zr_discover_stop(p, flow);
}

static void account(struct zr_pipeline *p, const struct lookup *l, unsigned int i)
{
	const struct zr_packet *packet = &l->packets[i];
	uint32_t pkts = l->waited != NULL ? (uint32_t)l->waited->pkts : 1;
	uint64_t bytes = l->waited != NULL ? l->waited->bytes : packet->volume_bytes;
	uint32_t flow = flow_of(p, l, i);
	bool from_b = l->from_b[i], up;
	struct zr_flow *f;

	if (flow == ZR_FLOW_NONE) {
		account_without_flow(p, ZR_REASON_TABLE_FULL, packet, pkts, bytes);
		p->mark = ZR_MARK_NONE;
		return;
	}
	f = zr_flow_at(p, flow);
	up = from_b == ((f->flags & ZR_FLOW_CLIENT_IS_B) != 0);
	if ((f->flags & (ZR_FLOW_INSPECT | ZR_FLOW_DECIDED)) == (ZR_FLOW_INSPECT | ZR_FLOW_DECIDED) &&
	    packet->proto == ZR_PROTO_TCP)
		zr_discover_resumed(p, flow, packet, from_b);
	if ((f->flags & ZR_FLOW_INSPECT) != 0) {
		if (f->dns)
			zr_resolve_packet(p, flow, packet, up, bytes);
		else if (packet->payload_len > 0 && (up || (f->flags & ZR_FLOW_CLIENT_FIXED) == 0))
			zr_discover(p, flow, packet, from_b);
		up = from_b == ((f->flags & ZR_FLOW_CLIENT_IS_B) != 0);
	}
	if ((f->flags & ZR_FLOW_DECIDED) == 0 && zr_cut_empty(f))
		flow_judge_address(p, flow);
	if (packet->has_teid && (f->flags & (up ? ZR_FLOW_TEID_UP : ZR_FLOW_TEID_DOWN)) == 0)
		zr_path_note(p, flow, packet, up);
	zr_cut_count(p, flow, up, pkts, bytes);
	p->mark = (uint8_t)(f->mark - 1);
	if (packet->proto == ZR_PROTO_TCP && (packet->tcp_flags & (ZR_TCP_FIN | ZR_TCP_RST)) != 0)
		tcp_close(f, packet->tcp_flags, up);
	if ((f->flags & (ZR_FLOW_DECIDED | ZR_FLOW_TAG_DUE)) != ZR_FLOW_DECIDED)
		account_news(p, flow);
}

/* One loop for both who need it: with two, the compiler makes account a function and calls it for every packet. */
static void stage_account(struct zr_pipeline *p, const struct lookup *l)
{
	for (unsigned int i = 0; i < l->count; i++) {
		if (l->waited != NULL || !stage_fragment(p, l, i))
			account(p, l, i);
		if (l->marks != NULL)
			l->marks[l->at[i]] = p->mark;
	}
}

void zr_pipeline_account(struct zr_pipeline *p, const struct zr_packet *packet, const struct zr_volume *waited)
{
	struct lookup l;

	l.packets[0] = *packet;
	l.waited = waited;
	l.marks = NULL;
	l.count = 0;
	stage_key(p, &l);
	stage_find(p, &l);
	stage_account(p, &l);
}

/* Some of the time: have they come in before? */
static void stage_twice(struct zr_pipeline *p, const struct zr_view *views, const struct lookup *l)
{
	for (unsigned int i = 0; i < l->count; i++)
		if (zr_twice_samples(l->us[i]) && zr_twice_look(&p->twices, l->us[i], &l->packets[i], l->hashes[i],
								&views[l->at[i]], p->config.subscribers))
			p->counters[ZR_COUNTER_SEEN_TWICE]++;
}

void zr_pipeline_burst_marks(struct zr_pipeline *p, const struct zr_view *views, unsigned int count, uint8_t *marks)
{
	uint64_t told = p->told;
	struct lookup l;

	l.marks = marks;
	if (marks != NULL)
		memset(marks, ZR_MARK_NONE, count);
	stage_parse(p, views, count, &l);
	stage_find(p, &l);
	if (l.count > 0 && (zr_twice_samples(l.us[0]) || zr_twice_samples(l.latest_us)))
		stage_twice(p, views, &l);
	stage_account(p, &l);
	zr_fragment_expire(p, l.latest_us);
	p->now_us = l.latest_us;
	zr_edge_sweep(p, p->told - told);
}

void zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count)
{
	zr_pipeline_burst_marks(p, views, count, NULL);
}

void zr_pipeline_bypass(struct zr_pipeline *p, const struct zr_view *view)
{
	struct zr_packet packet;

	zr_packet_parse(&p->config.packets, view, &packet);
	if (receive(p, &packet))
		account_without_flow(p, ZR_REASON_OVERLOAD, &packet, 1, packet.volume_bytes);
}

static void time_set(struct zr_pipeline *p, uint64_t now_ns)
{
	uint64_t now_us = now_ns / NS_PER_US < ZR_TIME_MAX_US ? now_ns / NS_PER_US : ZR_TIME_MAX_US;

	zr_fragment_expire(p, now_us);
	if (now_us > p->now_us)
		p->now_us = now_us;
}

void zr_pipeline_poll(struct zr_pipeline *p, uint64_t now_ns)
{
	time_set(p, now_ns);
	zr_edge_sweep(p, 0);
}

void zr_pipeline_advance(struct zr_pipeline *p, uint64_t now_ns)
{
	time_set(p, now_ns);
	for (uint32_t flow = 0; flow < p->table.high_water; flow++)
		if (zr_flow_at(p, flow)->family != 0 && zr_edge_due(p, zr_flow_at(p, flow)))
			zr_edge_pass(p, flow);
}

void zr_pipeline_shutdown(struct zr_pipeline *p)
{
	zr_pipeline_advance(p, 0);
	zr_fragment_end_all(p);
	for (uint32_t flow = 0; flow < p->table.high_water; flow++)
		if (zr_flow_at(p, flow)->family != 0)
			zr_cut_end(p, flow, ZR_CAUSE_SHUTDOWN);
}

void zr_pipeline_totals(const struct zr_pipeline *p, struct zr_totals *out)
{
	*out = p->totals;
}

void zr_pipeline_untold(const struct zr_pipeline *p, struct zr_untold *out)
{
	*out = p->untold;
}

uint64_t zr_pipeline_counter(const struct zr_pipeline *p, enum zr_counter counter)
{
	if (counter == ZR_COUNTER_LESSONS_EVICTED)
		return p->lessons.evicted;
	if (counter == ZR_COUNTER_DNS_UNASKED)
		return p->watch != NULL ? zr_dns_watch_counter(p->watch, ZR_DNS_COUNTER_UNASKED) : 0;
	return p->counters[counter];
}

enum zr_twice zr_pipeline_twice(const struct zr_pipeline *p)
{
	return (enum zr_twice)p->twices.found;
}

uint32_t zr_pipeline_lessons(const struct zr_pipeline *p)
{
	return p->lessons.used;
}

uint32_t zr_pipeline_flows(const struct zr_pipeline *p)
{
	return p->table.used;
}

uint32_t zr_pipeline_flows_undecided(const struct zr_pipeline *p)
{
	return p->table.undecided;
}

uint32_t zr_pipeline_flows_free(const struct zr_pipeline *p)
{
	return p->flows_free;
}

const char *zr_counter_name(enum zr_counter counter)
{
	static const char *const names[] = {
#define X(id, name) [ZR_COUNTER_##id] = name,
		ZR_COUNTERS(X)
#undef X
	};

	return names[counter];
}
