/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/evidence.h"

#include "dataplane/packet/keyed_hash.h"

/* Places that one burst looks at when another network-wide table came. */
#define SOME_MAX 64

/* What a bond's key is made of, besides the subscriber. */
enum { BOND_ANSWERS = 1, BOND_SERVICE = 2 };

enum zr_verify zr_evidence_asked(const struct zr_pipeline *p, const struct zr_entry *entry)
{
	return (enum zr_verify)(entry->verify == ZR_VERIFY_DEFAULT ? p->config.verify : entry->verify);
}

bool zr_evidence_suspect(const struct zr_pipeline *p, const struct zr_image *image, uint32_t rule, uint8_t reason,
			 uint8_t evidence)
{
	struct zr_entry entry;

	if (!zr_reason_claims(reason) || (evidence & ZR_BACKING) != 0 || rule == ZR_ENTRY_NONE)
		return false;
	zr_image_entry(image, rule, &entry);
	return zr_evidence_asked(p, &entry) == ZR_VERIFY_FLAG;
}

static void side_of(const struct zr_pipeline *p, uint32_t flow, bool server, struct zr_flow_key *key, union zr_ip *ip)
{
	bool client_is_b = (p->table.flows[flow].flags & ZR_FLOW_CLIENT_IS_B) != 0;
	uint16_t port;

	zr_flow_table_key(&p->table, flow, key);
	zr_flow_key_side(key, client_is_b != server, ip, &port);
}

struct zr_learner zr_evidence_learner(const struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow_key key;
	union zr_ip ip;

	side_of(p, flow, false, &key, &ip);
	return zr_learner_of(&ip, key.family, key.domain);
}

struct zr_server zr_evidence_server(const struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow_key key;
	union zr_ip ip;

	side_of(p, flow, true, &key, &ip);
	return (struct zr_server){.ip = ip, .domain = key.domain, .family = key.family};
}

/* Has a worker whose resolvers and table are not known learned anything? */
static bool knows(const struct zr_pipeline *p)
{
	return p->watch != NULL || p->learned != NULL;
}

/* What was learned of a flow's server, as entries of its list: ZR_ENTRY_NONE for a name that is not listed there. */
struct known {
	struct zr_server server;
	unsigned int own_count, seen_count;
	bool other; /* and names that were never listed */
	uint32_t own[ZR_LESSONS_NAMES], seen[ZR_LEARNED_NAMES];
	struct zr_suffixes own_names[ZR_LESSONS_NAMES];
	struct zr_learned_names seen_names;
};

static uint32_t entry_of(struct zr_match match)
{
	return match.kind == ZR_MATCH_LISTED ? match.entry : ZR_ENTRY_NONE;
}

static void ask_own(const struct zr_pipeline *p, uint32_t flow, uint64_t at_us, struct known *k)
{
	const struct zr_flow *f = &p->table.flows[flow];
	int64_t at_s = zr_wall_s(p, f, at_us);
	struct zr_learner learner;

	k->own_count = 0;
	if (p->watch == NULL)
		return;
	learner = zr_evidence_learner(p, flow);
	k->own_count = zr_lessons_find(&p->lessons, &learner, &k->server, at_us, k->own_names);
	for (unsigned int i = 0; i < k->own_count; i++)
		k->own[i] = entry_of(zr_suffix_index_match(zr_list_of(p, f)->index, &k->own_names[i], at_s));
}

static void ask_network(const struct zr_pipeline *p, uint32_t flow, uint64_t at_us, struct known *k)
{
	const struct zr_flow *f = &p->table.flows[flow];
	struct zr_match matches[ZR_LEARNED_NAMES];
	int64_t at_s = zr_wall_s(p, f, at_us);

	k->seen_count = 0;
	k->other = false;
	if (p->learned == NULL ||
	    !zr_learned_find(p->learned, k->server.family, k->server.ip.b, k->server.domain, at_s, &k->seen_names))
		return;
	k->other = k->seen_names.other;
	k->seen_count = k->seen_names.count;
	zr_image_match_names(zr_list_of(p, f)->image, k->seen_names.names, k->seen_count, at_s, matches);
	for (unsigned int i = 0; i < k->seen_count; i++)
		k->seen[i] = entry_of(matches[i]);
}

