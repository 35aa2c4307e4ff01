/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Far more flows have something to tell at once than the ring to control has places, and control takes it slowly: what can wait
 * waits, nothing is lost, no burst does more than its share, and what is told is what would have been told at once.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "tests/support/scene.h"

#define FLOWS       100000
#define RING        256
#define TAKEN_MOST  20 /* of them by control between two bursts */
#define SECOND_US   UINT64_C(1000000)
#define FRAME_BYTES 29 /* with one byte of payload */

/* A burst's share, and a flow that tells some events when it is about to be over. */
#define TOLD_MOST 56

#define LIST  "203.0.113.0/24,olm,90001,,,,,\n"
#define OTHER "203.0.113.0/24,olm,90002,,,,,\n"

static struct scene s, other;

/* The ring, and all that came out of it. */
static struct {
	uint32_t places, used;
	bool waits; /* at the end, whoever tells waits for control */
	uint64_t records, refused;
	struct zr_volume told[ZR_VERDICT_COUNT];
	uint64_t digest; /* of all, in whatever order */
} ring;

static uint64_t now_us, switch_us;
static bool stands; /* control */

static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	(void)arg;
	return after_us < switch_us ? switch_us : UINT64_MAX;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* All of it but the number of its flow, which the first to be told gets first. */
static uint64_t digest_of(const struct zr_usage *u)
{
	uint64_t hash = mix(mix(u->type, u->reason), (uint64_t)u->cause << 1 | u->final);

	hash = mix(mix(hash, u->part),
		   (uint64_t)u->client_port << 32 | ntohl(*(const uint32_t *)(const void *)u->client.b));
	hash = mix(mix(hash, u->rule), (uint64_t)(u->image == s.image));
	hash = mix(mix(hash, u->up_bytes), (uint64_t)u->up_pkts << 32 | u->down_pkts);
	return mix(mix(hash, u->first_us), u->last_us);
}

static bool take(void *arg, const struct zr_usage *u)
{
	(void)arg;
	if (ring.used == ring.places && ring.waits)
		ring.used = 0;
	if (ring.used == ring.places) {
		ring.refused++;
		return false;
	}
	ring.used++;
	ring.records++;
	ring.told[u->verdict].pkts += u->up_pkts + u->down_pkts;
	ring.told[u->verdict].bytes += u->up_bytes + u->down_bytes;
	ring.digest += digest_of(u);
	return true;
}

static uint32_t room(void *arg)
{
	(void)arg;
	return ring.places - ring.used > ring.places / 2 ? ring.places / 2 - ring.used : 0;
}

static void control_takes(uint32_t most)
{
	ring.used -= most < ring.used ? most : ring.used;
}

static void begin(uint32_t places, uint32_t capacity)
{
	memset(&ring, 0, sizeof(ring));
	ring.places = places;
	stands = false;
	switch_us = UINT64_MAX;
	scene_init(&s, LIST);
	scene_init(&other, OTHER);
	s.config.flows = capacity;
	s.config.charged_records = false;
	s.config.usage = take;
	s.config.room = room;
	s.config.tariff_next_us = tariff_next_us;
	s.config.interim_us = 3600 * SECOND_US;
	scene_open(&s);
	now_us = s.base_us;
}

static void poll_once(void)
{
	uint64_t before = ring.records;

	now_us += 20;
	zr_pipeline_poll(s.pipeline, now_us * 1000);
	assert_in_range(ring.records - before, 0, TOLD_MOST);
}

/* One packet on each of the flows from first to end, free ones or charged ones, while control keeps up. */
static void send_on(unsigned int first, unsigned int end, bool free)
{
	static uint8_t frames[ZR_BURST][64];
	struct zr_view views[ZR_BURST];
	unsigned int held = 0;

	for (unsigned int i = first; i < end; i++) {
		struct frame_spec spec = {.src = "10.0.0.1", .dst = free ? "203.0.113.1" : "198.51.100.1", .proto = 17};

		spec.src_port = (uint16_t)(1024 + i % 50000);
		spec.dst_port = (uint16_t)(5000 + i / 50000);
		spec.data = "x";
		spec.len = 1;
		views[held] = (struct zr_view){.data = frames[held], .time_ns = now_us * 1000, .port = &s.port};
		views[held].len = views[held].wire_len = (uint32_t)frame_make(&spec, frames[held]);
		if (++held < ZR_BURST && i + 1 < end)
			continue;
		zr_pipeline_burst(s.pipeline, views, held);
		control_takes(stands ? 0 : RING);
		held = 0;
		now_us += 10;
	}
}

