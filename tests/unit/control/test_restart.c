/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon does with a state file at its start: taken up once at most, and never in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/restart.h"
#include "dataplane/pipeline/saved.h"
#include "tests/support/fake_dataplane.h"

#define EPOCH UINT64_C(1795305600000000)

static char folder[] = "/tmp/zr-restart-XXXXXX";
static char path[64], fresh[80], taken[80], refused[80];
static struct zr_restart restart;

static int make_folder(void **arg)
{
	(void)arg;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	snprintf(taken, sizeof(taken), "%s.taken", path);
	snprintf(refused, sizeof(refused), "%s.refused", path);
	return 0;
}

static int remove_folder(void **arg)
{
	(void)arg;
	return rmdir(folder);
}

static int clean(void **arg)
{
	(void)arg;
	zr_restart_clear(&restart);
	remove(path);
	remove(fresh);
	remove(taken);
	remove(refused);
	return 0;
}

static void leave(void)
{
	static uint8_t bytes[ZR_SAVED_MAX];
	const struct zr_saved_flow flow = {.family = 4, .proto = 17, .rule = UINT32_MAX};

	fake_dataplane.flows = bytes;
	fake_dataplane.flows_len = zr_saved_write(&flow, bytes);
	restart = (struct zr_restart){.path = path, .gateway = "gw", .epoch_us = EPOCH};
	assert_int_equal(zr_restart_save(&restart, &fake_dataplane), 0);
}

static bool is_there(const char *file)
{
	struct stat st;

	return lstat(file, &st) == 0;
}

static void it_is_moved_away_before_it_is_taken_up(void **arg)
{
	(void)arg;
	leave();
	assert_false(zr_restart_read(&restart, path, "gw", EPOCH));
	assert_non_null(zr_restart_run(&restart));
	assert_true(zr_restart_run(&restart)->same_epoch);
	assert_false(is_there(path));
	assert_true(is_there(taken));
	zr_restart_consume(&restart);
	assert_false(is_there(taken));
	assert_non_null(zr_restart_run(&restart));
}

static void killed_start_leaves_nothing_for_the_next(void **arg)
{
	(void)arg;
	leave();
	zr_restart_read(&restart, path, "gw", EPOCH);
	zr_restart_clear(&restart);
	assert_false(zr_restart_read(&restart, path, "gw", EPOCH));
	assert_null(zr_restart_run(&restart));
	assert_false(is_there(taken));
}

static void start_that_fails_leaves_it_for_the_next(void **arg)
{
	(void)arg;
	leave();
	zr_restart_read(&restart, path, "gw", EPOCH);
	zr_restart_give_back(&restart);
	zr_restart_clear(&restart);
	assert_false(is_there(taken));
	assert_false(zr_restart_read(&restart, path, "gw", EPOCH));
	assert_non_null(zr_restart_run(&restart));
	zr_restart_consume(&restart);
	/* Nothing to give back any more. */
	zr_restart_give_back(&restart);
	assert_false(is_there(path));
}

/* It would be there again at the next start. */
static void what_cannot_be_moved_is_not_taken_up(void **arg)
{
	(void)arg;
	leave();
	assert_int_equal(mkdir(taken, 0700), 0);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	assert_null(zr_restart_run(&restart));
	zr_restart_consume(&restart);
	assert_true(is_there(path));
}

static void damaged_one_is_set_aside(void **arg)
{
	int fd;

	(void)arg;
	leave();
	assert_int_equal(truncate(path, 200), 0);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	assert_null(zr_restart_run(&restart));
	/* Until the daemon runs, and tells of it in its records, it stays. */
	assert_true(is_there(path));
	zr_restart_consume(&restart);
	assert_false(is_there(path));
	assert_true(is_there(refused));
	/* The next one takes its place. */
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	zr_restart_consume(&restart);
	assert_false(is_there(path));
}

static void other_gateways_one_is_no_loss_of_ours(void **arg)
{
	(void)arg;
	leave();
	assert_false(zr_restart_read(&restart, path, "another", EPOCH));
	assert_null(zr_restart_run(&restart));
	zr_restart_consume(&restart);
	assert_true(is_there(refused));
}

static void link_is_set_aside_and_not_followed(void **arg)
{
	(void)arg;
	leave();
	assert_int_equal(rename(path, fresh), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	zr_restart_consume(&restart);
	assert_false(is_there(path));
	assert_true(is_there(refused));
}

/* A folder, or one of the daemon's sockets, whose path was written by mistake. */
static void what_is_no_file_stays_where_it_is(void **arg)
{
	(void)arg;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	zr_restart_consume(&restart);
	assert_true(is_there(path));
	assert_int_equal(zr_restart_save(&restart, &fake_dataplane), -EEXIST);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mknod(path, S_IFSOCK | 0600, 0), 0);
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	zr_restart_consume(&restart);
	assert_true(is_there(path));
	assert_int_equal(zr_restart_save(&restart, &fake_dataplane), -EEXIST);
	assert_true(is_there(path));
}

/* Such as the list. */
static void other_file_stays_as_it_is(void **arg)
{
	static const char text[] = "#! serial: 1\n";
	char kept[sizeof(text)] = "";
	int fd;

	(void)arg;
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_true(zr_restart_read(&restart, path, "gw", EPOCH));
	zr_restart_consume(&restart);
	assert_int_equal(zr_restart_save(&restart, &fake_dataplane), -EEXIST);
	close(fd);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, kept, sizeof(kept)), sizeof(text));
	close(fd);
	assert_string_equal(kept, text);
	assert_false(is_there(refused));
}

static void other_numbering_is_told_apart(void **arg)
{
	(void)arg;
	leave();
	assert_false(zr_restart_read(&restart, path, "gw", EPOCH + 1));
	assert_false(zr_restart_run(&restart)->same_epoch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(it_is_moved_away_before_it_is_taken_up, clean),
		cmocka_unit_test_teardown(killed_start_leaves_nothing_for_the_next, clean),
		cmocka_unit_test_teardown(start_that_fails_leaves_it_for_the_next, clean),
		cmocka_unit_test_teardown(what_cannot_be_moved_is_not_taken_up, clean),
		cmocka_unit_test_teardown(damaged_one_is_set_aside, clean),
		cmocka_unit_test_teardown(other_gateways_one_is_no_loss_of_ours, clean),
		cmocka_unit_test_teardown(link_is_set_aside_and_not_followed, clean),
		cmocka_unit_test_teardown(what_is_no_file_stays_where_it_is, clean),
		cmocka_unit_test_teardown(other_file_stays_as_it_is, clean),
		cmocka_unit_test_teardown(other_numbering_is_told_apart, clean),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
