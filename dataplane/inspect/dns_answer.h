/* SPDX-License-Identifier: BSD-3-Clause */
/* What an answer says: the addresses behind the name that was asked for, and the way to them. */
#ifndef DATAPLANE_INSPECT_DNS_ANSWER_H
#define DATAPLANE_INSPECT_DNS_ANSWER_H

#include "dataplane/inspect/dns.h"
#include "dataplane/packet/packet.h"

/* Most aliases on the way to an address; of an answer with more nothing is told. */
#define ZR_DNS_CHAIN_MAX 16

/* One address. What it points to is valid during the call that hands it over. */
struct zr_dns_address {
	const struct zr_dns_name *name;                    /* that was asked for */
	const struct zr_dns_name *chain[ZR_DNS_CHAIN_MAX]; /* the aliases in order; the last has the address */
	uint8_t chain_count;
	uint8_t family; /* 4 or 6 */
	uint16_t type;  /* of the record that has it: A, AAAA; HTTPS or SVCB for a hint */
	uint32_t ttl_s; /* of that record */
	union zr_ip ip;
};

typedef void (*zr_dns_found_fn)(void *arg, const struct zr_dns_address *address);

/* What reading came to. Names that are no host names are passed over; names_other counts them. */
struct zr_dns_outcome {
	uint16_t rcode; /* with the bits of EDNS (RFC 6891, section 6.1.3); when it is not 0 nothing was told */
	bool broken;    /* the records broke off: what stood before was told */
	uint32_t names_other;
};

/*
 * Tell each address that an answer gives for its question: records of type A (RFC 1035), AAAA (RFC 3596), and the hints of
 * HTTPS and SVCB in service mode (RFC 9460, section 7.3), which stand in the answer section under the name that was asked
 * for or the one that its CNAMEs lead to, whatever their order. An HTTPS or SVCB record's target is the chain's last name.
 */
struct zr_dns_outcome zr_dns_answer(const struct zr_dns_message *message, zr_dns_found_fn found, void *arg);

#endif
