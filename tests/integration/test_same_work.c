/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The benches' fast path does all of the work: what each of their generators makes, through the entry point that they measure and
 * configured as they configure it, gives the same records as `zerorate classify` gives for the same packets in a capture
 * file, and the same sums.
 * Usage: test_same_work ZERORATE
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <pcap/pcap.h>

#include <cmocka.h>

#include "rules/list_build.h"
#include "tests/bench/capture_make.h"
#include "tests/bench/crowd.h"
#include "tests/bench/dns_talks.h"
#include "tests/bench/harness.h"
#include "tests/bench/hellos.h"
#include "tests/bench/loop.h"
#include "tests/bench/opening.h"
#include "tests/integration/same_work.h"

#define FLOWS      3000
#define LOOP_FLOWS 1024 /* a power of 2 */
#define ROUNDS     3
#define PACKETS    20000 /* of a capture */
#define BEGIN_NS   UINT64_C(1795305600000000000)

static const char *zerorate;

/* A pipeline as the benches make it, and what it stands on. */
struct stand {
	struct zr_pipeline_config config;
	struct zr_list_loaded list;
	struct zr_pipeline *pipeline;
	size_t memory_len;
	void *memory;
};

/* All defaults, as many flows as there are, a seed of their own. What a bench sets besides is set before stand_make. */
static void stand_config(struct stand *s, uint32_t flows)
{
	memset(s, 0, sizeof(*s));
	zr_pipeline_defaults(&s->config);
	s->config.flows = flows;
	s->config.usage = same_work_take;
	s->config.seed[0] = 20261122;
	same_work_begin();
}

static void stand_make(struct stand *s, const char *list)
{
	assert_int_equal(zr_list_build(list, strlen(list), s->config.seed, &s->list), 0);
	s->memory_len = zr_pipeline_memory(&s->config);
	s->memory = bench_alloc(s->memory_len, true);
	s->pipeline = zr_pipeline_init(s->memory, &s->config, s->list.image, s->list.index);
	assert_non_null(s->pipeline);
}

/* Ends all flows and compares; returns how many records there were. */
static size_t stand_compare(struct stand *s, const char *list, const char *options)
{
	struct zr_totals totals;

	zr_pipeline_shutdown(s->pipeline);
	zr_pipeline_totals(s->pipeline, &totals);
	zr_pipeline_fini(s->pipeline);
	bench_free(s->memory, s->memory_len);
	zr_list_loaded_clear(&s->list);
	return same_work_compare(list, options, &totals);
}

static void send_all(struct zr_pipeline *pipeline, const struct zr_view *views, uint32_t count)
{
	for (uint32_t at = 0; at < count; at += ZR_BURST)
		zr_pipeline_burst(pipeline, views + at, count - at < ZR_BURST ? count - at : ZR_BURST);
}

static struct traffic_options traffic(uint8_t family, uint8_t mix)
{
	return (struct traffic_options){
		.flows = FLOWS, .family = family, .mix = mix, .ip_bytes = 1400, .huge = true, .seed = 7};
}

static size_t play(const struct traffic_options *options, bool hellos, size_t decisions_bytes, const char *how)
{
	struct traffic made;
	struct stand s;

	stand_config(&s, FLOWS);
	s.config.packets.open_all_tunnels = true;
	s.config.charged_records = *how != '\0';
	s.config.decisions_bytes = decisions_bytes;
	stand_make(&s, opening_list);
	traffic_make(&made, options);
	if (hellos)
		opening_run(s.pipeline, &made, NULL, 0);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		if (round > 0 && options->window != 0)
			traffic_next(&made);
		send_all(s.pipeline, made.views, made.count);
	}
	traffic_free(&made);
	return stand_compare(&s, opening_list, how);
}

/* A tag and a usage record of each flow. */
static void established_flows_of_ipv4(void **state)
{
	const struct traffic_options options = traffic(4, TRAFFIC_TCP);

	(void)state;
	assert_int_equal(play(&options, true, 0, ""), 2 * FLOWS);
}

