/* SPDX-License-Identifier: BSD-3-Clause */
/* What the status and the log say of forwarding, of links, and of traffic that comes in twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/status_forward.h"
#include "tests/support/standard_error.h"

static struct zr_dataplane_status now;
static struct zr_status_told said;

static void ports_make(bool forwards)
{
	memset(&now, 0, sizeof(now));
	memset(&said, 0, sizeof(said));
	now.port_count = 2;
	now.worker_count = 2;
	now.forwards = forwards;
	for (unsigned int i = 0; i < 2; i++) {
		strcpy(now.ports[i].device, i == 0 ? "left" : "right");
		now.ports[i].link_up = true;
		now.ports[i].peer = (uint8_t)(1 - i);
	}
}

/* What telling writes to standard error. */
static char *told(void (*tell)(struct zr_status_told *, const struct zr_dataplane_status *))
{
	static char text[1024];
	struct standard_error taken;

	standard_error_begin(&taken);
	tell(&said, &now);
	standard_error_end(&taken, text, sizeof(text));
	return text;
}

static void twice(struct zr_status_told *before, const struct zr_dataplane_status *all)
{
	zr_status_twice(before, all);
}

static json_t *shown(void)
{
	json_t *all = json_pack("{s:[{}, {}], s:[]}", "ports", "warnings");

	assert_non_null(all);
	zr_status_forward(all, &now);
	return all;
}

static void each_change_of_a_link_is_told_once(void **state)
{
	(void)state;
	ports_make(true);
	assert_string_equal(told(zr_status_links), "");
	now.ports[1].link_up = false;
	assert_string_equal(told(zr_status_links),
			    "<4>port right has no link; what is to go out of it is lost (tx_link_down)\n");
	assert_string_equal(told(zr_status_links), "");
	now.ports[1].link_up = true;
	assert_string_equal(told(zr_status_links), "<5>port right has its link again\n");
}

static void port_without_a_link_from_the_start_is_told(void **state)
{
	(void)state;
	ports_make(false);
	now.ports[0].link_up = false;
	assert_string_equal(told(zr_status_links), "<4>port left has no link\n");
}

static void status_of_a_tap(void **state)
{
	json_t *all, *port;

	(void)state;
	ports_make(false);
	now.ports[1].link_up = false;
	all = shown();
	port = json_array_get(json_object_get(all, "ports"), 0);
	assert_string_equal(json_string_value(json_object_get(all, "mode")), "tap");
	assert_int_equal(json_object_size(port), 0);
	assert_null(json_object_get(all, "marks"));
	assert_int_equal(json_array_size(json_object_get(all, "warnings")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(all, "warnings"), 0)),
			    "port right has no link");
	json_decref(all);
}

static json_int_t number_at(const json_t *object, const char *first, const char *second, const char *third)
{
	const json_t *value = json_object_get(object, first);

	if (second != NULL)
		value = json_object_get(value, second);
	if (third != NULL)
		value = json_object_get(value, third);
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void status_of_what_forwards(void **state)
{
	json_t *all, *port;

	(void)state;
	ports_make(true);
	now.ports[1].tx = (struct zr_volume){10, 1000};
	now.ports[1].tx_drops[ZR_TX_DROP_FULL] = (struct zr_volume){1, 100};
	now.ports[1].tx_drops[ZR_TX_DROP_TOO_LONG] = (struct zr_volume){2, 18000};
	now.ports[1].tx_errors = 7;
	now.workers[0].marked = 3;
	now.workers[1].marked = 4;
	now.workers[0].cleared = 5;
	now.workers[1].mark_skipped = 6;
	all = shown();
	port = json_array_get(json_object_get(all, "ports"), 1);
	assert_string_equal(json_string_value(json_object_get(all, "mode")), "inline");
	assert_string_equal(json_string_value(json_object_get(port, "peer")), "left");
	assert_int_equal(number_at(port, "tx_pkts", NULL, NULL), 10);
	assert_int_equal(number_at(port, "tx_bytes", NULL, NULL), 1000);
	assert_int_equal(number_at(port, "tx_drops", "tx_full", "pkts"), 1);
	assert_int_equal(number_at(port, "tx_drops", "tx_full", "bytes"), 100);
	assert_int_equal(number_at(port, "tx_drops", "tx_link_down", "pkts"), 0);
	assert_int_equal(number_at(port, "tx_drops", "tx_too_long", "bytes"), 18000);
	assert_int_equal(number_at(port, "tx_errors", NULL, NULL), 7);
	assert_int_equal(number_at(all, "marks", "marked", NULL), 7);
	assert_int_equal(number_at(all, "marks", "cleared", NULL), 5);
	assert_int_equal(number_at(all, "marks", "mark_skipped", NULL), 6);
	assert_int_equal(json_array_size(json_object_get(all, "warnings")), 0);
	json_decref(all);
}

static void traffic_seen_twice_is_told_once_and_shown_always(void **state)
{
	json_t *all;

	(void)state;
	ports_make(true);
	assert_string_equal(told(twice), "");
	assert_false(zr_status_twice(&said, &now));
	now.workers[1].twice = ZR_TWICE_VLAN;
	assert_string_equal(told(twice),
			    "<3>the same packets are seen twice, in two VLANs: all of them are counted twice; give "
			    "this gateway one side only, before its packet gateway or behind it\n");
	assert_string_equal(told(twice), "");
	assert_true(zr_status_twice(&said, &now));
	all = shown();
	assert_string_equal(json_string_value(json_array_get(json_object_get(all, "warnings"), 0)),
			    "the same packets are seen twice, in two VLANs: all of them are counted twice");
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_of_a_link_is_told_once),
		cmocka_unit_test(port_without_a_link_from_the_start_is_told),
		cmocka_unit_test(status_of_a_tap),
		cmocka_unit_test(status_of_what_forwards),
		cmocka_unit_test(traffic_seen_twice_is_told_once_and_shown_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
