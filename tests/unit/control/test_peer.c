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

#define READERS 41004

/* What may a peer with this user, main group and one more group do? It connects from a process of its own. */
static enum zr_access ask(const struct zr_socket_config *config, uid_t user, gid_t main_group, gid_t group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, status = 0;
	struct zr_peer peer;
	pid_t child;

	strcpy(address.sun_path, socket_path);
	unlink(socket_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chmod(socket_path, 0666), 0);
	assert_int_equal(listen(listener, 1), 0);
	child = fork();
	if (child == 0) {
		int end = socket(AF_UNIX, SOCK_STREAM, 0);

		_exit(setgroups(1, &group) != 0 || setgid(main_group) != 0 || setuid(user) != 0 ||
		      connect(end, (struct sockaddr *)&address, sizeof(address)) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fd = accept(listener, NULL, NULL);
	peer = zr_peer_of(fd, config);
	assert_int_equal(peer.uid, user);
	assert_int_equal(peer.gid, main_group);
	close(fd);
	close(listener);
	return peer.access;
}

static void test_who(void **state)
{
	const struct zr_socket_config nobody = {.group = ZR_NO_GROUP, .readers = ZR_NO_GROUP};
	const struct zr_socket_config user = {
		.group = ZR_NO_GROUP, .readers = ZR_NO_GROUP, .users = {OTHER, USER}, .user_count = 2};
	const struct zr_socket_config group = {.group = GROUP, .readers = ZR_NO_GROUP};
	const struct zr_socket_config both = {.group = GROUP, .readers = READERS};
	const struct zr_socket_config readers = {.group = ZR_NO_GROUP, .readers = READERS};

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can connect as other users\n");
		skip();
	}
	assert_int_equal(ask(&nobody, 0, 0, 0), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&nobody, USER, GROUP, GROUP), ZR_ACCESS_NONE);
	assert_int_equal(ask(&user, USER, OTHER, OTHER), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&user, OTHER, OTHER, OTHER), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&user, GROUP, USER, OTHER), ZR_ACCESS_NONE);
	assert_int_equal(ask(&group, USER, GROUP, OTHER), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&group, USER, OTHER, GROUP), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&group, GROUP, OTHER, OTHER), ZR_ACCESS_NONE);
	assert_int_equal(ask(&group, USER, READERS, READERS), ZR_ACCESS_NONE);
	assert_int_equal(ask(&both, USER, READERS, OTHER), ZR_ACCESS_READ);
	assert_int_equal(ask(&both, USER, OTHER, READERS), ZR_ACCESS_READ);
	assert_int_equal(ask(&both, USER, READERS, GROUP), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&both, USER, GROUP, READERS), ZR_ACCESS_OPERATE);
	assert_int_equal(ask(&both, USER, OTHER, OTHER), ZR_ACCESS_NONE);
	assert_int_equal(ask(&readers, USER, OTHER, READERS), ZR_ACCESS_READ);
	assert_int_equal(ask(&readers, USER, GROUP, OTHER), ZR_ACCESS_NONE);
}

/* A peer that the kernel says nothing of is refused. */
static void test_unknown(void **state)
{
	const struct zr_socket_config config = {.group = 0};

	(void)state;
	assert_false(zr_peer_of(-1, &config).access);
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