static uint64_t lost_pkts(void)
{
	struct zr_untold untold;

	zr_pipeline_untold(s.pipeline, &untold);
	return untold.lost[ZR_FREE].traffic.up_pkts;
}

/* All of so many free packets was told or is lost, and nothing else. */
static void end_exactly(uint64_t pkts, uint64_t lost)
{
	struct zr_totals totals;
	struct zr_untold untold;

	ring.waits = true;
	zr_pipeline_shutdown(s.pipeline);
	zr_pipeline_totals(s.pipeline, &totals);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.lost[ZR_FREE].traffic.up_pkts, lost);
	assert_int_equal(untold.lost[ZR_CHARGED].records, 0);
	assert_int_equal(totals.reason[ZR_REASON_PREFIX].pkts, pkts);
	assert_int_equal(totals.reason[ZR_REASON_PREFIX].bytes, pkts * FRAME_BYTES);
	assert_int_equal(ring.told[ZR_FREE].pkts + lost, pkts);
	assert_int_equal(ring.told[ZR_FREE].bytes + untold.lost[ZR_FREE].traffic.up_bytes, pkts * FRAME_BYTES);
	assert_int_equal(totals.received.pkts * FRAME_BYTES, totals.received.bytes);
	assert_int_equal(untold.cut_charged.up_pkts, totals.received.pkts - pkts);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	scene_free(&s);
	zr_suffix_index_free(other.index);
	zr_image_free(other.image);
	free(other.block);
}

static void list_that_cuts_every_flow_loses_nothing(void **state)
{
	(void)state;
	begin(RING, FLOWS);
	send_on(0, FLOWS, true);
	assert_int_equal(ring.records, FLOWS);
	assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
	while (!zr_pipeline_list_settled(s.pipeline)) {
		poll_once();
		control_takes(TAKEN_MOST);
	}
	/* The part before: the tag of the entry behind it comes with a packet. */
	assert_int_equal(ring.records, 2 * FLOWS);
	assert_int_equal(ring.refused, 0);
	end_exactly(FLOWS, 0);
}

/* What a burst's packets tell themselves is taken off what it does for others; some of that is always done. */
static void what_packets_tell_leaves_less_for_others(void **state)
{
	const unsigned int own = 2 * ZR_BURST, most = 8;

	(void)state;
	begin(UINT32_MAX, FLOWS);
	send_on(0, FLOWS, true);
	assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t before = ring.records;

		send_on(i * ZR_BURST, (i + 1) * ZR_BURST, true);
		assert_in_range(ring.records - before, own + 1, own + most);
	}
	while (!zr_pipeline_list_settled(s.pipeline))
		poll_once();
	end_exactly(FLOWS + 100 * ZR_BURST, 0);
}

static void switch_of_the_tariff_loses_nothing(void **state)
{
	(void)state;
	begin(RING, FLOWS);
	switch_us = now_us + 30 * SECOND_US;
	send_on(0, FLOWS, true);
	now_us = switch_us;
	while (ring.records < 2 * FLOWS) {
		poll_once();
		control_takes(TAKEN_MOST);
	}
	assert_int_equal(ring.refused, 0);
	assert_int_equal(zr_pipeline_flows(s.pipeline), FLOWS);
	end_exactly(FLOWS, 0);
}

static void flows_that_age_out_lose_nothing(void **state)
{
	(void)state;
	begin(RING, FLOWS + FLOWS / 32);
	send_on(0, FLOWS, true);
	now_us += s.config.timeout_us[ZR_TIMEOUT_UDP] + SECOND_US;
	while (zr_pipeline_flows(s.pipeline) > 0) {
		poll_once();
		control_takes(TAKEN_MOST);
	}
	assert_int_equal(ring.records, 2 * FLOWS);
	assert_int_equal(ring.refused, 0);
	end_exactly(FLOWS, 0);
}

