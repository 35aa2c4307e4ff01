/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody asks for about flows, decisions and what was learned: any bytes, read within bounds or refused. */
#include <stdlib.h>
#include <string.h>

#include "control/ask_learned.h"
#include "control/ask_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_prefix(const struct zr_prefix *prefix)
{
	char text[ZR_PREFIX_TEXT];
	struct zr_prefix again;
	size_t len;

	if (prefix->family == 0)
		return;
	if (prefix->family != 4 && prefix->family != 6)
		abort();
	/* No bits are set behind the length. */
	len = zr_prefix_format(prefix, text);
	if (zr_prefix_parse(text, len, &again) != 0 || memcmp(&again, prefix, sizeof(again)) != 0)
		abort();
}

static void check(const struct zr_ask_request *request, uint32_t limit_max)
{
	check_prefix(&request->look.subscriber);
	check_prefix(&request->look.server);
	if (request->limit > limit_max || strlen(request->look.rule) > ZR_RULE_MAX ||
	    strlen(request->look.service) > ZR_SERVICE_MAX || request->look.states >= 1U << ZR_STATE_COUNT)
		abort();
}

static void check_learned(const struct zr_ask_learned *ask)
{
	if (ask->name_len > ZR_NAME_MAX || strlen(ask->name) != ask->name_len)
		abort();
	if (ask->name_len == 0)
		check_prefix(&ask->address);
	if (ask->name_len == 0 && ask->address.len != (ask->address.family == 4 ? 32 : 128))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct zr_ask_request request;
	struct zr_ask_learned learned;

	if (json_is_object(object)) {
		if (zr_ask_learned_read(&learned, object) == NULL)
			check_learned(&learned);
		if (zr_ask_request_flows(object, &request) == NULL)
			check(&request, ZR_ASK_FLOWS_MAX);
		if (zr_ask_request_top(object, &request) == NULL) {
			check(&request, ZR_ASK_ROWS_MAX);
			if (zr_top_by_name(request.by) == NULL)
				abort();
		}
		if (zr_ask_request_explain(object, &request) == NULL) {
			check(&request, ZR_ASK_DECISIONS_MAX);
			if (request.look.subscriber.len != (request.look.subscriber.family == 4 ? 32 : 64))
				abort();
		}
		if (zr_ask_request_record(object, &request) == NULL) {
			check(&request, 0);
			if (request.seconds == 0 || request.seconds > ZR_ASK_SECONDS_MAX)
				abort();
		}
	}
	json_decref(object);
	return 0;
}
