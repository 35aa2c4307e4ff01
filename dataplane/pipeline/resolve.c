/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/resolve.h"

#include "dataplane/packet/checksum.h"
#include "dataplane/pipeline/evidence.h"

#define US_PER_S     UINT64_C(1000000)
#define S_PER_DAY    86400
#define DATAGRAM_MAX 8192  /* larger answers come over TCP, if they are any */
#define TEACH_MAX    64    /* addresses of one packet */
#define AGAIN_US     10000 /* so seldom is what was told, and the table does not say, told again */

static bool is_resolver(const struct zr_pipeline *p, uint8_t family, const union zr_ip *ip, uint16_t port)
{
	return port == ZR_PORT_DNS && zr_prefix_set_contains(p->config.trusted_resolvers, family, ip->b);
}

bool zr_resolve_is(const struct zr_pipeline *p, uint32_t flow)
{
	bool client_is_b = (p->table.flows[flow].flags & ZR_FLOW_CLIENT_IS_B) != 0;
	struct zr_flow_key key;
	union zr_ip server;
	uint16_t port;

	if (p->watch == NULL)
		return false;
	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, !client_is_b, &server, &port);
	return (key.proto == ZR_PROTO_TCP || key.proto == ZR_PROTO_UDP) && is_resolver(p, key.family, &server, port);
}

void zr_resolve_begin(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	if ((f->flags & ZR_FLOW_CLIENT_FIXED) == 0) {
		bool by_source = is_resolver(p, packet->family, &packet->src, packet->src_port);

		if (by_source != is_resolver(p, packet->family, &packet->dst, packet->dst_port))
			zr_client_fix(p, flow, from_b != by_source);
	}
	f->dns = zr_resolve_is(p, flow);
}

static uint64_t lifetime_us(const struct zr_pipeline_config *config, uint32_t ttl_s)
{
	uint64_t us = ttl_s * US_PER_S;

	if (us < config->learned_ttl_min_us)
		us = config->learned_ttl_min_us;
	if (us > config->learned_ttl_max_us)
		us = config->learned_ttl_max_us;
	return us + config->learned_grace_us;
}

/* The name of a query or answer, by the list in force. */
static struct zr_match match_of(const struct zr_pipeline *p, const struct zr_dns_name *name)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	struct zr_name_ref ref = {.text = name->text, .len = name->len};
	int64_t now_s = (int64_t)((p->now_us + (uint64_t)p->wall.ahead_us) / US_PER_S);

	if (name->len > 0 && now_s < zr_image_expires_s(p->list.image))
		zr_image_match_names(p->list.image, &ref, 1, now_s, &match);
	return match;
}

/* Does the table say this name already, for half of the time at least? */
static bool is_known(const struct zr_pipeline *p, const struct zr_server *server, const struct zr_learned *news)
{
	int64_t now_s = (int64_t)(news->time_us / US_PER_S), until_s = (int64_t)(news->until_us / US_PER_S);
	struct zr_learned_names names;

	if (p->learned == NULL ||
	    !zr_learned_find(p->learned, server->family, server->ip.b, server->domain, now_s, &names))
		return false;
	for (unsigned int i = 0; i < names.count; i++)
		if (names.names[i].len == strlen(news->name) &&
		    memcmp(names.names[i].text, news->name, names.names[i].len) == 0)
			return names.until_s[i] - now_s >= (until_s - now_s) / 2;
	return false;
}

/* The address stands for a name that is not listed: does the table not say so? otherwise: the answer where it does not have it. */
static bool is_news(const struct zr_pipeline *p, const struct zr_server *server, bool otherwise)
{
	int64_t now_s = (int64_t)((p->now_us + (uint64_t)p->wall.ahead_us) / US_PER_S);
	struct zr_learned_names names;

	if (p->learned == NULL ||
	    !zr_learned_find(p->learned, server->family, server->ip.b, server->domain, now_s, &names))
		return otherwise;
	return !names.other;
}

static void tell(struct zr_pipeline *p, const struct zr_dns_learned *learned, const struct zr_server *server,
		 uint64_t until_us, bool listed)
{
	const struct zr_dns_address *address = learned->address;
	uint64_t ahead_us = (uint64_t)p->wall.ahead_us;
	struct zr_learned news = {
		.name = listed ? address->name->text : NULL,
		.address = server->ip,
		.resolver = learned->packet->src,
		.domain = server->domain,
		.family = server->family,
		.resolver_family = learned->packet->family,
		.type = address->type,
		.aliases = address->chain_count,
		.time_us = p->now_us + ahead_us,
		.until_us = until_us + ahead_us,
	};

	if (!listed)
		p->reading.shared_us = p->now_us;
	if (p->config.learned != NULL && (!listed || !is_known(p, server, &news)))
		p->config.learned(p->config.arg, &news);
}

