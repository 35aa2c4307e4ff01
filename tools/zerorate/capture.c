/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libpcap's own reads are a few bytes to a packet; the stream below it reads this much at a time. */
#define STREAM_BUFFER (64 * 1024)

/* Room for a burst. It ends early when one more frame of the largest size might not fit. */
#define FRAMES_BYTES (2 * ZR_CAPTURE_FRAME_MAX)

/* What a pcap file begins with, in the machine's order of bytes, and the version since which nothing has changed. */
#define MAGIC_US      0xa1b2c3d4
#define MAGIC_NS      0xa1b23c4d
#define VERSION_MAJOR 2
#define VERSION_MINOR 4

#define NS_PER_S 1000000000ULL

/* Latest second that still fits into nanoseconds: in the year 2554. */
#define LAST_S (UINT64_MAX / NS_PER_S - 1)

/* What stands before each packet in a pcap file; libpcap takes times for signed, too. */
struct record_header {
	int32_t s, fraction;
	uint32_t caplen, len;
};

static enum zr_link link_of(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
		return ZR_LINK_ETHERNET;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return ZR_LINK_RAW;
	case DLT_LINUX_SLL:
		return ZR_LINK_SLL;
	case DLT_LINUX_SLL2:
		return ZR_LINK_SLL2;
	case DLT_NULL:
	case DLT_LOOP:
		return ZR_LINK_NULL;
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		return ZR_LINK_PPP;
	default:
		return ZR_LINK_OTHER;
	}
}

static bool refuse(struct zr_capture *c, const char *what, const char *why, const char *advice)
{
	snprintf(c->error, sizeof(c->error), "%s%s; %s", what, why, advice);
	return false;
}

/* Is there a first byte? libpcap would call an empty file a truncated one. */
static bool begins(struct zr_capture *c)
{
	int first = getc(c->file);

	if (first == EOF && ferror(c->file))
		return refuse(c, "cannot be read: ", strerror(errno), "name a capture file");
	if (first == EOF)
		return refuse(c, "is empty", "",
			      "nothing was captured, or it was not copied: capture or copy it again");
	ungetc(first, c->file);
	return true;
}

/*
 * Of the plain case, a pcap file of this machine on Ethernet or IP, the packets are read without libpcap, which copies each of
 * them twice. Its header was libpcap's to check.
 */
static void go_direct(struct zr_capture *c)
{
	uint32_t magic;

	if (zr_capture_size_bytes(c) == 0 || pread(fileno(c->file), &magic, sizeof(magic), 0) != sizeof(magic))
		return;
	c->is_nano = magic == MAGIC_NS;
	c->is_direct = (magic == MAGIC_US || magic == MAGIC_NS) && pcap_major_version(c->pcap) == VERSION_MAJOR &&
		       pcap_minor_version(c->pcap) == VERSION_MINOR &&
		       (c->port.link == ZR_LINK_ETHERNET || c->port.link == ZR_LINK_RAW);
	c->end = ftello(c->file);
}

bool zr_capture_open(struct zr_capture *c, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];

	*c = (struct zr_capture){.frames = malloc(FRAMES_BYTES)};
	if (c->frames == NULL)
		return refuse(c, "cannot be read: ", strerror(ENOMEM), "free some memory");
	c->file = fopen(path, "rb");
	if (c->file == NULL)
		return refuse(c, "cannot be opened: ", strerror(errno), "check its name and permissions");
	setvbuf(c->file, NULL, _IOFBF, STREAM_BUFFER);
	if (!begins(c))
		return false;
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (c->pcap == NULL)
		return refuse(c, "is no capture that can be read: ", why,
			      "give a pcap or pcapng file, unpacked if it was compressed");
	c->port.link = (uint8_t)link_of(pcap_datalink(c->pcap));
	go_direct(c);
	return true;
}

void zr_capture_close(struct zr_capture *c)
{
	if (c->pcap != NULL)
		pcap_close(c->pcap); /* and the file */
	else if (c->file != NULL)
		fclose(c->file);
	free(c->frames);
}

/* Times come from the file: seconds behind 2038 look negative to libpcap, fractions may be anything. */
static uint64_t time_of(const struct timeval *ts)
{
	uint64_t s = ts->tv_sec < 0 ? (uint32_t)ts->tv_sec : (uint64_t)ts->tv_sec;
	uint64_t ns = ts->tv_usec < 0 ? 0 : (uint64_t)ts->tv_usec; /* nanoseconds: the precision asked for */

	return (s < LAST_S ? s : LAST_S) * NS_PER_S + (ns < NS_PER_S ? ns : NS_PER_S - 1);
}

