/* SPDX-License-Identifier: BSD-3-Clause */
/* What backs a name, what may be free without one, and what a verdict hangs on. Shared by the pipeline's files only. */
#ifndef DATAPLANE_PIPELINE_EVIDENCE_H
#define DATAPLANE_PIPELINE_EVIDENCE_H

#include "dataplane/pipeline/state.h"

/* The bits of evidence that back a name. */
#define ZR_BACKING (1U << ZR_EVIDENCE_DNS_SUBSCRIBER | 1U << ZR_EVIDENCE_DNS_SEEN | 1U << ZR_EVIDENCE_PREFIX)

/* What an entry asks for, by what it or the configuration says. */
enum zr_verify zr_evidence_asked(const struct zr_pipeline *p, const struct zr_entry *entry);
/* Is a flow with this verdict free though nothing backs a name that the entry wants to be told of? */
bool zr_evidence_suspect(const struct zr_pipeline *p, const struct zr_image *image, uint32_t rule, uint8_t reason,
			 uint8_t evidence);

/* DNS_SUBSCRIBER, DNS_SEEN: was the address of the flow's server learned for a name of this entry? */
uint8_t zr_evidence_of_dns(const struct zr_pipeline *p, uint32_t flow, uint32_t rule, uint64_t at_us);

/*
 * The entry for which the address of the flow's server was learned, if it says that this is enough: rule, evidence and name of j are
 * set. False: there is none, or the address is shared.
 */
bool zr_evidence_learned(const struct zr_pipeline *p, uint32_t flow, struct zr_judgement *j);

/* May an entry with this bind be free for the flow at a time, as far as its service goes? */
bool zr_evidence_bound(const struct zr_pipeline *p, uint32_t flow, const char *service, uint64_t at_us);
/* When the flow's entry is bound no more, if that is behind us; UINT64_MAX: not foreseen. */
uint64_t zr_evidence_edge(const struct zr_pipeline *p, uint32_t flow, uint64_t us);

/* Tie the flow to what its verdict, which was just set, hangs on, and to nothing else. Verdicts that hang on it are judged. */
void zr_evidence_follow(struct zr_pipeline *p, uint32_t flow);
/* The flow ends. */
void zr_evidence_release(struct zr_pipeline *p, uint32_t flow);

/* The subscriber learned this address: what waited for that is judged. */
void zr_evidence_taught(struct zr_pipeline *p, const struct zr_learner *learner, const struct zr_server *server);
/* Another network-wide table came: judge a few of the flows that wait, as far as the burst's share goes. */
void zr_evidence_some(struct zr_pipeline *p, struct zr_pace *pace);

/* The client and the server of a flow. */
struct zr_learner zr_evidence_learner(const struct zr_pipeline *p, uint32_t flow);
struct zr_server zr_evidence_server(const struct zr_pipeline *p, uint32_t flow);

#endif
