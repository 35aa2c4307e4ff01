/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/list.h"
#include "tests/bench/harness.h"
#include "tests/support/frame.h"

#define HELLO_MIN  300
#define HELLO_ROOM 512

const char opening_list[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2025-01-01T00:00:00Z\n"
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

	if (zr_list_read(opening_list, sizeof(opening_list) - 1, &list, &errors) != 0 ||
	    zr_list_compile(list, block, &len) != 0 || zr_image_load(*block, len, &image, NULL) != 0)
		fail("the list cannot be compiled");
	zr_list_free(list);
	return image;
}

/* Flows are opened in another order than their packets come in, so that the numbers that they get are random. */
static uint32_t *shuffled(uint32_t count)
{
	uint32_t *numbers = bench_alloc(count * sizeof(numbers[0]), false);
	uint64_t random = 7;

	for (uint32_t i = 0; i < count; i++)
		numbers[i] = i;
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(bench_random(&random) % (i + 1)), was = numbers[i];

		numbers[i] = numbers[j];
		numbers[j] = was;
	}
	return numbers;
}

/* Up to ZR_BURST packets, one of each of these flows. payload NULL: none. */
static void burst_send(struct zr_pipeline *pipeline, const struct traffic_options *options, const uint32_t *flows,
		       unsigned int count, const struct zr_view *base, const uint8_t *payload, size_t len)
{
	static uint8_t frames[ZR_BURST][TRAFFIC_HEADERS_MAX + HELLO_ROOM];
	struct zr_view views[ZR_BURST];

	for (unsigned int i = 0; i < count; i++) {
		/*
		 * A byte more than there is, as if cut off by a capture: the checksum, which is left 0, cannot be told to
		 * be wrong.
		 */
		size_t headers = traffic_headers(options, flows[i], payload != NULL, len + 1, frames[i]);

		if (payload != NULL)
			memcpy(frames[i] + headers, payload, len);
		views[i] = *base;
		views[i].data = frames[i];
		views[i].len = (uint32_t)(headers + len);
		views[i].wire_len = views[i].len + 1;
	}
	zr_pipeline_burst(pipeline, views, count);
}

void opening_run(struct zr_pipeline *pipeline, const struct traffic *traffic, const struct zr_port *port,
		 uint64_t time_ns)
{
	const struct traffic_options *options = &traffic->options;
	uint32_t flows = options->flows, *order = shuffled(flows);
	struct zr_view base = {.port = port != NULL ? port : &traffic->port, .time_ns = time_ns};
	uint8_t hello[HELLO_ROOM];
	size_t hello_len = frame_hello("olm.vn", HELLO_MIN, hello, sizeof(hello));

	for (uint32_t at = 0; at < flows; at += ZR_BURST) {
		unsigned int count = flows - at < ZR_BURST ? flows - at : ZR_BURST;

		if (port == NULL)
			base.time_ns = traffic_opening_ns(at);
		burst_send(pipeline, options, order + at, count, &base, hello, hello_len);
		/* An established flow has both its TEIDs, and takes them down only once. */
		if (options->gtpu)
			burst_send(pipeline, options, order + at, count, &base, NULL, 0);
	}
	bench_free(order, flows * sizeof(order[0]));
}
