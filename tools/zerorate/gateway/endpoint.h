/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends of a flow, as records have them, for eyes. */
#ifndef TOOLS_ZERORATE_GATEWAY_ENDPOINT_H
#define TOOLS_ZERORATE_GATEWAY_ENDPOINT_H

#include <jansson.h>

/* Room for an address and a port. */
#define ZR_ENDPOINT_TEXT 80

/* Two members: "192.0.2.1:443", "[2001:db8::1]:443"; the address alone where the protocol has no ports. */
void zr_endpoint_format(const json_t *flow, const char *ip, const char *port, char out[ZR_ENDPOINT_TEXT]);

/* The protocol: "tcp", "47". */
void zr_endpoint_proto(const json_t *flow, char out[ZR_ENDPOINT_TEXT]);

#endif
