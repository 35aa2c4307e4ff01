/* SPDX-License-Identifier: BSD-3-Clause */
/* The way of lists over a scripted dataplane, where a test decides when the daemon ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/list.h"
#include "tests/support/fake_dataplane.h"

static char folder[] = "/tmp/zr-lists-XXXXXX";
static char list_path[64], next_path[64], state_path[64];

static const struct zr_list_config config = {.file = list_path, .state = state_path, .shrink_percent = 100};
static const uint64_t key[2] = {1, 2};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void write_list(const char *path, unsigned int serial)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
		"#! serial: %u\n#! issuer: test\n#! issued: 2020-01-01T00:00:00Z\n#! expires: 2099-12-31T23:59:59Z\n"
		"match,service,rating_group\n.olm.vn,olm,1\n",
		serial);
	assert_int_equal(fclose(file), 0);
}

struct decision {
	unsigned int count;
	bool has_judgment;
	enum zr_list_outcome outcome;
};

static void decided(const struct zr_list_push *push, const struct zr_list_judgment *judgment)
{
	struct decision *decision = push->arg;

	decision->count++;
	decision->has_judgment = judgment != NULL;
	if (judgment != NULL)
		decision->outcome = judgment->outcome;
}

static struct zr_list_push *make_push(struct decision *decision)
{
	struct zr_list_push *push = calloc(1, sizeof(*push));

	assert_non_null(push);
	push->file = strdup(next_path);
	push->list = open(next_path, O_RDONLY);
	push->decided = decided;
	push->arg = decision;
	return push;
}

static void start(struct zr_loop **loop, struct zr_lists **lists)
{
	fake_dataplane_reset();
	fake_dataplane.settled = true;
	assert_int_equal(zr_loop_make(loop), 0);
	assert_int_equal(zr_lists_make(&config, key, lists), 0);
	assert_int_equal(zr_lists_start(*lists, *loop, &fake_dataplane), 0);
}

static uint64_t serial_of(const struct zr_lists *lists)
{
	return zr_image_serial(zr_lists_current(lists)->image);
}

/* Pushed while the daemon ends: nobody is told that it is in force, and the next start finds it. */
static void test_pushed_at_the_end(void **state)
{
	struct decision decision = {0};
	struct zr_lists *lists;
	struct zr_loop *loop;
	json_t *entries;

	(void)state;
	write_list(list_path, 1);
	write_list(next_path, 2);
	start(&loop, &lists);
	assert_true(zr_lists_push(lists, make_push(&decision)));
	zr_lists_stop(lists);
	assert_int_equal(decision.count, 1);
	assert_false(decision.has_judgment);
	assert_int_equal(serial_of(lists), 1);
	zr_lists_free(lists);
	zr_loop_free(loop);

	start(&loop, &lists);
	assert_int_equal(serial_of(lists), 2);
	assert_int_equal(zr_list_audit_tail(zr_lists_audit(lists), 9, &entries), 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 1), "event")), "found");
	json_decref(entries);
	zr_lists_free(lists);
	zr_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pushed_at_the_end)};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(list_path, sizeof(list_path), "%s/list.csv", folder);
	snprintf(next_path, sizeof(next_path), "%s/next.csv", folder);
	snprintf(state_path, sizeof(state_path), "%s/state", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return failed;
}
