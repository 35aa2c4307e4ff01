/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A consumer of a gateway's records, to be copied from: it has each record exactly once, whatever is killed when. What makes it so
 * are three lines: the key of the table, the commit before the acknowledgement, and the loop that connects again.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/client/stream.h"
#include "tools/consumer/store.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

/* Most records of one transaction, and how long it may stay open, in milliseconds. */
#define BATCH_RECORDS 10000
#define BATCH_MS      1000

/* Seconds between two attempts to connect. */
#define RETRY_S 1

static const char help[] =
	"zerorate-consumer - keep a gateway's records in a SQLite file, each exactly once\n"
	"\n"
	"Usage: zerorate-consumer --database FILE [--consumer NAME] [--socket PATH]\n"
	"\n"
	"Subscribes as a durable consumer, writes every record under its key (gateway, epoch, seq) and\n"
	"acknowledges it when it is on disk. When the daemon is away it waits and connects again. It is\n"
	"meant to be copied from: its source is two short files.\n"
	"\n"
	"Options:\n"
	"  --database FILE   where records are kept; made when there is none\n"
	"  --consumer NAME   its name, one of records.consumers in zerorated.conf; billing without it\n"
	"  --socket PATH     the daemon's records socket; " ZR_STREAM_PATH " without it\n"
	"  --once            end when the daemon has nothing more to send for a second\n"
	"  -h, --help        print this\n"
	"\n"
	"Signals: SIGTERM and SIGINT end it behind the batch at hand.\n"
	"\n"
	"Exit status: 0 ended as it was told, 1 the database cannot be written or the daemon refuses, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate-consumer --database billing.db &\n"
	"  sqlite3 billing.db \"SELECT subscriber_ip, sum(up_bytes + down_bytes) FROM records\n"
	"                      WHERE type = 'usage' AND verdict = 'free' GROUP BY 1\"\n";

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

struct run {
	struct zr_stream_options stream;
	struct zr_store *store;
	bool once;
	char gateway[256];
	/* The last record of the transaction at hand. */
	char epoch[ZR_STREAM_EPOCH];
	uint64_t seq;
	unsigned int batch;
};

/* The order of these two is what loses nothing and doubles nothing. */
static int commit(struct run *run, struct zr_stream *stream)
{
	if (!zr_store_commit(run->store))
		return -EIO;
	if (run->batch == 0)
		return 0;
	run->batch = 0;
	return zr_stream_ack(stream, run->epoch, run->seq);
}

static int take(struct run *run, struct zr_stream *stream, const struct zr_stream_item *item)
{
	switch (item->kind) {
	case ZR_STREAM_HELLO:
		snprintf(run->gateway, sizeof(run->gateway), "%s", item->gateway);
		return 0;
	case ZR_STREAM_LOST:
		fprintf(stderr, "zerorate-consumer: records %" PRIu64 " to %" PRIu64 " of %s are lost\n", item->seq,
			item->last_seq, item->epoch);
		return zr_store_add_gap(run->store, run->gateway, item->epoch, item->seq, item->last_seq) ? 0 : -EIO;
	case ZR_STREAM_RECORD:
		if (!zr_store_add(run->store, item->json, item->json_len))
			return -EIO;
		memcpy(run->epoch, item->epoch, sizeof(run->epoch));
		run->seq = item->seq;
		return ++run->batch == BATCH_RECORDS ? commit(run, stream) : 0;
	default:
		return 0;
	}
}

/* One connection, until it breaks. Returns 0 when it is time to end, or -errno. */
static int follow(struct run *run, char error[ZR_STREAM_ERROR])
{
	struct zr_stream_item item;
	struct zr_stream *stream;
	int got = zr_stream_open(&run->stream, &stream, error);

	if (got != 0)
		return got;
	while (!stopped) {
		got = zr_stream_next(stream, BATCH_MS, &item, error);
		if (got == 1)
			got = take(run, stream, &item);
		else if (got == 0 && run->once)
			break;
		if (got == -EINTR)
			continue;
		if (got == 0 && !zr_stream_pending(stream))
			got = commit(run, stream);
		if (got < 0)
			break;
	}
	if (commit(run, stream) == -EIO)
		got = -EIO;
	zr_stream_close(stream);
	return got < 0 ? got : 0;
}

static int serve(struct run *run)
{
	char error[ZR_STREAM_ERROR] = "", told[ZR_STREAM_ERROR] = "";

	for (;;) {
		int err = follow(run, error);

		if (err == 0 || stopped)
			return EXIT_OK;
		if (err == -EIO)
			return EXIT_FAILED; /* the store has said why */
		if (strcmp(error, told) != 0)
			fprintf(stderr, "zerorate-consumer: %s\n", error);
		strcpy(told, error);
		if (err == -EPERM || run->once)
			return EXIT_FAILED;
		sleep(RETRY_S);
	}
}

static int usage(const char *what)
{
	fprintf(stderr, "zerorate-consumer: %s\nTry 'zerorate-consumer --help'.\n", what);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	enum { OPTION_DATABASE = 256, OPTION_CONSUMER, OPTION_SOCKET, OPTION_ONCE };
	static const struct option long_options[] = {
		{"database", required_argument, NULL, OPTION_DATABASE},
		{"consumer", required_argument, NULL, OPTION_CONSUMER},
		{"socket", required_argument, NULL, OPTION_SOCKET},
		{"once", no_argument, NULL, OPTION_ONCE},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const struct sigaction on_stop = {.sa_handler = stop};
	struct run run = {.stream.consumer = "billing"};
	const char *database = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == OPTION_DATABASE)
			database = optarg;
		else if (option == OPTION_CONSUMER)
			run.stream.consumer = optarg;
		else if (option == OPTION_SOCKET)
			run.stream.path = optarg;
		else if (option == OPTION_ONCE)
			run.once = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_OK;
		else
			return usage("an option is not known or lacks its argument");
	}
	if (optind < argc || database == NULL)
		return usage("name the file that records are kept in: --database FILE");
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);
	if (!zr_store_open(database, &run.store))
		return EXIT_FAILED;
	status = serve(&run);
	zr_store_close(run.store);
	return status;
}
