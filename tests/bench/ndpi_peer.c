/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/ndpi_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ndpi/ndpi_api.h>

#define ETHERNET 14

static void fail(const char *what)
{
	fprintf(stderr, "bench: nDPI: %s\n", what);
	exit(1);
}

void ndpi_peer_open(struct ndpi_peer *peer, const struct hellos *hellos)
{
	NDPI_PROTOCOL_BITMASK wanted;

	*peer = (struct ndpi_peer){.hellos = hellos, .module = ndpi_init_detection_module(ndpi_no_prefs)};
	if (peer->module == NULL)
		fail("it cannot be used");
	NDPI_BITMASK_RESET(wanted);
	NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_TLS);
	NDPI_BITMASK_ADD(wanted, NDPI_PROTOCOL_QUIC);
	ndpi_set_protocol_detection_bitmask2(peer->module, &wanted);
	ndpi_finalize_initialization(peer->module);
}

void ndpi_peer_close(struct ndpi_peer *peer)
{
	ndpi_exit_detection_module(peer->module);
}

void ndpi_peer_run(void *arg)
{
	struct ndpi_peer *peer = arg;
	const struct traffic *traffic = &peer->hellos->traffic;

	for (uint32_t i = 0; i < traffic->count; i++) {
		const struct zr_view *view = &traffic->views[i];
		unsigned int at = hellos_flow(view) % HELLOS_BLOCK;
		struct ndpi_flow_struct *flow = peer->flows[at];

		if (flow == NULL) {
			flow = peer->flows[at] = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
			if (flow == NULL)
				fail("no memory");
			memset(flow, 0, SIZEOF_FLOW_STRUCT);
		}
		ndpi_detection_process_packet(peer->module, flow, view->data + ETHERNET,
					      (unsigned short)(view->len - ETHERNET), view->time_ns / 1000000);
		if (++peer->seen[at] < peer->hellos->pkts_each)
			continue;
		if (strstr(flow->host_server_name, ".olm.vn") == NULL)
			fail("a name was not found");
		ndpi_free_flow(flow);
		peer->flows[at] = NULL;
		peer->seen[at] = 0;
	}
}
