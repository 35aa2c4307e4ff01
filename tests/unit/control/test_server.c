/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening when the process has no descriptor left: callers are hung up on, and nobody waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/server.h"

#define ROUNDS 20

static unsigned int arrived;

static void arrive(void *arg, int fd)
{
	(void)arg;
	arrived++;
	close(fd);
}

static void tick(void *arg)
{
	(void)arg;
}

/* A client that has called. */
static int call(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void rounds(struct zr_loop *loop)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		assert_int_equal(zr_loop_round(loop), 0);
}

static void test_no_descriptor_is_left(void **state)
{
	char folder[] = "/tmp/zr-server-XXXXXX", path[64], byte;
	struct zr_socket_config config = {.path = path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP};
	struct zr_server server = {.arrived = arrive};
	struct zr_timer timer = {.every_ms = 1, .expired = tick};
	struct rlimit limit, none;
	struct zr_loop *loop;
	int first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/sock", folder);
	assert_int_equal(zr_loop_make(&loop), 0);
	zr_loop_timer_add(loop, &timer);
	assert_int_equal(zr_server_open(&server, loop, &config), 0);
	first = socket(AF_UNIX, SOCK_STREAM, 0);
	second = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(first >= 0 && second > first);

	/* All numbers below the limit are taken. */
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)second + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(open("/dev/null", O_RDONLY), -1);
	call(first, path);
	rounds(loop);
	assert_int_equal(arrived, 0);
	assert_int_equal(recv(first, &byte, 1, MSG_DONTWAIT), 0);

	/* It gets better: the spare one is there again, too. */
	assert_int_equal(open("/dev/null", O_RDONLY), -1);
	setrlimit(RLIMIT_NOFILE, &limit);
	call(second, path);
	rounds(loop);
	assert_int_equal(arrived, 1);

	close(first);
	close(second);
	zr_server_close(&server);
	zr_loop_timer_remove(loop, &timer);
	zr_loop_free(loop);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
