/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate explain --record`: decisions as they come, with names, as long as the connection stays open. */
#ifndef TOOLS_ZERORATE_GATEWAY_RECORD_H
#define TOOLS_ZERORATE_GATEWAY_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct zr_recording {
	const char *socket, *subscriber;
	const char *server; /* only decisions about flows to it; NULL: all */
	uint64_t seconds;
	bool json;
};

/* Record until the time is over, or SIGINT or SIGTERM comes. Returns the exit status. */
int zr_record_decisions(const struct zr_recording *recording);

#endif
