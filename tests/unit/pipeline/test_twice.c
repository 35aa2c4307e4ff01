/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic that comes in from two sides of a gateway is noticed; what only looks like it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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

/* station: what the router is called that the frame comes from. */
static void burst_from(uint8_t station, const struct frame_spec *spec, const struct zr_port *port)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .time_ns = at_us * 1000, .port = port};

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	frame[11] = station;
	zr_pipeline_burst(s.pipeline, &view, 1);
	at_us += 20;
}

static void burst(const struct frame_spec *spec, const struct zr_port *port)
{
	burst_from(1, spec, port);
}

/* The next packet of many talks; which: whose. */
static struct frame_spec packet_of(unsigned int which, uint8_t proto)
{
	static const uint8_t data[100];
	static char src[20];

	seq++;
	snprintf(src, sizeof(src), "10.%u.0.1", which % 100);
	return (struct frame_spec){.src = src,
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

static struct frame_spec next_packet(uint8_t proto)
{
	return packet_of(seq, proto);
}

static void next_sample(void)
{
	at_us = (at_us / PERIOD_US + 1) * PERIOD_US;
}

/* What may differ in the copy. */
struct other_side {
	bool tunnel, both_tunnels, vlan, port, station;
	unsigned int of; /* one packet in so many has a copy */
};

static const struct zr_port ports[2] = {{.link = ZR_LINK_ETHERNET}, {.link = ZR_LINK_ETHERNET}};

/* So many samples of 100 packets. */
static void samples(unsigned int count, uint8_t proto, const struct other_side *other)
{
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
			burst_from(other->station ? 2 : 1, &spec, &ports[other->port]);
		}
		next_sample();
	}
}

static void assert_found_among(const char *subscribers, enum zr_twice expected, uint8_t proto, struct other_side other)
{
	begin(subscribers);
	samples(5, proto, &other);
	assert_int_equal(zr_pipeline_twice(s.pipeline), expected);
	end();
}

static void assert_found(enum zr_twice expected, uint8_t proto, struct other_side other)
{
	assert_found_among(NULL, expected, proto, other);
}

/* Nothing was taken for a copy. */
static void assert_none(void)
{
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_SEEN_TWICE), 0);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_NOT);
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

/* A packet broker puts both sides into one port: the router between them is in the frames' addresses. */
static void two_links(void **state)
{
	(void)state;
	assert_found(ZR_TWICE_LINK, ZR_PROTO_TCP, (struct other_side){.station = true, .of = 1});
	assert_found(ZR_TWICE_PORT, ZR_PROTO_TCP, (struct other_side){.station = true, .port = true, .of = 1});
}

/*
 * Where it is known who is a subscriber, both sides of a gateway between two tunnels are told from a packet's way to another
 * one.
 */
static void between_two_tunnels(void **state)
{
	const struct other_side other = {.both_tunnels = true, .tunnel = true, .station = true, .of = 1};

	(void)state;
	assert_found_among("10.0.0.0/8", ZR_TWICE_LINK, ZR_PROTO_TCP, other);
	assert_found_among("0.0.0.0/0", ZR_TWICE_NOT, ZR_PROTO_TCP, other);
	assert_found_among(NULL, ZR_TWICE_NOT, ZR_PROTO_TCP, other);
}

/* One of several gateways is mirrored on both sides. */
static void part_of_the_traffic(void **state)
{
	const struct other_side third = {.port = true, .of = 3}, fifth = {.port = true, .of = 5};

	(void)state;
	assert_found_among("10.0.0.0/8", ZR_TWICE_PORT, ZR_PROTO_TCP, third);
	assert_found_among("10.0.0.0/8", ZR_TWICE_NOT, ZR_PROTO_TCP, fifth);
	/* Subscribers may talk to each other. */
	assert_found(ZR_TWICE_NOT, ZR_PROTO_TCP, third);
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
	(void)state;
	begin(NULL);
	for (unsigned int n = 0; n < 5; n++, next_sample())
		for (unsigned int i = 0; i < 200; i++) {
			struct frame_spec spec = next_packet(i % 2 != 0 ? ZR_PROTO_TCP : ZR_PROTO_UDP);

			if (i % 2 != 0)
				spec.len = 0;
			else
				spec.checksum = FRAME_CHECKSUM_ZERO;
			burst(&spec, &ports[0]);
			burst(&spec, &ports[1]);
		}
	assert_none();
}