static void established_flows_of_ipv6(void **state)
{
	const struct traffic_options options = traffic(6, TRAFFIC_TCP);

	(void)state;
	assert_int_equal(play(&options, true, 0, ""), 2 * FLOWS);
}

static void established_flows_in_gtpu(void **state)
{
	struct traffic_options options = traffic(4, TRAFFIC_TCP);

	(void)state;
	options.gtpu = true;
	options.ip_bytes = 46;
	assert_int_equal(play(&options, true, 0, ""), 2 * FLOWS);
}

/* As with 10 M flows: packets for a part of the flows at a time. */
static void mixed_sizes_a_window_at_a_time(void **state)
{
	struct traffic_options options = traffic(4, TRAFFIC_TCP);

	(void)state;
	options.window = FLOWS / ROUNDS;
	options.ip_bytes = TRAFFIC_IMIX;
	assert_int_equal(play(&options, true, 0, ""), 2 * FLOWS);
}

/* As where somebody may ask. */
static void with_the_memory_of_decisions(void **state)
{
	const struct traffic_options options = traffic(4, TRAFFIC_TCP);

	(void)state;
	assert_int_equal(play(&options, true, 1 << 20, ""), 2 * FLOWS);
}

/* What nothing makes free, with records all the same. */
static void flows_without_a_hello(void **state)
{
	const struct traffic_options v4 = traffic(4, TRAFFIC_BOTH), v6 = traffic(6, TRAFFIC_BOTH);

	(void)state;
	assert_int_equal(play(&v4, false, 0, "--all"), FLOWS);
	assert_int_equal(play(&v6, false, 0, "--all"), FLOWS);
}

/* … and without. */
static void charged_flows_leave_sums_only(void **state)
{
	const struct traffic_options options = traffic(4, TRAFFIC_UDP);

	(void)state;
	assert_int_equal(play(&options, false, 0, ""), 0);
}

static size_t play_hellos(enum hellos_kind kind)
{
	struct hellos hellos;
	struct stand s;

	stand_config(&s, FLOWS);
	stand_make(&s, opening_list);
	hellos_make(&hellos, kind, FLOWS);
	send_all(s.pipeline, hellos.traffic.views, hellos.traffic.count);
	hellos_free(&hellos);
	return stand_compare(&s, opening_list, "");
}

static void new_flows_of_tls(void **state)
{
	(void)state;
	assert_int_equal(play_hellos(HELLOS_TLS), 2 * FLOWS);
}

static void new_flows_of_tls_in_two_segments(void **state)
{
	(void)state;
	assert_int_equal(play_hellos(HELLOS_TLS_LARGE), 2 * FLOWS);
}

static void new_flows_of_quic(void **state)
{
	(void)state;
	assert_int_equal(play_hellos(HELLOS_QUIC), 2 * FLOWS);
}

static void play_dns(const char *domain, uint64_t lessons)
{
	static struct dns_talks talks;
	struct zr_prefix_set resolvers = {0};
	struct zr_prefix prefix;
	struct stand s;

	assert_int_equal(zr_prefix_parse(DNS_RESOLVER, strlen(DNS_RESOLVER), &prefix), 0);
	assert_int_equal(zr_prefix_set_add(&resolvers, &prefix), 0);
	stand_config(&s, 2 * DNS_TALKS);
	s.config.trusted_resolvers = &resolvers;
	s.config.charged_records = true;
	stand_make(&s, dns_talks_list);
	dns_talks_make(&talks, domain);
	for (unsigned int round = 0; round < ROUNDS; round++)
		send_all(s.pipeline, talks.views, DNS_PKTS);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), lessons);
	dns_talks_free(&talks);
	assert_int_equal(stand_compare(&s, dns_talks_list, "--all --trusted-resolvers " DNS_RESOLVER), DNS_TALKS);
	zr_prefix_set_clear(&resolvers);
}

static void questions_and_answers_of_dns(void **state)
{
	(void)state;
	play_dns("olm.vn", DNS_TALKS);
	play_dns("example.vn", 0);
}

