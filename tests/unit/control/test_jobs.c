/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs: in their order, each told to the loop's thread, and all of them run by the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "control/jobs.h"

#define COUNT 100

struct counted {
	struct zr_job job;
	struct zr_jobs *jobs;
	struct counted *then; /* added when this one is done */
	pthread_t runner, teller;
	unsigned int ran, told; /* when: from 1; 0: never */
};

static unsigned int ran, told; /* so far; each belongs to one thread */

static void run(struct zr_job *job)
{
	struct counted *counted = (struct counted *)(void *)job;

	counted->runner = pthread_self();
	counted->ran = ++ran;
	usleep(100);
}

static void done(struct zr_job *job)
{
	struct counted *counted = (struct counted *)(void *)job;

	counted->teller = pthread_self();
	counted->told = ++told;
	if (counted->then != NULL)
		zr_jobs_add(counted->jobs, &counted->then->job);
}

static void init(struct counted *jobs, unsigned int count, struct zr_jobs *all)
{
	ran = told = 0;
	for (unsigned int i = 0; i < count; i++)
		jobs[i] = (struct counted){.job = {.run = run, .done = done}, .jobs = all};
}

static void test_order(void **state)
{
	static struct counted jobs[COUNT];
	struct zr_loop *loop;
	struct zr_jobs *all;

	(void)state;
	assert_int_equal(zr_loop_make(&loop), 0);
	assert_int_equal(zr_jobs_start(loop, &all), 0);
	init(jobs, COUNT, all);
	for (unsigned int i = 0; i < COUNT; i++)
		zr_jobs_add(all, &jobs[i].job);
	while (told < COUNT)
		assert_int_equal(zr_loop_round(loop), 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_int_equal(jobs[i].ran, i + 1);
		assert_int_equal(jobs[i].told, i + 1);
		assert_false(pthread_equal(jobs[i].runner, pthread_self()));
		assert_true(pthread_equal(jobs[i].teller, pthread_self()));
	}
	zr_jobs_stop(all);
	zr_loop_free(loop);
}

/* Nothing is lost at the end: neither what waits, nor what the last one adds when it is done. */
static void test_stop(void **state)
{
	static struct counted jobs[COUNT];
	struct zr_loop *loop;
	struct zr_jobs *all;

	(void)state;
	assert_int_equal(zr_loop_make(&loop), 0);
	assert_int_equal(zr_jobs_start(loop, &all), 0);
	init(jobs, COUNT, all);
	jobs[COUNT - 3].then = &jobs[COUNT - 2];
	jobs[COUNT - 2].then = &jobs[COUNT - 1];
	for (unsigned int i = 0; i < COUNT - 2; i++)
		zr_jobs_add(all, &jobs[i].job);
	zr_jobs_stop(all);
	for (unsigned int i = 0; i < COUNT; i++)
		assert_int_equal(jobs[i].told, i + 1);
	zr_jobs_stop(NULL);
	zr_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_stop)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
