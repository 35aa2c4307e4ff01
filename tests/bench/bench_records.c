/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records from a worker's ring to a consumer that acknowledges, durable: the whole daemon, over a dataplane whose rings are
 * never empty, with a ledger on a real disk (below the folder that TMPDIR names, else the current one) that syncs every commit,
 * and a consumer on the client library that acknowledges every thousand records. How many a second, what each thread takes of
 * a CPU for a record, what a record takes on the disk and on the socket. Every number must come once, and the volume of what
 * came must be what was drained, and what the daemon's own total says.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/client.h"
#include "control/client/stream.h"
#include "control/daemon.h"
#include "tests/bench/events.h"
#include "tests/bench/harness.h"
#include "tests/support/fake_dataplane.h"

#define RECORDS     bench_size(3000000, 20000)
#define ACK_EVERY   1000
#define RATE_TARGET 200000.0
#define S_US        UINT64_C(1000000)

/* Status is asked for so often, for the times of commits. */
#define ASK_MS      100
#define COMMITS_MAX 4096

#define ENVELOPE (sizeof("{\"op\":\"record\",\"record\":}\n") - 1)

struct sums {
	uint64_t records, up_bytes, down_bytes; /* of tags and usage */
};

struct consumer {
	struct sums got;
	uint64_t next, line_bytes;
	char total[512]; /* the gateway's free total, as it came */
	_Atomic bool is_ready, has_all;
};

static char folder[240];
static char list_path[256], state_path[256], ledger_path[256], records_path[256], control_path[256];
static char gateway[] = "hn-gw-01", billing[] = "billing", workers[] = "1", no_eal[] = "";

static struct zr_usage events[BENCH_EVENTS];
static struct sums given;
static _Atomic bool is_open; /* the rings */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_records: %s%s\n", what, why);
	exit(1);
}

static double clock_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double thread_s(pthread_t thread)
{
	clockid_t clock;

	return pthread_getcpuclockid(thread, &clock) == 0 ? clock_s(clock) : 0;
}

/* Rings that hold as much as is asked for, until all was given. */
static unsigned int drain(void (*take)(void *arg, const struct zr_usage *usage), void *arg, unsigned int max)
{
	uint64_t left = atomic_load(&is_open) ? RECORDS - given.records : 0;
	unsigned int count = left < max ? (unsigned int)left : max;

	for (unsigned int i = 0; i < count; i++) {
		const struct zr_usage *event = &events[given.records++ % BENCH_EVENTS];

		if (event->type == ZR_USAGE_PART) {
			given.up_bytes += event->up_bytes;
			given.down_bytes += event->down_bytes;
		}
		take(arg, event);
	}
	return count;
}

/* A number of a record; its names come once. */
static uint64_t number_of(const char *json, const char *name)
{
	const char *at = strstr(json, name);

	if (at == NULL)
		fail("a record without a number: ", json);
	return strtoull(at + strlen(name), NULL, 10);
}

static bool has_type(const struct zr_stream_item *item, const char *begin)
{
	return strncmp(item->json, begin, strlen(begin)) == 0;
}

static void take_record(struct consumer *consumer, const struct zr_stream_item *item)
{
	if (item->seq != consumer->next++)
		fail("a record is missing or came twice: ", item->json);
	consumer->line_bytes += item->json_len + ENVELOPE;
	if (has_type(item, "{\"type\":\"total\"")) {
		if (strstr(item->json, "\"verdict\":\"free\"") != NULL && strstr(item->json, "\"rule\"") == NULL)
			snprintf(consumer->total, sizeof(consumer->total), "%s", item->json);
		return;
	}
	consumer->got.records++;
	if (has_type(item, "{\"type\":\"usage\"")) {
		consumer->got.up_bytes += number_of(item->json, ",\"up_bytes\":");
		consumer->got.down_bytes += number_of(item->json, ",\"down_bytes\":");
	}
}

static struct zr_stream *open_stream(void)
{
	const struct zr_stream_options options = {.path = records_path, .consumer = billing};
	char error[ZR_STREAM_ERROR];
	struct zr_stream *stream;

	for (unsigned int i = 0; i < 1000; i++) {
		if (zr_stream_open(&options, &stream, error) == 0)
			return stream;
		usleep(10000);
	}
	fail("no stream: ", error);
	return NULL;
}

/* The consumer's thread: until the daemon closes. */
static void *consume(void *arg)
{
	struct zr_stream *stream = open_stream();
	struct consumer *consumer = arg;
	char error[ZR_STREAM_ERROR];
	struct zr_stream_item item;
	int got;

	while ((got = zr_stream_next(stream, -1, &item, error)) == 1) {
		if (item.kind == ZR_STREAM_LOST)
			fail("records were lost", "");
		if (item.kind == ZR_STREAM_HELLO) {
			consumer->next = item.seq;
			atomic_store(&consumer->is_ready, true);
		}
		if (item.kind != ZR_STREAM_RECORD)
			continue;
		take_record(consumer, &item);
		if (item.seq % ACK_EVERY != 0 && consumer->got.records != RECORDS)
			continue;
		if (zr_stream_ack(stream, item.epoch, item.seq) != 0 && !atomic_load(&consumer->has_all))
			fail("an acknowledgement was not taken", "");
		if (consumer->got.records == RECORDS)
			atomic_store(&consumer->has_all, true);
	}
	if (got != -ECONNRESET)
		fail("the stream broke: ", error);
	zr_stream_close(stream);
	return NULL;
}

static void *run_daemon(void *arg)
{
	if (zr_daemon_run(arg) != 0)
		fail("the daemon failed", "");
	return NULL;
}

