/* SPDX-License-Identifier: BSD-3-Clause */
/* The checksums of IPv4, TCP and UDP (RFC 1071; RFC 791 and 9293, section 3.1; RFC 768; RFC 8200, section 8.1). */
#ifndef DATAPLANE_PACKET_CHECKSUM_H
#define DATAPLANE_PACKET_CHECKSUM_H

#include "dataplane/packet/packet.h"

/*
 * Would the receiver take this TCP segment or UDP datagram? packet has a payload, and points into what it was read from.
 * True when its checksum is right, and that of its IPv4 header, when UDP over IPv4 was sent without one, and when there is
 * no telling: a view that was cut short, a fragment. False also when UDP's length goes beyond IP's. The pseudo header has
 * the addresses of the IP header: with a source route before it those are not yet the last ones, and the packet comes out
 * as wrong.
 * Reads the whole payload. Pure; any thread.
 */
bool zr_checksum_holds(const struct zr_packet *packet);

/* Would a router take this fragment? packet points into what it was read from. True in IPv6, and of one that carries nothing. Pure. */
bool zr_checksum_fragment_holds(const struct zr_packet *part);

#endif