/* Can the address be that of a server beyond the gateway? Not where it cannot be one, is the subscriber's, or a resolver's. */
static bool may_serve(const struct zr_pipeline *p, const struct zr_learner *learner, const struct zr_server *server)
{
	const uint8_t *b = server->ip.b;
	struct zr_learner own = zr_learner_of(&server->ip, server->family, server->domain);

	if (memcmp(&own, learner, sizeof(own)) == 0 ||
	    zr_prefix_set_contains(p->config.trusted_resolvers, server->family, b))
		return false;
	/* IANA's registries of special-purpose addresses: this host and network, loopback, link-local, multicast and above. */
	if (server->family == 4)
		return b[0] != 0 && b[0] != 127 && b[0] < 224 && !(b[0] == 169 && b[1] == 254);
	return b[0] != 0xff && !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80) &&
	       (server->ip.half[0] != 0 || memcmp(b + 8, "\0\0\0\0\0\0\0", 7) != 0 || b[15] > 1);
}

static void on_learned(void *arg, const struct zr_dns_learned *learned)
{
	struct zr_pipeline *p = arg;
	const struct zr_dns_address *address = learned->address;
	struct zr_server server = {.ip = address->ip, .domain = learned->packet->domain, .family = address->family};
	uint64_t until_us = p->now_us + lifetime_us(&p->config, address->ttl_s);
	struct zr_learner learner = zr_evidence_learner(p, p->reading.flow);
	struct zr_suffixes name;

	if (p->reading.up || p->reading.taught == TEACH_MAX || !may_serve(p, &learner, &server))
		return;
	p->reading.taught++;
	if (match_of(p, address->name).kind != ZR_MATCH_LISTED) {
		bool fresh = zr_lessons_other(&p->lessons, &server, p->now_us, until_us);

		/* It matters where the address stands for a listed name, which another worker may have learned later. */
		if ((fresh || p->now_us - p->reading.shared_us >= AGAIN_US) &&
		    is_news(p, &server, fresh && p->learned == NULL))
			tell(p, learned, &server, until_us, false);
		return;
	}
	zr_suffixes_make(p->config.seed, address->name->text, address->name->len, &name);
	if (!zr_lessons_teach(&p->lessons, &learner, &server, &name, until_us)) {
		p->counters[ZR_COUNTER_LESSONS_FULL]++;
		return;
	}
	p->counters[ZR_COUNTER_LESSONS]++;
	tell(p, learned, &server, until_us, true);
	if (zr_lessons_is_other(&p->lessons, &server, p->now_us) && is_news(p, &server, true))
		tell(p, learned, &server, until_us, false);
	zr_evidence_taught(p, &learner, &server);
}

static void on_query(void *arg, const struct zr_packet *packet, const struct zr_dns_name *name)
{
	struct zr_pipeline *p = arg;
	struct zr_match match;

	(void)packet;
	if (!p->reading.up)
		return;
	match = match_of(p, name);
	if (!p->config.dns_free || match.kind != ZR_MATCH_LISTED || p->reading.asked == ZR_ASKED_OTHER) {
		p->reading.asked = ZR_ASKED_OTHER;
		return;
	}
	p->reading.asked = ZR_ASKED_LISTED;
	p->reading.entry = match.entry;
	p->reading.name = *name;
}

struct zr_dns_watch_config zr_resolve_watch(struct zr_pipeline *p, const struct zr_pipeline_config *config)
{
	return (struct zr_dns_watch_config){
		.queries = (uint32_t)(config->learned_bytes / 16 / 100),
		.connections = (uint32_t)(config->learned_bytes / 16 / 512),
		.reassembly_bytes = config->learned_bytes / 4,
		.strict = true,
		.packets = config->packets,
		.seed = {config->seed[0], config->seed[1]},
		.learned = on_learned,
		.asked = on_query,
		.arg = p,
	};
}

/* In GTP-U, what comes the way that the subscriber's own packets go is his own, whatever address it has. */
static bool comes_back(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up)
{
	struct zr_path path;

	if (!packet->has_teid)
		return true;
	path = zr_path_of(p, flow);
	if (!up)
		return path.way_up != 0 && path.way_up != packet->tunnel_way;
	/* It may have changed with the subscriber's place. */
	if (path.way_up != packet->tunnel_way)
		zr_path_note(p, flow, packet, true);
	return true;
}

