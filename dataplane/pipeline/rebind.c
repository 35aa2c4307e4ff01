/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QUIC connections that go on from another port, or from another address of the subscriber's /64 (RFC 9000, section 9).
 * They are known again by the connection id that the server chose: it stands in the server's long headers, and behind the
 * first byte of the client's short ones until either side changes ids, which is not seen in clear.
 */
#include <string.h>

#include "dataplane/pipeline/state.h"

#define LONG_HEADER 0x80

/* Places for an id: one set of them, by its hash. */
#define WAYS 4

struct zr_server_id {
	uint32_t flow;
	uint32_t learned; /* number of its learning */
	uint8_t len;      /* 0: the place is free */
	uint8_t id[ZR_QUIC_CID_MAX];
};

#define SET_BYTES (WAYS * sizeof(struct zr_server_id))

size_t zr_server_ids_memory(size_t bytes)
{
	return bytes / SET_BYTES * SET_BYTES;
}

void zr_server_ids_init(struct zr_server_ids *ids, void *memory, size_t bytes)
{
	ids->places = memory;
	ids->sets = (uint32_t)(bytes / SET_BYTES);
}

/*
 * What all flows of a connection have in common, in the form of a key so that a flow table's hash can be used: subscriber,
 * server, domain. Where a key has its first word, room is left for an id's hash.
 */
static struct zr_flow_key peers_of(const struct zr_pipeline *p, uint32_t flow, bool client_is_b)
{
	struct zr_flow_key key, peers = {.family = 6 /* all words are hashed */};
	union zr_ip client, server;
	uint16_t client_port;

	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, client_is_b, &client, &client_port);
	zr_flow_key_side(&key, !client_is_b, &server, &peers.port_b);
	peers.domain = key.domain;
	peers.proto = key.family;
	peers.addr6[0] = client.half[0]; /* all of an IPv4 address, a /64 of IPv6 */
	peers.addr6[1] = server.half[0];
	peers.addr6[2] = server.half[1];
	return peers;
}

static struct zr_server_id *set_of(const struct zr_pipeline *p, struct zr_flow_key peers, struct zr_slice id)
{
	uint64_t hash;

	peers.addr[0] = zr_quic_id_hash(id);
	hash = zr_flow_hash(&p->table, &peers);
	return p->server_ids.places + WAYS * ((hash >> 32) * p->server_ids.sets >> 32);
}

static struct zr_server_id *find(const struct zr_pipeline *p, const struct zr_flow_key *peers, struct zr_slice wanted)
{
	struct zr_server_id *set = set_of(p, *peers, wanted);

	for (struct zr_server_id *id = set; id < set + WAYS; id++) {
		struct zr_flow_key theirs;

		if (id->len != wanted.len || memcmp(id->id, wanted.at, wanted.len) != 0)
			continue;
		theirs = peers_of(p, id->flow, (p->table.flows[id->flow].flags & ZR_FLOW_CLIENT_IS_B) != 0);
		if (memcmp(&theirs, peers, sizeof(theirs)) == 0)
			return id;
	}
	return NULL;
}

/* The id behind a short header's first byte. How long it is nobody says: as long as any that is known. */
static struct zr_server_id *find_short(const struct zr_pipeline *p, const struct zr_flow_key *peers,
				       const struct zr_packet *packet)
{
	struct zr_slice wanted = {.at = packet->payload + 1, .len = ZR_QUIC_SERVER_ID_MIN};
	struct zr_server_id *id = NULL;

	for (; id == NULL && wanted.len <= ZR_QUIC_CID_MAX && wanted.len < packet->payload_len; wanted.len++)
		if (p->server_ids.of_len[wanted.len] > 0)
			id = find(p, peers, wanted);
	return id;
}

static bool is_free(const struct zr_pipeline *p, const struct zr_server_id *id)
{
	return (p->table.flows[id->flow].flags & ZR_FLOW_FREE) != 0;
}

/* Which of two goes when there is no room: one of a charged flow, then the older one. */
static bool goes_before(const struct zr_pipeline *p, const struct zr_server_id *a, const struct zr_server_id *b)
{
	if (is_free(p, a) != is_free(p, b))
		return is_free(p, b);
	return p->server_ids.learned - a->learned > p->server_ids.learned - b->learned;
}