static void end_tells_all(void **state)
{
	(void)state;
	begin(RING, FLOWS);
	send_on(0, FLOWS, true);
	end_exactly(FLOWS, 0);
	assert_int_equal(ring.records, 2 * FLOWS);
	assert_int_equal(ring.refused, 0);
}

static void polls(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		poll_once();
}

/* Control stands still: what tells nothing goes on, and packets have half of the ring. */
static void only_what_tells_waits(void **state)
{
	const unsigned int each = 1000;

	(void)state;
	begin(RING, 4 * each);
	send_on(0, each, true);
	send_on(0, each, false);
	now_us += s.config.timeout_us[ZR_TIMEOUT_UDP] + SECOND_US;
	polls(200000);
	assert_int_equal(ring.used, RING / 2);
	assert_int_equal(zr_pipeline_flows(s.pipeline), each - RING / 2);
	assert_int_equal(ring.refused, 0);
	/* A packet's own event does not wait. */
	send_on(each, each + 1, true);
	assert_int_equal(ring.records, each + RING / 2 + 1);
	assert_int_equal(lost_pkts(), 0);
	end_exactly(each + 1, 0);
}

/* … until the table is nearly full: places of flows that have ended are for those that live, and what is lost is counted. */
static void ended_flows_do_not_fill_the_table(void **state)
{
	const unsigned int capacity = 1600, left = capacity - capacity / 64 - 1, live = 1000;

	(void)state;
	begin(RING, capacity);
	send_on(0, capacity, true);
	now_us += s.config.timeout_us[ZR_TIMEOUT_UDP] + SECOND_US;
	polls(200000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), capacity - RING / 2);
	assert_int_equal(lost_pkts(), 0);
	stands = true;
	for (unsigned int i = 0; i < live; i += 20) {
		send_on(capacity + i, capacity + i + 20, false);
		polls(1000);
	}
	assert_int_equal(zr_pipeline_flows(s.pipeline), left);
	for (unsigned int i = ZR_COUNTER_EVICTED_UNDECIDED; i <= ZR_COUNTER_EVICTED_FREE; i++)
		assert_int_equal(zr_pipeline_counter(s.pipeline, (enum zr_counter)i), 0);
	/* What has no room in its half of the ring has the rest of it before it is lost. */
	assert_int_equal(ring.used, RING);
	end_exactly(capacity, capacity - RING - (left - live));
}

/* A switch, another list, interims and the ends of silent flows, while packets come on some: with so many places. */
static void play(uint32_t places, uint32_t taken_most, uint64_t *digest, uint64_t *records)
{
	const unsigned int flows = 3000;
	unsigned int sent = flows;

	begin(places, 2 * flows);
	s.pipeline->config.interim_us = 7 * SECOND_US;
	switch_us = now_us + 20 * SECOND_US;
	send_on(0, flows, true);
	for (unsigned int round = 0; round < 400; round++) {
		if (round == 150)
			assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
		send_on(round % 50 * 8, round % 50 * 8 + 8, true);
		sent += 8;
		for (unsigned int i = 0; i < 20; i++) {
			now_us += SECOND_US / 50;
			zr_pipeline_poll(s.pipeline, now_us * 1000);
			control_takes(taken_most);
		}
	}
	assert_int_equal(ring.refused, 0);
	end_exactly(sent, 0);
	*digest = ring.digest;
	*records = ring.records;
}

static void what_waits_is_told_as_if_it_had_not(void **state)
{
	uint64_t prompt, late, prompt_records, late_records;

	(void)state;
	play(UINT32_MAX, UINT32_MAX, &prompt, &prompt_records);
	play(RING, 2, &late, &late_records);
	assert_true(prompt_records > 9000);
	assert_int_equal(late_records, prompt_records);
	assert_int_equal(late, prompt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_that_cuts_every_flow_loses_nothing),
		cmocka_unit_test(what_packets_tell_leaves_less_for_others),
		cmocka_unit_test(switch_of_the_tariff_loses_nothing),
		cmocka_unit_test(flows_that_age_out_lose_nothing),
		cmocka_unit_test(end_tells_all),
		cmocka_unit_test(only_what_tells_waits),
		cmocka_unit_test(ended_flows_do_not_fill_the_table),
		cmocka_unit_test(what_waits_is_told_as_if_it_had_not),
	};

	return cmocka_run_group_tests_name("what can wait", tests, NULL, NULL);
}
