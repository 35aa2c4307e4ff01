/* SPDX-License-Identifier: BSD-3-Clause */
/* Output: every byte arrives in order whatever the sizes, and the first failure is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/output.h"

static int setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	*state = malloc(sizeof(struct zr_output));
	return *state == NULL;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_all_arrives(void **state)
{
	static const size_t sizes[] = {0, 1, 100, ZR_OUTPUT_ROOM - 1, ZR_OUTPUT_ROOM, 3 * ZR_OUTPUT_ROOM + 7, 5};
	static char pattern[4 * ZR_OUTPUT_ROOM], read_back[sizeof(pattern)];
	char path[] = "/tmp/zr_output_XXXXXX";
	struct zr_output *out = *state;
	int fd = mkstemp(path);
	off_t at = 0;

	assert_true(fd >= 0);
	unlink(path);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i * 31 + (i >> 8));
	zr_output_init(out, fd);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		zr_output_put(out, pattern + i, sizes[i]);
	memcpy(zr_output_room(out, 4), "last", 4);
	zr_output_add(out, 4);
	assert_true(zr_output_flush(out));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); at += (off_t)sizes[i++]) {
		assert_int_equal(pread(fd, read_back, sizes[i], at), sizes[i]);
		assert_memory_equal(read_back, pattern + i, sizes[i]);
	}
	assert_int_equal(pread(fd, read_back, 10, at), 4);
	assert_memory_equal(read_back, "last", 4);
	close(fd);
}

static void test_disk_full(void **state)
{
	struct zr_output *out = *state;
	int fd = open("/dev/full", O_WRONLY);

	if (fd < 0)
		skip();
	zr_output_init(out, fd);
	zr_output_put(out, "x", 1);
	assert_false(zr_output_flush(out));
	assert_int_equal(out->error, ENOSPC);
	zr_output_put(out, "y", 1); /* goes nowhere, and the error stays */
	assert_false(zr_output_flush(out));
	assert_int_equal(out->error, ENOSPC);
	close(fd);
}

static void test_closed_pipe(void **state)
{
	struct zr_output *out = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	zr_output_init(out, ends[1]);
	zr_output_put(out, "x", 1);
	assert_false(zr_output_flush(out));
	assert_int_equal(out->error, EPIPE);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_arrives, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed_pipe, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
