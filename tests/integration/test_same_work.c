/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The benches' fast path does all of the work: their traffic, through the entry point that they measure and configured as they
 * configure it, gives the same records as `zerorate classify` gives for the same packets in a capture file, and the same sums.
 * Every packet that a bench's generator hands to the pipeline is written into the file on its way (the linker wraps the entry
 * point), so that none can be left out.
 * Usage: test_same_work ZERORATE
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/record/record.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define FLOWS  3000
#define ROUNDS 3
#define LINES  (4 * FLOWS)

/* A capture file's header with stamps in nanoseconds: pcap-savefile(5). */
#define NANO_MAGIC 0xa1b23c4d
#define SNAPLEN    262144
#define ETHERNET   1

static const char *zerorate;
static char folder[] = "/tmp/zr-same-XXXXXX";

struct lines {
	char *at[LINES];
	size_t count;
};

static struct run {
	FILE *capture;
	struct zr_exporter exporter;
	struct lines lines;
	uint64_t pkts;
} run;

void __real_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count);
void __wrap_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count);

void __wrap_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct zr_view *v = &views[i];
		const uint32_t head[4] = {(uint32_t)(v->time_ns / 1000000000), (uint32_t)(v->time_ns % 1000000000),
					  v->len, v->wire_len};

		if (run.exporter.epoch_us == 0)
			run.exporter.epoch_us = v->time_ns / 1000;
		assert_int_equal(fwrite(head, sizeof(head), 1, run.capture), 1);
		assert_int_equal(fwrite(v->data, v->len, 1, run.capture), 1);
	}
	run.pkts += count;
	__real_zr_pipeline_burst(p, views, count);
}

/* A record without its number: which of two flows is told of first is not part of what is said. */
static void line_add(struct lines *lines, const char *text, size_t len)
{
	char *line = strndup(text, len), *seq = strstr(line, "\"seq\":"), *behind;

	assert_non_null(seq);
	assert_true(lines->count < LINES);
	behind = seq + strcspn(seq, ",}");
	memmove(seq, behind, strlen(behind) + 1);
	lines->at[lines->count++] = line;
}

static void lines_clear(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->at[i]);
	lines->count = 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	struct zr_record record;
	char text[ZR_RECORD_JSON_MAX];

	(void)arg;
	zr_record_of_usage(&run.exporter, 1, usage, &record);
	line_add(&run.lines, text, zr_record_json(&record, text));
	return true;
}

static FILE *create(const char *name, const char *mode)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, mode);
	assert_non_null(file);
	return file;
}

/* What classify says of the capture: its records into lines, its summary into summary. */
static void classify(bool all, struct lines *lines, char summary[ZR_RECORD_JSON_MAX])
{
	static char text[ZR_RECORD_JSON_MAX + 2];
	char command[1024];
	FILE *said;

	snprintf(command, sizeof(command),
		 "%s classify --list %s/list.csv --format json --verify-checksums %s %s/bench.pcap", zerorate, folder,
		 all ? "--all" : "", folder);
	said = popen(command, "r");
	assert_non_null(said);
	while (fgets(text, sizeof(text), said) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		if (strstr(text, "\"type\":\"summary\"") != NULL)
			snprintf(summary, ZR_RECORD_JSON_MAX, "%s", text);
		else
			line_add(lines, text, strlen(text));
	}
	assert_int_equal(pclose(said), 0);
}