/* Is it from where it says it is, and does who it is sent to take it? */
static bool is_heard(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up)
{
	if (packet->contradicted || packet->role == (up ? ZR_ROLE_CORE : ZR_ROLE_ACCESS) ||
	    !comes_back(p, flow, packet, up))
		return false;
	if (packet->proto == ZR_PROTO_UDP && packet->payload_wire_len > DATAGRAM_MAX)
		return false;
	return packet->payload_len == 0 || !p->config.verify_checksums || zr_checksum_holds(packet);
}

static void read_packet(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up)
{
	bool understood = true;

	p->reading.flow = flow;
	p->reading.up = up;
	p->reading.asked = ZR_ASKED_NOTHING;
	p->reading.taught = 0;
	if (is_heard(p, flow, packet, up))
		understood = zr_dns_watch_packet(p->watch, packet, p->now_us);
	else
		p->counters[ZR_COUNTER_DNS_PASSED_OVER]++;
	/* What is no query may be anything. Over TCP it may still become one. */
	if (up && packet->payload_len > 0 &&
	    (!understood || (p->reading.asked == ZR_ASKED_NOTHING && packet->proto == ZR_PROTO_UDP)))
		p->reading.asked = ZR_ASKED_OTHER;
}

/* May so many bytes more be free for the flow's subscriber today? */
static bool spend(struct zr_pipeline *p, uint32_t flow, uint64_t bytes)
{
	int64_t now_s = (int64_t)((p->now_us + (uint64_t)p->wall.ahead_us) / US_PER_S) + p->config.day_offset_s;
	struct zr_learner learner = zr_evidence_learner(p, flow);

	if (zr_lessons_spend(&p->lessons, &learner, (uint32_t)(now_s / S_PER_DAY) + 1, bytes, p->config.dns_free_bytes))
		return true;
	p->counters[ZR_COUNTER_DNS_FREE_EXCEEDED]++;
	return false;
}

/* What the first query says of the flow: its address may be listed by itself. */
static void decide(struct zr_pipeline *p, uint32_t flow, uint64_t bytes)
{
	struct zr_name_ref name = {.text = p->reading.name.text, .len = p->reading.name.len};
	struct zr_judgement judgement = zr_judge_address(p, flow);
	const struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t retro_bytes = p->config.retro_credit ? f->up_bytes + f->down_bytes : 0;

	if (judgement.reason == ZR_REASON_UNDECIDED) {
		judgement.reason = ZR_REASON_NO_NAME;
		if (p->reading.asked == ZR_ASKED_LISTED && spend(p, flow, retro_bytes + bytes)) {
			judgement.reason = ZR_REASON_DNS_FREE;
			judgement.rule = p->reading.entry;
		}
	}
	zr_verdict_decide(p, flow, judgement, judgement.reason == ZR_REASON_DNS_FREE ? name : ZR_NO_NAME);
}

/* A packet of a free flow. What else it asks for, or what goes beyond the bytes of the day, is charged, with all that follows. */
static void go_on(struct zr_pipeline *p, uint32_t flow, uint64_t bytes)
{
	struct zr_name_ref name = {.text = p->reading.name.text, .len = p->reading.name.len};
	struct zr_judgement judgement = {.reason = ZR_REASON_NO_NAME, .rule = ZR_ENTRY_NONE, .at_us = p->now_us};

	if (p->reading.asked == ZR_ASKED_OTHER || !spend(p, flow, bytes)) {
		zr_verdict_change(p, flow, ZR_CAUSE_HOST_CHANGE, judgement, &ZR_NO_NAME);
	} else if (p->reading.asked == ZR_ASKED_LISTED && !zr_name_same(p, flow, name)) {
		judgement.reason = ZR_REASON_DNS_FREE;
		judgement.rule = p->reading.entry;
		zr_verdict_change(p, flow, ZR_CAUSE_HOST_CHANGE, judgement, &name);
	}
}

void zr_resolve_packet(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up, uint64_t bytes)
{
	const struct zr_flow *f = zr_flow_at(p, flow);

	read_packet(p, flow, packet, up);
	if ((f->flags & ZR_FLOW_DECIDED) != 0 && f->reason == ZR_REASON_DNS_FREE)
		go_on(p, flow, bytes);
	else if ((f->flags & ZR_FLOW_DECIDED) == 0 && p->reading.asked != ZR_ASKED_NOTHING)
		decide(p, flow, bytes);
}
