/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/asks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ask_learned.h"
#include "control/ask_list.h"
#include "control/ask_top.h"
#include "control/record/address.h"
#include "control/record/record.h"

/* Slices: below a millisecond of work each. */
#define ANSWERS_SLICE 2048
#define RECORDS_SLICE 256
#define SUMS_SLICE    4096
#define ROWS_SLICE    16384
#define LESSONS_SLICE 4096

/* Most time without a worker's progress, and until events of a busy gateway are all drained. */
#define PATIENCE_MS 8000
#define DRAINED_MS  500

#define TEXT_ROOM 512

/* What is done of a request, in this order. */
enum step { STEP_COPY, STEP_ASK, STEP_COLLECT, STEP_WRITE };

enum kind { FLOWS, TOP, EXPLAIN, LEARNED };

struct zr_ask {
	struct zr_ask *next;
	uint64_t number; /* grows from each to the next */
	uint64_t connection;
	enum kind kind;
	enum step step;
	bool begun;
	bool operates; /* who asks */
	struct zr_ask_request request;
	uint64_t begun_ms, moved_ms; /* when it was begun; when workers came on last */
	struct zr_ask_progress progress;
	union {
		struct zr_ask_list list;
		struct zr_ask_top top;
		struct zr_ask_learned learned; /* from the request on, unlike the others */
	};
};

static const char no_memory[] = "the daemon has no memory for it: ask for less";
static const char stopping[] = "the daemon is about to end";
static const char stalled[] = "a worker does not answer: zerorate status says which one stands still";

static void ask_free(struct zr_ask *ask)
{
	if (ask->kind == LEARNED)
		zr_ask_learned_clear(&ask->learned);
	else if (ask->begun && ask->kind == TOP)
		zr_ask_top_clear(&ask->top);
	else if (ask->begun)
		zr_ask_list_clear(&ask->list);
	free(ask);
}

/* Take a request out, whether it is at work or waits. */
static void unlink_ask(struct zr_asks *asks, const struct zr_ask *ask)
{
	struct zr_ask **at = &asks->first;

	while (*at != ask)
		at = &(*at)->next;
	if (at == &asks->first)
		zr_dataplane_ask_end(asks->dataplane);
	*at = ask->next;
}

/* It is done with. */
static void reply(struct zr_asks *asks, struct zr_ask *ask, json_t *object)
{
	uint64_t connection = ask->connection;

	unlink_ask(asks, ask);
	ask_free(ask);
	zr_control_socket_reply(asks->control, connection, object);
}

static void reply_text(struct zr_asks *asks, struct zr_ask *ask, char *text, size_t len)
{
	uint64_t connection = ask->connection;

	unlink_ask(asks, ask);
	ask_free(ask);
	zr_control_socket_reply_text(asks->control, connection, text, len);
}

static bool fail(struct zr_asks *asks, struct zr_ask *ask, const char *why)
{
	reply(asks, ask, zr_control_error(why));
	return asks->first != NULL;
}

/* Whoever waits behind it would wait as long, one after the other, and longer than anybody does. */
static bool fail_all(struct zr_asks *asks)
{
	uint64_t last = asks->arrived;

	while (asks->first != NULL && asks->first->number <= last)
		fail(asks, asks->first, stalled);
	return asks->first != NULL;
}

/* Volume of charged parts that no event tells. */
static struct zr_traffic cut_charged(struct zr_asks *asks)
{
	struct zr_traffic sum = {0};

	zr_dataplane_status(asks->dataplane, &asks->status);
	for (unsigned int i = 0; i < asks->status.worker_count; i++) {
		const struct zr_traffic *part = &asks->status.workers[i].cut_charged;

		sum.up_bytes += part->up_bytes;
		sum.up_pkts += part->up_pkts;
		sum.down_bytes += part->down_bytes;
		sum.down_pkts += part->down_pkts;
	}
	return sum;
}

static int make(struct zr_asks *asks, struct zr_ask *ask)
{
	const struct zr_ask_request *request = &ask->request;
	struct zr_traffic charged;

	ask->begun = true;
	if (ask->kind != TOP)
		return zr_ask_list_make(&ask->list, request->limit, ask->kind == EXPLAIN,
					ask->kind == EXPLAIN && ask->operates);
	charged = cut_charged(asks);
	return zr_ask_top_make(&ask->top, request->by, request->limit, asks->totals, &charged);
}

