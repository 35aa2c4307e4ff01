/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions and answers of DNS over UDP, of many subscribers to one resolver, as whole frames. */
#ifndef TESTS_BENCH_DNS_TALKS_H
#define TESTS_BENCH_DNS_TALKS_H

#include "dataplane/packet/view.h"

#define DNS_TALKS 4096 /* a subscriber each */
#define DNS_PKTS  (2 * DNS_TALKS)

/* Where all of them ask. */
#define DNS_RESOLVER "192.0.2.53"

/* A list with olm.vn, which is free only where an answer backs its name. */
extern const char dns_talks_list[];

struct dns_talks {
	struct zr_view views[DNS_PKTS]; /* a question, its answer, the next question */
	struct zr_port port;
	uint8_t *bytes;
};

/*
 * Names are those of 64 hosts of the domain, each with an address of its own. Aborts when memory cannot be had. talks must stay where
 * it is: the views point to its port.
 */
void dns_talks_make(struct dns_talks *talks, const char *domain);
void dns_talks_free(struct dns_talks *talks);

#endif
