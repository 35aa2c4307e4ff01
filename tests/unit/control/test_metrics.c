/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics out of a status: their values, every name, and how hostile texts are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ledger/ledger.h"
#include "control/metrics.h"
#include "control/metrics_sample.h"
#include "tests/support/fake_dataplane.h"

/* A status with what is needed of it; the text of a metric's label may be anything. */
#define STATUS                                                                                                         \
	"{\"version\":\"1.2\",\"gateway\":\"a\\\"b\\\\c\\nd\",\"mode\":\"tap\",\"started\":\"2026-11-22T00:00:01."     \
	"25Z\","                                                                                                       \
	"\"warnings\":[\"x\",\"y\"],\"exactness_bytes\":0,\"undecided\":{\"pkts\":3,\"bytes\":300},"                   \
	"\"totals\":{\"pkts\":9007199254740993,\"bytes\":7,\"reasons\":{\"sni\":{\"pkts\":5,\"bytes\":50},"            \
	"\"spoof\":{\"pkts\":6,\"bytes\":60}},\"unaccounted\":{\"not_ip\":{\"pkts\":1,\"bytes\":42}}},"                \
	"\"flows\":{\"open\":6,\"undecided\":1,\"free\":2,\"charged\":3,\"max\":64},"                                  \
	"\"list\":{\"serial\":9,\"expires\":\"2026-11-22T00:00:00Z\",\"signers\":[\"A\",\"B\"],\"expired\":false,"     \
	"\"refused\":null,\"phase\":\"settling\",\"age_s\":-5},"                                                       \
	"\"ledger\":{\"state\":\"full\",\"commit_ms\":2.5,\"wal_held\":\"f\"},"                                        \
	"\"ports\":[{\"device\":\"p:0\",\"link_up\":true,\"link_mbps\":10,\"drops\":{\"rx_missed\":4,\"ring_full\":8}" \
	"},"                                                                                                           \
	"{\"device\":\"q\\\"\",\"link_up\":false,\"link_mbps\":0,\"drops\":{\"rx_missed\":1,\"ring_full\":2}}],"       \
	"\"workers\":[{\"lcore\":3,\"stalled\":true,\"load\":0.1,\"busy_s\":0.30000000000000004}],"                    \
	"\"consumers\":[{\"consumer\":\"\",\"lag\":1},{\"consumer\":\"c\",\"lag\":2,\"lag_s\":1.5}]}"

static struct zr_samples samples;
static char *text;

