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

static const char no_memory[] = "the daemon has no memory for it: see its log";

/* What a list was judged to be; same: how it is called that the list is in force already. NULL without memory. */
static json_t *judgment_json(const char *op, const char *same, const char *file,
			     const struct zr_list_judgment *judgment)
{
	const char *const outcomes[] = {
		[ZR_LIST_ACCEPTED] = "accepted", [ZR_LIST_SAME] = same, [ZR_LIST_REFUSED] = "refused"};
	json_t *reply;

	if (judgment == NULL)
		return zr_control_error("the list is accepted, but the daemon is about to end: it comes into force "
					"with the next start");
	reply = json_pack("{s:s, s:s}", "op", op, "outcome", outcomes[judgment->outcome]);
	if (reply != NULL)
		zr_list_report_add(reply, file, judgment, ZR_LIST_OPS_FINDINGS);
	return reply;
}

static void push_decided(const struct zr_list_push *push, const struct zr_list_judgment *judgment)
{
	const struct zr_list_ops *ops = push->arg;

	zr_control_socket_reply(ops->control, push->connection,
				judgment_json("list_push", "in_force", push->file, judgment));
}

static void reload_decided(const struct zr_list_reload *reload, const char *file,
			   const struct zr_list_judgment *judgment)
{
	const struct zr_list_ops *ops = reload->arg;
	json_t *reply = judgment_json("reload", "unchanged", file, judgment);
	json_t *errors = json_object_get(reply, "errors");

	if (judgment != NULL)
		json_object_set_new(reply, "file", zr_list_report_text(file));
	/* The list in force is known by its hash: the file's text was not looked into. */
	if (judgment != NULL && judgment->outcome == ZR_LIST_SAME)
		json_object_set_new(reply, "serial",
				    json_integer((json_int_t)zr_image_serial(zr_lists_current(ops->lists)->image)));
	if (json_array_size(errors) > 0)
		json_object_set(reply, "reason", json_array_get(errors, 0));
	zr_control_socket_reply(ops->control, reload->connection, reply);
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
		.decided = push_decided,
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

json_t *zr_list_ops_push(const struct zr_list_ops *ops, const json_t *object, struct zr_control_peer *peer)
{
	struct zr_list_push_request request;
	const char *wrong = zr_list_push_request_read(object, peer->file_count, &request);
	struct zr_list_push *push;

	if (wrong != NULL)
		return zr_control_error(wrong);
	push = make_push(ops, &request, peer);
	if (push == NULL)
		return zr_control_error(no_memory);
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

json_t *zr_list_ops_log(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	unsigned int last;
	const char *wrong = zr_list_log_request_read(request, &last);
	struct log_job *log;

	if (wrong != NULL)
		return zr_control_error(wrong);
	log = calloc(1, sizeof(*log));
	if (log == NULL)
		return zr_control_error(no_memory);
	*log = (struct log_job){
		.job = {.run = log_run, .done = log_done}, .ops = ops, .connection = peer->connection, .most = last};
	if (zr_lists_add_job(ops->lists, &log->job)) {
		peer->later = true;
		return NULL;
	}
	free(log);
	return zr_control_error("the daemon is about to end");
}

json_t *zr_list_ops_reload(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_list_reload *reload;

	if (json_object_size(request) != 1)
		return zr_control_error("reload has no members");
	reload = calloc(1, sizeof(*reload));
	if (reload == NULL)
		return zr_control_error(no_memory);
	*reload = (struct zr_list_reload){.uid = peer->uid,
					  .decided = reload_decided,
					  .arg = (void *)(uintptr_t)ops,
					  .connection = peer->connection};
	if (ops->reload(ops->arg, reload)) {
		peer->later = true;
		return NULL;
	}
	free(reload);
	return zr_control_error("busy: too many wait for the list already, or the daemon is about to end; try again");
}
