/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the status: the mode, what ports send, links, and traffic that comes in twice. */
#ifndef CONTROL_STATUS_FORWARD_H
#define CONTROL_STATUS_FORWARD_H

#include "control/status.h"

/*
 * Add to a status object: mode; to its ports and its workers' sum what forwarding counts; warnings of ports without a link,
 * and of traffic that comes in twice.
 */
void zr_status_forward(json_t *all, const struct zr_dataplane_status *now);

/* What the log says already. Zeroed: nothing. */
struct zr_status_told {
	bool no_link[ZR_PORTS_MAX];
	bool twice;
};

/* After each sample: a line in the log for each link that came or went. */
void zr_status_links(struct zr_status_told *told, const struct zr_dataplane_status *now);

/* Does some worker see the same traffic twice? Logged once. */
bool zr_status_twice(struct zr_status_told *told, const struct zr_dataplane_status *now);

#endif
