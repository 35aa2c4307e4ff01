/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of a million entries is published again and again while the worker's loop forwards, with a million flows open: every
 * frame goes out again, and what a burst takes from each publication until the last flow is judged by it, beside the machine's
 * idle jitter in the same run. First the lists say the same of the flows, then each says something else, so that every flow
 * is cut and leaves a record.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/list.h"
#include "tests/bench/harness.h"
#include "tests/bench/latency.h"
#include "tests/bench/loop.h"

#define ENTRIES      bench_size(1000000, 5000)
#define LINE_ROOM    64
#define FLOWS        bench_size(1U << 20, 1U << 10)
#define FRAMES       bench_size(1U << 16, 1U << 10)
#define WARM_UPS     3 /* publications until every page of the record ring was written */
#define PUBLICATIONS 8
#define SAMPLES      (1U << 22)
#define TURN         bench_size(256, 1) /* bursts, or idle times */
#define IDLE_CYCLES  25000              /* about what a burst takes while flows are judged anew */
#define DRAIN_MAX    1000

struct list {
	void *block;
	struct zr_image *image;
};

enum publication { NONE, WARMS_UP, UNDER_WAY, ENDED };

/* What the control thread does, and says of it. */
struct control {
	struct zr_dataplane *dp;
	const struct list *lists; /* two, in turn */
	struct zr_suffix_index *index;
	double settled_ms[PUBLICATIONS];
	_Atomic enum publication now;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench_swap: %s\n", what);
	exit(1);
}

static void list_make(struct list *list, unsigned int serial, unsigned int rating_group)
{
	char *text = malloc((size_t)ENTRIES * LINE_ROOM);
	struct zr_findings errors = {0};
	struct zr_list *read;
	size_t len;

	if (text == NULL)
		fail("no memory");
	len = (size_t)sprintf(text,
			      "#! serial: %u\n#! issuer: bench\n#! issued: 2026-01-01T00:00:00Z\n"
			      "#! expires: 2100-01-01T00:00:00Z\nmatch,service,rating_group\n.olm.vn,olm,%u\n",
			      serial, rating_group);
	for (unsigned int i = 1; i < ENTRIES; i++)
		len += (size_t)sprintf(text + len, ".w%u.example%u.vn,service%u,%u\n", i, i % 7, i % 50, 90000 + i % 9);
	if (zr_list_read(text, len, &read, &errors) != 0 || zr_list_compile(read, &list->block, &len) != 0 ||
	    zr_image_load(list->block, len, &list->image, NULL) != 0)
		fail("the list cannot be compiled");
	zr_list_free(read);
	free(text);
}

static void list_free(struct list *list)
{
	zr_image_free(list->image);
	free(list->block);
}

static double now_ms(void)
{
	return (double)zr_clock_ns(CLOCK_MONOTONIC) / 1e6;
}

/* On other CPUs than the loop's, where there are any. */
static void leave_cpu(int cpu)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	CPU_CLR(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* As control does it: a fresh index, publish, drain until all flows are judged by it, free what was before. */
static void *publish(void *arg)
{
	struct control *c = arg;

	for (unsigned int i = 0; i < WARM_UPS + PUBLICATIONS; i++) {
		const struct list *list = &c->lists[(i + 1) % 2];
		struct zr_suffix_index *index;
		double begin_ms;

		if (zr_suffix_index_make(list->image, loop_seed, &index) != 0)
			fail("no memory");
		atomic_store(&c->now, i < WARM_UPS ? WARMS_UP : UNDER_WAY);
		begin_ms = now_ms();
		if (zr_dataplane_publish(c->dp, list->image, index) != 0)
			fail("a list cannot be published");
		while (!zr_dataplane_settled(c->dp))
			zr_dataplane_drain(c->dp, loop_tell, NULL, DRAIN_MAX);
		if (i >= WARM_UPS)
			c->settled_ms[i - WARM_UPS] = now_ms() - begin_ms;
		atomic_store(&c->now, NONE);
		zr_suffix_index_free(c->index);
		c->index = index;
	}
	atomic_store(&c->now, ENDED);
	return NULL;
}

static void *publish_elsewhere(void *arg)
{
	leave_cpu(sched_getcpu());
	return publish(arg);
}

static void go(struct loop *loop, struct latency *bursts)
{
	for (unsigned int i = 0; i < TURN; i++) {
		uint64_t begin = rte_rdtsc();

		loop_round(loop);
		latency_add(bursts, rte_rdtsc() - begin);
	}
}

static double longest_ms(const struct control *c)
{
	double longest = 0;

	for (unsigned int i = 0; i < PUBLICATIONS; i++)
		longest = c->settled_ms[i] > longest ? c->settled_ms[i] : longest;
	return longest;
}

static void check_told(const struct loop *loop)
{
	struct zr_dataplane_status status;

	zr_dataplane_status(loop->dp, &status);
	if (status.workers[0].lost[ZR_FREE].records != 0)
		fail("records were lost");
	loop_check(loop);
}

static void bench(const char *name, struct loop *loop, struct control *control)
{
	struct latency during, between, idle, warm = {0};
	enum publication now;
	pthread_t thread;
	char text[64];

	latency_make(&during, SAMPLES);
	latency_make(&between, SAMPLES);
	latency_make(&idle, SAMPLES);
	atomic_store(&control->now, NONE);
	go(loop, &between);
	latency_spin(&idle, IDLE_CYCLES, TURN);
	if (pthread_create(&thread, NULL, publish_elsewhere, control) != 0)
		fail("no thread");
	while ((now = atomic_load(&control->now)) != ENDED) {
		go(loop, now == NONE ? &between : now == UNDER_WAY ? &during : &warm);
		if (now == NONE)
			latency_spin(&idle, IDLE_CYCLES, TURN);
	}
	pthread_join(thread, NULL);
	check_told(loop);
	latency_print(name, &during, &idle, true);
	snprintf(text, sizeof(text), "%s_without", name);
	latency_print(text, &between, &idle, false);
	snprintf(text, sizeof(text), "%s_settled", name);
	bench_print_value(text, longest_ms(control), "ms", "value <= 1000.0", longest_ms(control) <= 1000);
	latency_free(&during);
	latency_free(&between);
	latency_free(&idle);
}

int main(void)
{
	struct loop_options options = {.name = "bench_swap",
				       .eal = "--no-huge --no-pci --no-shconf --no-telemetry -m 3072",
				       .flows = FLOWS,
				       .frames = FRAMES,
				       .capacity = FLOWS,
				       .family = 4};
	static struct control control;
	static struct loop loop;
	struct list lists[2], others[2];

	list_make(&lists[0], 1, 1);
	list_make(&lists[1], 2, 1);
	list_make(&others[1], 3, 2);
	others[0] = lists[0];
	control.lists = lists;
	if (zr_suffix_index_make(lists[0].image, loop_seed, &control.index) != 0)
		fail("no memory");
	options.image = lists[0].image;
	options.index = control.index;
	loop_make(&loop, &options);
	control.dp = loop.dp;
	bench("swap_same", &loop, &control);
	control.lists = others;
	bench("swap_changed", &loop, &control);
	loop_free(&loop);
	zr_suffix_index_free(control.index);
	list_free(&lists[0]);
	list_free(&lists[1]);
	list_free(&others[1]);
	return 0;
}
