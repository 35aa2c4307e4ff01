/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records from put to committed, durable (synchronous=FULL): how many a second, what the writer thread takes of a CPU for each,
 * what each takes on the disk; and reading them back. The folder is made below the one that TMPDIR names (else the current
 * one): its disk is what is measured.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "control/ledger/ledger.h"
#include "tests/bench/events.h"
#include "tests/bench/harness.h"

#define RECORDS    bench_size(2000000, 2000)
#define CHUNK      ((size_t)1 << 20)
#define PUT_TARGET 250000.0

struct run {
	struct zr_ledger *ledger;
	struct zr_ledger_start start;
	char folder[256];
};

static double now_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_ledger: %s\n", what);
	exit(1);
}

static void open_run(struct run *run)
{
	const char *below = getenv("TMPDIR");
	char error[256];
	struct zr_ledger_config config = {.folder = run->folder,
					  .gateway = "hn-gw-01",
					  .program = "bench",
					  .batch_us = 200000,
					  .retention_us = 3600000000ULL,
					  .synchronous_full = true};

	snprintf(run->folder, sizeof(run->folder), "%s/zr-bench-XXXXXX", below != NULL ? below : ".");
	if (mkdtemp(run->folder) == NULL)
		fail("a folder cannot be made");
	if (zr_ledger_open(&config, &run->ledger, &run->start, error, sizeof(error)) != 0)
		fail(error);
}

static void close_run(struct run *run)
{
	DIR *dir;
	struct dirent *entry;

	if (zr_ledger_close(run->ledger) != 0)
		fail("records were not committed");
	dir = opendir(run->folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(run->folder);
}

static void wait_event(struct run *run)
{
	struct pollfd event = {.fd = zr_ledger_event_fd(run->ledger), .events = POLLIN};

	poll(&event, 1, 5);
	zr_ledger_tick(run->ledger);
}

/* Put everything as fast as it is taken; *cpu_s: what this thread took, so that the rest is the writer's. */
static double put_all(struct run *run, const struct zr_usage *events, double *cpu_s)
{
	char line[ZR_RECORD_JSON_MAX];
	const struct zr_exporter exporter = {.gateway = "hn-gw-01", .epoch_us = run->start.epoch_us};
	double begin_s = now_s(CLOCK_MONOTONIC), cpu_begin_s = now_s(CLOCK_THREAD_CPUTIME_ID);
	struct zr_record record;

	for (uint64_t seq = 1; seq <= RECORDS; seq++) {
		size_t len;

		zr_record_of_usage(&exporter, seq, &events[seq % BENCH_EVENTS], &record);
		len = zr_record_json(&record, line);
		while (!zr_ledger_put(run->ledger, &record, line, len))
			wait_event(run);
		if (seq % 256 == 0)
			zr_ledger_tick(run->ledger);
	}
	while (zr_ledger_committed(run->ledger) < RECORDS)
		wait_event(run);
	*cpu_s = now_s(CLOCK_THREAD_CPUTIME_ID) - cpu_begin_s;
	return now_s(CLOCK_MONOTONIC) - begin_s;
}

/* Read everything back; returns how many bytes there were. */
static size_t read_all(struct run *run)
{
	struct zr_position at = {run->start.epoch_us, 0};
	const struct zr_ledger_chunk *chunk;
	struct zr_ledger_reader *reader;
	uint64_t lines = 0;
	size_t bytes = 0;

	if (zr_ledger_reader_make(run->ledger, &reader) != 0)
		fail("memory");
	do {
		zr_ledger_read(reader, at, UINT64_MAX, CHUNK);
		while ((chunk = zr_ledger_chunk(reader)) == NULL)
			wait_event(run);
		for (unsigned int i = 0; i < chunk->count; i++) {
			lines += chunk->items[i].kind == ZR_LEDGER_LINE;
			bytes += chunk->items[i].len;
		}
		at = chunk->next;
	} while (!chunk->at_end && chunk->error == 0);
	zr_ledger_reader_free(reader);
	if (lines != RECORDS)
		fail("records did not come back");
	return bytes;
}

int main(void)
{
	static struct zr_usage events[BENCH_EVENTS];
	struct zr_ledger_status status;
	double wall_s, own_s, all_s, begin_s;
	struct run run;
	size_t bytes;
	void *block;
	struct zr_image *image = bench_events_image(&block);

	bench_events_make(events, image);
	open_run(&run);
	all_s = now_s(CLOCK_PROCESS_CPUTIME_ID);
	wall_s = put_all(&run, events, &own_s);
	all_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - all_s;
	bench_print_value("ledger_put_to_committed", RECORDS / wall_s / 1e3, "k/s", "value >= 250.0",
			  RECORDS / wall_s >= PUT_TARGET);
	bench_print_value("ledger_writer_cpu", (all_s - own_s) / RECORDS * 1e9, "ns", "", true);
	bench_print_value("ledger_put_cpu", own_s / RECORDS * 1e9, "ns", "", true);
	zr_ledger_status(run.ledger, &status);
	bench_print_value("ledger_commit_max", (double)status.commit_us_max / 1e3, "ms", "", true);

	begin_s = now_s(CLOCK_MONOTONIC);
	bytes = read_all(&run);
	bench_print_value("ledger_read_back", RECORDS / (now_s(CLOCK_MONOTONIC) - begin_s) / 1e3, "k/s", "", true);
	bench_print_value("ledger_line", (double)bytes / RECORDS, "bytes", "", true);
	do {
		wait_event(&run);
		zr_ledger_status(run.ledger, &status);
	} while (status.bytes == 0);
	sleep(2);
	zr_ledger_status(run.ledger, &status);
	bench_print_value("ledger_on_disk", (double)(status.bytes - status.wal_bytes) / RECORDS, "bytes", "", true);
	close_run(&run);
	zr_image_free(image);
	free(block);
	return 0;
}
