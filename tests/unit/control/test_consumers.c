/* SPDX-License-Identifier: BSD-3-Clause */
/* records.sock: the conversation, windows, takeover, loss, and clients that do not behave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/consumers.h"

#define EPOCH "2026-11-23T05:57:05.818865Z"

/* Smallest memory for records: about 2600 of them. */
#define MEMORY (1 << 20)

static char folder[] = "/tmp/zr-consumers-XXXXXX";
static char socket_path[64];

struct scene {
	struct zr_loop *loop;
	struct zr_records *records;
	struct zr_consumers *consumers;
	struct zr_timer tick; /* so that no round waits long */
	struct zr_socket_config config;
};

struct client {
	int fd;
	char *text; /* what has come and was not looked at */
	size_t len;
};

static void nothing(void *arg)
{
	(void)arg;
}

static void rounds(struct scene *s, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		zr_consumers_serve(s->consumers);
		assert_int_equal(zr_loop_round(s->loop), 0);
	}
}

static void open_scene(struct scene *s)
{
	const struct zr_exporter exporter = {.gateway = "gw", .epoch_us = 1795413425818865};

	*s = (struct scene){.config = {.path = socket_path, .group = ZR_NO_GROUP}};
	assert_int_equal(zr_loop_make(&s->loop), 0);
	s->tick = (struct zr_timer){.every_ms = 1, .expired = nothing};
	zr_loop_timer_add(s->loop, &s->tick);
	assert_int_equal(zr_records_make(&exporter, MEMORY, &s->records), 0);
	assert_int_equal(zr_consumers_open(s->loop, &s->config, s->records, &s->consumers), 0);
}

static void close_scene(struct scene *s)
{
	zr_consumers_close(s->consumers);
	zr_records_free(s->records);
	zr_loop_free(s->loop);
	assert_int_not_equal(access(socket_path, F_OK), 0);
}

static void make_records(struct scene *s, unsigned int count)
{
	const struct zr_usage usage = {
		.type = ZR_USAGE_PART, .verdict = ZR_FREE, .reason = ZR_REASON_SNI, .rule = ZR_ENTRY_NONE, .family = 4};

	for (unsigned int i = 0; i < count; i++)
		zr_records_take(s->records, &usage);
}

static void connect_client(struct scene *s, struct client *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, socket_path);
	*c = (struct client){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), .text = calloc(1, 1)};
	assert_int_equal(connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	rounds(s, 2);
}

static void say(struct scene *s, struct client *c, const char *line)
{
	assert_int_equal(send(c->fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	rounds(s, 3);
}

/* Read all that comes within some rounds. */
static void hear(struct scene *s, struct client *c)
{
	for (unsigned int i = 0; i < 50; i++) {
		char part[65536];
		ssize_t got;

		rounds(s, 1);
		while ((got = recv(c->fd, part, sizeof(part), 0)) > 0) {
			c->text = realloc(c->text, c->len + (size_t)got + 1);
			memcpy(c->text + c->len, part, (size_t)got);
			c->len += (size_t)got;
			c->text[c->len] = '\0';
		}
	}
}

static unsigned int count_of(const struct client *c, const char *what)
{
	unsigned int count = 0;

	for (const char *at = c->text; (at = strstr(at, what)) != NULL; at++)
		count++;
	return count;
}

static void forget(struct client *c)
{
	c->len = 0;
	c->text[0] = '\0';
}

static void close_client(struct scene *s, struct client *c)
{
	close(c->fd);
	free(c->text);
	rounds(s, 2);
}

/* It was told why, in one line, and the connection is closed. */
static void is_refused(struct scene *s, struct client *c, const char *why)
{
	char byte;

	hear(s, c);
	assert_int_equal(count_of(c, "{\"op\":\"error\",\"error\":\""), 1);
	assert_non_null(strstr(c->text, why));
	assert_true(recv(c->fd, &byte, 1, 0) <= 0);
	assert_int_equal(send(c->fd, "x", 1, MSG_NOSIGNAL), -1);
}

/* A name gets what is kept first; hello names the first record; then what is new comes. */
static void test_kept_first(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 3);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	hear(&s, &c);
	assert_memory_equal(c.text, "{\"op\":\"hello\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH "\",\"next\":1}\n", 77);
	assert_int_equal(
		count_of(&c, "\n{\"op\":\"record\",\"record\":{\"type\":\"usage\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH
			     "\",\"seq\":"),
		3);
	make_records(&s, 2);
	hear(&s, &c);
	assert_non_null(strstr(c.text, "\"seq\":5,"));
	assert_true(zr_consumers_served(s.consumers));
	close_client(&s, &c);
	close_scene(&s);
}

static void test_anonymous(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 3);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\"}\n");
	make_records(&s, 1);
	hear(&s, &c);
	assert_non_null(strstr(c.text, "\"next\":4}"));
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 1);
	assert_non_null(strstr(c.text, "\"seq\":4,"));
	close_client(&s, &c);
	close_scene(&s);
}