static int take(void **state)
{
	json_t *status = json_loads(STATUS, 0, NULL);
	size_t len;

	(void)state;
	assert_non_null(status);
	assert_int_equal(zr_samples_take(&samples, status), 0);
	/* It points nowhere into the status. */
	json_decref(status);
	text = zr_samples_text(&samples, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	return 0;
}

static int clear(void **state)
{
	(void)state;
	zr_samples_clear(&samples);
	free(text);
	return 0;
}

/* Is it a whole line of the text? */
static bool has(const char *line)
{
	const char *at = text;
	size_t len = strlen(line);

	while ((at = strstr(at, line)) != NULL) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

static void values_are_the_statuss(void **state)
{
	static const char *const lines[] = {
		"zerorate_warnings 2",
		"zerorate_exactness_bytes 0",
		"zerorate_start_timestamp_seconds 1795305601.25",
		"zerorate_received_packets_total 9007199254740993",
		"zerorate_free_packets_total{reason=\"sni\"} 5",
		"zerorate_free_bytes_total{reason=\"quic_sni\"} 0",
		"zerorate_charged_bytes_total{reason=\"spoof\"} 60",
		"zerorate_unaccounted_bytes_total{reason=\"not_ip\"} 42",
		"zerorate_undecided_bytes 300",
		"zerorate_flows{state=\"charged\"} 3",
		"zerorate_flows_limit 64",
		"zerorate_list_signatures 2",
		"zerorate_list_age_seconds -5",
		"zerorate_list_expiry_timestamp_seconds 1795305600",
		"zerorate_list_expired 0",
		"zerorate_list_refused 0",
		"zerorate_list_phase{phase=\"in_force\"} 0",
		"zerorate_list_phase{phase=\"settling\"} 1",
		"zerorate_ledger_state{state=\"ok\"} 0",
		"zerorate_ledger_state{state=\"full\"} 1",
		"zerorate_ledger_commit_seconds 0.0025",
		"zerorate_ledger_wal_held 1",
		"zerorate_port_link_up{device=\"p:0\"} 1",
		"zerorate_port_speed_bytes{device=\"p:0\"} 1250000",
		"zerorate_port_receive_drops_total{device=\"p:0\",reason=\"ring_full\"} 8",
		"zerorate_worker_stalled{lcore=\"3\"} 1",
		"zerorate_worker_busy_ratio{lcore=\"3\"} 0.1",
		"zerorate_worker_busy_seconds_total{lcore=\"3\"} 0.30000000000000004",
		"zerorate_consumer_lag_records{consumer=\"c\"} 2",
		"zerorate_consumer_lag_seconds{consumer=\"c\"} 1.5",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!has(lines[i]))
			fail_msg("missing: %s in\n%s", lines[i], text);
}

static void what_the_status_has_not_is_not_told(void **state)
{
	(void)state;
	assert_null(strstr(text, "zerorate_port_transmit"));
	assert_null(strstr(text, "zerorate_list_refused_timestamp_seconds"));
	assert_null(strstr(text, "zerorate_marks_total"));
	assert_null(strstr(text, "flows{state=\"open\"}"));
}

static void streams_without_a_name_are_left_out(void **state)
{
	(void)state;
	assert_null(strstr(text, "consumer=\"\""));
}

static void texts_of_labels_are_escaped(void **state)
{
	(void)state;
	assert_true(has("zerorate_info{version=\"1.2\",gateway=\"a\\\"b\\\\c\\nd\",mode=\"tap\"} 1"));
	assert_true(has("zerorate_port_link_up{device=\"q\\\"\"} 0"));
}

/* A row whose HELP needs it; quotes stay as they are there. */
static void help_is_escaped(void **state)
{
	static const struct zr_metric metric = {
		"zerorate_x", ZR_METRIC_GAUGE, ZR_METRIC_NUMBER, "status", "x", NULL, NULL, NULL, "a\\b\nc \"d\""};
	struct zr_sample sample = {.metric = &metric, .value = "1"};
	struct zr_samples one = {&sample, 1, 1};
	size_t len;
	char *made = zr_samples_text(&one, &len);

	(void)state;
	assert_string_equal(made, "# HELP zerorate_x a\\\\b\\nc \"d\"\n# TYPE zerorate_x gauge\nzerorate_x 1\n");
	free(made);
}

static void has_series(const char *metric, const char *label, const char *name)
{
	char begin[160];

	snprintf(begin, sizeof(begin), "\n%s{%s=\"%s\"} ", metric, label, name);
	if (strstr(text, begin) == NULL)
		fail_msg("missing: %s", begin + 1);
}

static void every_name_is_a_series(void **state)
{
	(void)state;
#define X(id, name, verdict)                                                                                        \
	has_series(verdict == ZR_FREE ? "zerorate_free_packets_total" : "zerorate_charged_packets_total", "reason", \
		   name);                                                                                           \
	has_series(verdict == ZR_FREE ? "zerorate_free_bytes_total" : "zerorate_charged_bytes_total", "reason", name);
	ZR_REASONS(X)
#undef X
#define X(id, name)                                                       \
	has_series("zerorate_unaccounted_packets_total", "reason", name); \
	has_series("zerorate_unaccounted_bytes_total", "reason", name);
	ZR_UNACCOUNTED(X)
#undef X
	for (unsigned int i = ZR_LEDGER_OK; i <= ZR_LEDGER_FAILING; i++)
		has_series("zerorate_ledger_state", "state", zr_ledger_state_name((enum zr_ledger_state)i));
}

static bool is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0' && islower((unsigned char)name[0]);
}

static bool ends_with(const char *name, const char *end)
{
	return strlen(name) >= strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

/* What telemetry and Prometheus ask of the table. */
static void table_is_sound(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < zr_metric_count; i++) {
		const struct zr_metric *metric = &zr_metrics[i];
		const char *star = strchr(metric->path, '*');

		assert_true(is_name(metric->name) && strncmp(metric->name, "zerorate_", 9) == 0);
		assert_int_equal(ends_with(metric->name, "_total"), metric->type == ZR_METRIC_COUNTER);
		assert_true(metric->label == NULL || (star != NULL && is_name(metric->label)));
		assert_true(metric->key == NULL || is_name(metric->key));
		assert_true(metric->kind != ZR_METRIC_STATE || (metric->names != NULL && metric->key != NULL));
		if (metric->kind == ZR_METRIC_INFO)
			continue;
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(metric->name, zr_metrics[j].name);
		assert_true(strlen(metric->help) > 0);
	}
}

static const struct zr_telemetry_value *told(const char *member, const char *of, const char *key)
{
	for (unsigned int i = 0; i < fake_dataplane.value_count; i++) {
		const struct zr_telemetry_value *value = &fake_dataplane.values[i];

		if (strcmp(value->member, member) == 0 && (of == NULL || strcmp(value->of, of) == 0) &&
		    (key == NULL || strcmp(value->key, key) == 0))
			return value;
	}
	fail_msg("telemetry does not tell %s", member);
	return NULL;
}

static void telemetry_is_told_the_same(void **state)
{
	struct zr_metrics *metrics;
	json_t *status = json_loads(STATUS, 0, NULL);

	(void)state;
	fake_dataplane_reset();
	assert_int_equal(zr_metrics_open(NULL, &metrics), 0);
	assert_int_equal(zr_metrics_start(metrics), 0);
	for (unsigned int i = 0; i < 3; i++)
		zr_metrics_publish(metrics, status);
	json_decref(status);
	assert_int_equal(fake_dataplane.value_count, samples.count);
	assert_int_equal(told("received_packets_total", NULL, NULL)->number, 9007199254740993);
	assert_null(told("received_packets_total", NULL, NULL)->of);
	assert_int_equal(told("charged_bytes_total", NULL, "spoof")->number, 60);
	assert_int_equal(told("port_receive_drops_total", "q\"", "ring_full")->number, 2);
	assert_string_equal(told("port_receive_drops_total", "q\"", "ring_full")->label, "device");
	assert_string_equal(told("info", NULL, "version")->text, "1.2");
	assert_string_equal(told("worker_busy_ratio", "3", NULL)->text, "0.1");
	/* Below 0, which telemetry's numbers cannot be. */
	assert_string_equal(told("list_age_seconds", NULL, NULL)->text, "-5");
	zr_metrics_publish(metrics, NULL);
	assert_int_equal(fake_dataplane.value_count, samples.count);
	zr_metrics_close(metrics);
	assert_int_equal(fake_dataplane.value_count, 0);
}

/* Each command's values in one piece, each port's within it, and each member's within that. */
static void telemetry_is_told_in_order(void **state)
{
	struct zr_telemetry_value *values = zr_samples_telemetry(&samples);

	(void)state;
	assert_non_null(values);
	for (unsigned int i = 1; i < samples.count; i++) {
		for (unsigned int j = 0; j + 1 < i; j++) {
			bool command = strcmp(values[i].command, values[j].command) == 0;
			bool of = command && (values[i].of == NULL) == (values[j].of == NULL) &&
				  (values[i].of == NULL || strcmp(values[i].of, values[j].of) == 0);
			const struct zr_telemetry_value *between = &values[j + 1];

			if (command)
				assert_string_equal(between->command, values[j].command);
			if (of && values[i].of != NULL)
				assert_string_equal(between->of, values[j].of);
			if (of && strcmp(values[i].member, values[j].member) == 0)
				assert_string_equal(between->member, values[j].member);
		}
	}
	free(values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_are_the_statuss, take, clear),
		cmocka_unit_test_setup_teardown(what_the_status_has_not_is_not_told, take, clear),
		cmocka_unit_test_setup_teardown(streams_without_a_name_are_left_out, take, clear),
		cmocka_unit_test_setup_teardown(texts_of_labels_are_escaped, take, clear),
		cmocka_unit_test(help_is_escaped),
		cmocka_unit_test_setup_teardown(every_name_is_a_series, take, clear),
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test_setup_teardown(telemetry_is_told_the_same, take, clear),
		cmocka_unit_test_setup_teardown(telemetry_is_told_in_order, take, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
