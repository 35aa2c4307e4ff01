/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/latency.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#include "tests/bench/harness.h"

void latency_make(struct latency *latency, uint32_t room)
{
	*latency = (struct latency){.cycles = bench_alloc((size_t)room * sizeof(*latency->cycles), false),
				    .room = room};
}

void latency_free(struct latency *latency)
{
	bench_free(latency->cycles, (size_t)latency->room * sizeof(*latency->cycles));
}

void latency_spin(struct latency *latency, uint64_t cycles, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		uint64_t begin = __rdtsc(), now;

		do
			now = __rdtsc();
		while (now - begin < cycles);
		latency_add(latency, now - begin - cycles);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double cycles_per_us(void)
{
	static double known;
	struct timespec begin, end, rest = {.tv_nsec = 20000000};
	uint64_t cycles = __rdtsc();

	if (known > 0)
		return known;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	nanosleep(&rest, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	known = (double)(__rdtsc() - cycles) /
		((double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3);
	return known;
}

double latency_us(struct latency *latency, double fraction)
{
	uint32_t at;

	if (latency->count == 0)
		return 0;
	qsort(latency->cycles, latency->count, sizeof(*latency->cycles), compare);
	at = (uint32_t)(fraction * (latency->count - 1));
	return latency->cycles[at] / cycles_per_us();
}

void latency_print(const char *name, struct latency *latency, struct latency *idle, bool with_target)
{
	static const struct {
		const char *name;
		double fraction;
	} rows[] = {{"median", 0.5}, {"p999", 0.999}, {"worst", 1}};
	char line[64], target[32];

	for (unsigned int i = 0; i < 3; i++) {
		double us = latency_us(latency, rows[i].fraction), floor_us = latency_us(idle, rows[i].fraction);

		snprintf(line, sizeof(line), "%s_%s", name, rows[i].name);
		snprintf(target, sizeof(target), "value <= floor + %d.0", LATENCY_OVER_IDLE_US);
		bench_print_against(line, us, "us", floor_us, with_target && i == 1 ? target : "",
				    us <= floor_us + LATENCY_OVER_IDLE_US);
	}
}
