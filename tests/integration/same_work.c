/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/integration/same_work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/record/record.h"

#define LINES 16384

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
	FILE *capture; /* NULL: nothing is kept */
	struct zr_exporter exporter;
	struct lines lines;
	uint64_t pkts;
} run;

void __real_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count);
void __wrap_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count);
void __real_zr_pipeline_burst_marks(struct zr_pipeline *p, const struct zr_view *views, unsigned int count,
				    uint8_t *marks);
void __wrap_zr_pipeline_burst_marks(struct zr_pipeline *p, const struct zr_view *views, unsigned int count,
				    uint8_t *marks);

static void keep(const struct zr_view *views, unsigned int count)
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
}

void __wrap_zr_pipeline_burst(struct zr_pipeline *p, const struct zr_view *views, unsigned int count)
{
	keep(views, count);
	__real_zr_pipeline_burst(p, views, count);
}

void __wrap_zr_pipeline_burst_marks(struct zr_pipeline *p, const struct zr_view *views, unsigned int count,
				    uint8_t *marks)
{
	keep(views, count);
	__real_zr_pipeline_burst_marks(p, views, count, marks);
}

/* A record without its number: which of two flows is told of first is not part of what is said. */
static void line_add(struct lines *lines, const char *text, size_t len)
{
	char *line = strndup(text, len), *seq, *behind;

	assert_non_null(line);
	seq = strstr(line, "\"seq\":");
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

bool same_work_take(void *arg, const struct zr_usage *usage)
{
	struct zr_record record;
	char text[ZR_RECORD_JSON_MAX];

	(void)arg;
	zr_record_of_usage(&run.exporter, 1, usage, &record);
	line_add(&run.lines, text, zr_record_json(&record, text));
	return true;
}

const char *same_work_path(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* What classify says of the capture: its records into lines, its summary into summary. */
static void classify(const char *options, struct lines *lines, char summary[ZR_RECORD_JSON_MAX])
{
	static char text[ZR_RECORD_JSON_MAX + 2];
	char command[1024];
	FILE *said;

	snprintf(command, sizeof(command),
		 "%s classify --list %s/list.csv --format json --verify-checksums %s %s/bench.pcap", zerorate, folder,
		 options, folder);
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

void same_work_begin(void)
{
	static const uint32_t head[6] = {NANO_MAGIC, 2 | 4 << 16, 0, 0, SNAPLEN, ETHERNET};

	memset(&run, 0, sizeof(run));
	run.exporter.gateway = "classify";
	run.capture = fopen(same_work_path("bench.pcap"), "wb");
	assert_non_null(run.capture);
	assert_int_equal(fwrite(head, sizeof(head), 1, run.capture), 1);
}

size_t same_work_compare(const char *list, const char *options, const struct zr_totals *totals)
{
	static struct lines other;
	char here[ZR_RECORD_JSON_MAX], there[ZR_RECORD_JSON_MAX] = "";
	size_t records = run.lines.count;
	FILE *file = fopen(same_work_path("list.csv"), "w");

	assert_non_null(file);
	assert_true(fputs(list, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(fclose(run.capture), 0);
	assert_int_equal(totals->received.pkts, run.pkts);
	here[zr_summary_json(totals, here)] = '\0';
	classify(options, &other, there);
	assert_string_equal(here, there);
	assert_int_equal(records, other.count);
	qsort(run.lines.at, records, sizeof(char *), compare);
	qsort(other.at, records, sizeof(char *), compare);
	for (size_t i = 0; i < records; i++)
		assert_string_equal(run.lines.at[i], other.at[i]);
	lines_clear(&run.lines);
	lines_clear(&other);
	return records;
}

int same_work_open(const char *program)
{
	zerorate = program;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

int same_work_close(void)
{
	static const char *const names[] = {"list.csv", "bench.pcap", "made.pcap"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(same_work_path(names[i]));
	return rmdir(folder);
}
