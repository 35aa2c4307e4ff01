/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/decisions.h"

#include <string.h>

#include "dataplane/packet/keyed_hash.h"
#include "dataplane/pipeline/state.h"

#define SET_BYTES  ZR_DECISIONS_SET_BYTES
#define CACHE_LINE 64

/*
 * A decision in its set, a ring: this, the addresses of client and server (4 bytes each, or 16), rule, service and name, and
 * the length of all of it in two bytes.
 */
struct head {
	uint64_t us, identity, list_serial;
	uint32_t rating_group;
	uint16_t client_port, server_port, domain;
	uint16_t rule_len;
	uint8_t proto, reason, evidence, flags, cause;
	uint8_t is_v6 : 1, name_recorded : 1;
	uint8_t service_len, name_len;
};

#define LEN_BYTES sizeof(uint16_t)
#define ENTRY_MAX (sizeof(struct head) + 32 + ZR_RULE_MAX + ZR_SERVICE_MAX + ZR_NAME_MAX + LEN_BYTES)

_Static_assert(sizeof(struct head) == 48, "what decisions.h says of its size");
_Static_assert(ENTRY_MAX <= SET_BYTES, "every decision has room");
_Static_assert(ZR_SERVICE_MAX <= UINT8_MAX && ZR_NAME_MAX <= UINT8_MAX, "lengths of texts");

