/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may use a socket: peers of other users, told by what the kernel says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/peer.h"

#define USER  41001
#define GROUP 41002
#define OTHER 41003

static char folder[] = "/tmp/zr-peer-XXXXXX";
static char socket_path[64];

/* Is a peer with this user, main group and one more group allowed? It connects from a process of its own. */
static bool ask(const struct zr_socket_config *config, uid_t user, gid_t main_group, gid_t group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, status = 0;
	bool allowed;
	pid_t child;

	strcpy(address.sun_path, socket_path);
	unlink(socket_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(socket_path, 0666), 0);
	assert_int_equal(listen(listener, 1), 0);
	child = fork();
	if (child == 0) {
		int peer = socket(AF_UNIX, SOCK_STREAM, 0);

		_exit(setgroups(1, &group) != 0 || setgid(main_group) != 0 || setuid(user) != 0 ||
		      connect(peer, (struct sockaddr *)&address, sizeof(address)) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fd = accept(listener, NULL, NULL);
	allowed = zr_peer_allowed(fd, config);
	close(fd);
	close(listener);
	return allowed;
}

static void test_who(void **state)
{
	const struct zr_socket_config nobody = {.group = ZR_NO_GROUP};
	const struct zr_socket_config user = {.group = ZR_NO_GROUP, .users = {OTHER, USER}, .user_count = 2};
	const struct zr_socket_config group = {.group = GROUP};

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can connect as other users\n");
		skip();
	}
	assert_true(ask(&nobody, 0, 0, 0));
	assert_false(ask(&nobody, USER, GROUP, GROUP));
	assert_true(ask(&user, USER, OTHER, OTHER));
	assert_true(ask(&user, OTHER, OTHER, OTHER));
	assert_false(ask(&user, GROUP, USER, OTHER));
	assert_true(ask(&group, USER, GROUP, OTHER));
	assert_true(ask(&group, USER, OTHER, GROUP));
	assert_false(ask(&group, GROUP, OTHER, OTHER));
}

/* A peer that the kernel says nothing of is refused. */
static void test_unknown(void **state)
{
	const struct zr_socket_config config = {.group = 0};

	(void)state;
	assert_false(zr_peer_allowed(-1, &config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_who), cmocka_unit_test(test_unknown)};
	int failed;

	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		return 1;
	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(socket_path);
	rmdir(folder);
	return failed;
}
