/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/record/record.h"
#include "dataplane/pipeline/pipeline.h"
#include "tools/zerorate/captures.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list_file.h"
#include "tools/zerorate/options.h"
#include "tools/zerorate/output.h"
#include "tools/zerorate/progress.h"
#include "tools/zerorate/summary_table.h"
#include "tools/zerorate/terminal.h"
#include "tools/zerorate/usage_table.h"

/* Flows open at a time; --help names the figure and the memory. Pages that are not touched cost nothing. */
#define FLOWS (1U << 20)

static const char command[] = "classify";

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

static bool take_usage(void *arg, const struct zr_usage *usage)
{
	struct run *run = arg;
	struct zr_record record;
	char *line;
	size_t len;

	run->seq++;
	if (run->options->format == ZR_FORMAT_JSON) {
		line = zr_output_room(&run->output, ZR_RECORD_JSON_MAX + 1);
		zr_record_of_usage(&run->exporter, run->seq, usage, &record);
		len = zr_record_json(&record, line);
		line[len] = '\n';
		zr_output_add(&run->output, len + 1);
		return true;
	}
	if (usage->type == ZR_USAGE_TAG) /* it carries no volume, and its flow's usage follows */
		return true;
	if (zr_table_full(&run->table)) {
		zr_progress_hide(&run->progress);
		zr_table_write(&run->table, &run->output);
		zr_output_flush(&run->output);
	}
	zr_usage_table_add(&run->table, usage);
	return true;
}

static void configure(struct zr_pipeline_config *config, struct run *run)
{
	const struct zr_options *options = run->options;

	zr_pipeline_defaults(config);
	config->flows = FLOWS;
	config->charged_records = options->all;
	config->keep_names = options->show_names;
	config->verify_checksums = options->verify_checksums;
	config->subscribers = &options->subscribers;
	config->trusted_resolvers = &options->trusted_resolvers;
	if (options->verify != ZR_VERIFY_DEFAULT)
		config->verify = options->verify;
	config->packets.tunnel_endpoints = &options->tunnel_endpoints;
	config->packets.open_all_tunnels = options->tunnel_endpoints.count == 0;
	memcpy(config->seed, zr_command_seed, sizeof(zr_command_seed));
	config->usage = take_usage;
	config->arg = run;
}

/* Records begin with the first packet's time. */
static void set_epoch(struct run *run, const struct zr_view *first)
{
	if (!run->begun)
		run->exporter.epoch_us = first->time_ns / 1000;
	run->begun = true;
}

/* A burst of a capture; false when there is no use in going on. */
static bool take_burst(void *arg, const struct zr_view *views, unsigned int count)
{
	struct run *run = arg;

	set_epoch(run, views);
	zr_pipeline_burst(run->pipeline, views, count);
	return run->output.error == 0;
}

static bool read_captures(struct run *run)
{
	const struct zr_options *options = run->options;

	return zr_captures_read(options->captures, options->capture_count, options->format, &run->progress, take_burst,
				run);
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

static int run_with_list(const struct zr_options *options, const struct zr_list_loaded *list)
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
	zr_usage_table_init(&run->table, zr_terminal_width(STDOUT_FILENO));
	configure(&config, run);
	len = zr_pipeline_memory(&config);
	memory = zr_command_memory(command, len);
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
		zr_command_output_failed(command, run->output.error);
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
	struct zr_list_loaded list;
	int status = ZR_EXIT_FAILED;

	if (!zr_command_begin(command))
		return status;
	if (zr_list_file_open(options->list, zr_command_seed, &list))
		status = run_with_list(options, &list);
	zr_list_loaded_clear(&list);
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
