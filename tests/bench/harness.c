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

/* When only the form of the output is asked for. */
#define QUICK_REPETITIONS 3
#define QUICK_MIN_NS      1e4

#define JITTER_SPAN_US 2
#define JITTER_SPANS   500000

#define HUGE_PAGE ((size_t)2 << 20)

struct sample {
	double cpu_ns, wall_ns, cycles;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

bool bench_quick(void)
{
	static int known = -1;

	/* Looked up once: sizes are asked for in loops. */
	if (known < 0) {
		const char *quick = getenv("ZR_BENCH_QUICK");

		known = quick != NULL && *quick != '\0' && strcmp(quick, "0") != 0;
	}
	return known != 0;
}

uint32_t bench_size(uint32_t full, uint32_t quick)
{
	return bench_quick() ? quick : full;
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

static struct bench_time summarise(struct sample *samples, unsigned int count, double ops)
{
	qsort(samples, count, sizeof(samples[0]), by_cpu_time);
	const struct sample *median = &samples[count / 2];
	double quartiles = samples[count * 3 / 4].cpu_ns - samples[count / 4].cpu_ns;
	double busy = median->cpu_ns / median->wall_ns;

	return (struct bench_time){
		.ns = median->cpu_ns / ops,
		.cycles = median->cycles * (busy < 1 ? busy : 1) / ops,
		.spread = quartiles / 2 / median->cpu_ns,
		.wall_ns = median->wall_ns / ops,
	};
}

void bench_measure(const struct bench_side *sides, unsigned int count, struct bench_time *out)
{
	bench_measure_prepared(sides, count, NULL, NULL, out);
}

void bench_measure_prepared(const struct bench_side *sides, unsigned int count, void (*prepare)(void *arg), void *arg,
			    struct bench_time *out)
{
	struct sample samples[BENCH_SIDES_MAX][REPETITIONS];
	unsigned int rounds[BENCH_SIDES_MAX], repetitions = bench_size(REPETITIONS, QUICK_REPETITIONS);
	double cpu_ns = 0, wall_ns = 0, min_ns = bench_quick() ? QUICK_MIN_NS : MIN_NS;

	for (unsigned int s = 0; s < count; s++) {
		double once_ns = run_once(&sides[s], WARM_UPS).cpu_ns / WARM_UPS;

		rounds[s] = once_ns < min_ns ? (unsigned int)(min_ns / once_ns) + 1 : 1;
	}
	for (unsigned int r = 0; r < repetitions; r++) {
		if (prepare != NULL)
			prepare(arg);
		for (unsigned int s = 0; s < count; s++) {
			samples[s][r] = run_once(&sides[s], rounds[s]);
			cpu_ns += samples[s][r].cpu_ns;
			wall_ns += samples[s][r].wall_ns;
		}
	}
	if (wall_ns > cpu_ns * 1.05 && !bench_quick())
		fprintf(stderr, "other programs took %.0f %% of the time: figures are worse than the machine's best\n",
			(1 - cpu_ns / wall_ns) * 100);
	for (unsigned int s = 0; s < count; s++)
		out[s] = summarise(samples[s], repetitions, (double)sides[s].ops * rounds[s]);
}

/* Two places behind the point, four of what is less than one: a value near 0 stays a value. */
static void print_number(const char *name, double value)
{
	printf(",\"%s\":%.*f", name, value < 1 ? 4 : 2, value);
}

/* The members that every line begins with. floor 0: none; target empty: none. */
static void print_head(const char *name, double value, const char *unit, double floor, double ratio, const char *target,
		       bool met)
{
	printf("{\"bench\":\"%s\"", name);
	print_number("value", value);
	printf(",\"unit\":\"%s\"", unit);
	if (floor > 0) {
		print_number("floor", floor);
		print_number("ratio", ratio);
	} else {
		fputs(",\"floor\":null,\"ratio\":null", stdout);
	}
	if (*target != '\0')
		printf(",\"target\":\"%s\",\"met\":%s", target, met ? "true" : "false");
	else
		fputs(",\"target\":null,\"met\":null", stdout);
}

static void print_time(const struct bench_time *time, double bytes)
{
	if (bytes > 0)
		printf(",\"bytes\":%.0f", bytes);
	printf(",\"ns\":%.2f,\"cycles\":%.0f,\"wall_ns\":%.2f,\"spread\":%.3f}\n", time->ns, time->cycles,
	       time->wall_ns, time->spread);
	fflush(stdout);
}

void bench_print(const struct bench_result *result)
{
	double ns = result->time.ns, floor_ns = result->floor.ns, ratio = floor_ns > 0 ? ns / floor_ns : 0;
	double floor_mops = floor_ns > 0 ? 1e3 / floor_ns : 0;
	char target[64] = "";

	if (result->ratio_max > 0) {
		snprintf(target, sizeof(target), "ratio <= %.1f", result->ratio_max);
		print_head(result->name, ns, "ns", floor_ns, ratio, target, ratio <= result->ratio_max);
		print_time(&result->time, result->bytes);
	}
	if (result->mops_min > 0) {
		snprintf(target, sizeof(target), "value >= %.1f", result->mops_min);
		print_head(result->name, 1e3 / ns, "M/s", floor_mops, ratio, target, 1e3 / ns >= result->mops_min);
		print_time(&result->time, result->bytes);
	}
	if (*target == '\0') {
		print_head(result->name, 1e3 / ns, "M/s", floor_mops, ratio, target, false);
		print_time(&result->time, result->bytes);
	}
}

void bench_print_peer(const char *name, const struct bench_time *peer, const struct bench_time *subject)
{
	print_head(name, 1e3 / peer->ns, "M/s", 1e3 / subject->ns, peer->ns / subject->ns, "", false);
	print_time(peer, 0);
}

void bench_print_value(const char *name, double value, const char *unit, const char *target, bool met)
{
	bench_print_against(name, value, unit, 0, target, met);
}

void bench_print_against(const char *name, double value, const char *unit, double floor, const char *target, bool met)
{
	print_head(name, value, unit, floor, floor > 0 ? value / floor : 0, target, met);
	puts("}");
	fflush(stdout);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void bench_jitter(struct bench_jitter *out)
{
	uint32_t count = bench_size(JITTER_SPANS, 1000);
	uint64_t *longest = bench_alloc(count * sizeof(longest[0]), false);
	double begin_ns = now_ns(CLOCK_MONOTONIC), us_a_cycle;
	uint64_t begin = __rdtsc(), span, last;

	/* Long enough for the two clocks to be held against each other. */
	while (now_ns(CLOCK_MONOTONIC) < begin_ns + 1e7)
		;
	us_a_cycle = (now_ns(CLOCK_MONOTONIC) - begin_ns) / 1e3 / (double)(__rdtsc() - begin);
	span = (uint64_t)(JITTER_SPAN_US / us_a_cycle);
	last = __rdtsc();
	for (uint32_t i = 0; i < count; i++) {
		uint64_t until = last + span;

		while (last < until) {
			uint64_t now = __rdtsc(), gap = now - last;

			longest[i] = gap > longest[i] ? gap : longest[i];
			last = now;
		}
	}
	qsort(longest, count, sizeof(longest[0]), by_number);
	*out = (struct bench_jitter){
		.median_us = (double)longest[count / 2] * us_a_cycle,
		.p999_us = (double)longest[(size_t)count * 999 / 1000] * us_a_cycle,
		.worst_us = (double)longest[count - 1] * us_a_cycle,
	};
	bench_free(longest, count * sizeof(longest[0]));
}

uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}