static bool holds(const uint32_t *entries, unsigned int count, uint32_t entry)
{
	for (unsigned int i = 0; i < count; i++)
		if (entries[i] == entry)
			return true;
	return false;
}

uint8_t zr_evidence_of_dns(const struct zr_pipeline *p, uint32_t flow, uint32_t rule, uint64_t at_us)
{
	unsigned int evidence = 0;
	struct known k;

	if (!knows(p))
		return 0;
	k.server = zr_evidence_server(p, flow);
	ask_own(p, flow, at_us, &k);
	if (holds(k.own, k.own_count, rule))
		evidence |= 1U << ZR_EVIDENCE_DNS_SUBSCRIBER;
	ask_network(p, flow, at_us, &k);
	if (holds(k.seen, k.seen_count, rule))
		evidence |= 1U << ZR_EVIDENCE_DNS_SEEN;
	return (uint8_t)evidence;
}

/* The first entry that says that its addresses are enough. */
static uint32_t learning(const struct zr_image *image, const uint32_t *entries, unsigned int count,
			 struct zr_entry *entry)
{
	for (unsigned int i = 0; i < count; i++) {
		if (entries[i] == ZR_ENTRY_NONE)
			continue;
		zr_image_entry(image, entries[i], entry);
		if (entry->verify == ZR_VERIFY_LEARN)
			return entries[i];
	}
	return ZR_ENTRY_NONE;
}

/* Does the address stand for anything but this entry? */
static bool is_shared(const struct zr_pipeline *p, const struct known *k, uint32_t entry, uint64_t at_us)
{
	for (unsigned int i = 0; i < k->own_count; i++)
		if (k->own[i] != entry)
			return true;
	for (unsigned int i = 0; i < k->seen_count; i++)
		if (k->seen[i] != entry)
			return true;
	return k->other || (p->watch != NULL && zr_lessons_is_other(&p->lessons, &k->server, at_us));
}

/* The name that the entry was learned for. */
static void name_of(const struct zr_pipeline *p, const struct known *k, uint32_t entry, struct zr_suffixes *out)
{
	for (unsigned int i = 0; i < k->own_count; i++)
		if (k->own[i] == entry) {
			*out = k->own_names[i];
			return;
		}
	for (unsigned int i = 0; i < k->seen_count; i++)
		if (k->seen[i] == entry) {
			zr_suffixes_make(p->config.seed, k->seen_names.names[i].text, k->seen_names.names[i].len, out);
			return;
		}
}

bool zr_evidence_learned(const struct zr_pipeline *p, uint32_t flow, struct zr_judgement *j)
{
	const struct zr_image *image = zr_list_of(p, &p->table.flows[flow])->image;
	struct zr_entry entry;
	struct known k;
	uint32_t rule;

	if (!knows(p))
		return false;
	k.server = zr_evidence_server(p, flow);
	ask_own(p, flow, j->at_us, &k);
	ask_network(p, flow, j->at_us, &k);
	rule = learning(image, k.own, k.own_count, &entry);
	if (rule == ZR_ENTRY_NONE)
		rule = learning(image, k.seen, k.seen_count, &entry);
	if (rule == ZR_ENTRY_NONE || (!entry.shared_intended && is_shared(p, &k, rule, j->at_us)))
		return false;
	j->rule = rule;
	if (holds(k.own, k.own_count, rule))
		j->evidence |= 1U << ZR_EVIDENCE_DNS_SUBSCRIBER;
	if (holds(k.seen, k.seen_count, rule))
		j->evidence |= 1U << ZR_EVIDENCE_DNS_SEEN;
	name_of(p, &k, rule, &j->learned);
	return true;
}

