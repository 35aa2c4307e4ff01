/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer's end of records.sock, against a daemon that says what the test tells it to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client/stream.h"

#define EPOCH  "2026-11-23T05:57:05.818865Z"
#define HELLO  "{\"op\":\"hello\",\"gateway\":\"hn-gw-01\",\"epoch\":\"" EPOCH "\",\"next\":7}\n"
#define RECORD "{\"type\":\"usage\",\"gateway\":\"a \\\"b\\\\\",\"epoch\":\"" EPOCH "\",\"seq\":7,\"flow\":\"00\"}"

struct daemon {
	char folder[32], path[64];
	int listening;
	pthread_t thread;
	const char *says;
	size_t says_len;
	size_t piece;     /* bytes that are written at a time; 0: all */
	bool drips;       /* … and then a byte a millisecond, without end */
	bool stays;       /* until the consumer closes */
	char heard[4096]; /* all that the consumer said, terminated; valid once it is joined */
};

static void hear(struct daemon *daemon, int fd, bool one_line)
{
	size_t len = strlen(daemon->heard);

	while (len + 1 < sizeof(daemon->heard) && !(one_line && strchr(daemon->heard, '\n') != NULL)) {
		ssize_t got = recv(fd, daemon->heard + len, sizeof(daemon->heard) - 1 - len, 0);

		if (got <= 0)
			return;
		len += (size_t)got;
		daemon->heard[len] = '\0';
	}
}

