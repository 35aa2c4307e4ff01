/* SPDX-License-Identifier: BSD-3-Clause */
/* One event, one line of JSON. The order of the functions below is the order of the members. */
#include "control/record/record.h"

#include "control/record/address.h"
#include "control/record/json_writer.h"

/*
 * What each part of a record may take, so that the longest one fits. GATEWAY: 64 bytes, all escaped. RULE and SERVICE: a
 * list's texts are printable, so that escaping doubles them at most. WORD: a name out of verdict.h's lists. REST: keys,
 * punctuation and numbers of a record whose members are all there and at their longest (the unit test counts them). Longer
 * texts, which no list that was checked holds, are cut.
 */
#define GATEWAY_ROOM ((size_t)64 * 6)
#define RULE_ROOM    ((size_t)ZR_RULE_MAX * 2)
#define SERVICE_ROOM ((size_t)ZR_SERVICE_MAX * 2)
#define WORD_ROOM    24
#define REST_ROOM    1100

_Static_assert(GATEWAY_ROOM + RULE_ROOM + SERVICE_ROOM + ZR_NAME_MAX +
			       (3 + ZR_EVIDENCE_COUNT + ZR_FLAG_COUNT) * (WORD_ROOM + 3) + REST_ROOM <=
		       ZR_RECORD_JSON_MAX,
	       "the longest record fits");

#define X(id, name, verdict) _Static_assert(sizeof(name) <= WORD_ROOM, name);
ZR_REASONS(X)
#undef X
#define X(id, name) _Static_assert(sizeof(name) <= WORD_ROOM, name);
ZR_CAUSES(X)
ZR_EVIDENCE(X)
ZR_FLAGS(X)
#undef X

static char *put_word(char *at, const char *key, const char *word)
{
	at = zr_json_raw(at, key);
	*at++ = '"';
	at = zr_json_raw(at, word);
	*at++ = '"';
	return at;
}

static char *put_number(char *at, const char *key, uint64_t value)
{
	return zr_json_u64(zr_json_raw(at, key), value);
}

static char *put_time(char *at, const char *key, uint64_t us)
{
	at = zr_json_raw(at, key);
	*at++ = '"';
	at += zr_time_format(us, at);
	*at++ = '"';
	return at;
}

static char *put_address(char *at, const char *key, uint8_t family, const union zr_ip *ip)
{
	at = zr_json_raw(at, key);
	*at++ = '"';
	at = zr_address_format(at, family, ip);
	*at++ = '"';
	return at;
}

static char *put_identity(char *at, const struct zr_exporter *exporter, uint64_t seq, const struct zr_usage *usage)
{
	at = zr_json_raw(at, usage->type == ZR_USAGE_TAG ? "{\"type\":\"tag\"" : "{\"type\":\"usage\"");
	at = zr_json_string(zr_json_raw(at, ",\"gateway\":"), exporter->gateway, GATEWAY_ROOM);
	at = put_time(at, ",\"epoch\":", exporter->epoch_us);
	at = put_number(at, ",\"seq\":", seq);
	at = zr_json_hex(zr_json_raw(at, ",\"flow\":\""), exporter->start, 4);
	at = zr_json_hex(at, usage->worker, 2);
	at = zr_json_hex(at, usage->flow, 10);
	*at++ = '"';
	return at;
}

static char *put_part(char *at, const struct zr_usage *usage)
{
	at = put_number(at, ",\"part\":", usage->part);
	at = zr_json_raw(at, usage->final ? ",\"final\":true" : ",\"final\":false");
	return put_word(at, ",\"cause\":", zr_cause_name(usage->cause));
}

static char *put_evidence(char *at, uint8_t bits)
{
	if ((bits & ((1U << ZR_EVIDENCE_COUNT) - 1)) == 0)
		return at;
	at = zr_json_raw(at, ",\"evidence\":[");
	for (unsigned int i = 0; i < ZR_EVIDENCE_COUNT; i++) {
		if ((bits >> i & 1) != 0)
			at = zr_json_raw(put_word(at, "", zr_evidence_name(i)), ",");
	}
	at[-1] = ']'; /* in place of the last comma */
	return at;
}

static char *put_flags(char *at, uint8_t bits)
{
	if ((bits & ((1U << ZR_FLAG_COUNT) - 1)) == 0)
		return at;
	at = zr_json_raw(at, ",\"flags\":[");
	for (unsigned int i = 0; i < ZR_FLAG_COUNT; i++) {
		if ((bits >> i & 1) != 0)
			at = zr_json_raw(put_word(at, "", zr_flag_name(i)), ",");
	}
	at[-1] = ']'; /* in place of the last comma */
	return at;
}

