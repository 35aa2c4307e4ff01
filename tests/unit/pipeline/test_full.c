/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens when memory is full: who goes first, and that every byte is still counted once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST ".olm.vn,olm,90001,,,,,\n"

static struct scene s;

static void oldest_undecided_flow_goes_first_and_free_flows_last(void **state)
{
	struct scene_conn free_conn = scene_conn(1), charged = scene_conn(2), undecided = scene_conn(3);
	struct scene_conn udp = scene_conn(4);
	unsigned int evicted = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 3;
	scene_open(&s);
	scene_handshake(&s, 0, &undecided);
	scene_handshake(&s, 1, &free_conn);
	scene_hello(&s, 1, &free_conn, "olm.vn");
	scene_handshake(&s, 2, &charged);
	scene_hello(&s, 2, &charged, "game.example.net");
	for (uint16_t port = 100; port < 140; port++) {
		udp.client_port = port;
		scene_udp(&s, 3, &udp, true, "x", 1);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, i)->usage;

		evicted += u->cause == ZR_CAUSE_EVICTED;
		if (i == 0) {
			assert_int_equal(u->client_port, 3);
			assert_int_equal(u->reason, ZR_REASON_TABLE_FULL);
		}
		/* One flood of undecided flows evicts itself, and touches neither decided flow. */
		if (u->client_port < 3)
			assert_int_equal(u->cause, ZR_CAUSE_SHUTDOWN);
	}
	assert_int_equal(evicted, 40);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_UNDECIDED), 40);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_FREE), 0);
	scene_free(&s);
}

static void evicted_free_flow_leaves_its_record(void **state)
{
	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 1;
	s.config.charged_records = false;
	scene_open(&s);
	for (uint16_t port = 1; port < 4; port++) {
		struct scene_conn c = scene_conn(port);

		scene_handshake(&s, port, &c);
		scene_hello(&s, port, &c, "olm.vn");
	}
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_EVICTED);
	assert_true(scene_event(&s, ZR_USAGE_PART, 0)->usage.final);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 3);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_FREE), 2);
	scene_free(&s);
}

static void oldest_unfinished_hello_is_given_up(void **state)
{
	uint8_t hello[1400];
	size_t len = frame_hello("olm.vn", 900, hello, sizeof(hello));
	unsigned int given_up = 0, freed = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint16_t port = 1; port <= 500; port++) {
		struct scene_conn c = scene_conn(port);

		scene_handshake(&s, port, &c);
		scene_up(&s, port, &c, hello, 500);
		if (port % 50 == 0)
			scene_up(&s, port, &c, hello + 500, len - 500);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		given_up += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_INSPECT_LIMIT;
		freed += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_SNI;
	}
	assert_int_equal(given_up, zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP));
	assert_true(given_up > 300);
	/* A hello whose segments follow each other is read all the same. */
	assert_int_equal(freed, 10);
	scene_free(&s);
}

static void names_beyond_the_memory_are_left_out_not_miscounted(void **state)
{
	unsigned int named = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.names_bytes = 65536;
	s.config.flows = 2000;
	scene_open(&s);
	for (uint16_t port = 1; port <= 1500; port++) {
		struct scene_conn c = scene_conn(port);
		char name[64];

		snprintf(name, sizeof(name), "lop-%u.olm.vn", port);
		scene_hello(&s, port, &c, name);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.reason, ZR_REASON_SNI);
		named += scene_event(&s, ZR_USAGE_PART, i)->name[0] != '\0';
	}
	assert_int_equal(named + zr_pipeline_counter(s.pipeline, ZR_COUNTER_NAMES_FULL), 1500);
	assert_true(named > 500 && named < 1500);
	scene_free(&s);
}

static void configuration_out_of_bounds_has_no_memory_figure(void **state)
{
	struct zr_pipeline_config config;

	(void)state;
	scene_init(&s, LIST);
	config = s.config;
	config.flows = 0;
	assert_int_equal(zr_pipeline_memory(&config), 0);
	config = s.config;
	config.interim_us = UINT64_C(86400000001);
	assert_int_equal(zr_pipeline_memory(&config), 0);
	config = s.config;
	config.timeout_us[ZR_TIMEOUT_UDP] = 0;
	assert_int_equal(zr_pipeline_memory(&config), 0);
	scene_open(&s);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oldest_undecided_flow_goes_first_and_free_flows_last),
		cmocka_unit_test(evicted_free_flow_leaves_its_record),
		cmocka_unit_test(oldest_unfinished_hello_is_given_up),
		cmocka_unit_test(names_beyond_the_memory_are_left_out_not_miscounted),
		cmocka_unit_test(configuration_out_of_bounds_has_no_memory_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
