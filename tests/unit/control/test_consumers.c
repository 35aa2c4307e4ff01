/* SPDX-License-Identifier: BSD-3-Clause */
/* records.sock: the conversation, windows, takeover, who may connect, and clients that do not behave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/control/consumers_scene.h"

/* A name gets what is behind its cursor first; hello names the first record; then what is new comes. */
static void test_kept_first(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 3);
	connect_client(&s, &c);
	say(&s, &c, SUBSCRIBE_BILLING);
	hear(&s, &c);
	assert_memory_equal(c.text, "{\"op\":\"hello\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH "\",\"next\":1}\n", 77);
	assert_int_equal(
		count_of(&c, "\n{\"op\":\"record\",\"record\":{\"type\":\"usage\",\"gateway\":\"gw\",\"epoch\":\"" EPOCH
			     "\",\"seq\":"),
		3);
	make_records(&s, 2);
	hear(&s, &c);
	has_numbers(&c, 1, 5);
	assert_true(zr_consumers_served(s.consumers));
	assert_int_equal(s.ledger.reads, 0);
	close_client(&s, &c);
	close_scene(&s);
}

/* A name goes on behind what it acknowledged, on whichever connection. */
static void test_resume(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 10);
	connect_client(&s, &c);
	say(&s, &c, SUBSCRIBE_BILLING);
	hear(&s, &c);
	say(&s, &c, ACK(EPOCH, 4));
	close_client(&s, &c);
	assert_int_equal(s.ledger.cursors[0].seq, 4);
	assert_int_equal(s.ledger.cursors[1].seq, 0);
	connect_client(&s, &c);
	say(&s, &c, SUBSCRIBE_BILLING);
	hear(&s, &c);
	assert_non_null(strstr(c.text, "\"next\":5}"));
	has_numbers(&c, 5, 10);
	close_client(&s, &c);
	close_scene(&s);
}

/* Only configured names; nothing is said of those that are. */
static void test_not_configured(void **state)
{
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"Billing\"}\n");
	is_refused(&s, &c, "not configured: add it to records.consumers in zerorated.conf");
	assert_null(strstr(c.text, "billing"));
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
	struct zr_consumer_status status[ZR_CONSUMERS_STATUS_MAX];
	struct scene s;
	struct client c;

	(void)state;
	open_scene(&s);
	make_records(&s, 100);
	connect_client(&s, &c);
	say(&s, &c, "{\"op\":\"subscribe\",\"consumer\":\"billing\",\"window\":10}\n");
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 10);
	say(&s, &c, ACK(EPOCH, 4));
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 14);
	say(&s, &c, ACK(EPOCH, 2)); /* old news */
	hear(&s, &c);
	assert_int_equal(count_of(&c, "\"op\":\"record\""), 14);
	assert_int_equal(zr_consumers_status(s.consumers, status), 2);
	assert_string_equal(status[0].name, "billing");
	assert_true(status[0].connected);
	assert_int_equal(status[0].acked.seq, 4);
	assert_int_equal(status[0].next, 15);
	assert_int_equal(status[0].in_flight, 10);
	assert_int_equal(status[0].lag, 96);
	assert_string_equal(status[1].name, "archive");
	assert_false(status[1].connected);
	assert_int_equal(status[1].lag, 100);
	assert_false(zr_consumers_served(s.consumers));
	say(&s, &c, ACK(EPOCH, 15)); /* it was not sent */
	is_refused(&s, &c, "not sent yet");
	assert_int_equal(s.ledger.cursors[0].seq, 4);
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

/* A user who may not is told so in one line; one who may, and is not of the daemon's group, can connect. */
static void test_peers(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct scene s;
	int status;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can connect as other users\n");
		skip();
	}
	open_scene(&s);
	zr_consumers_close(s.consumers);
	s.socket.users[0] = 41001;
	s.socket.user_count = 1;
	assert_int_equal(open_consumers(&s, &s.consumers), 0);
	strcpy(address.sun_path, socket_path);
	for (uid_t user = 41001; user <= 41002; user++) {
		pid_t child = fork();

		if (child == 0) {
			int fd = socket(AF_UNIX, SOCK_STREAM, 0);
			char text[512] = "";
			size_t len = 0;
			ssize_t got = 1;

			if (setgid(user) != 0 || setuid(user) != 0 ||
			    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
				_exit(100);
			send(fd, "{\"op\":\"subscribe\"}\n", 19, MSG_NOSIGNAL);
			while (got > 0 && strchr(text, '\n') == NULL) {
				got = read(fd, text + len, sizeof(text) - 1 - len);
				len += got > 0 ? (size_t)got : 0;
			}
			_exit(strstr(text, "hello") != NULL ? 1 : strstr(text, "not allowed") != NULL ? 2 : 3);
		}
		while (waitpid(child, &status, WNOHANG) == 0)
			rounds(&s, 1);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), user == 41001 ? 1 : 2);
	}
	rounds(&s, 3);
	close_scene(&s);
}

static void test_garbage(void **state)
{
	static const char *const lines[][2] = {
		{"hello\n", "one JSON object a line"},
		{"\n", "one JSON object a line"},
		{ACK(EPOCH, 0), "subscribe before"},
		{"{\"op\":\"subscribe\"}\n{\"op\":\"subscribe\"}\n", "already"},
		{"{\"op\":\"subscribe\"}\n" ACK("yesterday", 0), "epoch"},
		{"{\"op\":\"subscribe\"}\n" ACK(EPOCH, 1), "not sent yet"},
		{"{\"op\":\"subscribe\",\"consumer\":\"billing\",\"last\":3}\n", "without a consumer"},
	};
	struct scene s;
	struct client c, good;

	(void)state;
	open_scene(&s);
	connect_client(&s, &good);
	say(&s, &good, SUBSCRIBE_BILLING);
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

/* Streams without a name leave room for those that bills hang on. */
static void test_too_many_anonymous(void **state)
{
	struct client c[ZR_CONSUMERS_MAX - ZR_CONSUMERS_NAMED_MAX], one_more, billing;
	const unsigned int count = sizeof(c) / sizeof(*c);
	struct scene s;

	(void)state;
	open_scene(&s);
	for (unsigned int i = 0; i < count; i++) {
		connect_client(&s, &c[i]);
		say(&s, &c[i], "{\"op\":\"subscribe\"}\n");
	}
	connect_client(&s, &one_more);
	say(&s, &one_more, "{\"op\":\"subscribe\"}\n");
	is_refused(&s, &one_more, "too many streams without a consumer");
	close_client(&s, &one_more);
	connect_client(&s, &billing);
	say(&s, &billing, "{\"op\":\"subscribe\",\"consumer\":\"billing\"}\n");
	hear(&s, &billing);
	assert_int_equal(count_of(&billing, "\"op\":\"hello\""), 1);
	close_client(&s, &billing);
	for (unsigned int i = 0; i < count; i++)
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
	assert_true(open_consumers(&s, &second) < 0);
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
	assert_true(open_consumers(&s, &second) < 0);
	assert_int_equal(stat(socket_path, &st), 0);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_first),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_not_configured),
		cmocka_unit_test(test_anonymous),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_default_window),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_anonymous),
		cmocka_unit_test(test_socket_file),
	};
	int failed;

	if (!begin_scenes())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	end_scenes();
	return failed;
}
