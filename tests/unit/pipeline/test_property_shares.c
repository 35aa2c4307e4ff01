/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many names are found of all that are there, by protocol and by what was done to the packets: printed as a table.
 * "cut" means hellos and requests that are split, reordered, repeated or overlapped, and captures that begin late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/workload_scene.h"

#define WORKLOADS 10
#define TUPLES    120

static struct scene s;

/* The name that a flow's last record must have: each flow has one. */
static const char *name_of(const struct workload_flow *flow)
{
	return flow->events[flow->event_count - 1].name;
}

/* Is the name of the flow in its last record? */
static bool is_found(const struct workload_flow *flow)
{
	bool turned;

	for (unsigned int i = 0; i < s.count; i++)
		if (s.events[i].usage.final && workload_scene_is_between(flow, &s.events[i].usage, &turned))
			return strcmp(s.events[i].name, name_of(flow)) == 0;
	return false;
}

static double share(enum workload_kind kind, enum workload_wrap wrap, bool cut)
{
	unsigned int there = 0, found = 0;

	for (unsigned int n = 0; n < WORKLOADS; n++) {
		struct workload_options options = {
			.seed = 1000000 + n,
			.tuples = TUPLES,
			.kind = kind,
			.wrap = wrap,
			.plain = true,
			.cut = cut,
			.retro_credit = true,
			.charged_records = true,
			.keep_names = true,
			.interim_us = UINT64_C(15) * 60 * 1000000,
		};
		struct workload *w = workload_make(&options);

		workload_scene_open(&s, &options);
		workload_scene_send(&s, w, &options);
		scene_close(&s);
		for (unsigned int i = 0; i < w->flow_count; i++) {
			there += w->flows[i].names > 0;
			found += w->flows[i].names > 0 && is_found(&w->flows[i]);
		}
		assert_int_equal(there, (n + 1) * TUPLES);
		scene_free(&s);
		workload_free(w);
	}
	return 100.0 * found / there;
}

static void every_name_is_found(void **state)
{
	static const struct {
		const char *title;
		enum workload_kind kind;
		enum workload_wrap wrap;
		bool cut;
	} columns[] = {
		{"TLS", WORKLOAD_TLS, WORKLOAD_PLAIN, false},      {"TLS cut", WORKLOAD_TLS, WORKLOAD_PLAIN, true},
		{"QUIC", WORKLOAD_QUIC, WORKLOAD_PLAIN, false},    {"QUIC cut", WORKLOAD_QUIC, WORKLOAD_PLAIN, true},
		{"DTLS cut", WORKLOAD_DTLS, WORKLOAD_PLAIN, true}, {"HTTP", WORKLOAD_HTTP, WORKLOAD_PLAIN, false},
		{"HTTP cut", WORKLOAD_HTTP, WORKLOAD_PLAIN, true}, {"in GTP-U", WORKLOAD_ANY_KIND, WORKLOAD_GTPU, true},
		{"QinQ", WORKLOAD_ANY_KIND, WORKLOAD_QINQ, true},
	};
	double shares[sizeof(columns) / sizeof(columns[0])];

	(void)state;
	for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		shares[i] = share(columns[i].kind, columns[i].wrap, columns[i].cut);
		print_message("%-10s %7.3f %% of %u names\n", columns[i].title, shares[i], WORKLOADS * TUPLES);
	}
	for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		assert_true(shares[i] == 100.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_name_is_found)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