/* An answer that says what it was told has the same checksum, and comes by the other port. */
static void echoes(void **state)
{
	(void)state;
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		begin(NULL);
		for (unsigned int n = 0; n < 5; n++, next_sample())
			for (unsigned int i = 0; i < 100; i++) {
				struct frame_spec spec = next_packet(ZR_PROTO_UDP), echo;

				if (ipv6 != 0) {
					spec.src = "2001:db8::1";
					spec.dst = "2001:db8::2";
				}
				/* Also where both ends have one port number. */
				spec.src_port = i % 2 != 0 ? spec.dst_port : spec.src_port;
				echo = spec;
				echo.src = spec.dst;
				echo.dst = spec.src;
				echo.src_port = spec.dst_port;
				echo.dst_port = spec.src_port;
				burst(&spec, &ports[0]);
				burst_from(2, &echo, &ports[1]);
			}
		assert_none();
	}
}

/* Packets of one flow with one checksum, by two ports: what makes up for it is their number, or their length. */
static void equal_checksums(void **state)
{
	(void)state;
	begin(NULL);
	for (unsigned int i = 0; i < 200; i++) {
		const bool tcp = i % 2 != 0;
		uint16_t word = (uint16_t)(60000 - (tcp ? i : 2 * i));
		uint8_t data[202] = {(uint8_t)(word >> 8), (uint8_t)word};
		struct frame_spec spec = packet_of(1, tcp ? ZR_PROTO_TCP : ZR_PROTO_UDP);

		spec.src_port = 40000;
		spec.seq = i;
		spec.data = data;
		spec.len = tcp ? 2 : 2 + i;
		burst(&spec, &ports[i / 2 % 2]);
	}
	assert_none();
}

/* Their transport header is not where it is in others, or not there. */
static void fragments(void **state)
{
	(void)state;
	begin(NULL);
	for (unsigned int n = 0; n < 5; n++, next_sample())
		for (unsigned int i = 0; i < 100; i++) {
			static const uint8_t data[100] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
			struct frame_spec spec = next_packet(i % 2 != 0 ? ZR_PROTO_TCP : ZR_PROTO_UDP);

			spec.data = data;
			spec.len = sizeof(data);
			spec.part = (struct frame_part){.id = seq, .from = i % 4 < 2 ? 0 : 8, .len = 64};
			burst(&spec, &ports[0]);
			burst(&spec, &ports[1]);
		}
	assert_none();
}

/* A router sends it into every VLAN that has somebody who listens. */
static void multicast(void **state)
{
	static const char *const groups[] = {"224.0.0.251", "239.255.255.250", "255.255.255.255", "ff02::fb",
					     "ff3e::8000:1"};

	(void)state;
	begin(NULL);
	for (unsigned int n = 0; n < 5; n++, next_sample())
		for (unsigned int i = 0; i < 200; i++) {
			struct frame_spec spec = next_packet(ZR_PROTO_UDP);

			spec.dst = groups[i % 5];
			spec.src = i % 5 < 3 ? spec.src : "2001:db8::1";
			burst(&spec, &ports[0]);
			spec.vlan = 7;
			burst(&spec, &ports[0]);
		}
	assert_none();
}

/* One subscriber sends to where packets go round in a circle, most of all that is sent. */
static void one_source_says_nothing_of_the_others(void **state)
{
	(void)state;
	begin("10.0.0.0/8");
	for (unsigned int n = 0; n < 10; n++, next_sample())
		for (unsigned int i = 0; i < 400; i++) {
			struct frame_spec spec = packet_of(i % 4 == 0 ? i / 4 : 7, ZR_PROTO_UDP);

			burst(&spec, &ports[0]);
			if (i % 4 != 0)
				burst_from(2, &spec, &ports[1]);
		}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_SEEN_TWICE) > 0);
	assert_int_equal(zr_pipeline_twice(s.pipeline), ZR_TWICE_NOT);
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
	(void)state;
	begin(NULL);
	at_us += SAMPLE_US;
	for (unsigned int i = 0; i < 300; i++) {
		struct frame_spec spec = next_packet(ZR_PROTO_TCP);

		burst(&spec, &ports[0]);
		burst(&spec, &ports[1]);
	}
	assert_none();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_of_a_tunnel),
		cmocka_unit_test(two_ports),
		cmocka_unit_test(two_vlans),
		cmocka_unit_test(two_links),
		cmocka_unit_test(between_two_tunnels),
		cmocka_unit_test(part_of_the_traffic),
		cmocka_unit_test(retransmissions),
		cmocka_unit_test(from_subscriber_to_subscriber),
		cmocka_unit_test(acknowledgements_and_packets_without_a_checksum),
		cmocka_unit_test(echoes),
		cmocka_unit_test(equal_checksums),
		cmocka_unit_test(fragments),
		cmocka_unit_test(multicast),
		cmocka_unit_test(one_source_says_nothing_of_the_others),
		cmocka_unit_test(said_often_enough),
		cmocka_unit_test(between_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
