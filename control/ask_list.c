/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"

#define TEXT_FIRST 65536

int zr_ask_list_make(struct zr_ask_list *list, uint32_t limit, bool decisions, bool recorded)
{
	*list = (struct zr_ask_list){.decisions = decisions, .recorded = recorded};
	list->answers = calloc(limit, sizeof(*list->answers));
	if (list->answers == NULL || zr_best_make(&list->best, limit) != 0)
		return -ENOMEM;
	return 0;
}

static void text_free(struct zr_ask_list *list)
{
	if (list->text != NULL)
		explicit_bzero(list->text, list->len);
	free(list->text);
	list->text = NULL;
}

/* Make room, without leaving a copy of names behind. */
static bool text_grow(struct zr_ask_list *list, size_t room)
{
	char *text = malloc(room);

	if (text == NULL)
		return false;
	if (list->len > 0)
		memcpy(text, list->text, list->len);
	text_free(list);
	list->text = text;
	list->room = room;
	return true;
}

static void append(struct zr_ask_list *list, const char *bytes, size_t len)
{
	if (list->room - list->len < len && !text_grow(list, 2 * (list->room + len))) {
		list->failed = true;
		return;
	}
	memcpy(list->text + list->len, bytes, len);
	list->len += len;
}

static void append_text(struct zr_ask_list *list, const char *text)
{
	append(list, text, strlen(text));
}

void zr_ask_list_clear(struct zr_ask_list *list)
{
	/* Workers tell the names that are recorded whoever asks. */
	if (list->decisions && list->answers != NULL)
		explicit_bzero(list->answers, list->best.room * sizeof(*list->answers));
	text_free(list);
	free(list->answers);
	zr_best_clear(&list->best);
}

void zr_ask_list_take(void *arg, const struct zr_answer *answer)
{
	struct zr_ask_list *list = arg;
	uint64_t bytes = answer->usage.up_bytes + answer->usage.down_bytes;
	uint32_t place = zr_best_offer(&list->best, list->decisions ? answer->usage.last_us : bytes);

	list->matched++;
	list->matched_bytes += bytes;
	if (place != ZR_BEST_NONE)
		list->answers[place] = *answer;
}

static void forget(struct zr_record *record, enum zr_member member)
{
	record->members[member].kind = ZR_VALUE_NONE;
}

static void set_text(struct zr_record *record, enum zr_member member, const char *text)
{
	const struct zr_value value = {.kind = ZR_VALUE_TEXT, .text = text, .len = (uint32_t)strlen(text)};

	if (*text != '\0')
		zr_record_set(record, member, &value);
}

static void set_number(struct zr_record *record, enum zr_member member, uint64_t number)
{
	const struct zr_value value = {.kind = ZR_VALUE_NUMBER, .number = number};

	zr_record_set(record, member, &value);
}

/* The members that a record would have, but for those that only a record has. */
static void record_of(const struct zr_ask_list *list, const struct zr_answer *answer, struct zr_record *record)
{
	static const struct zr_exporter nobody = {.gateway = ""};
	static const enum zr_member only_records[] = {
		ZR_MEMBER_TYPE,  ZR_MEMBER_GATEWAY, ZR_MEMBER_EPOCH,          ZR_MEMBER_SEQ,
		ZR_MEMBER_FINAL, ZR_MEMBER_CAUSE,   ZR_MEMBER_RETRO_UP_BYTES, ZR_MEMBER_RETRO_DOWN_BYTES,
		ZR_MEMBER_FIRST, ZR_MEMBER_LAST,
	};
	struct zr_usage usage = answer->usage;

	usage.type = list->decisions ? ZR_USAGE_TAG : ZR_USAGE_PART;
	zr_record_of_usage(&nobody, 0, &usage, record);
	for (size_t i = 0; i < sizeof(only_records) / sizeof(*only_records); i++)
		forget(record, only_records[i]);
	if (!answer->numbered)
		forget(record, ZR_MEMBER_FLOW);
	if (!list->decisions)
		forget(record, ZR_MEMBER_VERDICT);
	if (!list->decisions && answer->state == ZR_STATE_UNDECIDED)
		forget(record, ZR_MEMBER_REASON);
	set_text(record, ZR_MEMBER_RULE, answer->rule);
	set_text(record, ZR_MEMBER_SERVICE, answer->service);
	if (*answer->service != '\0')
		set_number(record, ZR_MEMBER_RATING_GROUP, answer->rating_group);
	if (list->recorded || !answer->name_recorded)
		set_text(record, ZR_MEMBER_NAME, answer->name);
	set_number(record, ZR_MEMBER_LIST_SERIAL, answer->list_serial);
}

static void write_one(struct zr_ask_list *list, const struct zr_answer *answer)
{
	static const char *const states[] = {
		[ZR_STATE_UNDECIDED] = "undecided", [ZR_STATE_CHARGED] = "charged", [ZR_STATE_FREE] = "free"};
	char time[ZR_TIME_TEXT], text[ZR_RECORD_JSON_MAX];
	struct zr_record record;
	size_t len;

	record_of(list, answer, &record);
	len = zr_record_json(&record, text);
	zr_time_format(answer->usage.last_us, time);
	append_text(list, list->decisions ? "{\"time\":\"" : "{\"state\":\"");
	append_text(list, list->decisions ? time : states[answer->state]);
	append_text(list, list->decisions ? "\",\"cause\":\"" : "\",\"last\":\"");
	append_text(list, list->decisions ? zr_decision_cause_name(answer->cause) : time);
	append_text(list, "\",");
	append(list, text + 1, len - 1);
	explicit_bzero(text, len);
}

int zr_ask_list_write(struct zr_ask_list *list, const char *head, unsigned int most)
{
	if (list->text == NULL) {
		if (!text_grow(list, TEXT_FIRST))
			return -ENOMEM;
		append_text(list, head);
		zr_best_sort(&list->best);
	}
	for (; most > 0 && list->written < list->best.count; most--) {
		if (list->written > 0)
			append_text(list, ",");
		write_one(list, &list->answers[list->best.items[list->written++].place]);
	}
	if (list->failed)
		return -ENOMEM;
	if (list->written < list->best.count)
		return -EAGAIN;
	append_text(list, "]");
	return 0;
}

char *zr_ask_list_end(struct zr_ask_list *list, const char *tail, size_t *len)
{
	char *text;

	append_text(list, tail);
	append_text(list, "\n");
	if (list->failed)
		return NULL;
	text = list->text;
	list->text = NULL;
	*len = list->len;
	return text;
}
