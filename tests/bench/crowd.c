/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/crowd.h"

#include <string.h>

#include "tests/support/frame.h"

#define FRAME_ROOM 128
#define CLIENT_AT  26 /* behind Ethernet and IPv4's first bytes: the source's address */

void crowd_open(struct zr_pipeline *pipeline, uint32_t flows, const struct zr_port *port, uint64_t time_ns)
{
	static uint8_t frame[FRAME_MAX], frames[ZR_BURST][FRAME_ROOM];
	const struct frame_spec spec = {.src = "10.0.0.0",
					.dst = "203.0.113.7",
					.src_port = 40000,
					.dst_port = 8801,
					.proto = 17,
					.data = "no hello",
					.len = 8};
	size_t len = frame_make(&spec, frame);
	struct zr_view views[ZR_BURST];

	for (unsigned int i = 0; i < ZR_BURST; i++) {
		memcpy(frames[i], frame, len);
		views[i] = (struct zr_view){.data = frames[i],
					    .len = (uint32_t)len,
					    .wire_len = (uint32_t)len,
					    .time_ns = time_ns,
					    .port = port};
	}
	for (uint32_t at = 0; at < flows; at += ZR_BURST) {
		unsigned int count = flows - at < ZR_BURST ? flows - at : ZR_BURST;

		for (unsigned int i = 0; i < count; i++) {
			uint32_t host = ((at + i) * 0x9E3779B1U) & (CROWD_MAX - 1); /* odd factor: all differ */
			uint8_t *client = frames[i] + CLIENT_AT;

			client[1] = (uint8_t)(host >> 16);
			client[2] = (uint8_t)(host >> 8);
			client[3] = (uint8_t)host;
		}
		zr_pipeline_burst(pipeline, views, count);
	}
}
