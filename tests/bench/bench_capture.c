/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture file from end to end: CPU seconds of `zerorate classify`, flows, verdicts and records included, against `tcpdump -r FILE
 * -w /dev/null` on the same file, and against libpcap that reads it and does nothing. The file is made below the folder that
 * TMPDIR names, else /tmp, and removed. ZR_BENCH_PACKETS: how many packets instead of 1.4 million, which are 1 GB.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "tests/bench/capture_make.h"
#include "tests/bench/harness.h"

#define PACKETS     bench_size(1400000, 20000)
#define PACKETS_MAX 100000000
#define REPETITIONS 7
#define SEED        20261122

enum side { CLASSIFY, TCPDUMP, READ, SIDES };

static char folder[240], capture[256], list[256], output[256];

static void clean_up(void)
{
	unlink(capture);
	unlink(list);
	unlink(output);
	rmdir(folder);
}

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_capture: %s%s\n", what, why);
	clean_up();
	exit(1);
}

static uint32_t packets_wanted(void)
{
	const char *text = getenv("ZR_BENCH_PACKETS");
	unsigned long wanted = text != NULL ? strtoul(text, NULL, 10) : PACKETS;

	if (wanted == 0 || wanted > PACKETS_MAX)
		fail("ZR_BENCH_PACKETS: ", "give a number of packets from 1 to 100000000");
	return (uint32_t)wanted;
}

static void folder_make(void)
{
	const char *below = getenv("TMPDIR");
	FILE *file;

	snprintf(folder, sizeof(folder), "%s/zr-bench-XXXXXX", below != NULL ? below : "/tmp");
	if (mkdtemp(folder) == NULL)
		fail(folder, ": cannot be made");
	snprintf(capture, sizeof(capture), "%s/capture.pcap", folder);
	snprintf(list, sizeof(list), "%s/list.csv", folder);
	snprintf(output, sizeof(output), "%s/records", folder);
	file = fopen(list, "w");
	if (file == NULL || fputs(capture_list, file) < 0 || fclose(file) != 0)
		fail(list, ": cannot be written");
}

static int read_alone(void)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(capture, why);
	struct pcap_pkthdr *header;
	const uint8_t *bytes;

	if (pcap == NULL)
		return 1;
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		;
	pcap_close(pcap);
	return 0;
}

/* In the child: does not return. */
static void become(enum side side, const char *out)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int silent = open("/dev/null", O_WRONLY);

	if (fd < 0 || silent < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(silent, STDERR_FILENO) < 0)
		_exit(1);
	switch (side) {
	case CLASSIFY:
		execl(ZERORATE, "zerorate", "classify", "--list", list, capture, (char *)NULL);
		break;
	case TCPDUMP:
		execlp("tcpdump", "tcpdump", "-r", capture, "-w", "/dev/null", (char *)NULL);
		break;
	default:
		_exit(read_alone());
	}
	_exit(127);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* CPU seconds of it, of user and system. */
static double cpu_s(enum side side, const char *out)
{
	static const char *const names[SIDES] = {"zerorate classify", "tcpdump", "reading"};
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (child == 0)
		become(side, out);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		fail(names[side], ": cannot be started");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		fail(names[side], ": there is no such program; tests/support/setup.sh benches installs it");
	if (status != 0)
		fail(names[side], ": failed");
	return seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
}

static uint64_t number_behind(const char *line, const char *text)
{
	const char *at = line != NULL ? strstr(line, text) : NULL;

	return at != NULL ? strtoull(at + strlen(text), NULL, 10) : 0;
}

/* The figures mean nothing unless all was read, and some of it is free. Warms the file cache as well. */
static void check(uint32_t packets)
{
	char line[65536], *summary = NULL;
	FILE *file;

	cpu_s(CLASSIFY, output);
	file = fopen(output, "r");
	if (file == NULL)
		fail(output, ": no records");
	while (fgets(line, sizeof(line), file) != NULL)
		summary = strncmp(line, "{\"type\":\"summary\"", 17) == 0 ? line : NULL;
	fclose(file);
	unlink(output);
	if (number_behind(summary, "\"pkts\":") != packets || number_behind(summary, "\"free\":{\"pkts\":") == 0)
		fail("zerorate classify", ": did not count every packet, or none as free");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double cycles_per_ns(void)
{
	struct timespec begin, end, rest = {.tv_nsec = 20000000};
	uint64_t cycles = __rdtsc();

	clock_gettime(CLOCK_MONOTONIC, &begin);
	nanosleep(&rest, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(__rdtsc() - cycles) /
	       ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec));
}

static struct bench_time time_of(double *s, unsigned int count, uint32_t packets)
{
	double ns;

	qsort(s, count, sizeof(*s), compare);
	ns = s[count / 2] / packets * 1e9;
	return (struct bench_time){
		.ns = ns,
		.cycles = ns * cycles_per_ns(),
		.spread = (s[count * 3 / 4] - s[count / 4]) / 2 / s[count / 2],
	};
}

int main(void)
{
	uint32_t packets = packets_wanted();
	unsigned int repetitions = bench_size(REPETITIONS, 1);
	double s[SIDES][REPETITIONS];
	struct bench_time time[SIDES];
	struct capture_made made;

	bench_pin();
	folder_make();
	if (!capture_make(capture, packets, SEED, &made))
		fail(capture, ": cannot be written");
	check(packets);
	for (unsigned int i = 0; i < repetitions; i++)
		for (enum side side = 0; side < SIDES; side++)
			s[side][i] = cpu_s(side, "/dev/null");
	clean_up();
	for (enum side side = 0; side < SIDES; side++)
		time[side] = time_of(s[side], repetitions, packets);
	bench_print(&(struct bench_result){
		.name = "capture_classify", .time = time[CLASSIFY], .floor = time[TCPDUMP], .ratio_max = 1});
	bench_print_value("capture_classify_cpu", time[CLASSIFY].ns * packets / 1e9, "s", "", true);
	bench_print_value("capture_tcpdump_cpu", time[TCPDUMP].ns * packets / 1e9, "s", "", true);
	bench_print_value("capture_read_cpu", time[READ].ns * packets / 1e9, "s", "", true);
	bench_print_value("capture_file", (double)made.bytes / 1e6, "MB", "", true);
	bench_print_value("capture_conversations", made.conversations, "flows", "", true);
	return 0;
}
