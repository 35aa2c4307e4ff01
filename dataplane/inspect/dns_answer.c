/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dns_answer.h"

#include <string.h>

/* Service parameters (RFC 9460, section 14.3.2). */
#define KEY_IPV4_HINT 4
#define KEY_IPV6_HINT 6

#define IPV4_LEN 4
#define IPV6_LEN 16

struct alias {
	struct zr_dns_name owner, target;
	bool used;
};

/* One call of zr_dns_answer. */
struct reading {
	const struct zr_dns_message *message;
	zr_dns_found_fn found;
	void *arg;
	struct zr_dns_outcome outcome;
	struct zr_dns_address address; /* what is told next */
	struct alias aliases[ZR_DNS_CHAIN_MAX];
	unsigned int alias_count;
	bool aliases_full;
};

static void note_alias(struct reading *r, struct zr_dns_record *record)
{
	struct alias *alias = &r->aliases[r->alias_count];

	if (r->alias_count == ZR_DNS_CHAIN_MAX) {
		r->aliases_full = true;
		return;
	}
	if (!zr_dns_name_read(r->message->bytes, &record->data, &alias->target))
		return;
	if (alias->target.len == 0 || record->owner.len == 0) {
		r->outcome.names_other++;
		return;
	}
	alias->owner = record->owner;
	alias->used = false;
	r->alias_count++;
}

/* First look: the aliases, and whether the answer is one at all. */
static void survey(struct reading *r)
{
	struct zr_dns_records records = zr_dns_records_of(r->message);
	struct zr_dns_record record;

	r->outcome.rcode = r->message->rcode;
	while (zr_dns_record_next(&records, &record)) {
		if (record.section == ZR_DNS_ANSWER && record.type == ZR_DNS_CNAME && record.class_ == ZR_DNS_CLASS_IN)
			note_alias(r, &record);
		else if (record.section == ZR_DNS_ADDITIONAL && record.type == ZR_DNS_OPT)
			r->outcome.rcode |= (uint16_t)(record.ttl_s >> 24 << 4);
	}
	r->outcome.broken = records.at.short_;
}

static const struct zr_dns_name *chain_end(const struct zr_dns_address *address)
{
	return address->chain_count > 0 ? address->chain[address->chain_count - 1] : address->name;
}

/* Follow the aliases from the name that was asked for. Each is used once, so that a circle ends. */
static void follow(struct reading *r)
{
	struct zr_dns_address *address = &r->address;
	bool found = true;

	while (found) {
		found = false;
		for (unsigned int i = 0; i < r->alias_count && !found; i++) {
			struct alias *alias = &r->aliases[i];

			if (alias->used || !zr_dns_name_same(&alias->owner, chain_end(address)))
				continue;
			alias->used = found = true;
			address->chain[address->chain_count++] = &alias->target;
		}
	}
}

static void tell(struct reading *r, const struct zr_dns_record *record, const uint8_t *ip, size_t len)
{
	r->address.family = len == IPV4_LEN ? 4 : 6;
	r->address.type = record->type;
	r->address.ttl_s = record->ttl_s;
	r->address.ip = (union zr_ip){0};
	memcpy(r->address.ip.b, ip, len);
	r->found(r->arg, &r->address);
}

static void tell_address(struct reading *r, const struct zr_dns_record *record, size_t len)
{
	if (zr_cursor_left(&record->data) == len)
		tell(r, record, record->data.at, len);
}

/* Are the parameters in order, each with the length it must have? Clients use no record that breaks this. */
static bool parameters_good(struct zr_cursor c)
{
	int32_t last_key = -1;

	while (zr_cursor_left(&c) > 0) {
		uint16_t key = zr_cursor_u16(&c);
		uint16_t len = zr_cursor_u16(&c);

		zr_cursor_take(&c, len);
		if (c.short_ || key <= last_key || (key == KEY_IPV4_HINT && (len == 0 || len % IPV4_LEN != 0)) ||
		    (key == KEY_IPV6_HINT && (len == 0 || len % IPV6_LEN != 0)))
			return false;
		last_key = key;
	}
	return true;
}

static void tell_hints(struct reading *r, const struct zr_dns_record *record, struct zr_cursor parameters)
{
	while (zr_cursor_left(&parameters) > 0) {
		uint16_t key = zr_cursor_u16(&parameters);
		struct zr_cursor value = zr_cursor_sub(&parameters, zr_cursor_u16(&parameters));
		size_t len = key == KEY_IPV4_HINT ? IPV4_LEN : IPV6_LEN;

		if (key != KEY_IPV4_HINT && key != KEY_IPV6_HINT)
			continue;
		while (zr_cursor_left(&value) >= len)
			tell(r, record, zr_cursor_take(&value, len), len);
	}
}

/* The record's target stands for its owner (RFC 9460, section 2.5); the root means the owner itself. */
static void tell_service(struct reading *r, struct zr_dns_record *record)
{
	struct zr_dns_address *address = &r->address;
	uint16_t priority = zr_cursor_u16(&record->data);
	const uint8_t *target_at = record->data.at;
	struct zr_dns_name target;
	bool is_owner;

	/* Priority 0 is alias mode, which has no hints. */
	if (!zr_dns_name_read(r->message->bytes, &record->data, &target) || priority == 0 ||
	    !parameters_good(record->data))
		return;
	is_owner = *target_at == 0;
	if (!is_owner && (target.len == 0 || address->chain_count == ZR_DNS_CHAIN_MAX)) {
		r->outcome.names_other += target.len == 0;
		return;
	}
	if (!is_owner)
		address->chain[address->chain_count++] = &target;
	tell_hints(r, record, record->data);
	if (!is_owner)
		address->chain_count--;
}

/* Second look: the addresses at the chain's end. */
static void tell_all(struct reading *r)
{
	struct zr_dns_records records = zr_dns_records_of(r->message);
	struct zr_dns_record record;

	while (zr_dns_record_next(&records, &record) && record.section == ZR_DNS_ANSWER) {
		if (record.class_ != ZR_DNS_CLASS_IN || !zr_dns_name_same(&record.owner, chain_end(&r->address)))
			continue;
		if (record.type == ZR_DNS_A)
			tell_address(r, &record, IPV4_LEN);
		else if (record.type == ZR_DNS_AAAA)
			tell_address(r, &record, IPV6_LEN);
		else if (record.type == ZR_DNS_HTTPS || record.type == ZR_DNS_SVCB)
			tell_service(r, &record);
	}
}

struct zr_dns_outcome zr_dns_answer(const struct zr_dns_message *message, zr_dns_found_fn found, void *arg)
{
	struct reading r = {.message = message, .found = found, .arg = arg, .address = {.name = &message->name}};

	survey(&r);
	if (r.outcome.rcode != 0 || r.aliases_full || message->name.len == 0)
		return r.outcome;
	follow(&r);
	tell_all(&r);
	return r.outcome;
}
