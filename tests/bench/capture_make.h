/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a capture file such as one takes at a gateway: many conversations at once over TCP and UDP, IPv4 and IPv6, TLS and QUIC
 * with their hellos, DNS, and UDP without a name; about half of the packets full, half of them short. The same file in every run.
 */
#ifndef TESTS_BENCH_CAPTURE_MAKE_H
#define TESTS_BENCH_CAPTURE_MAKE_H

#include <stdbool.h>
#include <stdint.h>

/* What was written. */
struct capture_made {
	uint64_t bytes; /* of the file */
	uint32_t conversations;
};

/* A list under which about a quarter of the conversations with a name are free. */
extern const char capture_list[];

/* Write the file at path with so many packets. False when it cannot be written. */
bool capture_make(const char *path, uint32_t packets, uint64_t seed, struct capture_made *made);

#endif
