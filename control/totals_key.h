/* SPDX-License-Identifier: BSD-3-Clause */
/* What totals are kept under: keys of entries and subscribers, made of events and of stored records. Pure, any thread. */
#ifndef CONTROL_TOTALS_KEY_H
#define CONTROL_TOTALS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/record/record.h"

/* An entry: serial and rating group, then its rule and its service, each with its terminator. */
#define ZR_ENTRY_KEY_HEAD (sizeof(uint64_t) + sizeof(uint32_t))
#define ZR_ENTRY_KEY_MAX  (ZR_ENTRY_KEY_HEAD + ZR_RULE_MAX + 1 + ZR_SERVICE_MAX + 1)

/* A subscriber: an IPv4 address or the /64 of an IPv6 address, in its domain. All bytes are set. */
struct zr_subscriber_key {
	uint64_t network; /* as in the packet; IPv4 in the first four bytes, the others 0 */
	uint32_t family;
	uint32_t domain;
};

struct zr_totals_keys {
	uint8_t entry[ZR_ENTRY_KEY_MAX];
	size_t entry_len; /* 0: no entry is known */
	bool has_subscriber;
	struct zr_subscriber_key subscriber;
};

/* Keys of a usage event. Whose reason is not_subscriber has no subscriber. */
void zr_totals_keys_of_usage(const struct zr_usage *usage, struct zr_totals_keys *out);

/* Keys of a stored usage or total record: the same as those of the event that it was made of. */
void zr_totals_keys_of_record(const struct zr_record *record, struct zr_totals_keys *out);

/* What an entry's key, a subscriber's key says of a total. The texts of an entry point into the key. */
void zr_totals_entry_of_key(const void *key, struct zr_record_total *out);
void zr_totals_subscriber_of_key(const void *key, struct zr_record_total *out);

/* What a stored record is to totals. */
enum zr_totals_kind { ZR_TOTALS_NOTHING, ZR_TOTALS_USAGE, ZR_TOTALS_GATEWAY_FREE, ZR_TOTALS_TOTAL };

enum zr_totals_kind zr_totals_kind_of_record(const struct zr_record *record);
enum zr_verdict zr_totals_verdict_of_record(const struct zr_record *record);
void zr_totals_traffic_of_record(const struct zr_record *record, struct zr_traffic *out);

/* Bounds of a total's interval; unchanged where the record has none. */
void zr_totals_times_of_record(const struct zr_record *record, uint64_t *first_us, uint64_t *last_us);

#endif
