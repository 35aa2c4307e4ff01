/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses as records show them. */
#ifndef CONTROL_RECORD_ADDRESS_H
#define CONTROL_RECORD_ADDRESS_H

#include <stdint.h>

#include "dataplane/pipeline/usage.h"

/* Room that the functions below need: an IPv6 address and "/64"; nothing is terminated. */
#define ZR_ADDRESS_TEXT_MAX 48

/*
 * Write an address at `at` and return where it ended: IPv4 dotted, IPv6 as RFC 5952 says (IPv4-mapped ones with a dotted
 * tail, its section 5). family is 4, else it is IPv6. Any thread.
 */
char *zr_address_format(char *at, uint8_t family, const union zr_ip *ip);

/* Write the subscriber that an address stands for: an IPv4 address itself, an IPv6 address's /64 ("2001:db8::/64"). */
char *zr_subscriber_format(char *at, uint8_t family, const union zr_ip *ip);

#endif