static void *serve(void *arg)
{
	struct daemon *daemon = arg;
	int fd = accept(daemon->listening, NULL, NULL);

	hear(daemon, fd, true);
	for (size_t at = 0, len; at < daemon->says_len; at += len) {
		len = daemon->piece != 0 && daemon->piece < daemon->says_len - at ? daemon->piece
										  : daemon->says_len - at;
		if (send(fd, daemon->says + at, len, MSG_NOSIGNAL) != (ssize_t)len)
			break;
	}
	while (daemon->drips && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(1000);
	if (daemon->stays)
		hear(daemon, fd, false);
	close(fd);
	return NULL;
}

static void daemon_start(struct daemon *daemon)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(daemon->folder, "/tmp/zr_stream_XXXXXX");
	assert_non_null(mkdtemp(daemon->folder));
	snprintf(daemon->path, sizeof(daemon->path), "%s/socket", daemon->folder);
	strcpy(address.sun_path, daemon->path);
	daemon->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(daemon->listening, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(daemon->listening, 1), 0);
	assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

static void daemon_end(struct daemon *daemon)
{
	pthread_join(daemon->thread, NULL);
	close(daemon->listening);
	unlink(daemon->path);
	rmdir(daemon->folder);
}

/* A daemon that says this, and a stream to it. */
static struct zr_stream *open_stream(struct daemon *daemon, const char *says, const char *consumer)
{
	struct zr_stream_options options = {.path = daemon->path, .consumer = consumer};
	char error[ZR_STREAM_ERROR] = "";
	struct zr_stream *stream;

	daemon->says = says;
	if (daemon->says_len == 0)
		daemon->says_len = strlen(says);
	daemon_start(daemon);
	if (zr_stream_open(&options, &stream, error) != 0)
		fail_msg("%s", error);
	return stream;
}

static void test_items_in_any_pieces(void **state)
{
	static const char says[] = HELLO "{\"op\":\"record\",\"record\":" RECORD "}\n"
					 "{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":8,\"to\":90}\n"
					 "{\"op\":\"alive\",\"next\":91}\n";
	(void)state;

	for (size_t piece = 0; piece < 40; piece++) {
		struct daemon daemon = {.piece = piece};
		struct zr_stream *stream = open_stream(&daemon, says, "billing");
		char error[ZR_STREAM_ERROR];
		struct zr_stream_item item;

		assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
		assert_int_equal(item.kind, ZR_STREAM_HELLO);
		assert_string_equal(item.gateway, "hn-gw-01");
		assert_string_equal(item.epoch, EPOCH);
		assert_int_equal(item.seq, 7);
		assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
		assert_int_equal(item.kind, ZR_STREAM_RECORD);
		assert_string_equal(item.json, RECORD);
		assert_int_equal(item.json_len, strlen(RECORD));
		assert_string_equal(item.epoch, EPOCH);
		assert_int_equal(item.seq, 7);
		assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
		assert_int_equal(item.kind, ZR_STREAM_LOST);
		assert_int_equal(item.seq, 8);
		assert_int_equal(item.last_seq, 90);
		assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
		assert_int_equal(item.kind, ZR_STREAM_ALIVE);
		assert_int_equal(item.seq, 91);
		assert_false(zr_stream_pending(stream));
		assert_int_equal(zr_stream_next(stream, -1, &item, error), -ECONNRESET);
		zr_stream_close(stream);
		daemon_end(&daemon);
		assert_string_equal(daemon.heard, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	}
}

static void test_time_is_over_and_pending(void **state)
{
	struct daemon daemon = {.stays = true};
	struct zr_stream *stream = open_stream(&daemon, HELLO "{\"op\":\"alive\",\"next\":7}\n{\"op\"", NULL);
	char error[ZR_STREAM_ERROR];
	struct zr_stream_item item;
	(void)state;

	assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
	while (!zr_stream_pending(stream)) /* the second line came with the first, or is on its way */
		if (zr_stream_next(stream, 0, &item, error) != 0)
			break;
	if (item.kind == ZR_STREAM_HELLO)
		assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
	assert_int_equal(item.kind, ZR_STREAM_ALIVE);
	assert_false(zr_stream_pending(stream));
	assert_int_equal(zr_stream_next(stream, 1, &item, error), 0);
	assert_int_equal(zr_stream_ack(stream, EPOCH, 6), 0);
	zr_stream_close(stream);
	daemon_end(&daemon);
	assert_string_equal(daemon.heard,
			    "{\"op\":\"subscribe\"}\n{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":6}\n");
}

/* A line that comes byte by byte does not make the wait longer. */
static void test_a_line_that_drips(void **state)
{
	struct daemon daemon = {.drips = true};
	struct zr_stream *stream = open_stream(&daemon, HELLO, NULL);
	char error[ZR_STREAM_ERROR];
	struct zr_stream_item item;
	(void)state;

	assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
	assert_int_equal(zr_stream_next(stream, 100, &item, error), 0);
	assert_int_equal(zr_stream_next(stream, 100, &item, error), 0);
	zr_stream_close(stream);
	daemon_end(&daemon);
}

static void test_options_are_sent(void **state)
{
	struct daemon daemon = {.says = HELLO, .says_len = strlen(HELLO)};
	struct zr_stream_options options = {.window = 5, .last = 12};
	char error[ZR_STREAM_ERROR];
	struct zr_stream_item item;
	struct zr_stream *stream;
	(void)state;

	daemon_start(&daemon);
	options.path = daemon.path;
	assert_int_equal(zr_stream_open(&options, &stream, error), 0);
	assert_int_equal(zr_stream_next(stream, -1, &item, error), 1);
	zr_stream_close(stream);
	daemon_end(&daemon);
	assert_string_equal(daemon.heard, "{\"op\":\"subscribe\",\"window\":5,\"last\":12}\n");
}

static void test_what_is_not_understood(void **state)
{
	static const struct {
		const char *line;
		int err;
		const char *error;
	} cases[] = {
		{"{\"op\":\"error\",\"error\":\"no such consumer\"}", -EPERM, "no such consumer"},
		{"{\"op\":\"error\"}", -EPERM, "does not say why"},
		{"", -EPROTO, "no message"},
		{"x", -EPROTO, "no message"},
		{"[]", -EPROTO, "no message"},
		{"{\"op\":5}", -EPROTO, "no message"},
		{"{\"op\":\"dance\"}", -EPROTO, "dance"},
		{"{\"op\":\"hello\",\"gateway\":\"g\",\"epoch\":\"" EPOCH "\"}", -EPROTO, "hello"},
		{"{\"op\":\"hello\",\"gateway\":\"g\",\"epoch\":\"" EPOCH "x\",\"next\":1}", -EPROTO, "hello"},
		{"{\"op\":\"hello\",\"gateway\":\"g\",\"epoch\":\"\",\"next\":1}", -EPROTO, "hello"},
		{"{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":1}", -EPROTO, "lost"},
		{"{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":-1,\"to\":1}", -EPROTO, "lost"},
		{"{\"op\":\"alive\",\"next\":\"1\"}", -EPROTO, "alive"},
		{"{\"op\":\"record\",\"record\":", -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":", -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"", -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"\\", -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"t\",\"gateway\":\"g\",\"epoch\":\"\",\"seq\":1}}", -EPROTO,
		 "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"t\",\"gateway\":\"g\",\"epoch\":\"" EPOCH "0\",\"seq\":1}}",
		 -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"t\",\"gateway\":\"g\",\"epoch\":\"e\",\"seq\":-1}}",
		 -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"t\",\"gateway\":\"g\",\"epoch\":\"e\","
		 "\"seq\":99999999999999999999}}",
		 -EPROTO, "key"},
		{"{\"op\":\"record\",\"record\":{\"type\":\"t\",\"gateway\":\"g\",\"epoch\":\"e\",\"seq\":1}", -EPROTO,
		 "key"},
		{"{\"op\":\"record\",\"record\":{\"seq\":1}}", -EPROTO, "key"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char says[512], error[ZR_STREAM_ERROR] = "";
		struct daemon daemon = {0};
		struct zr_stream_item item;
		struct zr_stream *stream;

		snprintf(says, sizeof(says), "%s\n", cases[i].line);
		stream = open_stream(&daemon, says, NULL);
		assert_int_equal(zr_stream_next(stream, -1, &item, error), cases[i].err);
		if (strstr(error, cases[i].error) == NULL)
			fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].line, error, cases[i].error);
		zr_stream_close(stream);
		daemon_end(&daemon);
	}
}

/* A daemon gone mad: a line without an end is refused and not kept. */
static void test_a_line_without_end(void **state)
{
	struct daemon daemon = {.says_len = 1 << 20};
	char *says = malloc(1 << 20), error[ZR_STREAM_ERROR];
	struct zr_stream_item item;
	struct zr_stream *stream;
	int got;
	(void)state;

	assert_non_null(says);
	memset(says, 'x', 1 << 20);
	stream = open_stream(&daemon, says, NULL);
	do
		got = zr_stream_next(stream, -1, &item, error);
	while (got == 0);
	assert_int_equal(got, -EPROTO);
	zr_stream_close(stream);
	daemon_end(&daemon);
	free(says);
}

static void test_nobody_there(void **state)
{
	char error[ZR_STREAM_ERROR] = "", path[300];
	struct zr_stream_options options = {.path = "/tmp/zr_stream_nobody/socket"};
	struct zr_stream *stream;
	(void)state;

	assert_int_equal(zr_stream_open(&options, &stream, error), -ENOENT);
	assert_non_null(strstr(error, "start zerorated"));
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	options.path = path;
	assert_int_equal(zr_stream_open(&options, &stream, error), -ENAMETOOLONG);
}

static void test_names_that_cannot_be_sent(void **state)
{
	struct daemon daemon = {0};
	char name[2000], error[ZR_STREAM_ERROR] = "";
	struct zr_stream_options options = {.consumer = "\xff"};
	struct zr_stream *stream;
	(void)state;

	daemon_start(&daemon);
	options.path = daemon.path;
	assert_int_equal(zr_stream_open(&options, &stream, error), -EINVAL);
	daemon_end(&daemon);
	daemon = (struct daemon){0};
	daemon_start(&daemon);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	options = (struct zr_stream_options){.path = daemon.path, .consumer = name};
	assert_int_equal(zr_stream_open(&options, &stream, error), -EINVAL);
	daemon_end(&daemon);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_in_any_pieces),    cmocka_unit_test(test_time_is_over_and_pending),
		cmocka_unit_test(test_a_line_that_drips),      cmocka_unit_test(test_options_are_sent),
		cmocka_unit_test(test_what_is_not_understood), cmocka_unit_test(test_a_line_without_end),
		cmocka_unit_test(test_nobody_there),           cmocka_unit_test(test_names_that_cannot_be_sent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