/* Sums are copied before the workers are asked, so that what is cut meanwhile is not there twice. */
static bool step_copy(struct zr_asks *asks, struct zr_ask *ask, bool drained)
{
	uint64_t now_ms = zr_loop_now_ms();

	if (!ask->begun) {
		if (ask->begun_ms == 0)
			ask->begun_ms = now_ms;
		if (!drained && now_ms - ask->begun_ms < DRAINED_MS)
			return false;
		if (make(asks, ask) != 0)
			return fail(asks, ask, no_memory);
	}
	if (ask->kind != TOP || zr_ask_top_copy(&ask->top, SUMS_SLICE)) {
		ask->step = STEP_ASK;
		ask->moved_ms = now_ms;
	}
	return true;
}

/* Workers let go of what was asked before within a round of each. */
static bool step_ask(struct zr_asks *asks, struct zr_ask *ask)
{
	const struct zr_question question = {.kind = ask->kind == EXPLAIN ? ZR_ASK_DECISIONS : ZR_ASK_FLOWS,
					     .look = ask->request.look};
	int err = zr_dataplane_ask(asks->dataplane, &question);

	if (err == -ENOMEM)
		return fail(asks, ask, no_memory);
	if (err == 0)
		ask->step = STEP_COLLECT;
	else if (zr_loop_now_ms() - ask->moved_ms > PATIENCE_MS)
		return fail_all(asks);
	return false;
}

static bool step_collect(struct zr_asks *asks, struct zr_ask *ask)
{
	struct zr_ask_progress progress;
	bool top = ask->kind == TOP, answered;
	unsigned int taken = zr_dataplane_answers(asks->dataplane, top ? zr_ask_top_take : zr_ask_list_take,
						  top ? (void *)&ask->top : (void *)&ask->list, ANSWERS_SLICE);

	answered = zr_dataplane_answered(asks->dataplane, &progress);
	if (taken > 0 || progress.looked != ask->progress.looked)
		ask->moved_ms = zr_loop_now_ms();
	ask->progress = progress;
	if (answered) {
		zr_dataplane_ask_end(asks->dataplane);
		ask->step = STEP_WRITE;
		return true;
	}
	if (zr_loop_now_ms() - ask->moved_ms > PATIENCE_MS)
		return fail_all(asks);
	/* Workers whose answers nobody takes stop looking. */
	return taken > 0;
}

/* The reply's begin, up to the array's bracket, and its end behind it. */
static void frame_flows(const struct zr_ask *ask, char head[TEXT_ROOM], char tail[TEXT_ROOM])
{
	snprintf(head, TEXT_ROOM, "{\"op\":\"flows\",\"flows\":[");
	snprintf(tail, TEXT_ROOM, ",\"matched\":%" PRIu64 ",\"matched_bytes\":%" PRIu64 ",\"open\":%" PRIu64 "}",
		 ask->list.matched, ask->list.matched_bytes, ask->progress.open);
}

static void frame_explain(const struct zr_asks *asks, const struct zr_ask *ask, char head[TEXT_ROOM],
			  char tail[TEXT_ROOM])
{
	const struct zr_prefix *subscriber = &ask->request.look.subscriber;
	uint64_t until_us = zr_recorder_until_us(&asks->recorder, subscriber);
	char text[ZR_ADDRESS_TEXT_MAX + 1], until[ZR_TIME_TEXT];

	zr_recorder_subscriber_text(subscriber, text);
	zr_time_format(until_us, until);
	snprintf(head, TEXT_ROOM, "{\"op\":\"explain\",\"subscriber\":\"%s\",\"decisions\":[", text);
	if (until_us != 0)
		snprintf(tail, TEXT_ROOM, ",\"recorded_until\":\"%s\"}", until);
	else
		strcpy(tail, "}");
}

static bool step_write(struct zr_asks *asks, struct zr_ask *ask)
{
	char head[TEXT_ROOM], tail[TEXT_ROOM], *text;
	size_t len;
	int err;

	if (ask->kind == TOP) {
		if (!zr_ask_top_rank(&ask->top, ROWS_SLICE))
			return true;
		reply(asks, ask, zr_ask_top_json(&ask->top));
		return asks->first != NULL;
	}
	if (ask->kind == FLOWS)
		frame_flows(ask, head, tail);
	else
		frame_explain(asks, ask, head, tail);
	/* What was recorded is told no longer than it is. */
	ask->list.recorded &= zr_recorder_until_us(&asks->recorder, &ask->request.look.subscriber) != 0;
	err = zr_ask_list_write(&ask->list, head, RECORDS_SLICE);
	if (err == -EAGAIN)
		return true;
	text = err == 0 ? zr_ask_list_end(&ask->list, tail, &len) : NULL;
	if (text == NULL)
		return fail(asks, ask, no_memory);
	reply_text(asks, ask, text, len);
	return asks->first != NULL;
}