/* Never more than the window is in flight; an ack opens it by as much as it says. */
static void test_window(void **state)
{
	struct zr_consumer_status status[ZR_CONSUMERS_MAX];
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 100);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"b\",\"window\":10}\n");
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 10);
	say(&s, &c, "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":4}\n");
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 14);
	say(&s, &c, "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":2}\n"); /* old news */
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 14);
	assert_int_equal(zr_consumers_status(s.consumers, status), 1);
	assert_string_equal(status[0].name, "b");
	assert_int_equal(status[0].next, 15);
	assert_int_equal(status[0].in_flight, 10);
	assert_int_equal(status[0].lag, 96);
	assert_false(zr_consumers_served(s.consumers));
	say(&s, &c, "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":15}\n"); /* it was not sent */
	is_refused(&s, &c, "not sent yet");
	close_client(&s, &c);
	close_scene(&s);
}

static void test_default_window(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\"}\n");
	for (unsigned int i = 0; i < 11; i++) {
		make_records(&s, 1000);
		hear(&s, &c);
	}
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 10000);
	close_client(&s, &c);
	close_scene(&s);
}

static void test_takeover(void **state)
{
	struct scene s;
	struct client older, newer, other;

	(void)state;
	open_scene(&s);
	connect_client(&s, &older);
	connect_client(&s, &newer);
	connect_client(&s, &other);
	say(&s, &older, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	say(&s, &other, "{\"op\":\"subscribe\",\"consumer\":\"archive\"}\n");
	say(&s, &newer, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	is_refused(&s, &older, "takes over");
	make_records(&s, 1);
	hear(&s, &newer);
	hear(&s, &other);
	assert_int_equal(count_of(&newer, "\"op\":\"record\""), 1);
	assert_int_equal(count_of(&other, "\"op\":\"record\""), 1);
	close_client(&s, &older);
	close_client(&s, &newer);
	close_client(&s, &other);
	close_scene(&s);
}

/* What is no longer kept is announced, at the beginning and under way, and the numbers go on behind it. */
static void test_lost(void **state)
{
	struct scene s;
	struct client c;
	uint64_t oldest;
	char expected[160];

	(void)state;
	open_scene(&s);
	make_records(&s, 5000);
	oldest = zr_records_oldest(s.records);
	assert_true(oldest > 1);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"b\",\"window\":5}\n");
	hear(&s, &c);
	snprintf(expected, sizeof(expected),
		 "\"next\":%lu}\n{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":1,\"to\":%lu}\n{\"op\":\"record\"",
		 oldest, oldest - 1);
	assert_non_null(strstr(c.text, expected));
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 5);
	forget(&c);
	make_records(&s, 5000);
	snprintf(expected, sizeof(expected), "{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":%lu}\n", oldest + 4);
	say(&s, &c, expected);
	hear(&s, &c);
	snprintf(expected, sizeof(expected),
		 "{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":%lu,\"to\":%lu}\n{\"op\":\"record\"", oldest + 5,
		 zr_records_oldest(s.records) - 1);
	assert_memory_equal(c.text, expected, strlen(expected));
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 5);
	close_client(&s, &c);
	close_scene(&s);
}