/* How long the last commit took. */
static double ask_commit_ms(const char *member)
{
	char error[ZR_CLIENT_ERROR], *reply = NULL;
	int fd = zr_client_connect(control_path, error);
	json_t *status;
	double ms;

	if (fd < 0 || zr_client_ask(fd, "{\"op\":\"status\"}", &reply, error) != 0)
		fail("no status: ", error);
	close(fd);
	status = json_loads(reply, 0, NULL);
	free(reply);
	ms = json_real_value(json_object_get(json_object_get(status, "ledger"), member));
	json_decref(status);
	return ms;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Wait until the consumer has everything; the median of the commits' times that were seen meanwhile. */
static double watch_commits(struct consumer *consumer)
{
	static double ms[COMMITS_MAX];
	unsigned int count = 0;

	while (!atomic_load(&consumer->has_all)) {
		usleep(ASK_MS * 1000);
		ms[count] = ask_commit_ms("commit_ms");
		if (count + 1 < COMMITS_MAX)
			count++;
	}
	qsort(ms, count, sizeof(*ms), compare);
	return ms[count / 2];
}

static uint64_t disk_bytes;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	disk_bytes += type == FTW_F ? (uint64_t)st->st_size : 0;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void make_folder(void)
{
	const char *below = getenv("TMPDIR");
	FILE *file;

	snprintf(folder, sizeof(folder), "%s/zr-bench-XXXXXX", below != NULL ? below : ".");
	if (mkdtemp(folder) == NULL)
		fail(folder, ": cannot be made");
	snprintf(list_path, sizeof(list_path), "%s/list.csv", folder);
	snprintf(state_path, sizeof(state_path), "%s/state", folder);
	snprintf(ledger_path, sizeof(ledger_path), "%s/ledger", folder);
	snprintf(records_path, sizeof(records_path), "%s/records.sock", folder);
	snprintf(control_path, sizeof(control_path), "%s/control.sock", folder);
	file = fopen(list_path, "w");
	if (file == NULL || fputs(bench_events_list, file) < 0 || fclose(file) != 0)
		fail(list_path, ": cannot be written");
}

/* What zerorated.conf gives when it says nothing else. */
static struct zr_config make_config(void)
{
	return (struct zr_config){
		.gateway = gateway,
		.list = {.file = list_path, .state = state_path, .shrink_percent = 100},
		.workers = workers,
		.eal = no_eal,
		.records_memory_bytes = (uint64_t)1 << 30,
		.consumers = {.at = {billing}, .count = 1},
		.totals_us = 3600 * S_US,
		.ledger = {.folder = ledger_path,
			   .batch_us = S_US / 5,
			   .retention_us = 3600 * S_US,
			   .disk_limit_bytes = (uint64_t)50 << 30,
			   .synchronous_full = true},
		.records = {.path = records_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
		.control = {.path = control_path, .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
	};
}

/* The daemon's signals come as events to whoever reads them: no thread may be ended by one. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void check_sums(const struct consumer *consumer)
{
	const struct sums *got = &consumer->got;

	if (got->records != given.records || got->up_bytes != given.up_bytes || got->down_bytes != given.down_bytes)
		fail("the volume of what came is not what was drained", "");
	if (number_of(consumer->total, ",\"up_bytes\":") != got->up_bytes ||
	    number_of(consumer->total, ",\"down_bytes\":") != got->down_bytes)
		fail("the gateway's total is another one: ", consumer->total);
}

int main(void)
{
	struct consumer consumer = {0};
	struct zr_config config = make_config();
	double begin_s, wall_s, all_s, control_s, consumer_s, commit_ms, commit_max_ms;
	pthread_t control, client;

	block_signals();
	make_folder();
	fake_dataplane_reset();
	fake_dataplane.drain = drain;
	if (pthread_create(&control, NULL, run_daemon, &config) != 0 ||
	    pthread_create(&client, NULL, consume, &consumer) != 0)
		fail("no thread", "");
	while (!atomic_load(&consumer.is_ready))
		usleep(1000);
	bench_events_make(events, fake_dataplane.image);

	control_s = thread_s(control);
	consumer_s = thread_s(client);
	all_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - clock_s(CLOCK_THREAD_CPUTIME_ID);
	begin_s = clock_s(CLOCK_MONOTONIC);
	atomic_store(&is_open, true);
	commit_ms = watch_commits(&consumer);
	wall_s = clock_s(CLOCK_MONOTONIC) - begin_s;
	all_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - clock_s(CLOCK_THREAD_CPUTIME_ID) - all_s;
	control_s = thread_s(control) - control_s;
	consumer_s = thread_s(client) - consumer_s;
	commit_max_ms = ask_commit_ms("commit_ms_max");

	kill(getpid(), SIGTERM);
	pthread_join(control, NULL);
	pthread_join(client, NULL);
	check_sums(&consumer);
	nftw(ledger_path, add_file, 8, FTW_PHYS);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	bench_print_value("records_ring_to_ack", RECORDS / wall_s / 1e3, "k/s", "value >= 200.0",
			  RECORDS / wall_s >= RATE_TARGET);
	bench_print_value("records_control_cpu", control_s / RECORDS * 1e9, "ns", "", true);
	bench_print_value("records_ledger_cpu", (all_s - control_s - consumer_s) / RECORDS * 1e9, "ns", "", true);
	bench_print_value("records_consumer_cpu", consumer_s / RECORDS * 1e9, "ns", "", true);
	bench_print_value("records_commit_median", commit_ms, "ms", "", true);
	bench_print_value("records_commit_max", commit_max_ms, "ms", "", true);
	bench_print_value("records_on_disk", (double)disk_bytes / (double)consumer.next, "bytes", "", true);
	bench_print_value("records_on_socket", (double)consumer.line_bytes / (double)consumer.next, "bytes", "", true);
	return 0;
}
