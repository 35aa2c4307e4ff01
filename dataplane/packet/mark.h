/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mark: a DSCP code point in a packet's IP headers (RFC 2474, section 3). What has to be written is planned on a view and
 * carried out by whoever owns the frame.
 */
#ifndef DATAPLANE_PACKET_MARK_H
#define DATAPLANE_PACKET_MARK_H

#include "dataplane/packet/packet.h"

/* No code point. */
#define ZR_MARK_NONE 0xff

struct zr_mark_rules {
	uint64_t cleared; /* bit n: code point n becomes 0 on packets that are not marked; 0: they stay as they are */
	bool outer;       /* the headers of tunnels that are opened too, not the innermost alone */
};

/* Two bytes of a frame and where they go. */
struct zr_mark_edit {
	uint32_t at;
	uint8_t bytes[2];
};

/* Most edits of a packet: code point and checksum of each header, and the checksum of each tunnel. */
#define ZR_MARK_EDITS_MAX 14

/*
 * What to write into a frame so that it carries code_point (below 64), or, when that is ZR_MARK_NONE, none of the cleared ones.
 * Returns how many edits there are, 0 when nothing has to change. The ECN bits stay (RFC 3168, section 5). Checksums that
 * cover what changes follow it (RFC 1624, eqn. 3), a wrong one stays as wrong: IPv4's, UDP's and GRE's around an inner header.
 * A first fragment of a tunnel's packet is opened for clearing, its later ones hold no header. What does not parse is left
 * alone. Reads nothing outside the view. Pure; any thread.
 */
unsigned int zr_mark_plan(const struct zr_packet_rules *rules, const struct zr_mark_rules *marks,
			  const struct zr_view *view, uint8_t code_point, struct zr_mark_edit edits[ZR_MARK_EDITS_MAX]);

#endif