static void a_crowd_of_flows(void **state)
{
	static const struct zr_port port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH};
	struct stand s;

	(void)state;
	stand_config(&s, FLOWS);
	s.config.charged_records = true;
	stand_make(&s, opening_list);
	crowd_open(s.pipeline, FLOWS, &port, BEGIN_NS);
	assert_int_equal(stand_compare(&s, opening_list, "--all"), FLOWS);
}

/* The file itself is what the bench has classified; here it goes through the entry point as well. */
static void a_capture_file(void **state)
{
	static const struct zr_port port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH};
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	struct capture_made made;
	const uint8_t *bytes;
	struct stand s;
	pcap_t *pcap;

	(void)state;
	assert_true(capture_make(same_work_path("made.pcap"), PACKETS, 7, &made));
	pcap = pcap_open_offline(same_work_path("made.pcap"), why);
	assert_non_null(pcap);
	stand_config(&s, made.conversations);
	s.config.charged_records = true;
	stand_make(&s, capture_list);
	while (pcap_next_ex(pcap, &header, &bytes) == 1) {
		const struct zr_view view = {.data = bytes,
					     .len = header->caplen,
					     .wire_len = header->len,
					     .time_ns = (uint64_t)header->ts.tv_sec * 1000000000 +
							(uint64_t)header->ts.tv_usec * 1000,
					     .port = &port};

		zr_pipeline_burst(s.pipeline, &view, 1);
	}
	pcap_close(pcap);
	assert_in_range(stand_compare(&s, capture_list, "--all"), made.conversations / 2, 2 * made.conversations);
}

static void take(void *arg, const struct zr_usage *usage)
{
	same_work_take(arg, usage);
}

/* The frames of all benches of the worker's loop, through the loop. */
static void play_loop(uint8_t family, bool marks)
{
	const struct loop_options options = {.name = "test_same_work",
					     .eal = "--no-huge --no-pci --no-shconf --no-telemetry -m 512",
					     .flows = LOOP_FLOWS,
					     .frames = LOOP_FLOWS,
					     .capacity = LOOP_FLOWS,
					     .family = family,
					     .marks = marks,
					     .tell = take};
	struct zr_totals totals;
	struct loop loop;

	same_work_begin();
	loop_make(&loop, &options);
	for (unsigned int i = 0; i < ROUNDS * LOOP_FLOWS / ZR_BURST; i++)
		loop_round(&loop);
	loop_check(&loop);
	zr_pipeline_shutdown(loop.worker->pipeline);
	zr_dataplane_drain(loop.dp, take, NULL, UINT32_MAX);
	zr_pipeline_totals(loop.worker->pipeline, &totals);
	loop_free(&loop);
	assert_int_equal(same_work_compare(opening_list, "", &totals), 2 * LOOP_FLOWS);
}

static void forwarded_frames(void **state)
{
	(void)state;
	play_loop(4, false);
	play_loop(6, false);
	play_loop(4, true);
}

static int begin(void **state)
{
	(void)state;
	return same_work_open(zerorate);
}

static int end(void **state)
{
	(void)state;
	return same_work_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(established_flows_of_ipv4),
		cmocka_unit_test(established_flows_of_ipv6),
		cmocka_unit_test(established_flows_in_gtpu),
		cmocka_unit_test(mixed_sizes_a_window_at_a_time),
		cmocka_unit_test(with_the_memory_of_decisions),
		cmocka_unit_test(flows_without_a_hello),
		cmocka_unit_test(charged_flows_leave_sums_only),
		cmocka_unit_test(new_flows_of_tls),
		cmocka_unit_test(new_flows_of_tls_in_two_segments),
		cmocka_unit_test(new_flows_of_quic),
		cmocka_unit_test(questions_and_answers_of_dns),
		cmocka_unit_test(a_crowd_of_flows),
		cmocka_unit_test(a_capture_file),
		cmocka_unit_test(forwarded_frames),
	};

	if (argc != 2)
		return 2;
	zerorate = argv[1];
	return cmocka_run_group_tests(tests, begin, end);
}
