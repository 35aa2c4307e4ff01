/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker tells of an answer, for the network-wide table (rules/learned.h). Not who asked. */
#ifndef DATAPLANE_PIPELINE_LEARNED_H
#define DATAPLANE_PIPELINE_LEARNED_H

#include "dataplane/packet/packet.h"

struct zr_learned {
	const char *name; /* canonical, terminated: the listed name that was asked for; NULL: one that is not listed */
	union zr_ip address, resolver;
	uint16_t domain;
	uint8_t family; /* of address */
	uint8_t resolver_family;
	uint16_t type;     /* of the record that has the address: A, AAAA, HTTPS or SVCB (inspect/dns.h) */
	uint8_t aliases;   /* CNAMEs on the way */
	uint64_t time_us;  /* Unix microseconds */
	uint64_t until_us; /* … up to when it counts, grace included */
};

#endif
