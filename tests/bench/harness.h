/* SPDX-License-Identifier: BSD-3-Clause */
/* What all benches share: a pinned core, memory with or without huge pages, repetitions side by side, results as JSON. */
#ifndef TESTS_BENCH_HARNESS_H
#define TESTS_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of a bench that this machine cannot run, with the reason on standard error. */
#define BENCH_LEFT_OUT 77

/* Most workloads that are measured side by side. */
#define BENCH_SIDES_MAX 4

/* One thing to measure. run does ops operations; it is called again and again with arg. */
struct bench_side {
	void (*run)(void *arg);
	void *arg;
	uint64_t ops;
};

/* What was measured of one side, per operation: the median of all repetitions, and half the distance of its quartiles. */
struct bench_time {
	double ns, cycles;
	double spread;  /* as a fraction of the median */
	double wall_ns; /* of the median repetition, with what other programs took of it */
};

/* Is only the form of the output asked for (ZR_BENCH_QUICK in the environment)? Figures mean nothing then. */
bool bench_quick(void);
/* How much of something to take: full, or quick when only the form is asked for. */
uint32_t bench_size(uint32_t full, uint32_t quick);

/* Pin the program to the CPU it runs on, or to the one that the environment names in ZR_BENCH_CPU. Aborts on failure. */
void bench_pin(void);

/* Zeroed, touched memory, 2 MiB aligned, with or without the hint for huge pages. Aborts when it cannot be had. */
void *bench_alloc(size_t bytes, bool huge);
void bench_free(void *memory, size_t bytes);

/*
 * Measure sides in turn, repetition by repetition, so that what disturbs the machine disturbs all of them. Two rounds of
 * warm-up; 21 repetitions of at least 10 ms. CPU time, not wall time: other programs on the core do not count.
 * Says so on standard error when they took more than a twentieth.
 */
void bench_measure(const struct bench_side *sides, unsigned int count, struct bench_time *out);
/* The same, with a call of prepare(arg) before each repetition of all sides, untimed. */
void bench_measure_prepared(const struct bench_side *sides, unsigned int count, void (*prepare)(void *arg), void *arg,
			    struct bench_time *out);

/* A result and what it is held against. */
struct bench_result {
	const char *name;
	struct bench_time time, floor;
	double ratio_max; /* target: time at most that many floors; 0: none */
	double mops_min;  /* target: million operations a second; 0: none */
	double bytes;     /* that an operation writes; 0: not told */
};

/*
 * Each of these prints JSON objects, one a line, whose first members are bench, value, unit, floor, ratio, target and met, in
 * that order, null where there is none.
 */

/*
 * One line for each target of the result, or one without a target: its value, the floor's in the same unit, their ratio (time over time), the
 * target as DESIGN writes it, whether it is met, and the bytes an operation writes.
 */
void bench_print(const struct bench_result *result);

/*
 * A peer doing the same to the same data in the same run: its rate, the subject's as the floor, and how many times the
 * subject's time it takes.
 */
void bench_print_peer(const char *name, const struct bench_time *peer, const struct bench_time *subject);

/*
 * A value that has no floor, with its target as text (empty: none), and whether it is met. Targets have the form "value <= 2.0",
 * "ratio >= 1.5" or "value <= floor + 20.0".
 */
void bench_print_value(const char *name, double value, const char *unit, const char *target, bool met);

/* A value that is held against a floor in the same unit: their ratio is value over floor, also of rates, where more is better. */
void bench_print_against(const char *name, double value, const char *unit, double floor, const char *target, bool met);

/*
 * How long the machine takes the core away from a program that only spins and reads the time stamp counter: of each span of
 * 2 us the longest time between two reads, in all spans of a second. Microseconds, by the wall clock. A burst of packets takes
 * about as long as a span, so that its latency can be held against these.
 */
struct bench_jitter {
	double median_us, p999_us, worst_us;
};

void bench_jitter(struct bench_jitter *out);

/* Random numbers that are the same in every run (xorshift, 64 bits). *state must not be 0. */
uint64_t bench_random(uint64_t *state);

#endif