static void view_of(struct zr_capture *c, const struct pcap_pkthdr *header, const uint8_t *bytes, struct zr_view *view)
{
	*view = (struct zr_view){
		.data = bytes,
		.len = header->caplen < ZR_CAPTURE_FRAME_MAX ? header->caplen : ZR_CAPTURE_FRAME_MAX,
		.wire_len = header->len > header->caplen ? header->len : header->caplen,
		.time_ns = time_of(&header->ts),
		.port = &c->port,
	};
}

/* What to do about a file that libpcap stops reading for this reason. */
static const char *advice_for(const char *why)
{
	if (strstr(why, "truncated") != NULL)
		return "it was cut off or is still being written: copy it again";
	if (strstr(why, "different from") != NULL)
		return "its interfaces must have one link type: capture each to a file of its own";
	return "see what capinfos says of it";
}

static void stop(struct zr_capture *c)
{
	const char *why = pcap_geterr(c->pcap);

	snprintf(c->error, sizeof(c->error),
		 "breaks off in packet %" PRIu64 " (%s); what comes before it is counted; %s", c->pkts + 1, why,
		 advice_for(why));
}

/* What is left of the stretch comes to the front, and the file's next bytes behind it. */
static void refill(struct zr_capture *c)
{
	ssize_t got;

	memmove(c->frames, c->frames + c->at, c->len - c->at);
	c->len -= c->at;
	c->at = 0;
	do
		got = pread(fileno(c->file), c->frames + c->len, FRAMES_BYTES - c->len, c->end);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return;
	c->len += (size_t)got;
	c->end += got;
}

/* The next packet of the stretch, when it is whole and nothing is odd about it. */
static bool next_direct(struct zr_capture *c, struct zr_view *view)
{
	size_t left = c->len - c->at;
	struct record_header stored;
	struct pcap_pkthdr header;

	if (left < sizeof(stored))
		return false;
	memcpy(&stored, c->frames + c->at, sizeof(stored));
	if (stored.caplen > left - sizeof(stored) || stored.caplen > (uint32_t)pcap_snapshot(c->pcap) ||
	    stored.caplen > ZR_CAPTURE_FRAME_MAX)
		return false;
	header = (struct pcap_pkthdr){
		.ts = {.tv_sec = stored.s, .tv_usec = stored.fraction}, .caplen = stored.caplen, .len = stored.len};
	if (!c->is_nano)
		header.ts.tv_usec *= 1000;
	view_of(c, &header, c->frames + c->at + sizeof(stored), view);
	c->at += sizeof(stored) + stored.caplen;
	return true;
}

/* At the end, and from a packet on that is odd, libpcap goes on: it knows what can still be read, and what to say. */
static void leave_direct(struct zr_capture *c)
{
	off_t at = c->end - (off_t)(c->len - c->at);

	c->is_direct = false;
	if (fseeko(c->file, at, SEEK_SET) == 0)
		return;
	refuse(c, "cannot be read on: ", strerror(errno), "copy it again");
	c->ended = true;
}

static unsigned int burst_direct(struct zr_capture *c, struct zr_view *views)
{
	unsigned int count;

	if (!next_direct(c, &views[0])) {
		refill(c);
		if (!next_direct(c, &views[0])) {
			leave_direct(c);
			return 0;
		}
	}
	count = 1;
	while (count < ZR_BURST && next_direct(c, &views[count]))
		count++;
	c->pkts += count;
	return count;
}

static unsigned int burst_of_libpcap(struct zr_capture *c, struct zr_view *views)
{
	uint8_t *room = c->frames;
	unsigned int count = 0;

	while (count < ZR_BURST && !c->ended && room <= c->frames + FRAMES_BYTES - ZR_CAPTURE_FRAME_MAX) {
		struct pcap_pkthdr *header;
		const uint8_t *bytes;
		int got = pcap_next_ex(c->pcap, &header, &bytes);

		if (got != 1) {
			c->ended = true;
			if (got == PCAP_ERROR)
				stop(c);
			break;
		}
		view_of(c, header, bytes, &views[count]);
		views[count].data = memcpy(room, bytes, views[count].len);
		room += views[count++].len;
		c->pkts++;
	}
	return count;
}

unsigned int zr_capture_burst(struct zr_capture *c, struct zr_view *views)
{
	unsigned int count = c->is_direct ? burst_direct(c, views) : 0;

	return count > 0 ? count : burst_of_libpcap(c, views);
}

uint64_t zr_capture_size_bytes(const struct zr_capture *c)
{
	struct stat st;

	return fstat(fileno(c->file), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

uint64_t zr_capture_done_bytes(const struct zr_capture *c)
{
	off_t at = c->is_direct ? c->end - (off_t)(c->len - c->at) : ftello(c->file);

	return at < 0 ? 0 : (uint64_t)at;
}
