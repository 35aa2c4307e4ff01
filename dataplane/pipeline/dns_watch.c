/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/dns_watch.h"

#include "dataplane/flow/table.h"
#include "dataplane/inspect/dns_stream.h"
#include "dataplane/pipeline/datagram.h"

#define NS_PER_US      1000
#define REASSEMBLY_MIN 262144
#define FRAGMENT_SHARE 8 /* one eighth of the reassembly memory is for IP fragments */

/* What the two sides of a connection say: side a of its key, and side b. */
struct connection {
	struct zr_dns_stream sides[2];
};

struct zr_dns_watch {
	struct zr_flow_table table; /* connections; they stay undecided, so that the oldest goes when it is full */
	struct connection *connections;
	struct zr_assembly_pool *assembly;
	struct zr_datagrams datagrams;
	struct zr_dns_learner learner;
	struct zr_packet_rules packets;
	bool strict;
	uint64_t now_us;
};

/* A packet being looked at. */
struct sight {
	struct zr_dns_watch *watch;
	const struct zr_packet *packet;
};

struct layout {
	size_t table_at, connections_at, assembly_at, datagrams_at, queries_at, total;
	size_t assembly_bytes, datagrams_bytes;
};

static size_t carve(size_t *total, size_t bytes)
{
	size_t at = *total;

	*total = (at + bytes + 63) & ~(size_t)63;
	return at;
}

static struct layout layout_of(const struct zr_dns_watch_config *config)
{
	struct layout l = {0};

	l.datagrams_bytes = config->reassembly_bytes / FRAGMENT_SHARE;
	l.assembly_bytes = config->reassembly_bytes - l.datagrams_bytes;
	carve(&l.total, sizeof(struct zr_dns_watch));
	l.table_at = carve(&l.total, zr_flow_table_memory(config->connections));
	l.connections_at = carve(&l.total, config->connections * sizeof(struct connection));
	l.assembly_at = carve(&l.total, zr_assembly_pool_memory(l.assembly_bytes));
	l.datagrams_at = carve(&l.total, zr_datagrams_memory(l.datagrams_bytes));
	l.queries_at = carve(&l.total, zr_dns_match_memory(config->queries));
	return l;
}

size_t zr_dns_watch_memory(const struct zr_dns_watch_config *config)
{
	if (config->queries == 0 || config->queries > INT32_MAX || config->reassembly_bytes < REASSEMBLY_MIN ||
	    zr_flow_table_memory(config->connections) == 0)
		return 0;
	return layout_of(config).total;
}

static struct zr_dns_stream *stream_of(struct zr_dns_watch *w, uint32_t flow, bool b)
{
	return &w->connections[flow].sides[b];
}

/* Streams are numbered for the pool: two to a connection. */
static void given_up(void *arg, uint32_t owner)
{
	struct zr_dns_watch *w = arg;

	zr_dns_stream_lost(stream_of(w, owner / 2, owner % 2));
}

struct zr_dns_watch *zr_dns_watch_init(void *memory, const struct zr_dns_watch_config *config)
{
	struct layout l = layout_of(config);
	struct zr_dns_watch *w = memory;
	uint8_t *base = memory;

	zr_flow_table_init(&w->table, base + l.table_at, config->connections, config->seed);
	w->connections = (struct connection *)(void *)(base + l.connections_at);
	w->assembly = zr_assembly_pool_init(base + l.assembly_at, l.assembly_bytes, given_up, w);
	zr_datagrams_init(&w->datagrams, base + l.datagrams_at, l.datagrams_bytes, config->seed, NULL, NULL);
	w->learner.asked = zr_dns_match_init(base + l.queries_at, config->queries, config->seed);
	w->learner.learned = config->learned;
	w->learner.query = config->asked;
	w->learner.arg = config->arg;
	w->packets = config->packets;
	w->strict = config->strict;
	return w;
}

static void stream_start(struct zr_dns_watch *w, uint32_t flow, bool b, uint32_t seq, bool anchored)
{
	struct zr_dns_stream *s = stream_of(w, flow, b);

	zr_dns_stream_stop(s, w->assembly);
	zr_dns_stream_start(s, 2 * flow + b, seq, anchored);
	s->strict = w->strict;
}

