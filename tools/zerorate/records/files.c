/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate records files`: closed files for billing systems that take files, from a durable consumer. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rules/decimal.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/records/closed_file.h"
#include "tools/zerorate/records/commands.h"
#include "tools/zerorate/records/text.h"

static const char command[] = "records files";

#define RECORDS_DEFAULT 1000000
#define PERIOD_DEFAULT  3600
#define WINDOW          1000000000
#define RETRY_S         1
#define TICK_MS         1000

static const char help[] =
	"zerorate records files - write closed files for a billing system\n"
	"\n"
	"Usage: zerorate records files --consumer NAME --folder FOLDER [OPTION...]\n"
	"\n"
	"Runs until it is stopped. Records are written to FOLDER/records-NUMBER.csv, a file a period. A file is\n"
	"complete when records-NUMBER.csv.trailer stands beside it: JSON with the records' count, the file's\n"
	"bytes and SHA-256, which numbers of which epochs are in it (ranges), which are lost (gaps), and how\n"
	"far all files up to it come (until). Numbers have no gaps.\n"
	"Records are acknowledged when file and trailer are on disk, so that whatever is killed when, each\n"
	"record is in exactly one complete file. Take complete files away whenever you like, but leave the\n"
	"last trailer: it says where to go on. A period without records has no file.\n"
	"\n"
	"Options:\n"
	"  --consumer NAME    a durable consumer of its own, one of records.consumers in zerorated.conf\n"
	"  --folder FOLDER    where files are written; it exists, and nobody else writes there\n"
	"  --format csv|json  csv (without it): a header and all members. json: one object a line (.jsonl)\n"
	"  --period SECONDS   a file is closed at the next multiple of it, UTC; 3600 without it, up to 86400\n"
	"  --records N        … or when it has so many records; 1000000 without it\n"
	"  --socket PATH      the daemon's records socket; " ZR_STREAM_PATH " without it\n"
	"  -h, --help         print this\n"
	"\n"
	"Signals: SIGTERM and SIGINT end it; what is in no closed file comes again.\n"
	"\n"
	"Exit status: 0 ended by a signal, 1 a file cannot be written or the daemon refuses, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate records files --consumer billing-files --folder /srv/billing --period 900\n";

struct options {
	const char *consumer, *folder, *socket;
	bool json;
	uint64_t period_s, records;
};

struct run {
	struct options options;
	struct zr_closed_files *files;
	struct zr_stream *stream;
	char gateway[256];
	struct zr_record_json record;
	char text[ZR_RECORD_CSV_MAX];
	/* The last record, or loss, of the file at hand. */
	char epoch[ZR_STREAM_EPOCH];
	uint64_t seq;
	time_t close_at; /* the file at hand */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Close the file at hand, then acknowledge: 0 or -errno, -EIO when it was told why. */
static int close_file(struct run *run)
{
	if (!zr_closed_files_close(run->files, run->gateway))
		return -EIO;
	return run->seq > 0 ? zr_stream_ack(run->stream, run->epoch, run->seq) : 0;
}

/* The first thing in a file. */
static bool begin_file(struct run *run)
{
	time_t period = (time_t)run->options.period_s;

	if (zr_closed_files_count(run->files) > 0)
		return true;
	run->close_at = (time(NULL) / period + 1) * period;
	run->seq = 0;
	return run->options.json || zr_closed_files_put(run->files, run->text, zr_record_csv_header(run->text));
}

static bool write_csv(struct run *run, const struct zr_stream_item *item)
{
	bool is_read = zr_record_json_read(&run->record, item->json, item->json_len);
	bool good = is_read && zr_closed_files_add(run->files, item->epoch, item->seq, run->text,
						   zr_record_csv(&run->record.record, run->text));

	if (!is_read)
		fprintf(stderr, "zerorate records files: record %llu of %s is not what zerorate-records(5) says\n",
			(unsigned long long)item->seq, item->epoch);
	zr_record_json_clear(&run->record);
	return good;
}

static bool write_json(struct run *run, const struct zr_stream_item *item)
{
	return zr_closed_files_add(run->files, item->epoch, item->seq, item->json, item->json_len) &&
	       zr_closed_files_put(run->files, "\n", 1);
}

static bool write_item(struct run *run, const struct zr_stream_item *item)
{
	if (!begin_file(run))
		return false;
	if (item->kind == ZR_STREAM_LOST)
		return zr_closed_files_add_gap(run->files, item->epoch, item->seq, item->last_seq);
	return run->options.json ? write_json(run, item) : write_csv(run, item);
}

/* A record, or that some are lost. */
static int take_item(struct run *run, const struct zr_stream_item *item)
{
	uint64_t last = item->kind == ZR_STREAM_LOST ? item->last_seq : item->seq;
	bool has = zr_closed_files_has(run->files, item->epoch, last);

	/* An acknowledgement that was lost is made up for by the next one, which follows it. */
	if (!has && !write_item(run, item))
		return -EIO;
	if (has && zr_closed_files_count(run->files) > 0)
		return 0;
	memcpy(run->epoch, item->epoch, sizeof(run->epoch));
	run->seq = last;
	if (has && !zr_stream_pending(run->stream))
		return zr_stream_ack(run->stream, run->epoch, run->seq);
	return zr_closed_files_count(run->files) >= run->options.records ? close_file(run) : 0;
}

static int take(struct run *run, const struct zr_stream_item *item)
{
	switch (item->kind) {
	case ZR_STREAM_HELLO:
		snprintf(run->gateway, sizeof(run->gateway), "%s", item->gateway);
		return 0;
	case ZR_STREAM_LOST:
	case ZR_STREAM_RECORD:
		return take_item(run, item);
	default:
		return 0;
	}
}

/* One connection, until it breaks or a signal comes. */
static int follow(struct run *run, char error[ZR_STREAM_ERROR])
{
	const struct zr_stream_options stream = {
		.path = run->options.socket, .consumer = run->options.consumer, .window = WINDOW};
	struct zr_stream_item item;
	int got = zr_stream_open(&stream, &run->stream, error);

	if (got != 0)
		return got;
	while (got >= 0 && !stopped) {
		got = zr_stream_next(run->stream, TICK_MS, &item, error);
		if (got == 1)
			got = take(run, &item);
		else if (got == -EINTR)
			got = 0;
		if (got >= 0 && zr_closed_files_count(run->files) > 0 && time(NULL) >= run->close_at)
			got = close_file(run);
	}
	zr_stream_close(run->stream);
	return got < 0 ? got : 0;
}

/* Records of a file at hand come again on the next connection: begin it anew. */
static bool open_files(struct run *run)
{
	if (run->files != NULL)
		zr_closed_files_free(run->files);
	run->files = NULL;
	return zr_closed_files_open(run->options.folder, run->options.json ? "jsonl" : "csv", &run->files);
}

static int serve(struct run *run)
{
	char error[ZR_STREAM_ERROR] = "", told[ZR_STREAM_ERROR] = "";
	int err;

	do {
		if (!open_files(run))
			return ZR_EXIT_FAILED;
		err = follow(run, error);
		if (err == -EIO || stopped)
			break;
		if (strcmp(error, told) != 0)
			fprintf(stderr, "zerorate records files: %s\n", error);
		strcpy(told, error);
		if (err == -EPERM)
			return ZR_EXIT_FAILED;
		sleep(RETRY_S);
	} while (!stopped);
	return err == -EIO ? ZR_EXIT_FAILED : ZR_EXIT_OK;
}

static bool refuse(const char *option, const char *what)
{
	return zr_argument_refuse(command, option, what);
}

static bool take_number(const char *option, const char *text, uint64_t most, uint64_t *out)
{
	return (zr_decimal_parse(text, strlen(text), most, out) && *out > 0) ||
	       refuse(option, "is a number above 0 that is not too large");
}

enum { OPTION_CONSUMER = 256, OPTION_FOLDER, OPTION_FORMAT, OPTION_PERIOD, OPTION_RECORDS, OPTION_SOCKET };

static bool take_option(int option, const char *argument, struct options *out)
{
	switch (option) {
	case OPTION_CONSUMER:
		out->consumer = argument;
		return true;
	case OPTION_FOLDER:
		out->folder = argument;
		return true;
	case OPTION_FORMAT:
		out->json = strcmp(argument, "json") == 0;
		return out->json || strcmp(argument, "csv") == 0 || refuse("--format", "is csv or json");
	case OPTION_PERIOD:
		return take_number("--period", argument, 86400, &out->period_s);
	case OPTION_RECORDS:
		return take_number("--records", argument, WINDOW / 2, &out->records);
	case OPTION_SOCKET:
		out->socket = argument;
		return true;
	default:
		return false; /* getopt has said what is wrong */
	}
}

static enum zr_options_result read_options(int argc, char **argv, struct options *out)
{
	static const struct option long_options[] = {
		{"consumer", required_argument, NULL, OPTION_CONSUMER},
		{"folder", required_argument, NULL, OPTION_FOLDER},
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"period", required_argument, NULL, OPTION_PERIOD},
		{"records", required_argument, NULL, OPTION_RECORDS},
		{"socket", required_argument, NULL, OPTION_SOCKET},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate records files"; /* for getopt's messages */
	int option;

	*out = (struct options){.period_s = PERIOD_DEFAULT, .records = RECORDS_DEFAULT};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(option, optarg, out))
			return ZR_OPTIONS_BAD;
	}
	if (optind == argc && out->consumer != NULL && out->folder != NULL)
		return ZR_OPTIONS_OK;
	fputs("zerorate records files: --consumer and --folder are needed, and nothing but options\n", stderr);
	return ZR_OPTIONS_BAD;
}

int zr_records_command_files(int argc, char **argv)
{
	const struct sigaction on_stop = {.sa_handler = stop};
	struct run *run = calloc(1, sizeof(*run));
	int status = ZR_EXIT_FAILED;

	if (run == NULL)
		return ZR_EXIT_FAILED;
	switch (read_options(argc, argv, &run->options)) {
	case ZR_OPTIONS_HELP:
		status = zr_command_print(help);
		break;
	case ZR_OPTIONS_BAD:
		fputs("Try 'zerorate records files --help'.\n", stderr);
		status = ZR_EXIT_USAGE;
		break;
	default:
		signal(SIGPIPE, SIG_IGN);
		sigaction(SIGTERM, &on_stop, NULL);
		sigaction(SIGINT, &on_stop, NULL);
		status = serve(run);
	}
	if (run->files != NULL)
		zr_closed_files_free(run->files);
	free(run);
	return status;
}