/* As the benches do: all defaults, as many flows as there are, a seed of their own. */
static void through_the_entry_point(const struct traffic_options *options, bool hellos, bool all,
				    char summary[ZR_RECORD_JSON_MAX])
{
	void *block, *memory;
	struct zr_image *image = opening_image(&block);
	struct zr_suffix_index *index;
	struct zr_pipeline_config config;
	struct zr_pipeline *pipeline;
	struct zr_totals totals;
	struct traffic traffic;
	size_t len;

	zr_pipeline_defaults(&config);
	config.flows = options->flows;
	config.charged_records = all;
	config.usage = take;
	config.seed[0] = 20261122;
	len = zr_pipeline_memory(&config);
	memory = bench_alloc(len, true);
	traffic_make(&traffic, options);
	assert_int_equal(zr_suffix_index_make(image, config.seed, &index), 0);
	pipeline = zr_pipeline_init(memory, &config, image, index);
	assert_non_null(pipeline);
	if (hellos)
		opening_run(pipeline, &traffic, NULL, 0);
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (uint32_t at = 0; at < traffic.count; at += ZR_BURST)
			zr_pipeline_burst(pipeline, traffic.views + at,
					  traffic.count - at < ZR_BURST ? traffic.count - at : ZR_BURST);
	zr_pipeline_shutdown(pipeline);
	zr_pipeline_totals(pipeline, &totals);
	assert_int_equal(totals.received.pkts, run.pkts);
	summary[zr_summary_json(&totals, summary)] = '\0';
	zr_pipeline_fini(pipeline);
	zr_suffix_index_free(index);
	zr_image_free(image);
	free(block);
	traffic_free(&traffic);
	bench_free(memory, len);
}

static void same(const struct traffic_options *options, bool hellos, bool all, size_t records)
{
	static const uint32_t head[6] = {NANO_MAGIC, 2 | 4 << 16, 0, 0, SNAPLEN, ETHERNET};
	static struct lines other;
	char here[ZR_RECORD_JSON_MAX], there[ZR_RECORD_JSON_MAX] = "";

	memset(&run, 0, sizeof(run));
	run.exporter.gateway = "classify";
	run.capture = create("bench.pcap", "wb");
	assert_int_equal(fwrite(head, sizeof(head), 1, run.capture), 1);
	through_the_entry_point(options, hellos, all, here);
	assert_int_equal(fclose(run.capture), 0);
	classify(all, &other, there);
	assert_string_equal(here, there);
	assert_int_equal(run.lines.count, records);
	assert_int_equal(other.count, records);
	qsort(run.lines.at, records, sizeof(char *), compare);
	qsort(other.at, records, sizeof(char *), compare);
	for (size_t i = 0; i < records; i++)
		assert_string_equal(run.lines.at[i], other.at[i]);
	lines_clear(&run.lines);
	lines_clear(&other);
}

static struct traffic_options traffic(uint8_t family, uint8_t mix)
{
	return (struct traffic_options){
		.flows = FLOWS, .family = family, .mix = mix, .ip_bytes = 1400, .huge = true, .seed = 7};
}

/* A tag and a usage record of each flow. */
static void established_flows_of_ipv4(void **state)
{
	const struct traffic_options options = traffic(4, TRAFFIC_TCP);

	(void)state;
	same(&options, true, false, 2 * FLOWS);
}

static void established_flows_of_ipv6(void **state)
{
	const struct traffic_options options = traffic(6, TRAFFIC_TCP);

	(void)state;
	same(&options, true, false, 2 * FLOWS);
}

/* What nothing makes free, with records all the same. */
static void flows_without_a_hello(void **state)
{
	const struct traffic_options v4 = traffic(4, TRAFFIC_BOTH), v6 = traffic(6, TRAFFIC_BOTH);

	(void)state;
	same(&v4, false, true, FLOWS);
	same(&v6, false, true, FLOWS);
}

/* … and without. */
static void charged_flows_leave_sums_only(void **state)
{
	const struct traffic_options options = traffic(4, TRAFFIC_UDP);

	(void)state;
	same(&options, false, false, 0);
}

static int begin(void **state)
{
	FILE *list;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	list = create("list.csv", "w");
	fputs(opening_list, list);
	return fclose(list);
}

static int end(void **state)
{
	static const char *const names[] = {"list.csv", "bench.pcap"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(established_flows_of_ipv4),
		cmocka_unit_test(established_flows_of_ipv6),
		cmocka_unit_test(flows_without_a_hello),
		cmocka_unit_test(charged_flows_leave_sums_only),
	};

	if (argc != 2)
		return 2;
	zerorate = argv[1];
	return cmocka_run_group_tests(tests, begin, end);
}
