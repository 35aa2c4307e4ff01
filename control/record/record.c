/* SPDX-License-Identifier: BSD-3-Clause */
/* What records are made of becomes their members' values. */
#include "control/record/record.h"

#include "control/record/address.h"
#include "control/record/bounds.h"
#include "control/record/json_writer.h"

#define FLOW_DIGITS   16
#define VLAN_TEXT_MAX 6 /* 65535 and what joins it */

/* A name out of verdict.h's lists, with its length. */
struct word {
	const char *text;
	uint32_t len;
};

#define WORD(name)                       \
	{                                \
		(name), sizeof(name) - 1 \
	}

static const struct word types[] = {[ZR_USAGE_TAG] = WORD("tag"), [ZR_USAGE_PART] = WORD("usage")};
static const struct word verdicts[] = {[ZR_CHARGED] = WORD("charged"), [ZR_FREE] = WORD("free")};
static const struct word reasons[] = {[ZR_REASON_UNDECIDED] = WORD("undecided"),
#define X(id, name, verdict) [ZR_REASON_##id] = WORD(name),
				      ZR_REASONS(X)
#undef X
};
static const struct word causes[] = {
#define X(id, name) [ZR_CAUSE_##id] = WORD(name),
	ZR_CAUSES(X)
#undef X
};
static const struct word evidence[] = {
#define X(id, name) [ZR_EVIDENCE_##id] = WORD(name),
	ZR_EVIDENCE(X)
#undef X
};
static const struct word flags[] = {
#define X(id, name) [ZR_FLAG_##id] = WORD(name),
	ZR_FLAGS(X)
#undef X
};
static const struct word loss_causes[] = {
#define X(id, name) [ZR_LOSS_##id] = WORD(name),
	ZR_LOSS_CAUSES(X)
#undef X
};

/* All words of a list and what joins them. */
#define X(id, name) +sizeof(name)
_Static_assert(3 * ZR_ADDRESS_TEXT_MAX + 3 * ZR_TIME_TEXT + FLOW_DIGITS + ZR_VLANS_MAX * VLAN_TEXT_MAX +
			       (0 ZR_EVIDENCE(X) ZR_FLAGS(X)) <=
		       ZR_RECORD_SCRATCH,
	       "all texts that are made fit");
#undef X

#define X(id, name) +sizeof(name)
_Static_assert((0 ZR_EVIDENCE(X)) <= ZR_WORDS_MAX && (0 ZR_FLAGS(X)) <= ZR_WORDS_MAX, "joined words fit");
#undef X

static void set_number(struct zr_record *record, enum zr_member member, uint64_t number)
{
	record->members[member] = (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = number};
}

static void set_text(struct zr_record *record, enum zr_member member, const char *text, size_t len)
{
	record->members[member] = (struct zr_value){.kind = ZR_VALUE_TEXT, .len = (uint32_t)len, .text = text};
}

static void set_word(struct zr_record *record, enum zr_member member, const struct word *word)
{
	set_text(record, member, word->text, word->len);
}

/* A terminated text of others; longer than any that was checked, it is cut before the character that does not fit. */
static void set_string(struct zr_record *record, enum zr_member member, const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	if (len == max) {
		while (len > 0 && (text[len] & 0xc0) == 0x80)
			len--;
	}
	set_text(record, member, text, len);
}

/* The functions below take the place in scratch where there is room, and return where they ended. */

static char *set_time(struct zr_record *record, enum zr_member member, uint64_t us, char *at)
{
	size_t len = zr_time_format(us, at);

	set_text(record, member, at, len);
	return at + len;
}

static char *set_address(struct zr_record *record, enum zr_member member, uint8_t family, const union zr_ip *ip,
			 char *at)
{
	char *end = zr_address_format(at, family, ip);

	set_text(record, member, at, (size_t)(end - at));
	return end;
}

static char *set_subscriber(struct zr_record *record, uint8_t family, const union zr_ip *ip, char *at)
{
	char *end = zr_subscriber_format(at, family, ip);

	set_text(record, ZR_MEMBER_SUBSCRIBER_IP, at, (size_t)(end - at));
	return end;
}

