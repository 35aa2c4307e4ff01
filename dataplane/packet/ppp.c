/* SPDX-License-Identifier: BSD-3-Clause */
/* PPP: from a capture file, behind PPPoE, inside PPTP's GRE. */
#include "dataplane/packet/walk.h"

/* Data link layer protocol numbers (IANA, "PPP Numbers"). */
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

/* Address and control field of HDLC-like framing (RFC 1662, section 3.1). No protocol number begins with FF. */
enum { PPP_ADDRESS = 0xff, PPP_CONTROL = 0x03 };

struct zr_walk zr_ppp_pass(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *at = zr_walk_take(&w, 1);
	uint16_t proto;

	if (at != NULL && at[0] == PPP_ADDRESS) {
		at = zr_walk_take(&w, 1);
		if (at != NULL && at[0] != PPP_CONTROL)
			return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
		at = zr_walk_take(&w, 1);
	}
	if (at == NULL)
		return zr_walk_short(w, p, 1, ZR_UNACCOUNTED_NOT_IP);
	proto = at[0];
	if ((proto & 1) == 0) { /* an odd first octet is a compressed number (RFC 1661, section 6.5) */
		at = zr_walk_take(&w, 1);
		if (at == NULL)
			return zr_walk_short(w, p, 1, ZR_UNACCOUNTED_NOT_IP);
		proto = (uint16_t)(proto << 8 | at[0]);
	}
	if (proto != PPP_IPV4 && proto != PPP_IPV6)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	return zr_walk_to_ip(w, p, proto == PPP_IPV4 ? 4 : 6);
}
