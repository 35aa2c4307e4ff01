/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/list.h"
#include "tests/support/frame.h"

#define HELLO_MIN 300

static const char list_text[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2025-01-01T00:00:00Z\n"
				"#! expires: 2037-01-01T00:00:00Z\n"
				"match,service,rating_group\n.olm.vn,olm,1\n";

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

struct zr_image *opening_image(void **block)
{
	struct zr_findings errors = {0};
	struct zr_image *image = NULL;
	struct zr_list *list = NULL;
	size_t len;

	if (zr_list_read(list_text, sizeof(list_text) - 1, &list, &errors) != 0 ||
	    zr_list_compile(list, block, &len) != 0 || zr_image_load(*block, len, &image, NULL) != 0)
		fail("the list cannot be compiled");
	zr_list_free(list);
	return image;
}

void opening_run(struct zr_pipeline *pipeline, const struct traffic *traffic, const struct zr_port *port,
		 uint64_t time_ns)
{
	static const struct zr_packet_rules rules;
	static uint8_t frame[2048];
	uint8_t hello[1024];
	size_t hello_len = frame_hello("olm.vn", HELLO_MIN, hello, sizeof(hello));

	for (uint32_t i = 0; i < traffic->count; i++) {
		struct zr_view view = traffic->opening[i];
		struct zr_packet packet;
		size_t headers;

		if (port != NULL) {
			view.port = port;
			view.time_ns = time_ns;
		}
		zr_packet_parse(&rules, &view, &packet);
		headers = view.wire_len - packet.payload_wire_len;
		memcpy(frame, view.data, headers);
		memcpy(frame + headers, hello, hello_len);
		/* The frame's own lengths say more than the hello has: the rest is as if cut off by the capture. */
		view.data = frame;
		view.len = (uint32_t)(headers + hello_len);
		if (packet.payload_wire_len < hello_len)
			fail("the packets are too short for a hello");
		zr_pipeline_burst(pipeline, &view, 1);
	}
}
