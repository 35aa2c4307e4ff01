/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/integration/dpdk/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/frame.h"

#define HELLO_LEN 400
/* Where things stand in an Ethernet frame with a bare IPv4 header: fragment offset, protocol. */
#define IPV4_FRAGMENT_AT 20

static const char *const names[] = {"olm.vn",         "www.olm.vn",  "ads.olm.vn",
				    "lop6.hocmai.vn", "example.com", "vnexpress.net"};

enum step { SYN, SYN_ACK, HELLO, ANSWER, FRAGMENT, JUMBO, REQUEST, STEPS };

static void frame_add(struct traffic *t, const uint8_t *data, size_t len, size_t segment)
{
	struct traffic_frame *f;

	if (t->count == t->room) {
		t->room = t->room * 2 + 256;
		t->frames = reallocarray(t->frames, t->room, sizeof(*t->frames));
		assert_non_null(t->frames);
	}
	f = &t->frames[t->count++];
	*f = (struct traffic_frame){.data = malloc(len), .len = len, .segment = segment};
	assert_non_null(f->data);
	memcpy(f->data, data, len);
}

/* One step of a subscriber's connection. */
static void step_add(struct traffic *t, unsigned int who, enum step step, size_t jumbo)
{
	static uint8_t frame[FRAME_MAX], zeros[FRAME_MAX], hello[1024];
	bool up = step == SYN || step == HELLO || step == REQUEST;
	char client[64], server[64];
	struct frame_spec spec = {.proto = 6, .tcp_flags = 0x10, .seq = up ? 1001 : 5001, .ack = up ? 5001 : 1001};
	size_t len;

	snprintf(client, sizeof(client), who % 3 == 0 ? "2405:4800:%x::7" : "10.1.%u.%u",
		 who % 3 == 0 ? who : who / 250, who % 250 + 1);
	snprintf(server, sizeof(server), who % 3 == 0 ? "2001:db8::%x" : "203.0.113.%u", who % 200 + 1);
	spec.src = up ? client : server;
	spec.dst = up ? server : client;
	spec.src_port = up ? 40000 : 443;
	spec.dst_port = up ? 443 : 40000;
	spec.vlan = who % 5 == 0 ? 100 : 0;
	if (who % 7 == 0 && who % 3 != 0) {
		spec.outer_src = up ? "192.0.2.1" : "192.0.2.2";
		spec.outer_dst = up ? "192.0.2.2" : "192.0.2.1";
		spec.teid = up ? who : who + 1000000;
	}
	if (step == SYN || step == SYN_ACK) {
		spec.tcp_flags = step == SYN ? 0x02 : 0x12;
		spec.seq--;
	} else if (step == HELLO) {
		spec.data = hello;
		spec.len = frame_hello(names[who % 6], HELLO_LEN, hello, sizeof(hello));
	} else {
		spec.data = zeros;
		spec.len = step == JUMBO && jumbo > 0 ? jumbo : 100 + who % 1000;
	}
	len = frame_make(&spec, frame);
	if (step == FRAGMENT && who % 3 != 0 && spec.vlan == 0 && spec.outer_src == NULL)
		frame[IPV4_FRAGMENT_AT + 1] = 100;
	frame_add(t, frame, len, len > 2000 ? 1800 : step == HELLO && who % 4 == 0 ? 60 : 2000);
}

void traffic_make(struct traffic *t, unsigned int subscribers, size_t jumbo)
{
	static const uint8_t arp[60] = {[12] = 0x08, [13] = 0x06};

	*t = (struct traffic){0};
	for (enum step step = SYN; step < STEPS; step++) {
		for (unsigned int who = 1; who <= subscribers; who++)
			step_add(t, who, step, jumbo);
		frame_add(t, arp, sizeof(arp), sizeof(arp));
	}
}

void traffic_send(const struct traffic *t, struct rte_ring *ring)
{
	for (size_t i = 0; i < t->count; i++)
		rig_send(ring, t->frames[i].data, t->frames[i].len, t->frames[i].segment);
}

void traffic_reference(const struct traffic *t, const struct zr_dataplane_config *dataplane,
		       const struct rig_list *list, struct rig_lines *lines)
{
	struct zr_port port = {.role = dataplane->ports[0].role, .domain = dataplane->ports[0].domain};
	struct zr_pipeline_config config = dataplane->pipeline;
	struct zr_pipeline *p;
	void *memory;
	size_t len;

	config.usage = rig_lines_tell;
	config.arg = lines;
	len = zr_pipeline_memory(&config);
	memory = aligned_alloc(64, len);
	assert_non_null(memory);
	memset(memory, 0, len);
	p = zr_pipeline_init(memory, &config, list->image, list->index);
	assert_non_null(p);
	for (size_t i = 0; i < t->count; i++) {
		struct zr_view view = {
			.data = t->frames[i].data,
			.len = (uint32_t)t->frames[i].len,
			.wire_len = (uint32_t)t->frames[i].len,
			.time_ns = (uint64_t)time(NULL) * 1000000000,
			.port = &port,
		};

		zr_pipeline_burst(p, &view, 1);
	}
	zr_pipeline_shutdown(p);
	zr_pipeline_fini(p);
	free(memory);
}

void traffic_free(struct traffic *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->frames[i].data);
	free(t->frames);
}
