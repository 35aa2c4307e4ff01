/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/record/record.h"
#include "dataplane/pipeline/pipeline.h"
#include "tools/zerorate/capture.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list_file.h"
#include "tools/zerorate/options.h"
#include "tools/zerorate/output.h"
#include "tools/zerorate/progress.h"
#include "tools/zerorate/summary_table.h"
#include "tools/zerorate/table.h"
#include "tools/zerorate/terminal.h"

/* Flows open at a time; --help names the figure and the memory. Pages that are not touched cost nothing. */
#define FLOWS (1U << 20)

/* Fixed, so that one capture gives one output; nobody can aim at the hash of a program that has read its input. */
static const uint64_t seed[2] = {0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

/* One run. */
struct run {
	const struct zr_options *options;
	struct zr_pipeline *pipeline;
	struct zr_exporter exporter;
	uint64_t seq; /* of the last record */
	bool begun;   /* a packet was read: the epoch is set */
	struct zr_progress progress;
	struct zr_output output;
	struct zr_table table;
};

static void take_usage(void *arg, const struct zr_usage *usage)
{
	struct run *run = arg;
	char *line;
	size_t len;

	run->seq++;
	if (run->options->format == ZR_FORMAT_JSON) {
		line = zr_output_room(&run->output, ZR_RECORD_JSON_MAX + 1);
		len = zr_record_json(&run->exporter, run->seq, usage, line);
		line[len] = '\n';
		zr_output_add(&run->output, len + 1);
		return;
	}
	if (usage->type == ZR_USAGE_TAG) /* it carries no volume, and its flow's usage follows */
		return;
	if (zr_table_full(&run->table)) {
		zr_progress_hide(&run->progress);
		zr_table_write(&run->table, &run->output);
		zr_output_flush(&run->output);
	}
	zr_table_add(&run->table, usage);
}

static void configure(struct zr_pipeline_config *config, struct run *run)
{
	const struct zr_options *options = run->options;

	zr_pipeline_defaults(config);
	config->flows = FLOWS;
	config->charged_records = options->all;
	config->keep_names = options->show_names;
	config->subscribers = &options->subscribers;
	config->packets.tunnel_endpoints = &options->tunnel_endpoints;
	config->packets.open_all_tunnels = options->tunnel_endpoints.count == 0;
	memcpy(config->seed, seed, sizeof(seed));
	config->usage = take_usage;
	config->arg = run;
}

/* Zeroed memory for a pipeline; NULL when it cannot be had, which is told. */
static void *map_memory(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		fprintf(stderr, "zerorate classify: no %zu MiB of memory for the flows: %s\n", len >> 20,
			strerror(errno));
		return NULL;
	}
	madvise(memory, len, MADV_HUGEPAGE); /* fewer TLB misses where it is granted */
	return memory;
}

/* Records begin with the first packet's time. */
static void set_epoch(struct run *run, const struct zr_view *first)
{
	if (!run->begun)
		run->exporter.epoch_us = first->time_ns / 1000;
	run->begun = true;
}

static void read_packets(struct run *run, struct zr_capture *capture)
{
	struct zr_view views[ZR_BURST];
	unsigned int count;

	while (run->output.error == 0 && (count = zr_capture_burst(capture, views)) > 0) {
		set_epoch(run, views);
		zr_pipeline_burst(run->pipeline, views, count);
		if (zr_progress_due(&run->progress))
			zr_progress_show(&run->progress, zr_capture_done_bytes(capture), capture->pkts);
	}
}

/* Run the pipeline over one file; false when it could not be read to its end. */
static bool read_capture(struct run *run, const char *path, FILE *terminal)
{
	struct zr_capture capture;
	bool whole;

	if (zr_capture_open(&capture, path)) {
		zr_progress_start(&run->progress, terminal, path, zr_capture_size_bytes(&capture));
		read_packets(run, &capture);
		zr_progress_hide(&run->progress);
	}
	whole = capture.error[0] == '\0';
	if (!whole)
		fprintf(stderr, "%s: %s\n", path, capture.error);
	zr_capture_close(&capture);
	return whole;
}