/* One that reads nothing stops at its socket's room; the others get all; when it reads again, every line is whole. */
static void test_never_reads(void **state)
{
	struct scene s;
	struct client slow, fast;
	uint64_t last = 0;

	(void)state;
	open_scene(&s);
	connect_client(&s, &slow);
	connect_client(&s, &fast);
	say(&s, &slow, "{\"op\":\"subscribe\",\"consumer\":\"slow\",\"window\":1000000}\n");
	say(&s, &fast, "{\"op\":\"subscribe\",\"consumer\":\"fast\",\"window\":1000000}\n");
	for (unsigned int i = 0; i < 20; i++) {
		make_records(&s, 500);
		hear(&s, &fast);
	}
	assert_int_equal(count_of(&fast, "\"op\":\"record\""), 10000);
	hear(&s, &slow);
	assert_true(count_of(&slow, "\"op\":\"lost\"") > 0);
	for (char *line = strtok(slow.text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const char *seq = strstr(line, "\"seq\":");
		uint64_t from, to;

		assert_int_equal(line[strlen(line) - 1], '}');
		if (sscanf(line, "{\"op\":\"lost\",\"epoch\":\"" EPOCH "\",\"from\":%lu,\"to\":%lu}", &from, &to) ==
		    2) {
			assert_int_equal(from, last + 1);
			last = to;
		} else if (seq != NULL) {
			assert_int_equal(strtoull(seq + 6, NULL, 10), last + 1);
			last++;
		}
	}
	assert_int_equal(last, 10000);
	close_client(&s, &slow);
	close_client(&s, &fast);
	close_scene(&s);
}

static void test_garbage(void **state)
{
	static const char *const lines[][2] = {
		{"hello\n", "one JSON object a line"},
		{"\n", "one JSON object a line"},
		{"{\"op\":\"ack\",\"epoch\":\"" EPOCH "\",\"seq\":0}\n", "subscribe before"},
		{"{\"op\":\"subscribe\"}\n{\"op\":\"subscribe\"}\n", "already"},
		{"{\"op\":\"subscribe\"}\n{\"op\":\"ack\",\"epoch\":\"yesterday\",\"seq\":0}\n", "epoch"},
	};
	struct scene s;
	struct client c, good;

	(void)state;
	open_scene(&s);
	connect_client(&s, &good);
	say(&s, &good, "{\"op\":\"subscribe\",\"consumer\":\"good\"}\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		connect_client(&s, &c);
		say(&s, &c, lines[i][0]);
		is_refused(&s, &c, lines[i][1]);
		close_client(&s, &c);
	}
	make_records(&s, 1);
	hear(&s, &good);
	assert_int_equal(count_of(&good, "\"op\":\"record\""), 1);
	close_client(&s, &good);
	close_scene(&s);
}

/* A line may have 4096 bytes with its break, in any pieces; one more and it is cut off. */
static void test_long_line(void **state)
{
	char line[4097];
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	memset(line, ' ', sizeof(line));
	memcpy(line, "{\"op\":\"subscribe\"", 17);
	line[4094] = '}';
	line[4095] = '\n';
	connect_client(&s, &c);
	for (size_t at = 0; at < 4096; at += 512) {
		assert_int_equal(send(c.fd, line + at, 512, 0), 512);
		rounds(&s, 2);
	}
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"hello\""), 1);
	close_client(&s, &c);
	connect_client(&s, &c);
	memset(line, 'x', sizeof(line));
	assert_int_equal(send(c.fd, line, sizeof(line), 0), sizeof(line));
	is_refused(&s, &c, "4096 bytes");
	close_client(&s, &c);
	close_scene(&s);
}

/* Who closes only its writing side, as socat does at the end of its input, still gets the stream. */
static void test_half_closed(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\"}\n");
	shutdown(c.fd, SHUT_WR);
	rounds(&s, 3);
	make_records(&s, 2);
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 2);
	close_client(&s, &c);
	assert_true(zr_consumers_served(s.consumers));
	close_scene(&s);
}

static void test_too_many(void **state)
{
	struct scene s;
	struct client c[ZR_CONSUMERS_MAX], last;

	(void)state;
	open_scene(&s);
	for (unsigned int i = 0; i < ZR_CONSUMERS_MAX; i++)
		connect_client(&s, &c[i]);
	connect_client(&s, &last);
	is_refused(&s, &last, "too many connections");
	close_client(&s, &last);
	close_client(&s, &c[0]);
	connect_client(&s, &last);
	say(&s, &last, "{\"op\":\"subscribe\"}\n");
	hear(&s, &last);
	assert_int_equal(count_of(&last, "\"op\":\"hello\""), 1);
	close_client(&s, &last);
	for (unsigned int i = 1; i < ZR_CONSUMERS_MAX; i++)
		close_client(&s, &c[i]);
	close_scene(&s);
}

/* A dead daemon's socket is replaced, a living one's and any other file are not. */
static void test_socket_file(void **state)
{
	struct zr_consumers *second;
	struct scene s;
	struct stat st;
	FILE *file;
	int fd;

	(void)state;
	open_scene(&s);
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(zr_consumers_open(s.loop, &s.config, s.records, &second) < 0);
	assert_int_equal(stat(socket_path, &st), 0);
	close_scene(&s);

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un address = {.sun_family = AF_UNIX};

		strcpy(address.sun_path, socket_path);
		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	}
	close(fd);
	open_scene(&s);
	assert_int_equal(unlink(socket_path), 0);
	file = fopen(socket_path, "w");
	assert_non_null(file);
	fclose(file);
	assert_true(zr_consumers_open(s.loop, &s.config, s.records, &second) < 0);
	assert_int_equal(stat(socket_path, &st), 0);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_first),  cmocka_unit_test(test_anonymous),
		cmocka_unit_test(test_window),      cmocka_unit_test(test_default_window),
		cmocka_unit_test(test_takeover),    cmocka_unit_test(test_lost),
		cmocka_unit_test(test_never_reads), cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_long_line),   cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_too_many),    cmocka_unit_test(test_socket_file),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(socket_path, sizeof(socket_path), "%s/records.sock", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