static uint64_t key_of_service(const struct zr_pipeline *p, const struct zr_learner *learner, const char *service)
{
	uint64_t parts[3] = {0, 0, zr_keyed_hash(p->bond_key, BOND_SERVICE, service, strlen(service))};

	memcpy(parts, learner, sizeof(*learner));
	return zr_keyed_hash(p->bond_key, BOND_SERVICE, parts, sizeof(parts));
}

/* One bond for all that a subscriber may learn, so that he cannot have more flows tied than one has room for. */
static uint64_t key_of_answers(const struct zr_pipeline *p, const struct zr_learner *learner)
{
	return zr_keyed_hash(p->bond_key, BOND_ANSWERS, learner, sizeof(*learner));
}

bool zr_evidence_bound(const struct zr_pipeline *p, uint32_t flow, const char *service, uint64_t at_us)
{
	struct zr_learner learner = zr_evidence_learner(p, flow);
	uint64_t key = key_of_service(p, &learner, service);

	/* One that cannot be told when it is bound no more is not free. */
	return zr_ties_until(&p->ties, key) > at_us &&
	       (zr_ties_is(&p->ties, flow, key, ZR_TIE_WAITS) || zr_ties_room(&p->ties, key));
}

uint64_t zr_evidence_edge(const struct zr_pipeline *p, uint32_t flow, uint64_t us)
{
	const struct zr_flow *f = &p->table.flows[flow];
	uint64_t until_us;

	if (!f->tied || f->reason != ZR_REASON_PREFIX)
		return UINT64_MAX;
	until_us = zr_ties_until_of(&p->ties, flow);
	return until_us > us ? until_us : us + 1;
}

/* A flow's verdict may be another one now. */
static void judge_anew(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement judgement;

	/* Time may have changed its verdict, or ended it. */
	if (zr_edge_due(p, f) && !zr_edge_pass(p, flow))
		return;
	judgement = zr_judge_again(p, flow, p->now_us);
	if (judgement.reason == f->reason && judgement.rule == zr_rest_at(p, flow)->rule)
		return;
	if (f->reason == ZR_REASON_UNLEARNED && zr_reason_verdict(judgement.reason) == ZR_FREE)
		p->counters[ZR_COUNTER_FLOWS_BACKED]++;
	zr_verdict_change(p, flow, ZR_CAUSE_VERDICT, judgement, NULL);
	zr_edge_set(p, flow, p->now_us);
}

static bool goes_to(const struct zr_pipeline *p, uint32_t flow, const struct zr_server *server)
{
	struct zr_server own = zr_evidence_server(p, flow);

	return memcmp(&own, server, sizeof(own)) == 0;
}

/* server: only those that go there; NULL: all. */
static void judge_waiting(struct zr_pipeline *p, uint64_t key, const struct zr_server *server)
{
	uint32_t flows[ZR_TIES_WAITING];
	unsigned int count = zr_ties_waiting(&p->ties, key, flows);

	/* One may end another: by then its number may be another flow's, which is judged like any. */
	for (unsigned int i = 0; i < count; i++)
		if (zr_flow_at(p, flows[i])->family != 0 && zr_flow_at(p, flows[i])->tied &&
		    (server == NULL || goes_to(p, flows[i], server)))
			judge_anew(p, flows[i]);
}

/* What the verdict hangs on, or is hung on. */
struct wish {
	uint64_t key; /* 0: nothing */
	enum zr_tie_role role;
};

