/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/pipeline/dns_watch.h"
#include "tools/zerorate/captures.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/dns_options.h"
#include "tools/zerorate/dns_output.h"
#include "tools/zerorate/terminal.h"

/* Some 40 MiB when all is used; pages that are not touched cost nothing. */
#define QUERIES          (1U << 18)
#define CONNECTIONS      (1U << 16)
#define REASSEMBLY_BYTES (16U << 20)

static const char command[] = "dns";

/* One run. */
struct run {
	const struct zr_dns_options *options;
	struct zr_dns_watch *watch;
	uint64_t learned; /* addresses */
	struct zr_progress progress;
	struct zr_output output;
	struct zr_table table;
};

static void take_learned(void *arg, const struct zr_dns_learned *learned)
{
	struct run *run = arg;

	run->learned++;
	if (run->options->format == ZR_FORMAT_JSON) {
		char *line = zr_output_room(&run->output, ZR_DNS_JSON_MAX + 1);
		size_t len = zr_dns_json(learned, line);

		line[len] = '\n';
		zr_output_add(&run->output, len + 1);
		return;
	}
	if (zr_table_full(&run->table)) {
		zr_progress_hide(&run->progress);
		zr_table_write(&run->table, &run->output);
		zr_output_flush(&run->output);
	}
	zr_dns_table_add(&run->table, learned);
}

static bool take_burst(void *arg, const struct zr_view *views, unsigned int count)
{
	struct run *run = arg;

	zr_dns_watch_burst(run->watch, views, count);
	return run->output.error == 0;
}

static void summary_line(const char *name, uint64_t count)
{
	fprintf(stderr, "%-18s %15" PRIu64 "\n", name, count);
}

/* What comes last. False when it could not be written. */
static bool finish(struct run *run)
{
	zr_table_write(&run->table, &run->output);
	if (!zr_output_flush(&run->output))
		return false;
	if (run->options->format == ZR_FORMAT_JSON)
		return true;
	for (unsigned int i = 0; i < ZR_DNS_COUNTER_COUNT; i++)
		summary_line(zr_dns_counter_name(i), zr_dns_watch_counter(run->watch, i));
	summary_line("addresses", run->learned);
	return true;
}

static int run_in_memory(struct run *run, const struct zr_dns_watch_config *config, void *memory)
{
	const struct zr_dns_options *options = run->options;
	int status = ZR_EXIT_OK;

	run->watch = zr_dns_watch_init(memory, config);
	if (!zr_captures_read(options->captures, options->capture_count, options->format, &run->progress, take_burst,
			      run))
		status = ZR_EXIT_FAILED;
	if (!finish(run)) {
		zr_command_output_failed(command, run->output.error);
		status = ZR_EXIT_FAILED;
	}
	return status;
}

static int run_with_options(const struct zr_dns_options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	struct zr_dns_watch_config config = {
		.queries = QUERIES,
		.connections = CONNECTIONS,
		.reassembly_bytes = REASSEMBLY_BYTES,
		.packets = {.tunnel_endpoints = &options->tunnel_endpoints,
			    .open_all_tunnels = options->tunnel_endpoints.count == 0},
		.seed = {zr_command_seed[0], zr_command_seed[1]},
		.learned = take_learned,
		.arg = run,
	};
	size_t len = zr_dns_watch_memory(&config);
	void *memory = run != NULL && zr_command_begin(command) ? zr_command_memory(command, len) : NULL;
	int status = ZR_EXIT_FAILED;

	if (memory != NULL) {
		run->options = options;
		zr_output_init(&run->output, STDOUT_FILENO);
		zr_dns_table_init(&run->table, zr_terminal_width(STDOUT_FILENO));
		status = run_in_memory(run, &config, memory);
		munmap(memory, len);
	}
	free(run);
	return status;
}

int zr_command_dns(int argc, char **argv)
{
	struct zr_dns_options options;
	int status = ZR_EXIT_USAGE;

	switch (zr_dns_options_read(argc, argv, isatty(STDOUT_FILENO) == 1, &options)) {
	case ZR_OPTIONS_OK:
		status = run_with_options(&options);
		break;
	case ZR_OPTIONS_HELP:
		status = zr_command_print(zr_dns_options_help);
		break;
	case ZR_OPTIONS_BAD:
		break;
	}
	zr_dns_options_clear(&options);
	return status;
}
