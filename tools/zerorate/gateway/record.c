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
#define ASK_S 1
#define LIMIT 1000

#define COMMAND "explain"

/* What ends it; blocked all the time, so that no question is cut off. */
static void stop_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
}

/* Wait until it is time to ask again; true: it is to end. */
static bool is_stopped(void)
{
	const struct timespec time = {.tv_sec = ASK_S};
	sigset_t signals;

	stop_signals(&signals);
	return sigtimedwait(&signals, NULL, &time) > 0;
}

static bool holds(const json_t *decisions, const json_t *decision)
{
	const json_t *other;
	size_t i;

	json_array_foreach(decisions, i, other) if (json_equal(other, decision)) return true;
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

static bool is_over(const struct zr_recording *recording, const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - begin->tv_sec >= (time_t)recording->seconds;
}

/* Print what comes; before: the reply that tells what was there already. */
static int follow(const struct zr_recording *recording, int fd, json_t *before)
{
	struct timespec begin;
	int status = ZR_EXIT_OK;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (status == ZR_EXIT_OK && !is_over(recording, &begin) && !is_stopped()) {
		json_t *now = ask(recording, fd);

		status = now != NULL ? print_new(recording, json_object_get(before, "decisions"),
						 json_object_get(now, "decisions"))
				     : ZR_EXIT_NO_DAEMON;
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
		status = follow(recording, fd, before);
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
