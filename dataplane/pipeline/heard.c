/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what a client says is what its server reads: a decoy that says a listed name must not reach inspection. */
#include "dataplane/packet/checksum.h"
#include "dataplane/pipeline/state.h"

/*
 * What has fewer hops left reaches some servers and not others, and who says it may have chosen which. Clients begin with 64 or
 * more, few with 32, and few of them are eight routers away.
 */
#define HOPS_MIN 24

#define TCP_HEADER_LEN 20

/* Kinds of TCP options (IANA). */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MD5 = 19, OPTION_AUTHENTICATION = 29 };

/*
 * RFC 9293, section 3.10.7: not without ACK, not with RST. What a SYN carries (RFC 7413) is read of the first one only: in a
 * connection that is under way it is answered, and that is all. An edge may have emptied the flow since.
 */
bool zr_heard_read(const struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet)
{
	const struct zr_flow *f = &p->table.flows[flow];
	const unsigned int kinds = ZR_TCP_SYN | ZR_TCP_ACK | ZR_TCP_RST;

	if (packet->proto != ZR_PROTO_TCP || (packet->tcp_flags & kinds) == ZR_TCP_ACK)
		return true;
	return (packet->tcp_flags & kinds) == ZR_TCP_SYN && zr_cut_empty(f) &&
	       zr_flow_first_us(f, &p->table.rest[flow]) == p->now_us - p->waited_us;
}

bool zr_heard_whole(const struct zr_pipeline *p, const struct zr_packet *packet)
{
	return !p->config.verify_checksums || zr_checksum_holds(packet);
}

/* A segment that is signed: servers that have no key drop it (RFC 2385, RFC 5925). */
static bool is_signed(const struct zr_packet *packet)
{
	const uint8_t *option = packet->payload - packet->header_len + TCP_HEADER_LEN, *end = packet->payload;

	while (option < end && *option != OPTION_END) {
		if (*option == OPTION_MD5 || *option == OPTION_AUTHENTICATION)
			return true;
		if (*option == OPTION_NOP)
			option++;
		else if (end - option < 2 || option[1] < 2)
			return false;
		else
			option += option[1];
	}
	return false;
}

bool zr_heard_doubtful(const struct zr_packet *packet)
{
	if (packet->hops < HOPS_MIN || packet->ip_options)
		return true;
	/* Urgent data is none of the stream's for some servers (RFC 6093, section 3.1). */
	return packet->proto == ZR_PROTO_TCP && ((packet->tcp_flags & ZR_TCP_URG) != 0 || is_signed(packet));
}
