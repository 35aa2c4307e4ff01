/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_ops.h"

#include <stdlib.h>
#include <string.h>

#include "control/file.h"
#include "control/list_report.h"
#include "control/list_request.h"

/* Reading back the audit log for somebody. */
struct log_job {
	struct zr_job job;
	const struct zr_list_ops *ops;
	uint64_t connection;
	unsigned int most;
	json_t *entries;
	int err;
};

static void decided(const struct zr_list_push *push, const struct zr_list_judgment *judgment)
{
	static const char *const outcomes[] = {
		[ZR_LIST_ACCEPTED] = "accepted", [ZR_LIST_SAME] = "in_force", [ZR_LIST_REFUSED] = "refused"};
	const struct zr_list_ops *ops = push->arg;
	json_t *reply;

	if (judgment != NULL)
		reply = json_pack("{s:s, s:s}", "op", "list_push", "outcome", outcomes[judgment->outcome]);
	else
		reply = zr_control_error("the list is accepted, but the daemon is about to end: it comes into force "
					 "with the next start");
	if (reply != NULL && judgment != NULL)
		zr_list_report_add(reply, push->file, judgment, ZR_LIST_OPS_FINDINGS);
	zr_control_socket_reply(ops->control, push->connection, reply);
}

/* Take a descriptor over from the request. */
static int take_file(struct zr_control_peer *peer, unsigned int i)
{
	int fd = peer->files[i];

	peer->files[i] = -1;
	return fd;
}

/* A push of what was asked for; NULL without memory. */
static struct zr_list_push *make_push(const struct zr_list_ops *ops, const struct zr_list_push_request *request,
				      struct zr_control_peer *peer)
{
	struct zr_list_push *push = calloc(1, sizeof(*push));
	bool complete;

	if (push == NULL)
		return NULL;
	*push = (struct zr_list_push){
		.file = strdup(request->file),
		.list = take_file(peer, 0),
		.overrides = request->overrides,
		.uid = peer->uid,
		.decided = decided,
		.arg = (void *)(uintptr_t)ops,
		.connection = peer->connection,
	};
	complete = push->file != NULL;
	for (unsigned int i = 0; i < json_array_size(request->signatures); i++) {
		push->signatures[i] = take_file(peer, i + 1);
		push->names[i] = strdup(json_string_value(json_array_get(request->signatures, i)));
		push->signature_count++;
		complete &= push->names[i] != NULL;
	}
	if (complete)
		return push;
	zr_list_push_free(push);
	return NULL;
}

static json_t *answer_push(const struct zr_list_ops *ops, const json_t *object, struct zr_control_peer *peer)
{
	struct zr_list_push_request request;
	const char *wrong = zr_list_push_request_read(object, peer->file_count, &request);
	struct zr_list_push *push;

	if (wrong != NULL)
		return zr_control_error(wrong);
	push = make_push(ops, &request, peer);
	if (push == NULL)
		return zr_control_error("the daemon has no memory for it: see its log");
	if (zr_lists_push(ops->lists, push)) {
		peer->later = true;
		return NULL;
	}
	zr_list_push_free(push);
	return zr_control_error("busy: another list is being pushed, or the daemon is about to end; try again");
}

static void log_run(struct zr_job *job)
{
	struct log_job *log = (struct log_job *)(void *)job;

	log->err = zr_list_audit_tail(zr_lists_audit(log->ops->lists), log->most, &log->entries);
}

static void log_done(struct zr_job *job)
{
	struct log_job *log = (struct log_job *)(void *)job;
	json_t *reply;

	if (log->err == 0)
		reply = json_pack("{s:s, s:o}", "op", "list_log", "entries", log->entries);
	else
		reply = zr_control_error(zr_file_error(log->err));
	zr_control_socket_reply(log->ops->control, log->connection, reply);
	free(log);
}

static json_t *answer_log(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	unsigned int last;
	const char *wrong = zr_list_log_request_read(request, &last);
	struct log_job *log;

	if (wrong != NULL)
		return zr_control_error(wrong);
	log = calloc(1, sizeof(*log));
	if (log == NULL)
		return zr_control_error("the daemon has no memory for it: see its log");
	*log = (struct log_job){
		.job = {.run = log_run, .done = log_done}, .ops = ops, .connection = peer->connection, .most = last};
	if (zr_lists_add_job(ops->lists, &log->job)) {
		peer->later = true;
		return NULL;
	}
	free(log);
	return zr_control_error("the daemon is about to end");
}

json_t *zr_list_ops_answer(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	const char *op = json_string_value(json_object_get(request, "op"));

	if (strcmp(op, "list_push") == 0)
		return answer_push(ops, request, peer);
	return strcmp(op, "list_log") == 0 ? answer_log(ops, request, peer) : NULL;
}
