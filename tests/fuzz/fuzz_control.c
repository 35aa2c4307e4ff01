/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes on control.sock: requests are read, told apart and answered as the daemon does it, with a scripted dataplane and
 * lists that take nothing. Input: a byte of options, a byte that says where the bytes are cut in two, then what a client
 * sends. Whatever it is: each line has at most one reply, each reply is one JSON object in one line, and the next client is
 * answered.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ops.h"
#include "control/server.h"
#include "tests/support/fake_dataplane.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HALF_CLOSES = 4, READER = 8, VANISHES = 16 };

/* Rounds in which nothing came until it is taken that nothing will. */
#define QUIET_ROUNDS 4

#define REPLY_ROOM (1U << 20)

static const char list_text[] = "#! serial: 1\n#! issuer: fuzz\n#! issued: 2026-01-01T00:00:00Z\n"
				"#! expires: 2099-01-01T00:00:00Z\nmatch,service,rating_group\n.olm.vn,olm,1\n";

static char folder[] = "/tmp/zr-fuzz-control-XXXXXX", list_path[64], state_path[64], socket_path[64];
static struct zr_loop *loop;
static struct zr_lists *lists;
static struct zr_list_config list_config = {.file = list_path, .state = state_path, .shrink_percent = 100};
static const struct zr_socket_config socket_config = {
	.path = socket_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP};
static struct zr_control_socket *control;
static struct zr_interval_totals *totals;
static struct zr_list_ops list_ops;
static struct zr_asks asks;
static struct zr_learning learning;
static struct zr_timer timer;
static char reply[REPLY_ROOM];
static unsigned int options;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void clean_up(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool reload(void *arg, struct zr_list_reload *asked)
{
	(void)arg;
	return zr_lists_reload(lists, asked);
}

static json_t *answer(void *arg, const json_t *request, struct zr_control_peer *peer)
{
	const struct zr_ops ops = {.asks = &asks, .lists = &list_ops};

	(void)arg;
	peer->operates = (options & READER) == 0;
	/* What a status is made of is not here. */
	if (strcmp(json_string_value(json_object_get(request, "op")), "status") == 0 && json_object_size(request) == 1)
		return json_pack("{s:s}", "op", "status");
	return zr_ops_answer(&ops, request, peer);
}

static void expired(void *arg)
{
	(void)arg;
	zr_asks_round(&asks, true);
}

/* Addresses of some names, for as long as this runs. */
static void learn(void)
{
	static const char *const names[] = {"olm.vn", "www.olm.vn", "a.b.c.olm.vn", NULL};
	struct zr_learned learned = {.family = 4, .address.b = {192, 0, 2, 1}, .until_us = UINT64_C(1) << 62};

	if (zr_known_make(1 << 20, &learning.known) != 0)
		abort();
	for (unsigned int i = 0; i < 4; i++) {
		learned.name = names[i];
		learned.family = i == 2 ? 6 : 4;
		zr_known_add(learning.known, &learned);
	}
}

static void setup(void)
{
	static const uint64_t key[2] = {1, 2};
	const struct zr_totals_config totals_config = {.entries_max = 16, .subscribers_max = 16};
	FILE *file;

	if (mkdtemp(folder) == NULL || atexit(clean_up) != 0)
		abort();
	snprintf(list_path, sizeof(list_path), "%s/list.csv", folder);
	snprintf(state_path, sizeof(state_path), "%s/state", folder);
	snprintf(socket_path, sizeof(socket_path), "%s/control.sock", folder);
	file = fopen(list_path, "w");
	if (file == NULL || fputs(list_text, file) < 0 || fclose(file) != 0)
		abort();
	fake_dataplane_reset();
	if (zr_loop_make(&loop) != 0 || zr_lists_make(&list_config, key, &lists) != 0 ||
	    zr_totals_make(&totals_config, 1, &totals) != 0 ||
	    zr_control_socket_open(loop, &socket_config, answer, NULL, &control) != 0)
		abort();
	list_ops = (struct zr_list_ops){.lists = lists, .control = control, .reload = reload};
	learn();
	asks = (struct zr_asks){.dataplane = &fake_dataplane,
				.control = control,
				.totals = totals,
				.recorder = {.dataplane = &fake_dataplane, .lists = lists},
				.learning = &learning,
				.decisions = true};
	zr_control_socket_watch(control, zr_asks_closed, &asks);
	timer = (struct zr_timer){.every_ms = 1, .expired = expired};
	zr_loop_timer_add(loop, &timer);
}

static void go_on(void)
{
	zr_loop_timer_hurry(&timer);
	if (zr_loop_round(loop) != 0)
		abort();
}

/* A connection that does not block. */
static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, socket_path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		abort();
	return fd;
}

/* Send bytes with copies of a descriptor; what does not fit, or nobody takes any more, is left out. */
static void send_part(int fd, const uint8_t *data, size_t size, unsigned int files)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} room = {.bytes = {0}};
	struct iovec part = {(void *)(uintptr_t)data, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	const int copies[3] = {fd, fd, fd};

	if (size == 0)
		return;
	if (files > 0) {
		message.msg_control = room.bytes;
		message.msg_controllen = CMSG_SPACE(files * sizeof(int));
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(files * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), copies, files * sizeof(int));
	}
	(void)!sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* All that comes until nothing does. */
static size_t receive(int fd)
{
	unsigned int quiet = 0;
	size_t len = 0;

	while (quiet < QUIET_ROUNDS && len < sizeof(reply) - 1) {
		ssize_t got;

		go_on();
		got = recv(fd, reply + len, sizeof(reply) - 1 - len, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		quiet = got > 0 ? 0 : quiet + 1;
		len += got > 0 ? (size_t)got : 0;
	}
	reply[len] = '\0';
	return len;
}

/* Replies are whole lines, an object with a text op each. Returns how many. */
static unsigned int check_replies(size_t len)
{
	unsigned int count = 0;

	for (size_t at = 0; at < len; count++) {
		const char *end = memchr(reply + at, '\n', len - at);
		json_t *object;

		if (end == NULL)
			abort();
		object = json_loadb(reply + at, (size_t)(end - reply) - at, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_string(json_object_get(object, "op")))
			abort();
		json_decref(object);
		at = (size_t)(end - reply) + 1;
	}
	return count;
}

static void check_next_client(void)
{
	int fd = connect_client();

	send_part(fd, (const uint8_t *)"{\"op\":\"status\"}\n", 16, 0);
	if (receive(fd) != 16 || strcmp(reply, "{\"op\":\"status\"}\n") != 0)
		abort();
	close(fd);
	go_on();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int lines = 1; /* without an end, and too long */
	size_t cut;
	int fd;

	if (loop == NULL)
		setup();
	if (size < 2)
		return 0;
	options = data[0];
	cut = data[1] < size - 2 ? data[1] : size - 2;
	for (size_t i = 2; i < size; i++)
		lines += data[i] == '\n';
	fd = connect_client();
	send_part(fd, data + 2, cut, options & 3);
	go_on();
	send_part(fd, data + 2 + cut, size - 2 - cut, 0);
	if ((options & HALF_CLOSES) != 0)
		shutdown(fd, SHUT_WR);
	if ((options & VANISHES) == 0 && check_replies(receive(fd)) > lines)
		abort();
	close(fd);
	go_on();
	options = 0;
	check_next_client();
	return 0;
}
