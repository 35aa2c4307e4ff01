/* SPDX-License-Identifier: BSD-3-Clause */
/* What all benches share: a pinned core, memory with or without huge pages, repetitions side by side, results as JSON. */
#ifndef TESTS_BENCH_HARNESS_H
#define TESTS_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	double spread; /* as a fraction of the median */
};

/* Pin the program to the CPU it runs on, or to the one that the environment names in ZR_BENCH_CPU. Aborts on failure. */
void bench_pin(void);

/* Zeroed, touched memory, 2 MiB aligned, with or without the hint for huge pages. Aborts when it cannot be had. */
void *bench_alloc(size_t bytes, bool huge);
void bench_free(void *memory, size_t bytes);

/*
 * Measure sides in turn, repetition by repetition, so that what disturbs the machine disturbs all of them. Two rounds of
 * warm-up; at least 11 repetitions of at least 10 ms. CPU time, not wall time: other programs on the core do not count.
 * Says so on standard error when they took more than a twentieth.
 */
void bench_measure(const struct bench_side *sides, unsigned int count, struct bench_time *out);

/* A result and what it is held against. */
struct bench_result {
	const char *name;
	struct bench_time time, floor;
	double ratio_max; /* target: time at most that many floors; 0: none */
	double mops_min;  /* target: million operations a second; 0: none */
	double bytes;     /* that an operation writes; 0: not told */
};

/*
 * Print one JSON object a line for each target of the result: its value, the floor's in the same unit, their ratio and the
 * target as DESIGN writes it, whether it is met, and the bytes an operation writes.
 */
void bench_print(const struct bench_result *result);

/* Print a value that has no floor, with its target as text (empty: none), and whether it is met. */
void bench_print_value(const char *name, double value, const char *unit, const char *target, bool met);

/* Random numbers that are the same in every run (xorshift, 64 bits). *state must not be 0. */
uint64_t bench_random(uint64_t *state);

#endif