/* Of what was learned no worker is asked. */
static bool step_learned(struct zr_asks *asks, struct zr_ask *ask)
{
	struct zr_known *known = asks->learning->known;

	if (!ask->begun && !zr_ask_learned_begin(&ask->learned, known))
		return fail(asks, ask, no_memory);
	ask->begun = true;
	if (zr_ask_learned_step(&ask->learned, known, zr_learning_now_s(asks->learning), LESSONS_SLICE))
		return true;
	reply(asks, ask, zr_ask_learned_json(&ask->learned));
	return asks->first != NULL;
}

bool zr_asks_round(struct zr_asks *asks, bool drained)
{
	struct zr_ask *ask = asks->first;

	zr_recorder_round(&asks->recorder);
	if (ask == NULL)
		return false;
	if (ask->kind == LEARNED)
		return step_learned(asks, ask);
	switch (ask->step) {
	case STEP_COPY:
		return step_copy(asks, ask, drained);
	case STEP_ASK:
		return step_ask(asks, ask);
	case STEP_COLLECT:
		return step_collect(asks, ask);
	case STEP_WRITE:
		return step_write(asks, ask);
	}
	return false;
}

/* A request in its place behind the others; NULL with *refusal: it is not taken. */
static struct zr_ask *queue(struct zr_asks *asks, enum kind kind, struct zr_control_peer *peer, json_t **refusal)
{
	struct zr_ask *ask, **at = &asks->first;

	ask = asks->stopped ? NULL : calloc(1, sizeof(*ask));
	if (ask == NULL) {
		*refusal = zr_control_error(asks->stopped ? stopping : no_memory);
		return NULL;
	}
	ask->kind = kind;
	ask->number = ++asks->arrived;
	ask->connection = peer->connection;
	ask->operates = peer->operates;
	while (*at != NULL)
		at = &(*at)->next;
	*at = ask;
	peer->later = true;
	return ask;
}

static json_t *add(struct zr_asks *asks, enum kind kind, const struct zr_ask_request *request,
		   struct zr_control_peer *peer)
{
	json_t *refusal = NULL;
	struct zr_ask *ask = queue(asks, kind, peer, &refusal);

	if (ask != NULL)
		ask->request = *request;
	return refusal;
}

json_t *zr_asks_flows(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_ask_request read;
	const char *wrong = zr_ask_request_flows(request, &read);

	return wrong != NULL ? zr_control_error(wrong) : add(asks, FLOWS, &read, peer);
}

json_t *zr_asks_top(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_ask_request read;
	const char *wrong = zr_ask_request_top(request, &read);

	return wrong != NULL ? zr_control_error(wrong) : add(asks, TOP, &read, peer);
}

static json_t *no_decisions(void)
{
	return zr_control_error("no decisions are kept: control.decisions of zerorated.conf is 0");
}

json_t *zr_asks_explain(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_ask_request read;
	const char *wrong = zr_ask_request_explain(request, &read);

	if (wrong != NULL)
		return zr_control_error(wrong);
	return asks->decisions ? add(asks, EXPLAIN, &read, peer) : no_decisions();
}

json_t *zr_asks_record(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_ask_request read;
	const char *wrong = zr_ask_request_record(request, &read);

	if (wrong != NULL || asks->stopped)
		return zr_control_error(wrong != NULL ? wrong : stopping);
	return asks->decisions ? zr_recorder_begin(&asks->recorder, &read, peer) : no_decisions();
}

json_t *zr_asks_learned(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer)
{
	struct zr_ask_learned read;
	const char *wrong = zr_ask_learned_read(&read, request);
	json_t *refusal = NULL;
	struct zr_ask *ask;

	if (wrong != NULL)
		return zr_control_error(wrong);
	if (asks->learning->known == NULL)
		return zr_control_error("nothing is learned: trusted_resolvers of zerorated.conf names nobody");
	ask = queue(asks, LEARNED, peer, &refusal);
	if (ask != NULL)
		ask->learned = read;
	return refusal;
}

void zr_asks_closed(void *arg, uint64_t connection)
{
	struct zr_asks *asks = arg;
	struct zr_ask *ask = asks->first;

	zr_recorder_closed(&asks->recorder, connection);
	while (ask != NULL && ask->connection != connection)
		ask = ask->next;
	if (ask == NULL)
		return;
	unlink_ask(asks, ask);
	ask_free(ask);
}

void zr_asks_stop(struct zr_asks *asks)
{
	asks->stopped = true;
	while (asks->first != NULL)
		reply(asks, asks->first, zr_control_error(stopping));
	zr_recorder_end(&asks->recorder);
}