static bool read_captures(struct run *run)
{
	/* Records and the progress line would disturb each other on one terminal; a table comes in blocks. */
	bool shared = isatty(STDOUT_FILENO) && run->options->format == ZR_FORMAT_JSON;
	FILE *terminal = isatty(STDERR_FILENO) && !shared ? stderr : NULL;
	bool whole = true;

	for (int i = 0; i < run->options->capture_count && run->output.error == 0; i++)
		whole &= read_capture(run, run->options->captures[i], terminal);
	return whole;
}

/* What comes last: open flows, the summary. False when it could not be written. */
static bool finish(struct run *run)
{
	struct zr_totals totals;

	zr_pipeline_shutdown(run->pipeline);
	zr_pipeline_totals(run->pipeline, &totals);
	if (run->options->format == ZR_FORMAT_JSON) {
		char *line = zr_output_room(&run->output, ZR_RECORD_JSON_MAX + 1);
		size_t len = zr_summary_json(&totals, line);

		line[len] = '\n';
		zr_output_add(&run->output, len + 1);
		return zr_output_flush(&run->output);
	}
	zr_table_write(&run->table, &run->output);
	if (!zr_output_flush(&run->output))
		return false;
	zr_summary_table(&totals, stderr);
	return true;
}

/* Whoever closed a pipe has seen enough and knows it; anything else must be told. */
static void tell_output_error(int error)
{
	if (error != EPIPE)
		fprintf(stderr, "zerorate classify: the records cannot be written: %s\n", strerror(error));
}

static int run_with_list(const struct zr_options *options, const struct zr_list_file *list)
{
	struct run *run = calloc(1, sizeof(*run));
	struct zr_pipeline_config config;
	int status = ZR_EXIT_FAILED;
	void *memory = NULL;
	size_t len = 0;

	if (run == NULL)
		goto out;
	run->options = options;
	run->exporter.gateway = "classify";
	zr_output_init(&run->output, STDOUT_FILENO);
	zr_table_init(&run->table, zr_terminal_width(STDOUT_FILENO));
	configure(&config, run);
	len = zr_pipeline_memory(&config);
	memory = map_memory(len);
	if (memory == NULL)
		goto out;
	run->pipeline = zr_pipeline_init(memory, &config, list->image, list->index);
	if (run->pipeline == NULL) {
		fputs("zerorate classify: the cipher library cannot be used\n", stderr);
		goto out;
	}
	if (read_captures(run))
		status = ZR_EXIT_OK;
	if (!finish(run)) {
		tell_output_error(run->output.error);
		status = ZR_EXIT_FAILED;
	}
	zr_pipeline_fini(run->pipeline);
out:
	if (memory != NULL)
		munmap(memory, len);
	free(run);
	return status;
}

static int run_with_options(const struct zr_options *options)
{
	struct zr_list_file list;
	int status = ZR_EXIT_FAILED;

	/* A closed descriptor would be given to the next file that is opened. */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		tell_output_error(errno);
		return status;
	}
	signal(SIGPIPE, SIG_IGN); /* write tells, and the exit status is ours */
	if (zr_list_file_open(options->list, seed, &list))
		status = run_with_list(options, &list);
	zr_list_file_close(&list);
	return status;
}

int zr_command_classify(int argc, char **argv)
{
	struct zr_options options;
	int status = ZR_EXIT_USAGE;

	switch (zr_options_read(argc, argv, isatty(STDOUT_FILENO) == 1, &options)) {
	case ZR_OPTIONS_OK:
		status = run_with_options(&options);
		break;
	case ZR_OPTIONS_HELP:
		status = zr_command_print(zr_options_help);
		break;
	case ZR_OPTIONS_BAD:
		break;
	}
	zr_options_clear(&options);
	return status;
}
