/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture file as bursts of packet views. */
#ifndef TOOLS_ZERORATE_CAPTURE_H
#define TOOLS_ZERORATE_CAPTURE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>

#include "dataplane/packet/view.h"

/* Longest frame that is looked at; of longer ones the rest is left out. */
#define ZR_CAPTURE_FRAME_MAX (256 * 1024)

/* Room for what is wrong with a file. */
#define ZR_CAPTURE_ERROR 512

struct zr_capture {
	pcap_t *pcap; /* owns file once it is open */
	FILE *file;
	uint8_t *frames; /* the burst's bytes: libpcap reuses its own buffer; or a stretch of the file */
	bool is_direct; /* packets are taken from that stretch as they lie there, until one is odd: then libpcap goes on */
	bool is_nano;   /* … whose times have nanoseconds */
	size_t at, len; /* the next packet in the stretch, and its end */
	off_t end;      /* where in the file the stretch ends */
	struct zr_port port;
	uint64_t pkts; /* read so far */
	bool ended;
	char error[ZR_CAPTURE_ERROR]; /* what stopped the reading and what to do; empty: nothing did */
};

/*
 * Open a pcap or pcapng file. False: it cannot be read at all, error says why. Close it whatever the result.
 */
bool zr_capture_open(struct zr_capture *c, const char *path);
void zr_capture_close(struct zr_capture *c);

/*
 * Read the next packets: up to ZR_BURST views, valid until the next call. 0 at the end of what can be read; error then
 * tells whether that was the end of the file.
 */
unsigned int zr_capture_burst(struct zr_capture *c, struct zr_view *views);

/* The file's size and how much of it was read; the size is 0 for what is no regular file. */
uint64_t zr_capture_size_bytes(const struct zr_capture *c);
uint64_t zr_capture_done_bytes(const struct zr_capture *c);

#endif