static struct zr_server_id *make_room(struct zr_pipeline *p, struct zr_server_id *set)
{
	struct zr_server_id *victim = set;

	for (struct zr_server_id *id = set; id < set + WAYS; id++) {
		if (id->len == 0)
			return id;
		if (goes_before(p, id, victim))
			victim = id;
	}
	p->counters[ZR_COUNTER_SERVER_IDS_EVICTED]++;
	zr_rebind_forget(p, victim->flow);
	return victim;
}

/* The id is from now on that of this flow, which has none. */
static void give(struct zr_pipeline *p, struct zr_server_id *id, uint32_t flow)
{
	id->flow = flow;
	id->learned = p->server_ids.learned++;
	zr_flow_at(p, flow)->server_id = (uint32_t)(id - p->server_ids.places);
}

static struct zr_server_id *id_of(const struct zr_pipeline *p, const struct zr_flow *f)
{
	bool has_id = (f->flags & ZR_FLOW_INSPECT) == 0 && f->server_id != ZR_FLOW_NONE;

	return has_id ? &p->server_ids.places[f->server_id] : NULL;
}

/* The flow, which has none, gets this id: from whoever has it, or from another one for which there is no room. */
void zr_rebind_keep(struct zr_pipeline *p, uint32_t flow, struct zr_slice scid)
{
	struct zr_flow_key peers = peers_of(p, flow, (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) != 0);
	struct zr_server_id *id = find(p, &peers, scid);

	if (id != NULL)
		zr_rebind_forget(p, id->flow);
	else
		id = make_room(p, set_of(p, peers, scid));
	p->server_ids.of_len[scid.len]++;
	id->len = (uint8_t)scid.len;
	memcpy(id->id, scid.at, scid.len);
	give(p, id, flow);
}

void zr_rebind_learn(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_slice scid;

	if ((f->flags & (ZR_FLOW_DECIDED | ZR_FLOW_INSPECT)) == ZR_FLOW_DECIDED && id_of(p, f) == NULL &&
	    (f->evidence & 1U << ZR_EVIDENCE_QUIC_SNI) != 0 &&
	    zr_quic_server_id(packet->payload, packet->payload_len, &scid) && scid.len >= ZR_QUIC_SERVER_ID_MIN)
		zr_rebind_keep(p, flow, scid);
}

struct zr_slice zr_rebind_id(const struct zr_pipeline *p, const struct zr_flow *f)
{
	const struct zr_server_id *id = id_of(p, f);

	return id != NULL ? (struct zr_slice){.at = id->id, .len = id->len} : (struct zr_slice){0};
}

bool zr_rebind_knows(const struct zr_pipeline *p, const struct zr_flow *f, struct zr_slice dcid)
{
	const struct zr_server_id *id = id_of(p, f);

	return id != NULL && id->len == dcid.len && memcmp(id->id, dcid.at, dcid.len) == 0;
}

bool zr_rebind_take(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_server_id *id;
	struct zr_flow_key peers;
	uint32_t old;

	if ((f->flags & ZR_FLOW_DECIDED) != 0 || (packet->payload[0] & LONG_HEADER) != 0)
		return false;
	peers = peers_of(p, flow, from_b);
	id = find_short(p, &peers, packet);
	if (id == NULL)
		return false;
	old = id->flow;
	/* Time may have changed the old flow's verdict, or ended it. */
	if (zr_edge_due(p, zr_flow_at(p, old)) && !zr_edge_pass(p, old))
		return false;
	p->counters[ZR_COUNTER_FLOWS_REBOUND]++;
	zr_client_fix(p, flow, from_b);
	zr_context_put(p, flow);
	f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
	zr_verdict_inherit(p, flow, old);
	zr_flow_at(p, old)->server_id = ZR_FLOW_NONE;
	give(p, id, flow);
	return true;
}

void zr_rebind_forget(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_server_id *id = id_of(p, zr_flow_at(p, flow));

	if (id == NULL)
		return;
	p->server_ids.of_len[id->len]--;
	id->len = 0;
	zr_flow_at(p, flow)->server_id = ZR_FLOW_NONE;
}
