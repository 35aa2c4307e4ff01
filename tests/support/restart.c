/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/restart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_MAX 65536

static const uint16_t domains[] = {0, 1};

static int take(void *arg, const void *bytes, size_t len)
{
	struct restart *r = arg;

	assert_true(len > 0 && len <= BLOCK_MAX);
	r->writes++;
	if (r->refused != 0)
		return r->refused;
	r->bytes = realloc(r->bytes, r->len + len);
	assert_non_null(r->bytes);
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
	return 0;
}

void restart_save(struct restart *r, struct scene *s, uint64_t ms)
{
	memset(r, 0, sizeof(*r));
	zr_pipeline_poll(s->pipeline, (s->base_us + ms * 1000) * 1000);
	zr_pipeline_pause(s->pipeline);
	scene_check_sums(s);
	assert_int_equal(zr_pipeline_save(s->pipeline, take, r), 0);
	assert_int_equal(restart_flows(r), zr_pipeline_flows(s->pipeline));
	r->from = (struct zr_restore){
		.list = zr_image_identity(s->image),
		.saved_us = s->base_us + ms * 1000,
		.same_epoch = true,
		.domains = domains,
		.domain_count = 2,
	};
}

void restart_load(const struct restart *r, struct scene *s, uint64_t ms)
{
	struct zr_saved_flow flow;
	size_t used;

	zr_pipeline_poll(s->pipeline, (s->base_us + ms * 1000) * 1000);
	for (size_t at = 0; at < r->len; at += used) {
		assert_int_equal(zr_saved_read(r->bytes + at, r->len - at, &used, &flow), ZR_OK);
		zr_pipeline_restore(s->pipeline, &r->from, &flow);
	}
	scene_check_sums(s);
}

void restart_free(struct restart *r)
{
	free(r->bytes);
}

struct zr_saved_flow restart_flow(const struct restart *r, unsigned int n)
{
	struct zr_saved_flow flow;
	size_t used;

	for (size_t at = 0;; at += used) {
		assert_int_equal(zr_saved_read(r->bytes + at, r->len - at, &used, &flow), ZR_OK);
		if (n-- == 0)
			return flow;
	}
}

unsigned int restart_flows(const struct restart *r)
{
	struct zr_saved_flow flow;
	unsigned int n = 0;
	size_t used;

	for (size_t at = 0; at < r->len; at += used, n++)
		assert_int_equal(zr_saved_read(r->bytes + at, r->len - at, &used, &flow), ZR_OK);
	return n;
}
