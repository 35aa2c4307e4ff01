/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/harness.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>

#define REPETITIONS 21
#define WARM_UPS    2
#define MIN_NS      10e6

#define HUGE_PAGE ((size_t)2 << 20)

struct sample {
	double cpu_ns, wall_ns, cycles;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

void bench_pin(void)
{
	const char *wanted = getenv("ZR_BENCH_CPU");
	int cpu = wanted != NULL ? atoi(wanted) : sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set) != 0)
		fail("pinning to one CPU");
}

static size_t whole_pages(size_t bytes)
{
	return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

void *bench_alloc(size_t bytes, bool huge)
{
	size_t len = whole_pages(bytes);
	void *memory = aligned_alloc(HUGE_PAGE, len);

	if (memory == NULL || madvise(memory, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) != 0)
		fail("memory");
	memset(memory, 0, len);
	return memory;
}

void bench_free(void *memory, size_t bytes)
{
	/* The hint stays with the addresses, which malloc hands out again. */
	madvise(memory, whole_pages(bytes), MADV_NOHUGEPAGE);
	free(memory);
}

static double now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct sample run_once(const struct bench_side *side, unsigned int rounds)
{
	struct sample begin = {now_ns(CLOCK_THREAD_CPUTIME_ID), now_ns(CLOCK_MONOTONIC), (double)__rdtsc()};

	for (unsigned int i = 0; i < rounds; i++)
		side->run(side->arg);

	struct sample end = {now_ns(CLOCK_THREAD_CPUTIME_ID), now_ns(CLOCK_MONOTONIC), (double)__rdtsc()};

	return (struct sample){end.cpu_ns - begin.cpu_ns, end.wall_ns - begin.wall_ns, end.cycles - begin.cycles};
}

static int by_cpu_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->cpu_ns > y->cpu_ns) - (x->cpu_ns < y->cpu_ns);
}

static struct bench_time summarise(struct sample *samples, double ops)
{
	qsort(samples, REPETITIONS, sizeof(samples[0]), by_cpu_time);
	const struct sample *median = &samples[REPETITIONS / 2];
	double quartiles = samples[REPETITIONS * 3 / 4].cpu_ns - samples[REPETITIONS / 4].cpu_ns;
	double busy = median->cpu_ns / median->wall_ns;

	return (struct bench_time){
		.ns = median->cpu_ns / ops,
		.cycles = median->cycles * (busy < 1 ? busy : 1) / ops,
		.spread = quartiles / 2 / median->cpu_ns,
	};
}

void bench_measure(const struct bench_side *sides, unsigned int count, struct bench_time *out)
{
	struct sample samples[BENCH_SIDES_MAX][REPETITIONS];
	unsigned int rounds[BENCH_SIDES_MAX];
	double cpu_ns = 0, wall_ns = 0;

	for (unsigned int s = 0; s < count; s++) {
		double once_ns = run_once(&sides[s], WARM_UPS).cpu_ns / WARM_UPS;

		rounds[s] = once_ns < MIN_NS ? (unsigned int)(MIN_NS / once_ns) + 1 : 1;
	}
	for (unsigned int r = 0; r < REPETITIONS; r++) {
		for (unsigned int s = 0; s < count; s++) {
			samples[s][r] = run_once(&sides[s], rounds[s]);
			cpu_ns += samples[s][r].cpu_ns;
			wall_ns += samples[s][r].wall_ns;
		}
	}
	if (wall_ns > cpu_ns * 1.05)
		fprintf(stderr, "other programs took %.0f %% of the time: figures are worse than the machine's best\n",
			(1 - cpu_ns / wall_ns) * 100);
	for (unsigned int s = 0; s < count; s++)
		out[s] = summarise(samples[s], (double)sides[s].ops * rounds[s]);
}

static void print_end(const struct bench_result *result)
{
	if (result->bytes > 0)
		printf(",\"bytes\":%.0f", result->bytes);
	printf(",\"ns\":%.2f,\"cycles\":%.0f,\"spread\":%.3f}\n", result->time.ns, result->time.cycles,
	       result->time.spread);
}

void bench_print(const struct bench_result *result)
{
	double ns = result->time.ns, floor_ns = result->floor.ns, ratio = ns / floor_ns;

	if (result->ratio_max > 0) {
		printf("{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"ns\",\"floor\":%.2f,\"ratio\":%.2f,"
		       "\"target\":\"ratio <= %.1f\",\"met\":%s",
		       result->name, ns, floor_ns, ratio, result->ratio_max,
		       ratio <= result->ratio_max ? "true" : "false");
		print_end(result);
	}
	if (result->mops_min > 0) {
		printf("{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"M/s\",\"floor\":%.2f,\"ratio\":%.2f,"
		       "\"target\":\"value >= %.1f\",\"met\":%s",
		       result->name, 1e3 / ns, 1e3 / floor_ns, ratio, result->mops_min,
		       1e3 / ns >= result->mops_min ? "true" : "false");
		print_end(result);
	}
	fflush(stdout);
}

void bench_print_value(const char *name, double value, const char *unit, const char *target, bool met)
{
	printf("{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"", name, value, unit);
	if (*target != '\0')
		printf(",\"target\":\"%s\",\"met\":%s", target, met ? "true" : "false");
	puts("}");
	fflush(stdout);
}

uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}
