/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ops.h"

#include <stdio.h>
#include <string.h>

#include "control/log.h"

#define SENTENCE_ROOM 512

/* Who may ask it: everybody who is listened to, or operators. */
enum right { READ, OPERATE };

typedef json_t *answer_function(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer);

static json_t *answer_status(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	(void)peer;
	if (json_object_size(request) != 1)
		return zr_control_error("status has no members");
	return zr_status_json(ops->status, &ops->sources);
}

static json_t *answer_list_log(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_list_ops_log(ops->lists, request, peer);
}

static json_t *answer_list_push(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_list_ops_push(ops->lists, request, peer);
}

static json_t *answer_reload(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_list_ops_reload(ops->lists, request, peer);
}

static json_t *answer_learned(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_asks_learned(ops->asks, request, peer);
}

static json_t *answer_flows(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_asks_flows(ops->asks, request, peer);
}

static json_t *answer_top(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_asks_top(ops->asks, request, peer);
}

static json_t *answer_explain(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_asks_explain(ops->asks, request, peer);
}

static json_t *answer_explain_record(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	return zr_asks_record(ops->asks, request, peer);
}

static const struct {
	const char *name;
	enum right right;
	answer_function *answer;
} table[] = {
	{"status", READ, answer_status},
	{"flows", READ, answer_flows},
	{"top", READ, answer_top},
	{"explain", READ, answer_explain},
	{"explain_record", OPERATE, answer_explain_record},
	{"learned", READ, answer_learned},
	{"list_log", READ, answer_list_log},
	{"list_push", OPERATE, answer_list_push},
	{"reload", OPERATE, answer_reload},
};

#define OPS (sizeof(table) / sizeof(*table))

static json_t *unknown(void)
{
	char text[SENTENCE_ROOM] = "there is no such op: ";
	size_t len = strlen(text);

	for (size_t i = 0; i < OPS && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i == 0         ? ""
					: i + 1 == OPS ? " and "
						       : ", ",
					table[i].name);
	if (len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, " are known");
	return zr_control_error(text);
}

static json_t *not_allowed(const char *op, const struct zr_control_peer *peer)
{
	char text[SENTENCE_ROOM];

	zr_log_often(ZR_LOG_KIND_DENIED, peer->uid, ZR_LOG_WARNING, "uid %lu asked for %s, which is for operators",
		     (unsigned long)peer->uid, op);
	snprintf(text, sizeof(text), "%s is for operators: call as root or the daemon's user%s%s", op,
		 *peer->operators != '\0' ? ", or in " : "; control.group of zerorated.conf can name a group",
		 peer->operators);
	return zr_control_error(text);
}

json_t *zr_ops_answer(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	const char *op = json_string_value(json_object_get(request, "op"));

	for (size_t i = 0; i < OPS; i++) {
		if (strcmp(op, table[i].name) != 0)
			continue;
		if (table[i].right == OPERATE && !peer->operates)
			return not_allowed(op, peer);
		return table[i].answer(ops, request, peer);
	}
	return unknown();
}