/* The words whose bits are set. */
static char *set_bits(struct zr_record *record, enum zr_member member, unsigned int bits, const struct word *words,
		      unsigned int count, char *at)
{
	char *begin = at;

	bits &= (1U << count) - 1;
	if (bits == 0)
		return at;
	for (; bits != 0; bits &= bits - 1) {
		const struct word *word = &words[__builtin_ctz(bits)];

		memcpy(at, word->text, word->len);
		at += word->len;
		*at++ = '|';
	}
	at--;
	set_text(record, member, begin, (size_t)(at - begin));
	return at;
}

static char *set_flow(struct zr_record *record, const struct zr_usage *usage, char *at)
{
	uint64_t number = (uint64_t)usage->start << 48 | (uint64_t)usage->worker << 40 | (usage->flow & 0xffffffffff);

	set_text(record, ZR_MEMBER_FLOW, at, FLOW_DIGITS);
	return zr_json_hex(at, number, FLOW_DIGITS);
}

static char *set_vlans(struct zr_record *record, const uint16_t *vlans, unsigned int count, char *at)
{
	char *begin = at;

	if (count == 0)
		return at;
	for (unsigned int i = 0; i < count; i++) {
		if (i > 0)
			*at++ = '|';
		at = zr_json_u64(at, vlans[i]);
	}
	set_text(record, ZR_MEMBER_VLAN, begin, (size_t)(at - begin));
	return at;
}

static char *set_times(struct zr_record *record, uint64_t first_us, uint64_t last_us, char *at)
{
	at = set_time(record, ZR_MEMBER_FIRST, first_us, at);
	return set_time(record, ZR_MEMBER_LAST, last_us, at);
}

static char *set_identity(struct zr_record *record, const struct zr_exporter *exporter, uint64_t seq)
{
	memset(record->members, 0, sizeof(record->members));
	set_string(record, ZR_MEMBER_GATEWAY, exporter->gateway, ZR_TEXT_MAX_GATEWAY);
	set_number(record, ZR_MEMBER_SEQ, seq);
	return set_time(record, ZR_MEMBER_EPOCH, exporter->epoch_us, record->scratch);
}

static void set_entry(struct zr_record *record, const char *rule, const char *service, uint32_t rating_group)
{
	set_string(record, ZR_MEMBER_RULE, rule, ZR_TEXT_MAX_RULE);
	if (*service == '\0') /* an exclusion */
		return;
	set_string(record, ZR_MEMBER_SERVICE, service, ZR_TEXT_MAX_SERVICE);
	set_number(record, ZR_MEMBER_RATING_GROUP, rating_group);
}

static void set_rule(struct zr_record *record, const struct zr_usage *usage)
{
	struct zr_entry entry;

	if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE) {
		zr_image_entry(usage->image, usage->rule, &entry);
		set_entry(record, entry.rule, entry.service, entry.rating_group);
	}
	if (usage->name != NULL)
		set_string(record, ZR_MEMBER_NAME, usage->name, ZR_TEXT_MAX_NAME);
	if (usage->image != NULL)
		set_number(record, ZR_MEMBER_LIST_SERIAL, zr_image_serial(usage->image));
}

static void set_proto(struct zr_record *record, uint8_t proto)
{
	if (proto == ZR_PROTO_TCP)
		set_text(record, ZR_MEMBER_PROTO, "tcp", 3);
	else if (proto == ZR_PROTO_UDP)
		set_text(record, ZR_MEMBER_PROTO, "udp", 3);
	else
		set_number(record, ZR_MEMBER_PROTO, proto);
}

static char *set_tuple(struct zr_record *record, const struct zr_usage *usage, char *at)
{
	at = set_subscriber(record, usage->family, &usage->client, at);
	if (usage->has_teid_up)
		set_number(record, ZR_MEMBER_SUBSCRIBER_TEID_UP, usage->teid_up);
	if (usage->has_teid_down)
		set_number(record, ZR_MEMBER_SUBSCRIBER_TEID_DOWN, usage->teid_down);
	set_proto(record, usage->proto);
	at = set_address(record, ZR_MEMBER_CLIENT_IP, usage->family, &usage->client, at);
	set_number(record, ZR_MEMBER_CLIENT_PORT, usage->client_port);
	at = set_address(record, ZR_MEMBER_SERVER_IP, usage->family, &usage->server, at);
	set_number(record, ZR_MEMBER_SERVER_PORT, usage->server_port);
	set_number(record, ZR_MEMBER_DOMAIN, usage->domain);
	return set_vlans(record, usage->vlans, usage->vlan_count, at);
}

