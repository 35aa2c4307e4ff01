/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic that comes in from two sides of a gateway is noticed; what only looks like it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

/* A sample, and the time from one to the next. */
#define SAMPLE_US (UINT64_C(1) << ZR_TWICE_BITS)
#define PERIOD_US (ZR_TWICE_EVERY * SAMPLE_US)

static struct scene s;
static uint64_t at_us;
static uint32_t seq;

/* At the begin of a sample. */
static void begin(const char *subscribers)
{
	scene_init(&s, ".olm.vn,olm,1,,,,,\n");
	if (subscribers != NULL)
		scene_subscribers(&s, subscribers);
	s.config.packets.open_all_tunnels = true;
	scene_open(&s);
	at_us = (s.base_us / PERIOD_US + 1) * PERIOD_US;
}

static void end(void)
{
	scene_close(&s);
	scene_free(&s);
}

static void burst(const struct frame_spec *spec, const struct zr_port *port)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .time_ns = at_us * 1000, .port = port};

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_pipeline_burst(s.pipeline, &view, 1);
	at_us += 20;
}

/* The next packet of a talk. */
static struct frame_spec next_packet(uint8_t proto)
{
	static const uint8_t data[100];

	seq++;
	return (struct frame_spec){.src = "10.0.0.1",
				   .dst = "203.0.113.1",
				   .src_port = (uint16_t)(40000 + seq % 5),
				   .dst_port = 443,
				   .proto = proto,
				   .tcp_flags = ZR_TCP_ACK,
				   .seq = seq * 100,
				   .data = data,
				   .len = 20 + seq % 80,
				   .checksum = FRAME_CHECKSUM_RIGHT};
}

/* What may differ in the copy. */
struct other_side {
	bool tunnel, both_tunnels, vlan, port;
	unsigned int of; /* one packet in so many has a copy */
};

/* So many samples of 100 packets. */
static void samples(unsigned int count, uint8_t proto, const struct other_side *other)
{
	static const struct zr_port ports[2] = {{.link = ZR_LINK_ETHERNET}, {.link = ZR_LINK_ETHERNET}};

	for (; count > 0; count--) {
		for (unsigned int i = 0; i < 100; i++) {
			struct frame_spec spec = next_packet(proto);

			if (other->both_tunnels) {
				spec.outer_src = "10.200.0.1";
				spec.outer_dst = "10.200.0.2";
				spec.teid = 7;
			}
			burst(&spec, &ports[0]);
			if (i % other->of != 0)
				continue;
			if (other->tunnel) {
				spec.outer_src = "10.200.0.2";
				spec.outer_dst = "10.200.0.1";
				spec.teid = 8;
			}
			spec.vlan = other->vlan ? 100 : 0;
			burst(&spec, &ports[other->port]);
		}
		at_us = (at_us / PERIOD_US + 1) * PERIOD_US;
	}
}

static void assert_found(enum zr_twice expected, uint8_t proto, struct other_side other)
{
	begin(NULL);
	samples(5, proto, &other);
	assert_int_equal(zr_pipeline_twice(s.pipeline), expected);
	end();
}

static void both_sides_of_a_tunnel(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_TUNNEL, ZR_PROTO_TCP, (struct other_side){.tunnel = true, .of = 1});
	assert_found(ZR_TWICE_TUNNEL, ZR_PROTO_UDP, (struct other_side){.tunnel = true, .of = 1});
}

static void two_ports(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_PORT, ZR_PROTO_TCP, (struct other_side){.port = true, .of = 1});
	assert_found(ZR_TWICE_PORT, ZR_PROTO_TCP, (struct other_side){.port = true, .vlan = true, .of = 1});
}

static void two_vlans(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_VLAN, ZR_PROTO_UDP, (struct other_side){.vlan = true, .of = 1});
}

/* One of several gateways is mirrored on both sides. */
static void part_of_the_traffic(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_TUNNEL, ZR_PROTO_TCP, (struct other_side){.tunnel = true, .of = 6});
	assert_found(ZR_TWICE_NOT, ZR_PROTO_TCP, (struct other_side){.tunnel = true, .of = 20});
}

/* A packet that is sent again is no second view of it. */
static void retransmissions(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_NOT, ZR_PROTO_TCP, (struct other_side){.of = 1});
}

static void from_subscriber_to_subscriber(void **state)
{
	const struct other_side hairpin = {.both_tunnels = true, .tunnel = true, .vlan = true, .port = true, .of = 1};
	const struct other_side plain = {.port = true, .of = 1};

	(void)state;
	assert_found(ZR_TWICE_NOT, ZR_PROTO_TCP, hairpin);
	begin("0.0.0.0/0");
	samples(5, ZR_PROTO_TCP, &plain);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_NOT);
	end();
}

/* What repeats itself, or has nothing to be known by, says nothing. */
static void acknowledgements_and_packets_without_a_checksum(void **state)
{
	static const struct zr_port ports[2];

	(void)state;
	begin(NULL);
	for (unsigned int n = 0; n < 5; n++) {
		for (unsigned int i = 0; i < 200; i++) {
			struct frame_spec spec = next_packet(i % 2 != 0 ? ZR_PROTO_TCP : ZR_PROTO_UDP);

			if (i % 2 != 0)
				spec.len = 0;
			else
				spec.checksum = FRAME_CHECKSUM_ZERO;
			burst(&spec, &ports[0]);
			burst(&spec, &ports[1]);
		}
		at_us = (at_us / PERIOD_US + 1) * PERIOD_US;
	}
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_SEEN_TWICE), 0);
	end();
}

/* Three judgements in a row, and each when its sample is over. */
static void said_often_enough(void **state)
{
	const struct other_side twice = {.tunnel = true, .of = 1}, once = {.of = 200};

	(void)state;
	begin(NULL);
	samples(3, ZR_PROTO_TCP, &twice);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_NOT);
	samples(1, ZR_PROTO_TCP, &once);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_TUNNEL);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_SEEN_TWICE) > 200, true);
	samples(10, ZR_PROTO_TCP, &once);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_TUNNEL);
	end();
	begin(NULL);
	for (unsigned int i = 0; i < 10; i++) {
		samples(2, ZR_PROTO_TCP, &twice);
		samples(1, ZR_PROTO_TCP, &once);
	}
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_NOT);
	end();
}

/* Outside of samples nothing is looked at. */
static void between_samples(void **state)
{
	static const struct zr_port ports[2];

	(void)state;
	begin(NULL);
	at_us += SAMPLE_US;
	for (unsigned int i = 0; i < 300; i++) {
		struct frame_spec spec = next_packet(ZR_PROTO_TCP);

		burst(&spec, &ports[0]);
		burst(&spec, &ports[1]);
	}
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_SEEN_TWICE), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_of_a_tunnel),
		cmocka_unit_test(two_ports),
		cmocka_unit_test(two_vlans),
		cmocka_unit_test(part_of_the_traffic),
		cmocka_unit_test(retransmissions),
		cmocka_unit_test(from_subscriber_to_subscriber),
		cmocka_unit_test(acknowledgements_and_packets_without_a_checksum),
		cmocka_unit_test(said_often_enough),
		cmocka_unit_test(between_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
