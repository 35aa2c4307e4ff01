/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/gateway/record.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/gateway/words.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/text.h"

/* How often the daemon is asked, and for how many decisions: all that it keeps of a subscriber. */
#define ASK_MS 1000
#define LIMIT  1000

/* The last question comes so long before the daemon wipes the names. */
#define EARLY_MS 200

#define MS_PER_S  1000U
#define NS_PER_MS 1000000

#define COMMAND "explain"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* What ends it; blocked, so that no question is cut off. */
static void stop_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
}

/* Wait until it is time to ask again, or until end_ms; true: it is to end. */
static bool is_over(uint64_t end_ms)
{
	uint64_t now = now_ms(), left_ms = end_ms > now ? end_ms - now : 0;
	uint64_t wait_ms = left_ms < ASK_MS ? left_ms : ASK_MS;
	const struct timespec time = {.tv_sec = (time_t)(wait_ms / MS_PER_S),
				      .tv_nsec = (long)(wait_ms % MS_PER_S) * NS_PER_MS};
	sigset_t signals;

	stop_signals(&signals);
	if (sigtimedwait(&signals, NULL, &time) <= 0)
		return now_ms() >= end_ms;
	/* Who is in a hurry interrupts the last question, too. */
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return true;
}

/* Is it one and the same? Its name goes with the recording, and the flow's number may come later. */
static bool is_same(const json_t *a, const json_t *b)
{
	static const char *const members[] = {"time",        "cause",       "verdict",   "reason",
					      "list_serial", "proto",       "client_ip", "client_port",
					      "server_ip",   "server_port", "domain"};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const json_t *of_a = json_object_get(a, members[i]), *of_b = json_object_get(b, members[i]);

		if (of_a != of_b && !json_equal(of_a, of_b))
			return false;
	}
	return true;
}

static bool holds(const json_t *decisions, const json_t *decision)
{
	const json_t *other;
	size_t i;

	json_array_foreach(decisions, i, other) if (is_same(other, decision)) return true;
	return false;
}

static int print(const struct zr_recording *recording, const json_t *decision)
{
	char line[ZR_WORDS_ROOM];

	if (recording->json)
		return zr_daemon_print(COMMAND, decision);
	zr_words_decision(decision, line);
	puts(line);
	return zr_daemon_flush(COMMAND);
}

/* Print what was not there before, the oldest first. */
static int print_new(const struct zr_recording *recording, const json_t *before, const json_t *now)
{
	size_t count = json_array_size(now), fresh = 0;
	int status = ZR_EXIT_OK;

	while (fresh < count && !holds(before, json_array_get(now, fresh)))
		fresh++;
	if (fresh == count && json_array_size(before) > 0)
		fprintf(stderr, "zerorate " COMMAND ": more was decided than the daemon keeps: some is not shown\n");
	while (status == ZR_EXIT_OK && fresh > 0)
		status = print(recording, json_array_get(now, --fresh));
	return status;
}

static json_t *ask(const struct zr_recording *recording, int fd)
{
	json_t *request = json_pack("{s:s, s:s, s:s*, s:i}", "op", "explain", "subscriber", recording->subscriber,
				    "server", recording->server, "limit", LIMIT);
	json_t *reply = zr_daemon_ask_on(COMMAND, fd, request);

	json_decref(request);
	return reply;
}

/* Did the daemon end it before its time? It is told then. */
static bool is_broken_off(const json_t *reply, uint64_t end_ms)
{
	if (json_object_get(reply, "recorded_until") != NULL || now_ms() >= end_ms)
		return false;
	fprintf(stderr, "zerorate " COMMAND ": the daemon has ended the recording: its log says why\n");
	return true;
}

/* Print what comes, up to the end; before: the reply that tells what was there already, which it takes over. */
static int follow(const struct zr_recording *recording, int fd, json_t *before, uint64_t end_ms)
{
	int status = ZR_EXIT_OK;
	bool over = false;

	while (status == ZR_EXIT_OK && !over) {
		json_t *now;

		over = is_over(end_ms);
		now = ask(recording, fd);
		status = now != NULL ? print_new(recording, json_object_get(before, "decisions"),
						 json_object_get(now, "decisions"))
				     : ZR_EXIT_NO_DAEMON;
		if (status == ZR_EXIT_OK && is_broken_off(now, end_ms))
			status = ZR_EXIT_NO_DAEMON;
		json_decref(before);
		before = now;
	}
	json_decref(before);
	return status;
}

static int record(const struct zr_recording *recording, int fd)
{
	json_t *request = json_pack("{s:s, s:s, s:I}", "op", "explain_record", "subscriber", recording->subscriber,
				    "seconds", (json_int_t)recording->seconds);
	json_t *before = ask(recording, fd), *reply = NULL;
	uint64_t end_ms = now_ms() + recording->seconds * MS_PER_S - EARLY_MS;
	int status = ZR_EXIT_NO_DAEMON;
	char until[64];

	if (before != NULL)
		reply = zr_daemon_ask_on(COMMAND, fd, request);
	if (reply != NULL) {
		zr_text_clean(until, sizeof(until), zr_json_member(reply, "until"));
		fprintf(stderr,
			"Recording the names of this subscriber's charged flows until %s; it stands in the audit log. "
			"Ctrl-C ends it and wipes them.\n",
			until);
		status = follow(recording, fd, before, end_ms);
	} else {
		json_decref(before);
	}
	json_decref(reply);
	json_decref(request);
	return status;
}

int zr_record_decisions(const struct zr_recording *recording)
{
	sigset_t signals;
	int fd, status;

	stop_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = zr_daemon_connect(COMMAND, recording->socket);
	if (fd < 0)
		return ZR_EXIT_NO_DAEMON;
	status = record(recording, fd);
	close(fd);
	return status;
}