static uint32_t sets_of(size_t bytes)
{
	size_t count = bytes / (SET_BYTES + sizeof(uint32_t));

	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

size_t zr_decisions_memory(size_t bytes)
{
	return (size_t)sets_of(bytes) * (SET_BYTES + sizeof(uint32_t));
}

void zr_decisions_init(struct zr_decisions *d, void *memory, size_t bytes, const uint64_t key[2])
{
	*d = (struct zr_decisions){.count = sets_of(bytes), .last_flow = ZR_FLOW_NONE, .key = {key[0] | 1, key[1] | 1}};
	if (d->count == 0)
		return;
	d->sets = memory;
	d->written = (uint32_t *)(void *)(d->sets + (size_t)d->count * SET_BYTES);
}

/* IPv6: the /64 is the subscriber. */
static size_t subscriber_len(uint8_t family)
{
	return family == 4 ? 4 : 8;
}

static uint32_t set_of(const struct zr_decisions *d, uint8_t family, const uint8_t *client)
{
	uint64_t hash = zr_keyed_hash(d->key, family, client, subscriber_len(family));

	return (uint32_t)((hash & UINT32_MAX) * d->count >> 32);
}

/* What stands len bytes long at a place of a set, which is a ring; and writing it. */
static void get(const struct zr_decisions *d, uint32_t set, uint32_t at, void *to, size_t len)
{
	const uint8_t *ring = d->sets + (size_t)set * SET_BYTES;
	size_t from = at % SET_BYTES, first = len < SET_BYTES - from ? len : SET_BYTES - from;

	memcpy(to, ring + from, first);
	memcpy((uint8_t *)to + first, ring, len - first);
}

static void put(struct zr_decisions *d, uint32_t set, uint32_t at, const void *what, size_t len)
{
	uint8_t *ring = d->sets + (size_t)set * SET_BYTES;
	size_t from = at % SET_BYTES, first = len < SET_BYTES - from ? len : SET_BYTES - from;

	memcpy(ring + from, what, first);
	memcpy(ring, (const uint8_t *)what + first, len - first);
}

static uint8_t *add(uint8_t *at, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(at, bytes, len);
	return at + len;
}

static size_t address_len(bool is_v6)
{
	return is_v6 ? 16 : 4;
}

static uint8_t *place_of(const struct zr_decisions *d, uint32_t set, uint32_t at)
{
	return d->sets + (size_t)set * SET_BYTES + at % SET_BYTES;
}

void zr_decisions_expect(struct zr_decisions *d, uint8_t family, const union zr_ip *client)
{
	if (d->count == 0)
		return;
	d->expected = set_of(d, family, client->b);
	__builtin_prefetch(&d->written[d->expected], 1);
}

void zr_decisions_ready(const struct zr_decisions *d)
{
	uint32_t written;

	if (d->count == 0)
		return;
	written = d->written[d->expected];
	/* What is written then seldom lies on more than two lines. */
	__builtin_prefetch(place_of(d, d->expected, written), 1);
	__builtin_prefetch(place_of(d, d->expected, written + CACHE_LINE), 1);
}

static void head_write(uint8_t *at, const struct zr_decision *decision)
{
	const struct head head = {
		.us = decision->us,
		.identity = decision->identity,
		.list_serial = decision->list_serial,
		.rating_group = decision->rating_group,
		.client_port = decision->client_port,
		.server_port = decision->server_port,
		.domain = decision->domain,
		.rule_len = (uint16_t)decision->rule.len,
		.proto = decision->proto,
		.reason = decision->reason,
		.evidence = decision->evidence,
		.flags = decision->flags,
		.cause = decision->cause,
		.is_v6 = decision->family == 6,
		.name_recorded = decision->name_recorded,
		.service_len = (uint8_t)decision->service.len,
		.name_len = (uint8_t)decision->name.len,
	};

	memcpy(at, &head, sizeof(head));
}

static void entry_write(uint8_t *at, const struct zr_decision *decision, uint16_t len)
{
	size_t address = address_len(decision->family == 6);

	head_write(at, decision);
	at = add(at + sizeof(struct head), decision->client.b, address);
	at = add(at, decision->server.b, address);
	at = add(at, decision->rule.at, decision->rule.len);
	at = add(at, decision->service.at, decision->service.len);
	at = add(at, decision->name.at, decision->name.len);
	memcpy(at, &len, sizeof(len));
}

/* Is it the first decision of its flow that can be without a number? */
static bool is_opening(uint8_t cause)
{
	return cause == ZR_DECISION_FIRST || cause == ZR_DECISION_REBOUND || cause == ZR_DECISION_RESTORED;
}

/* With which a flow ends: nothing of that flow is decided afterwards. */
static bool is_ending(uint8_t cause)
{
	return cause <= ZR_CAUSE_IDLE || (cause >= ZR_CAUSE_NEW_FLOW && cause < ZR_CAUSE_COUNT);
}

void zr_decisions_put(struct zr_decisions *d, const struct zr_decision *decision, uint32_t flow)
{
	uint32_t set = set_of(d, decision->family, decision->client.b), written = d->written[set];
	uint16_t len = (uint16_t)(sizeof(struct head) + 2 * address_len(decision->family == 6) + decision->rule.len +
				  decision->service.len + decision->name.len + LEN_BYTES);
	uint8_t bytes[ENTRY_MAX];

	if (written % SET_BYTES + len <= SET_BYTES) {
		entry_write(place_of(d, set, written), decision, len);
	} else {
		entry_write(bytes, decision, len);
		put(d, set, written, bytes, len);
	}
	d->last_flow = is_opening(decision->cause) ? flow : ZR_FLOW_NONE;
	d->last_set = set;
	d->last_at = written;
	written += len;
	/* What counts bytes begins anew behind 4 GiB; the set stays full. */
	d->written[set] = written < len ? written + SET_BYTES : written;
}

bool zr_decisions_number_last(struct zr_decisions *d, uint32_t flow, uint64_t identity)
{
	if (d->last_flow != flow)
		return false;
	put(d, d->last_set, d->last_at + (uint32_t)offsetof(struct head, identity), &identity, sizeof(identity));
	return true;
}

/*
 * The entry that ended so far back in a set when `since` was written, and so much more since; false when it is not whole any
 * more.
 */
static bool entry_back(const struct zr_decisions *d, uint32_t set, uint32_t since, uint32_t back, uint32_t lost,
		       struct head *head, uint16_t *len)
{
	uint32_t kept = lost < SET_BYTES ? SET_BYTES - lost : 0, whole = since < kept ? since : kept;

	if (back + sizeof(*head) + LEN_BYTES > whole)
		return false;
	get(d, set, since - back - (uint32_t)LEN_BYTES, len, sizeof(*len));
	/* A length of 0: what stood here was wiped. */
	if (*len == 0 || back + *len > whole)
		return false;
	get(d, set, since - back - *len, head, sizeof(*head));
	return true;
}

/* An entry's addresses, which stand behind its head at a place. */
static void addresses(const struct zr_decisions *d, uint32_t set, uint32_t at, const struct head *head,
		      union zr_ip *client, union zr_ip *server)
{
	size_t len = address_len(head->is_v6);

	*client = *server = (union zr_ip){0};
	at += (uint32_t)sizeof(*head);
	get(d, set, at, client->b, len);
	get(d, set, at + (uint32_t)len, server->b, len);
}

static bool is_of(const struct head *head, const union zr_ip *client, const struct zr_prefix *subscriber)
{
	return head->is_v6 == (subscriber->family == 6) &&
	       memcmp(client->b, subscriber->addr, subscriber_len(subscriber->family)) == 0;
}

static bool is_flow(const struct zr_decisions *d, uint32_t set, uint32_t at, const struct head *head,
		    const struct zr_decision *flow)
{
	union zr_ip client, server;

	addresses(d, set, at, head, &client, &server);
	return head->is_v6 == (flow->family == 6) && head->proto == flow->proto && head->domain == flow->domain &&
	       head->client_port == flow->client_port && head->server_port == flow->server_port &&
	       memcmp(&client, &flow->client, sizeof(client)) == 0 &&
	       memcmp(&server, &flow->server, sizeof(server)) == 0;
}

void zr_decisions_number(struct zr_decisions *d, const struct zr_decision *decision)
{
	uint32_t set = set_of(d, decision->family, decision->client.b), written = d->written[set];
	struct head head;
	uint16_t len;

	for (uint32_t back = 0; entry_back(d, set, written, back, 0, &head, &len); back += len) {
		uint32_t at = written - back - len;

		if (!is_flow(d, set, at, &head, decision))
			continue;
		/* An earlier flow had the tuple. */
		if (head.identity != 0 || is_ending(head.cause))
			return;
		head.identity = decision->identity;
		put(d, set, at, &head, sizeof(head));
		if (is_opening(head.cause))
			return;
	}
}

static void text_get(const struct zr_decisions *d, uint32_t set, uint32_t *at, char *to, size_t len)
{
	get(d, set, *at, to, len);
	to[len] = '\0';
	*at += (uint32_t)len;
}

static void answer(const struct zr_decisions *d, uint32_t set, uint32_t at, const struct head *head,
		   const union zr_ip *client, const union zr_ip *server, struct zr_answer *out)
{
	out->usage = (struct zr_usage){
		.verdict = (uint8_t)zr_reason_verdict((enum zr_reason)head->reason),
		.reason = head->reason,
		.evidence = head->evidence,
		.flags = head->flags,
		.rule = ZR_ENTRY_NONE,
		.family = head->is_v6 ? 6 : 4,
		.proto = head->proto,
		.domain = head->domain,
		.client_port = head->client_port,
		.server_port = head->server_port,
		.client = *client,
		.server = *server,
		.last_us = head->us,
	};
	zr_usage_identify(&out->usage, head->identity);
	out->numbered = head->identity != 0;
	out->name_recorded = head->name_recorded;
	out->state = out->usage.verdict == ZR_FREE ? ZR_STATE_FREE : ZR_STATE_CHARGED;
	out->cause = head->cause;
	out->rating_group = head->rating_group;
	out->list_serial = head->list_serial;
	at += (uint32_t)(sizeof(*head) + 2 * address_len(head->is_v6));
	text_get(d, set, &at, out->rule, head->rule_len);
	text_get(d, set, &at, out->service, head->service_len);
	text_get(d, set, &at, out->name, head->name_len);
}

bool zr_decisions_next(const struct zr_decisions *d, const struct zr_look *look, struct zr_look_cursor *cursor,
		       unsigned int *budget, struct zr_answer *out)
{
	union zr_ip client, server;
	uint32_t set, back, at;
	struct head head;
	uint16_t len;

	if (d->count == 0 || look->subscriber.family == 0) {
		cursor->ended = true;
		return false;
	}
	set = set_of(d, look->subscriber.family, look->subscriber.addr);
	if (cursor->back == 0) {
		cursor->since = d->written[set];
		cursor->back = 1;
	}
	for (; *budget > 0; --*budget) {
		back = cursor->back - 1;
		if (!entry_back(d, set, cursor->since, back, d->written[set] - cursor->since, &head, &len)) {
			cursor->ended = true;
			return false;
		}
		cursor->back += len;
		at = cursor->since - back - len;
		addresses(d, set, at, &head, &client, &server);
		if (!is_of(&head, &client, &look->subscriber) ||
		    !zr_look_covers(&look->server, look->subscriber.family, &server))
			continue;
		answer(d, set, at, &head, &client, &server, out);
		--*budget;
		return true;
	}
	return false;
}

/* Names of charged flows that were kept for a subscriber are no more, nor what is left of them where entries were overwritten. */
static void wipe(struct zr_decisions *d, const struct zr_prefix *subscriber)
{
	uint32_t set = set_of(d, subscriber->family, subscriber->addr), written = d->written[set];
	static const uint8_t nothing[SET_BYTES];
	union zr_ip client, server;
	struct head head;
	uint32_t back = 0;
	uint16_t len;

	for (; entry_back(d, set, written, back, 0, &head, &len); back += len) {
		uint32_t at = written - back - len;

		addresses(d, set, at, &head, &client, &server);
		if (!head.name_recorded || !is_of(&head, &client, subscriber))
			continue;
		put(d, set, at + len - (uint32_t)LEN_BYTES - head.name_len, nothing, head.name_len);
		head.name_len = 0;
		head.name_recorded = false;
		put(d, set, at, &head, sizeof(head));
	}
	put(d, set, written, nothing, SET_BYTES - back);
}

void zr_decisions_record(struct zr_decisions *d, const struct zr_prefix *subscriber)
{
	if (d->count == 0)
		return;
	if (d->recorded.family != 0)
		wipe(d, &d->recorded);
	d->recorded = subscriber != NULL ? *subscriber : (struct zr_prefix){0};
}

bool zr_decisions_records(const struct zr_decisions *d, uint8_t family, const union zr_ip *client)
{
	return d->recorded.family == family && memcmp(d->recorded.addr, client->b, subscriber_len(family)) == 0;
}
