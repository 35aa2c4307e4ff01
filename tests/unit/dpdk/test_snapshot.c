/* SPDX-License-Identifier: BSD-3-Clause */
/* A reader never sees half of one moment and half of another. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/dpdk/snapshot.h"

#define READS 20000

static struct zr_snapshot snapshot;
static atomic_bool stop;

/* Every moment has one value everywhere. */
static void *write_all(void *arg)
{
	struct zr_worker_status status;

	for (unsigned int i = 0; !atomic_load(&stop); i++) {
		memset(&status, (int)(i & 0xff), sizeof(status));
		zr_snapshot_write(&snapshot, &status);
	}
	return arg;
}

static void reads_are_of_one_moment(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, write_all, NULL), 0);
	for (unsigned int i = 0; i < READS; i++) {
		struct zr_worker_status status;
		const uint8_t *bytes = (const uint8_t *)&status;

		zr_snapshot_read(&snapshot, &status);
		assert_memory_equal(bytes, bytes + 1, sizeof(status) - 1);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

/* The writer hangs in the middle of a write: readers have what it wrote last. */
static void a_write_that_hangs(void **state)
{
	struct zr_snapshot hanging = {0};
	struct zr_worker_status status, read;

	(void)state;
	for (unsigned int writes = 1; writes <= 3; writes++) {
		memset(&status, (int)writes, sizeof(status));
		zr_snapshot_write(&hanging, &status);
		atomic_store(&hanging.copies[(writes + 1) % 2][0], UINT64_MAX);
		zr_snapshot_read(&hanging, &read);
		assert_memory_equal(&read, &status, sizeof(status));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_of_one_moment),
		cmocka_unit_test(a_write_that_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