static char *put_verdict(char *at, const struct zr_usage *usage)
{
	at = put_word(at, ",\"verdict\":", zr_verdict_name(usage->verdict));
	at = put_word(at, ",\"reason\":", zr_reason_name(usage->reason));
	at = put_evidence(at, usage->evidence);
	return put_flags(at, usage->flags);
}

static char *put_entry(char *at, const struct zr_image *image, uint32_t rule)
{
	struct zr_entry entry;

	zr_image_entry(image, rule, &entry);
	at = zr_json_string(zr_json_raw(at, ",\"rule\":"), entry.rule, RULE_ROOM);
	if (*entry.service == '\0') /* an exclusion */
		return at;
	at = zr_json_string(zr_json_raw(at, ",\"service\":"), entry.service, SERVICE_ROOM);
	return put_number(at, ",\"rating_group\":", entry.rating_group);
}

static char *put_rule(char *at, const struct zr_usage *usage)
{
	if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE)
		at = put_entry(at, usage->image, usage->rule);
	if (usage->name != NULL)
		at = zr_json_string(zr_json_raw(at, ",\"name\":"), usage->name, ZR_NAME_MAX);
	if (usage->image != NULL)
		at = put_number(at, ",\"list_serial\":", zr_image_serial(usage->image));
	return at;
}

static char *put_subscriber(char *at, const struct zr_usage *usage)
{
	at = zr_json_raw(at, ",\"subscriber\":{\"ip\":\"");
	at = zr_subscriber_format(at, usage->family, &usage->client);
	*at++ = '"';
	if (usage->has_teid_up)
		at = put_number(at, ",\"teid_up\":", usage->teid_up);
	if (usage->has_teid_down)
		at = put_number(at, ",\"teid_down\":", usage->teid_down);
	*at++ = '}';
	return at;
}

static char *put_proto(char *at, uint8_t proto)
{
	if (proto == ZR_PROTO_TCP)
		return zr_json_raw(at, ",\"proto\":\"tcp\"");
	if (proto == ZR_PROTO_UDP)
		return zr_json_raw(at, ",\"proto\":\"udp\"");
	return put_number(at, ",\"proto\":", proto);
}

static char *put_vlans(char *at, const uint16_t *vlans, unsigned int count)
{
	if (count == 0)
		return at;
	at = put_number(at, ",\"vlan\":[", vlans[0]);
	for (unsigned int i = 1; i < count; i++)
		at = put_number(at, ",", vlans[i]);
	*at++ = ']';
	return at;
}

static char *put_tuple(char *at, const struct zr_usage *usage)
{
	at = put_proto(at, usage->proto);
	at = put_address(at, ",\"client_ip\":", usage->family, &usage->client);
	at = put_number(at, ",\"client_port\":", usage->client_port);
	at = put_address(at, ",\"server_ip\":", usage->family, &usage->server);
	at = put_number(at, ",\"server_port\":", usage->server_port);
	at = put_number(at, ",\"domain\":", usage->domain);
	return put_vlans(at, usage->vlans, usage->vlan_count);
}

static char *put_volumes(char *at, const struct zr_usage *usage)
{
	at = put_number(at, ",\"up_bytes\":", usage->up_bytes);
	at = put_number(at, ",\"up_pkts\":", usage->up_pkts);
	at = put_number(at, ",\"down_bytes\":", usage->down_bytes);
	at = put_number(at, ",\"down_pkts\":", usage->down_pkts);
	if (usage->verdict == ZR_FREE) {
		at = put_number(at, ",\"retro_up_bytes\":", usage->retro_up_bytes);
		at = put_number(at, ",\"retro_down_bytes\":", usage->retro_down_bytes);
	}
	return at;
}

size_t zr_record_json(const struct zr_exporter *exporter, uint64_t seq, const struct zr_usage *usage, char *out)
{
	bool part = usage->type == ZR_USAGE_PART;
	char *at = put_identity(out, exporter, seq, usage);

	if (part)
		at = put_part(at, usage);
	at = put_verdict(at, usage);
	at = put_rule(at, usage);
	at = put_subscriber(at, usage);
	at = put_tuple(at, usage);
	if (part)
		at = put_volumes(at, usage);
	/* A part without packets (the last one of a flow may be) has no times. */
	if (!part || usage->up_pkts > 0 || usage->down_pkts > 0) {
		at = put_time(at, ",\"first\":", usage->first_us);
		at = put_time(at, ",\"last\":", usage->last_us);
	}
	*at++ = '}';
	return (size_t)(at - out);
}