static void forget_oldest(struct zr_dns_watch *w)
{
	uint32_t flow = zr_flow_table_victim(&w->table);

	for (unsigned int b = 0; b < 2; b++)
		zr_dns_stream_stop(stream_of(w, flow, b), w->assembly);
	zr_flow_table_remove(&w->table, flow);
}

/* The connection of a packet; a new one when there is none. ZR_FLOW_NONE: no room could be made. */
static uint32_t connection_of(struct zr_dns_watch *w, const struct zr_flow_key *key)
{
	uint64_t hash = zr_flow_hash(&w->table, key);
	uint32_t flow = zr_flow_table_find_one(&w->table, key, hash);

	if (flow != ZR_FLOW_NONE)
		return flow;
	if (w->table.used == w->table.capacity)
		forget_oldest(w);
	flow = zr_flow_table_insert(&w->table, key, hash);
	for (unsigned int b = 0; flow != ZR_FLOW_NONE && b < 2; b++)
		stream_start(w, flow, b, 0, false);
	return flow;
}

static void on_message(void *arg, const uint8_t *data, size_t len)
{
	const struct sight *sight = arg;

	zr_dns_learn(&sight->watch->learner, sight->packet, data, len, sight->watch->now_us);
}

static bool take_segment(struct sight *sight)
{
	const struct zr_packet *packet = sight->packet;
	struct zr_dns_watch *w = sight->watch;
	bool syn = (packet->tcp_flags & ZR_TCP_SYN) != 0;
	uint32_t seq = packet->tcp_seq + (syn ? 1 : 0);
	struct zr_flow_key key;
	uint32_t flow;
	bool from_b;

	if (!syn && packet->payload_len == 0)
		return true;
	from_b = zr_flow_key_of(packet, &key);
	flow = connection_of(w, &key);
	if (flow == ZR_FLOW_NONE)
		return false;
	if (syn)
		stream_start(w, flow, from_b, seq, true);
	zr_dns_stream_feed(stream_of(w, flow, from_b), w->assembly, seq, packet->payload, packet->payload_len,
			   on_message, sight);
	return !stream_of(w, flow, from_b)->other;
}

/* A fragment becomes the packet that its datagram was, if that is whole now and not in doubt. */
static bool join(struct zr_dns_watch *w, struct zr_packet *packet)
{
	struct zr_datagram *d;

	while (w->datagrams.due_us <= w->now_us)
		zr_datagrams_end(&w->datagrams, zr_datagrams_oldest(&w->datagrams));
	d = zr_datagrams_of(&w->datagrams, packet, w->now_us);
	zr_datagrams_collect(&w->datagrams, d, packet);
	if (!zr_pieces_whole(&d->pieces))
		return false;
	zr_datagrams_join(&w->datagrams, d, &w->packets, packet);
	zr_datagrams_end(&w->datagrams, d);
	return !packet->contradicted;
}

bool zr_dns_watch_packet(struct zr_dns_watch *w, const struct zr_packet *packet, uint64_t now_us)
{
	struct sight sight = {.watch = w, .packet = packet};

	w->now_us = now_us;
	if (packet->proto == ZR_PROTO_TCP)
		return take_segment(&sight);
	if (packet->proto == ZR_PROTO_UDP && packet->payload_len > 0)
		on_message(&sight, packet->payload, packet->payload_len);
	return true;
}

static void take(struct zr_dns_watch *w, const struct zr_view *view)
{
	uint64_t us = view->time_ns / NS_PER_US;
	struct zr_packet packet;

	if (us > w->now_us)
		w->now_us = us;
	zr_packet_parse(&w->packets, view, &packet);
	if (packet.unaccounted != ZR_ACCOUNTED)
		return;
	while (packet.fragment) /* in a tunnel in fragments may be a fragment */
		if (!join(w, &packet))
			return;
	zr_dns_watch_packet(w, &packet, w->now_us);
}

void zr_dns_watch_burst(struct zr_dns_watch *w, const struct zr_view *views, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		take(w, &views[i]);
}

uint64_t zr_dns_watch_counter(const struct zr_dns_watch *w, enum zr_dns_counter counter)
{
	return w->learner.counters[counter];
}
