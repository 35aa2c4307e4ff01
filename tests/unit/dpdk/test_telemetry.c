/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands of telemetry put together. DPDK's side is played here: what is added is written down as JSON would be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "dataplane/dpdk/dataplane.h"
#include "dataplane/dpdk/telemetry.h"

#define COMMANDS 6

static const char *names[16];
static telemetry_cb callbacks[16];
static unsigned int registered, alive;

struct rte_tel_data {
	char text[32768];
	size_t len;
};

int rte_telemetry_register_cmd(const char *cmd, telemetry_cb fn, const char *help)
{
	assert_true(registered < 16);
	assert_true(strlen(help) > 0);
	names[registered] = cmd;
	callbacks[registered++] = fn;
	return 0;
}

struct rte_tel_data *rte_tel_data_alloc(void)
{
	alive++;
	return calloc(1, sizeof(struct rte_tel_data));
}

void rte_tel_data_free(struct rte_tel_data *data)
{
	alive--;
	free(data);
}

int rte_tel_data_start_dict(struct rte_tel_data *d)
{
	d->len = 0;
	d->text[0] = '\0';
	return 0;
}

int rte_tel_data_string(struct rte_tel_data *d, const char *text)
{
	d->len = (size_t)snprintf(d->text, sizeof(d->text), "\"%s\"", text);
	return 0;
}

static int put(struct rte_tel_data *d, const char *name, const char *quote, const char *value)
{
	d->len += (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len, "%s%s:%s%s%s", d->len > 0 ? "," : "",
				   name, quote, value, quote);
	assert_true(d->len < sizeof(d->text));
	return 0;
}

int rte_tel_data_add_dict_string(struct rte_tel_data *d, const char *name, const char *value)
{
	return put(d, name, "'", value);
}

int rte_tel_data_add_dict_u64(struct rte_tel_data *d, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	return put(d, name, "", digits);
}

int rte_tel_data_add_dict_container(struct rte_tel_data *d, const char *name, struct rte_tel_data *value, int keep)
{
	char text[sizeof(value->text) + 3];

	assert_int_equal(keep, 0);
	snprintf(text, sizeof(text), "{%s}", value->text);
	put(d, name, "", text);
	rte_tel_data_free(value);
	return 0;
}

/* The reply to a command; its text is overwritten by the next. */
static const char *ask(const char *command, const char *parameters)
{
	static struct rte_tel_data info;

	for (unsigned int i = 0; i < registered; i++) {
		if (strcmp(names[i], command) != 0)
			continue;
		memset(&info, 0, sizeof(info));
		assert_int_equal(callbacks[i](command, parameters, &info), 0);
		assert_int_equal(alive, 0);
		return info.text;
	}
	fail_msg("%s is not registered", command);
	return NULL;
}

static void registers_once(void **state)
{
	char error[128] = "";

	(void)state;
	assert_int_equal(zr_telemetry_register(error, sizeof(error)), 0);
	assert_int_equal(zr_telemetry_register(error, sizeof(error)), 0);
	assert_int_equal(registered, COMMANDS);
}

static void tells_nothing_before_and_after(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < registered; i++)
		assert_string_equal(ask(names[i], NULL), "");
}

static void tells_what_it_was_given(void **state)
{
	static const struct zr_telemetry_value values[] = {
		{"list", "serial", NULL, NULL, NULL, NULL, 7},
		{"status", "info", NULL, NULL, "version", "1.2", 0},
		{"status", "info", NULL, NULL, "mode", "tap", 0},
		{"status", "bytes", NULL, NULL, "sni", NULL, UINT64_MAX},
		{"status", "bytes", NULL, NULL, "host", NULL, 0},
		{"status", "exact", NULL, NULL, NULL, NULL, 0},
		{"workers", "pkts", "lcore", "1", NULL, NULL, 5},
		{"workers", "ring", "lcore", "1", "frames", NULL, 3},
		{"workers", "ring", "lcore", "1", "events", NULL, 4},
		{"workers", "busy", "lcore", "12", NULL, "0.5", 0},
	};

	(void)state;
	zr_dataplane_telemetry(values, sizeof(values) / sizeof(values[0]));
	assert_string_equal(ask("/zerorate/list", NULL), "serial:7");
	assert_string_equal(ask("/zerorate/status", NULL),
			    "info:{version:'1.2',mode:'tap'},bytes:{sni:18446744073709551615,host:0},exact:0");
	assert_string_equal(ask("/zerorate/status", "anything"),
			    "info:{version:'1.2',mode:'tap'},bytes:{sni:18446744073709551615,host:0},exact:0");
	assert_string_equal(ask("/zerorate/workers", ""),
			    "0:{lcore:'1',pkts:5,ring:{frames:3,events:4}},1:{lcore:'12',busy:'0.5'}");
	assert_string_equal(ask("/zerorate/workers", "12"), "1:{lcore:'12',busy:'0.5'}");
	assert_string_equal(ask("/zerorate/workers", "2"), "");
	assert_string_equal(ask("/zerorate/ports", NULL), "");
	zr_dataplane_telemetry(NULL, 0);
}

/* DPDK would leave out what does not fit without a word. */
static void says_when_it_would_be_too_long(void **state)
{
	static struct zr_telemetry_value values[64 * 20];
	static char of[64][64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		snprintf(of[i], sizeof(of[i]), "consumer with a name of some length %u", i);
		for (unsigned int j = 0; j < 20; j++)
			values[20 * i + j] = (struct zr_telemetry_value){
				"consumers", "member_of_some_length", "consumer", of[i], NULL, NULL, UINT64_MAX};
	}
	zr_dataplane_telemetry(values, 64 * 20);
	assert_memory_equal(ask("/zerorate/consumers", NULL), "\"the reply would be too long", 28);
	assert_memory_equal(ask("/zerorate/consumers", of[63]), "63:{consumer:'", 14);
	/* As many as are told fit into DPDK's 16 KiB, quotes of JSON included. */
	for (unsigned int count = 1; count <= 64; count++) {
		const char *reply;
		size_t quotes = count * (2 * 22 + 4);

		zr_dataplane_telemetry(values, 20 * count);
		reply = ask("/zerorate/consumers", NULL);
		assert_true(reply[0] == '"' ? count > 10 : strlen(reply) + quotes < 16384);
	}
	zr_dataplane_telemetry(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_once),
		cmocka_unit_test(tells_nothing_before_and_after),
		cmocka_unit_test(tells_what_it_was_given),
		cmocka_unit_test(says_when_it_would_be_too_long),
		cmocka_unit_test(tells_nothing_before_and_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