static struct wish wish_of(const struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_flow *f = &p->table.flows[flow];
	uint32_t rule = p->table.rest[flow].rule;
	struct wish wish = {.role = ZR_TIE_WAITS};
	struct zr_learner learner;
	struct zr_entry entry;

	if (rule == ZR_ENTRY_NONE || (f->flags & (ZR_FLOW_FREE | ZR_FLOW_STAYS_CHARGED)) == ZR_FLOW_STAYS_CHARGED ||
	    ((f->flags & ZR_FLOW_FREE) == 0 && f->reason != ZR_REASON_UNLEARNED && f->reason != ZR_REASON_UNBOUND))
		return wish;
	zr_image_entry(zr_list_of(p, f)->image, rule, &entry);
	if (f->reason == ZR_REASON_UNLEARNED) {
		learner = zr_evidence_learner(p, flow);
		wish.key = key_of_answers(p, &learner);
	} else if (entry.bind[0] != '\0') {
		learner = zr_evidence_learner(p, flow);
		wish.key = key_of_service(p, &learner, entry.bind);
	} else if (entry.binds && f->reason != ZR_REASON_DNS_FREE) {
		learner = zr_evidence_learner(p, flow);
		wish = (struct wish){.key = key_of_service(p, &learner, entry.service), .role = ZR_TIE_HOLDS};
	}
	return wish;
}

/* No free flow under a service is left: those that are bound to it are free for the grace only. */
static void lapse(struct zr_pipeline *p, uint64_t key, uint64_t until_us)
{
	uint32_t flows[ZR_TIES_WAITING];
	unsigned int count = zr_ties_waiting(&p->ties, key, flows);

	for (unsigned int i = 0; i < count; i++) {
		struct zr_flow *f = zr_flow_at(p, flows[i]);

		if (zr_tick(until_us) < f->edge_tick)
			f->edge_tick = zr_tick(until_us);
	}
}

/* When a flow that is silent, or ends now, was free last. */
static uint64_t end_of(const struct zr_pipeline *p, const struct zr_flow *f)
{
	uint64_t silent_us = f->last_us + p->config.timeout_us[f->timeout];

	return silent_us < p->now_us ? silent_us : p->now_us;
}

void zr_evidence_release(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t until_us, key;

	if (!f->tied)
		return;
	until_us = end_of(p, f) + p->config.bind_grace_us;
	f->tied = false;
	key = zr_ties_untie(&p->ties, flow, until_us);
	if (key != 0)
		lapse(p, key, until_us);
}

void zr_evidence_follow(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct wish wish = wish_of(p, flow);
	uint64_t until_us;
	bool first;

	if (f->tied && wish.key != 0 && zr_ties_is(&p->ties, flow, wish.key, wish.role))
		return;
	zr_evidence_release(p, flow);
	if (wish.key == 0)
		return;
	until_us = zr_ties_until(&p->ties, wish.key);
	/* It was bound no more in between: whether somebody looked then makes no difference. */
	if (wish.role == ZR_TIE_HOLDS && until_us != 0 && until_us <= p->now_us)
		judge_waiting(p, wish.key, NULL);
	f->tied = zr_ties_tie(&p->ties, flow, wish.key, wish.role, &first);
	if (!f->tied)
		p->counters[ZR_COUNTER_TIES_FULL]++;
	else if (first)
		judge_waiting(p, wish.key, NULL);
}

void zr_evidence_taught(struct zr_pipeline *p, const struct zr_learner *learner, const struct zr_server *server)
{
	if (p->ties.waiting > 0)
		judge_waiting(p, key_of_answers(p, learner), server);
}

void zr_evidence_some(struct zr_pipeline *p, struct zr_pace *pace)
{
	for (unsigned int looks = 0; p->learned_left > 0 && looks < SOME_MAX && pace->left > 0; looks++) {
		uint32_t flow = zr_ties_at(&p->ties, p->learned_left - 1);
		uint64_t told = p->told;

		if (flow != ZR_FLOW_NONE && zr_flow_at(p, flow)->reason == ZR_REASON_UNLEARNED) {
			if (!zr_pace_may(p, pace, flow))
				return;
			judge_anew(p, flow);
			zr_pace_spend(p, pace, told);
		}
		p->learned_left--;
	}
}
