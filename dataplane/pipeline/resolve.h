/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows to trusted resolvers: what they teach, and which of them are free. Shared by the pipeline's files only. */
#ifndef DATAPLANE_PIPELINE_RESOLVE_H
#define DATAPLANE_PIPELINE_RESOLVE_H

#include "dataplane/pipeline/state.h"

#define ZR_PORT_DNS 53

/* A flow begins with this packet: is its server a trusted resolver? Who asks one is the client, if nothing else says who is. */
void zr_resolve_begin(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b);
/* Is it one by its tuple? */
bool zr_resolve_is(const struct zr_pipeline *p, uint32_t flow);

/* A packet of such a flow comes, which will be counted with so many bytes: read it, and judge the flow by what it says. */
void zr_resolve_packet(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up, uint64_t bytes);

/* What of the learned memory goes to reading DNS. */
struct zr_dns_watch_config zr_resolve_watch(struct zr_pipeline *p, const struct zr_pipeline_config *config);

#endif
