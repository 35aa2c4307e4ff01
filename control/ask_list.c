/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"

int zr_ask_list_make(struct zr_ask_list *list, uint32_t limit, bool decisions, bool recorded)
{
	*list = (struct zr_ask_list){.decisions = decisions, .recorded = recorded};
	list->answers = calloc(limit, sizeof(*list->answers));
	if (list->answers == NULL || zr_best_make(&list->best, limit) != 0)
		return -ENOMEM;
	return 0;
}

void zr_ask_list_clear(struct zr_ask_list *list)
{
	if (list->stream != NULL)
		fclose(list->stream);
	/* Names that are recorded are in there, whoever asked. */
	if (list->decisions && list->answers != NULL)
		explicit_bzero(list->answers, list->best.room * sizeof(*list->answers));
	free(list->text);
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

static void write_one(const struct zr_ask_list *list, const struct zr_answer *answer)
{
	static const char *const states[] = {
		[ZR_STATE_UNDECIDED] = "undecided", [ZR_STATE_CHARGED] = "charged", [ZR_STATE_FREE] = "free"};
	char time[ZR_TIME_TEXT], text[ZR_RECORD_JSON_MAX];
	struct zr_record record;
	size_t len;

	record_of(list, answer, &record);
	len = zr_record_json(&record, text);
	zr_time_format(answer->usage.last_us, time);
	if (list->decisions)
		fprintf(list->stream, "{\"time\":\"%s\",\"cause\":\"%s\",", time,
			zr_decision_cause_name(answer->cause));
	else
		fprintf(list->stream, "{\"state\":\"%s\",\"last\":\"%s\",", states[answer->state], time);
	fwrite(text + 1, 1, len - 1, list->stream);
}

int zr_ask_list_write(struct zr_ask_list *list, const char *head, unsigned int most)
{
	if (list->stream == NULL) {
		list->stream = open_memstream(&list->text, &list->len);
		if (list->stream == NULL)
			return -ENOMEM;
		fputs(head, list->stream);
		zr_best_sort(&list->best);
	}
	for (; most > 0 && list->written < list->best.count; most--) {
		if (list->written > 0)
			fputc(',', list->stream);
		write_one(list, &list->answers[list->best.items[list->written++].place]);
	}
	if (list->written < list->best.count)
		return -EAGAIN;
	fputc(']', list->stream);
	return 0;
}

char *zr_ask_list_end(struct zr_ask_list *list, const char *tail, size_t *len)
{
	bool whole = fprintf(list->stream, "%s\n", tail) > 0 && ferror(list->stream) == 0;
	char *text;

	whole &= fclose(list->stream) == 0;
	list->stream = NULL;
	if (!whole)
		return NULL;
	text = list->text;
	list->text = NULL;
	*len = list->len;
	return text;
}
