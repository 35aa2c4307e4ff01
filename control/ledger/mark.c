/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/mark.h"

#include <stdbool.h>
#include <string.h>

static bool is_word(const struct zr_record *record, enum zr_member member, const char *word)
{
	const struct zr_value *value = &record->members[member];
	size_t len = strlen(word);

	return value->kind == ZR_VALUE_TEXT && value->len == len && memcmp(value->text, word, len) == 0;
}

static uint64_t number_of(const struct zr_record *record, enum zr_member member)
{
	const struct zr_value *value = &record->members[member];

	return value->kind == ZR_VALUE_NUMBER ? value->number : 0;
}

void zr_mark_add(struct zr_mark *mark, const struct zr_record *record)
{
	if (!is_word(record, ZR_MEMBER_VERDICT, "free"))
		return;
	if (is_word(record, ZR_MEMBER_TYPE, "usage")) {
		mark->free_since_total.up_bytes += number_of(record, ZR_MEMBER_UP_BYTES);
		mark->free_since_total.up_pkts += number_of(record, ZR_MEMBER_UP_PKTS);
		mark->free_since_total.down_bytes += number_of(record, ZR_MEMBER_DOWN_BYTES);
		mark->free_since_total.down_pkts += number_of(record, ZR_MEMBER_DOWN_PKTS);
	} else if (is_word(record, ZR_MEMBER_TYPE, "total") && record->members[ZR_MEMBER_RULE].kind == ZR_VALUE_NONE &&
		   record->members[ZR_MEMBER_SUBSCRIBER_IP].kind == ZR_VALUE_NONE) {
		memset(&mark->free_since_total, 0, sizeof(mark->free_since_total));
		mark->last_total_seq = number_of(record, ZR_MEMBER_SEQ);
	}
}