static void set_traffic(struct zr_record *record, const struct zr_traffic *traffic)
{
	set_number(record, ZR_MEMBER_UP_BYTES, traffic->up_bytes);
	set_number(record, ZR_MEMBER_UP_PKTS, traffic->up_pkts);
	set_number(record, ZR_MEMBER_DOWN_BYTES, traffic->down_bytes);
	set_number(record, ZR_MEMBER_DOWN_PKTS, traffic->down_pkts);
}

static void set_part(struct zr_record *record, const struct zr_usage *usage)
{
	const struct zr_traffic traffic = {.up_bytes = usage->up_bytes,
					   .up_pkts = usage->up_pkts,
					   .down_bytes = usage->down_bytes,
					   .down_pkts = usage->down_pkts};

	set_number(record, ZR_MEMBER_PART, usage->part);
	record->members[ZR_MEMBER_FINAL] = (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = usage->final};
	set_word(record, ZR_MEMBER_CAUSE, &causes[usage->cause]);
	set_traffic(record, &traffic);
	if (usage->verdict == ZR_FREE) {
		set_number(record, ZR_MEMBER_RETRO_UP_BYTES, usage->retro_up_bytes);
		set_number(record, ZR_MEMBER_RETRO_DOWN_BYTES, usage->retro_down_bytes);
	}
}

void zr_record_of_usage(const struct zr_exporter *exporter, uint64_t seq, const struct zr_usage *usage,
			struct zr_record *out)
{
	char *at = set_identity(out, exporter, seq);
	bool part = usage->type == ZR_USAGE_PART;

	set_word(out, ZR_MEMBER_TYPE, &types[usage->type]);
	at = set_flow(out, usage, at);
	if (part)
		set_part(out, usage);
	set_word(out, ZR_MEMBER_VERDICT, &verdicts[usage->verdict]);
	set_word(out, ZR_MEMBER_REASON, &reasons[usage->reason]);
	at = set_bits(out, ZR_MEMBER_EVIDENCE, usage->evidence, evidence, ZR_EVIDENCE_COUNT, at);
	at = set_bits(out, ZR_MEMBER_FLAGS, usage->flags, flags, ZR_FLAG_COUNT, at);
	set_rule(out, usage);
	at = set_tuple(out, usage, at);
	/* A part without packets (the last one of a flow may be) has no times. */
	if (!part || usage->up_pkts > 0 || usage->down_pkts > 0)
		set_times(out, usage->first_us, usage->last_us, at);
}

void zr_record_of_total(const struct zr_exporter *exporter, uint64_t seq, const struct zr_record_total *total,
			struct zr_record *out)
{
	char *at = set_identity(out, exporter, seq);

	set_text(out, ZR_MEMBER_TYPE, "total", 5);
	set_word(out, ZR_MEMBER_VERDICT, &verdicts[total->verdict]);
	if (total->has_entry) {
		set_entry(out, total->rule, total->service, total->rating_group);
		set_number(out, ZR_MEMBER_LIST_SERIAL, total->list_serial);
	}
	if (total->family != 0) {
		at = set_subscriber(out, total->family, &total->subscriber, at);
		set_number(out, ZR_MEMBER_DOMAIN, total->domain);
	}
	set_traffic(out, &total->traffic);
	set_times(out, total->first_us, total->last_us, at);
}

void zr_record_of_loss(const struct zr_exporter *exporter, uint64_t seq, const struct zr_record_loss *loss,
		       struct zr_record *out)
{
	char *at = set_identity(out, exporter, seq);

	set_text(out, ZR_MEMBER_TYPE, "loss", 4);
	set_word(out, ZR_MEMBER_CAUSE, &loss_causes[loss->cause]);
	if (loss->has_verdict)
		set_word(out, ZR_MEMBER_VERDICT, &verdicts[loss->verdict]);
	if (loss->has_traffic)
		set_traffic(out, &loss->traffic);
	if (loss->first_us != 0)
		at = set_time(out, ZR_MEMBER_FIRST, loss->first_us, at);
	if (loss->last_us != 0)
		set_time(out, ZR_MEMBER_LAST, loss->last_us, at);
}
