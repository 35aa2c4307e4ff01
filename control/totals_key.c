/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/totals_key.h"

#include <arpa/inet.h>
#include <string.h>

#include "control/record/address.h"

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static size_t entry_key(uint64_t serial, uint32_t rating_group, const char *rule, size_t rule_len, const char *service,
			size_t service_len, uint8_t out[ZR_ENTRY_KEY_MAX])
{
	uint8_t *at = put(put(out, &serial, sizeof(serial)), &rating_group, sizeof(rating_group));

	at = put(put(at, rule, rule_len), "", 1);
	at = put(put(at, service, service_len), "", 1);
	return (size_t)(at - out);
}

void zr_totals_keys_of_usage(const struct zr_usage *usage, struct zr_totals_keys *out)
{
	struct zr_entry entry;

	out->entry_len = 0;
	if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE) {
		zr_image_entry(usage->image, usage->rule, &entry);
		/* An exclusion has no rating group. */
		out->entry_len = entry_key(zr_image_serial(usage->image),
					   *entry.service != '\0' ? entry.rating_group : 0, entry.rule,
					   strnlen(entry.rule, ZR_RULE_MAX), entry.service,
					   strnlen(entry.service, ZR_SERVICE_MAX), out->entry);
	}
	out->has_subscriber = usage->reason != ZR_REASON_NOT_SUBSCRIBER;
	out->subscriber = (struct zr_subscriber_key){.family = usage->family, .domain = usage->domain};
	memcpy(&out->subscriber.network, usage->client.b, usage->family == 4 ? 4 : sizeof(uint64_t));
}

static const struct zr_value *text_of(const struct zr_record *record, enum zr_member member)
{
	static const struct zr_value none = {.kind = ZR_VALUE_TEXT, .text = ""};
	const struct zr_value *value = &record->members[member];

	return value->kind == ZR_VALUE_TEXT ? value : &none;
}

static uint64_t number_of(const struct zr_record *record, enum zr_member member)
{
	const struct zr_value *value = &record->members[member];

	return value->kind == ZR_VALUE_NUMBER ? value->number : 0;
}

static bool is_word(const struct zr_value *value, const char *word)
{
	return value->len == strlen(word) && memcmp(value->text, word, value->len) == 0;
}

/* "10.1.2.3", "2001:db8::/64". */
static bool subscriber_of(const struct zr_value *value, struct zr_subscriber_key *out)
{
	char text[ZR_ADDRESS_TEXT_MAX + 1];
	uint8_t address[16] = {0};
	char *slash;

	if (value->len == 0 || value->len >= sizeof(text))
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	out->family = slash != NULL ? 6 : 4;
	if (inet_pton(slash != NULL ? AF_INET6 : AF_INET, text, address) != 1)
		return false;
	memcpy(&out->network, address, sizeof(out->network));
	return true;
}

void zr_totals_keys_of_record(const struct zr_record *record, struct zr_totals_keys *out)
{
	const struct zr_value *rule = text_of(record, ZR_MEMBER_RULE), *service = text_of(record, ZR_MEMBER_SERVICE);

	out->entry_len = 0;
	if (rule->len > 0 && rule->len <= ZR_RULE_MAX && service->len <= ZR_SERVICE_MAX)
		out->entry_len = entry_key(number_of(record, ZR_MEMBER_LIST_SERIAL),
					   (uint32_t)number_of(record, ZR_MEMBER_RATING_GROUP), rule->text, rule->len,
					   service->text, service->len, out->entry);
	out->subscriber = (struct zr_subscriber_key){.domain = (uint32_t)number_of(record, ZR_MEMBER_DOMAIN)};
	out->has_subscriber = !is_word(text_of(record, ZR_MEMBER_REASON), "not_subscriber") &&
			      subscriber_of(text_of(record, ZR_MEMBER_SUBSCRIBER_IP), &out->subscriber);
}

void zr_totals_entry_of_key(const void *key, struct zr_record_total *out)
{
	const uint8_t *at = key;
	const char *texts = (const char *)at + ZR_ENTRY_KEY_HEAD;

	out->has_entry = true;
	memcpy(&out->list_serial, at, sizeof(out->list_serial));
	memcpy(&out->rating_group, at + sizeof(out->list_serial), sizeof(out->rating_group));
	out->rule = texts;
	out->service = texts + strlen(texts) + 1;
}

void zr_totals_subscriber_of_key(const void *key, struct zr_record_total *out)
{
	struct zr_subscriber_key subscriber;

	memcpy(&subscriber, key, sizeof(subscriber));
	out->family = (uint8_t)subscriber.family;
	out->domain = (uint16_t)subscriber.domain;
	memcpy(out->subscriber.b, &subscriber.network, sizeof(subscriber.network));
}

enum zr_totals_kind zr_totals_kind_of_record(const struct zr_record *record)
{
	const struct zr_value *type = text_of(record, ZR_MEMBER_TYPE);

	if (is_word(type, "usage"))
		return ZR_TOTALS_USAGE;
	if (!is_word(type, "total"))
		return ZR_TOTALS_NOTHING;
	if (record->members[ZR_MEMBER_RULE].kind == ZR_VALUE_NONE &&
	    record->members[ZR_MEMBER_SUBSCRIBER_IP].kind == ZR_VALUE_NONE &&
	    zr_totals_verdict_of_record(record) == ZR_FREE)
		return ZR_TOTALS_GATEWAY_FREE;
	return ZR_TOTALS_TOTAL;
}

enum zr_verdict zr_totals_verdict_of_record(const struct zr_record *record)
{
	return is_word(text_of(record, ZR_MEMBER_VERDICT), "free") ? ZR_FREE : ZR_CHARGED;
}

void zr_totals_traffic_of_record(const struct zr_record *record, struct zr_traffic *out)
{
	*out = (struct zr_traffic){
		.up_bytes = number_of(record, ZR_MEMBER_UP_BYTES),
		.up_pkts = number_of(record, ZR_MEMBER_UP_PKTS),
		.down_bytes = number_of(record, ZR_MEMBER_DOWN_BYTES),
		.down_pkts = number_of(record, ZR_MEMBER_DOWN_PKTS),
	};
}

void zr_totals_times_of_record(const struct zr_record *record, uint64_t *first_us, uint64_t *last_us)
{
	const struct zr_value *first = text_of(record, ZR_MEMBER_FIRST), *last = text_of(record, ZR_MEMBER_LAST);

	zr_time_parse(first->text, first->len, first_us);
	zr_time_parse(last->text, last->len, last_us);
}
