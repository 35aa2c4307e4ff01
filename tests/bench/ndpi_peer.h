/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libndpi in process on the same hellos: a flow is allocated, sees its packets, tells its host name and is freed. Only the
 * parsers of TLS and QUIC are on, and it is given each packet's flow: it keeps no table.
 */
#ifndef TESTS_BENCH_NDPI_PEER_H
#define TESTS_BENCH_NDPI_PEER_H

#include "tests/bench/hellos.h"

struct ndpi_detection_module_struct;
struct ndpi_flow_struct;

struct ndpi_peer {
	const struct hellos *hellos;
	struct ndpi_detection_module_struct *module;
	struct ndpi_flow_struct *flows[HELLOS_BLOCK];
	unsigned int seen[HELLOS_BLOCK]; /* packets of each */
};

/* Aborts when nDPI cannot be used. */
void ndpi_peer_open(struct ndpi_peer *peer, const struct hellos *hellos);
void ndpi_peer_close(struct ndpi_peer *peer);
/* A run for bench_measure over all hellos: arg is the struct ndpi_peer. Aborts when a flow's name is not found. */
void ndpi_peer_run(void *peer);

#endif
