/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers are asked for open flows and decisions while frames come and lists change: nothing stops, all of it is exact. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/integration/dpdk/sender.h"

#define SUBSCRIBERS 300
#define QUESTIONS   150

static const char *const rows[] = {TRAFFIC_ROWS, ".example.com,example,3,,,,,\n.olm.vn,olm,9,,,,,\n"};

/* What was answered. */
struct answers {
	uint64_t count, named;
	struct zr_volume volume[ZR_STATE_COUNT];
	struct zr_answer last;
};

/* Every text is that of an entry of one of the lists, whatever became of the list. */
static void check_entry(const struct zr_answer *a)
{
	if (strcmp(a->rule, ".olm.vn") == 0) {
		assert_string_equal(a->service, "olm");
		assert_true(a->rating_group == 1 || a->rating_group == 9);
	} else if (strcmp(a->rule, "*.hocmai.vn") == 0) {
		assert_string_equal(a->service, "hocmai");
		assert_int_equal(a->rating_group, 2);
	} else if (strcmp(a->rule, ".example.com") == 0) {
		assert_string_equal(a->service, "example");
		assert_int_equal(a->rating_group, 3);
	} else {
		assert_true(strcmp(a->rule, "!ads.olm.vn") == 0 || *a->rule == '\0');
		assert_string_equal(a->service, "");
	}
}

static void take(void *arg, const struct zr_answer *answer)
{
	struct answers *answers = arg;
	struct zr_volume *volume = &answers->volume[answer->state];

	check_entry(answer);
	answers->count++;
	answers->named += answer->name_recorded;
	volume->bytes += answer->usage.up_bytes + answer->usage.down_bytes;
	volume->pkts += answer->usage.up_pkts + answer->usage.down_pkts;
	answers->last = *answer;
}

static struct zr_question flows_question(void)
{
	return (struct zr_question){.kind = ZR_ASK_FLOWS, .look = {.states = (1U << ZR_STATE_COUNT) - 1}};
}

static void ask(struct zr_dataplane *dp, const struct zr_question *question)
{
	int err;

	while ((err = zr_dataplane_ask(dp, question)) == -EBUSY)
		usleep(100);
	assert_int_equal(err, 0);
}

/* Ask and wait for all of it. */
static struct zr_ask_progress ask_all(struct zr_dataplane *dp, const struct zr_question *question,
				      struct answers *answers)
{
	struct zr_ask_progress progress;

	*answers = (struct answers){0};
	ask(dp, question);
	while (!zr_dataplane_answered(dp, &progress))
		if (zr_dataplane_answers(dp, take, answers, 100) == 0)
			usleep(100);
	zr_dataplane_ask_end(dp);
	return progress;
}

/* Another list, when the one before is settled and freed. */
static unsigned int swap(struct zr_dataplane *dp, struct rig_list *lists, unsigned int swaps)
{
	if (!zr_dataplane_settled(dp))
		return swaps;
	if (swaps > 0) {
		rig_list_free(&lists[(swaps - 1) % 2]);
		memset(&lists[(swaps - 1) % 2], 0, sizeof(*lists));
	}
	swaps++;
	rig_list_make(&lists[swaps % 2], rows[swaps % 2]);
	assert_int_equal(zr_dataplane_publish(dp, lists[swaps % 2].image, lists[swaps % 2].index), 0);
	return swaps;
}

static void ask_under_traffic(const char *port, const char *device, const char *workers)
{
	struct rte_ring *ring = rig_port(port, 4096);
	struct zr_dataplane_config config = rig_config(device, workers);
	struct zr_question question = flows_question();
	struct rig_sender sender = {.ring = ring};
	unsigned int swaps = 0, complete = 0;
	struct rig_lines told = {0};
	struct answers answers = {0};
	struct zr_ask_progress progress;
	struct zr_dataplane_status last;
	struct rig_list lists[2];
	struct traffic traffic;
	struct zr_dataplane *dp;
	pthread_t thread;

	config.pipeline.decisions_bytes = 1U << 20;
	traffic_make(&traffic, SUBSCRIBERS, 0);
	sender.traffic = &traffic;
	rig_list_make(&lists[0], rows[0]);
	dp = rig_start(&config, &lists[0]);
	assert_int_equal(pthread_create(&thread, NULL, rig_sender_run, &sender), 0);
	for (unsigned int i = 0; i < QUESTIONS;) {
		zr_dataplane_drain(dp, rig_lines_take, &told, 1000);
		atomic_store(&sender.judged, rig_judged(dp));
		swaps = swap(dp, lists, swaps);
		if (zr_dataplane_ask(dp, &question) == 0)
			answers = (struct answers){0};
		zr_dataplane_answers(dp, take, &answers, 64);
		/* Every third question is given up before it is answered. */
		if (!zr_dataplane_answered(dp, &progress) && (i % 3 != 0 || answers.count == 0))
			continue;
		if (zr_dataplane_answered(dp, &progress)) {
			assert_int_equal(answers.count, progress.open);
			complete++;
		}
		zr_dataplane_ask_end(dp);
		i++;
	}
	atomic_store(&sender.stop, true);
	while (pthread_tryjoin_np(thread, NULL) == EBUSY)
		atomic_store(&sender.judged, rig_judged(dp));
	rig_wait(dp, &told, atomic_load(&sender.sent));
	/* One is being asked when it ends. */
	ask(dp, &question);
	rig_stop(dp, &told, &last);
	print_message("%u questions answered in full, %u lists, %lu frames\n", complete, swaps,
		      atomic_load(&sender.sent));
	assert_true(complete > 0 && swaps > 0);
	assert_int_equal(last.ports[0].rx_pkts, atomic_load(&sender.sent));
	rig_lines_clear(&told);
	traffic_free(&traffic);
	rig_list_free(&lists[0]);
	rig_list_free(&lists[1]);
	rte_ring_free(ring);
}

static void one_worker(void **state)
{
	(void)state;
	ask_under_traffic("one", "net_ring_one", "1");
}

static void three_workers(void **state)
{
	(void)state;
	ask_under_traffic("three", "net_ring_three", RIG_LCORES);
}

/* A dataplane that has judged all of the traffic, and gets no more. */
struct quiet {
	struct rte_ring *ring;
	struct rig_list list;
	struct traffic traffic;
	struct rig_lines told;
	struct zr_dataplane *dp;
};

static void quiet_begin(struct quiet *q, const char *port, const char *device)
{
	struct zr_dataplane_config config = rig_config(device, RIG_LCORES);

	*q = (struct quiet){.ring = rig_port(port, 4096)};
	config.pipeline.decisions_bytes = 1U << 20;
	rig_list_make(&q->list, TRAFFIC_ROWS);
	traffic_make(&q->traffic, SUBSCRIBERS, 0);
	q->dp = rig_start(&config, &q->list);
}

static void quiet_send(struct quiet *q)
{
	uint64_t before = rig_judged(q->dp);

	traffic_send(&q->traffic, q->ring);
	rig_wait(q->dp, &q->told, before + q->traffic.count);
	while (zr_dataplane_drain(q->dp, rig_lines_take, &q->told, 1000) > 0)
		;
}

static void quiet_end(struct quiet *q)
{
	rig_stop(q->dp, &q->told, NULL);
	rig_lines_clear(&q->told);
	traffic_free(&q->traffic);
	rig_list_free(&q->list);
	rte_ring_free(q->ring);
}

static void open_flows_hold_what_was_not_told(void **state)
{
	struct zr_question question = flows_question();
	struct zr_dataplane_status status;
	struct zr_volume sum = {0}, counted = {0};
	struct answers answers;
	struct quiet q;

	(void)state;
	quiet_begin(&q, "quiet", "net_ring_quiet");
	quiet_send(&q);
	/* More flows than a worker's answers have room for: the walk waits for control. */
	for (unsigned int i = 0; i < 3; i++) {
		struct zr_ask_progress progress = ask_all(q.dp, &question, &answers);

		assert_int_equal(answers.count, progress.open);
	}
	zr_dataplane_status(q.dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++) {
		const struct zr_worker_status *w = &status.workers[i];

		answers.count -= w->flows;
		counted.bytes += w->cut_charged.up_bytes + w->cut_charged.down_bytes;
		counted.pkts += w->cut_charged.up_pkts + w->cut_charged.down_pkts;
		/* Without what is undecided: fragments of no flow wait among it. */
		for (unsigned int r = 1; r < ZR_REASON_COUNT; r++) {
			sum.bytes += w->totals.reason[r].bytes;
			sum.pkts += w->totals.reason[r].pkts;
		}
	}
	assert_int_equal(answers.count, 0);
	for (unsigned int i = ZR_STATE_CHARGED; i < ZR_STATE_COUNT; i++) {
		assert_true(answers.volume[i].pkts > 0);
		counted.bytes += answers.volume[i].bytes;
		counted.pkts += answers.volume[i].pkts;
	}
	assert_int_equal(counted.bytes + q.told.bytes, sum.bytes);
	assert_int_equal(counted.pkts + q.told.pkts, sum.pkts);
	quiet_end(&q);
}

static void one_question_at_a_time(void **state)
{
	struct zr_question question = flows_question();
	struct zr_ask_progress progress;
	struct answers answers = {0};
	struct quiet q;

	(void)state;
	quiet_begin(&q, "each", "net_ring_each");
	quiet_send(&q);
	zr_dataplane_ask_end(q.dp);
	assert_false(zr_dataplane_answered(q.dp, &progress));
	assert_int_equal(zr_dataplane_answers(q.dp, take, &answers, 10), 0);
	ask(q.dp, &question);
	assert_int_equal(zr_dataplane_ask(q.dp, &question), -EBUSY);
	zr_dataplane_ask_end(q.dp);
	ask_all(q.dp, &question, &answers);
	assert_true(answers.count > 0);
	quiet_end(&q);
}

/* The second subscriber of the traffic, and the name that it is charged for. */
#define RECORDED      "10.1.0.3"
#define RECORDED_NAME "ads.olm.vn"

static void names_are_recorded_for_one_subscriber_until_it_ends(void **state)
{
	struct zr_question question = {.kind = ZR_ASK_DECISIONS};
	struct zr_prefix *subscriber = &question.look.subscriber;
	struct answers answers;
	struct quiet q;

	(void)state;
	quiet_begin(&q, "names", "net_ring_names");
	assert_int_equal(zr_prefix_parse(RECORDED, strlen(RECORDED), subscriber), 0);
	assert_int_equal(zr_dataplane_record(q.dp, subscriber), 0);
	/* Who answers a later question has noticed. */
	ask_all(q.dp, &question, &answers);
	assert_int_equal(answers.count, 0);
	quiet_send(&q);
	ask_all(q.dp, &question, &answers);
	assert_int_equal(answers.count, 1);
	assert_int_equal(answers.named, 1);
	assert_string_equal(answers.last.name, RECORDED_NAME);
	while (zr_dataplane_record(q.dp, NULL) == -EAGAIN)
		usleep(100);
	ask_all(q.dp, &question, &answers);
	assert_int_equal(answers.count, 1);
	assert_int_equal(answers.named, 0);
	assert_string_equal(answers.last.name, "");
	/* Nobody else's ever were. */
	assert_int_equal(zr_prefix_parse("10.1.0.9", 8, subscriber), 0);
	ask_all(q.dp, &question, &answers);
	assert_int_equal(answers.count, 1);
	assert_int_equal(answers.last.usage.reason, ZR_REASON_EXCLUDED);
	assert_string_equal(answers.last.name, "");
	quiet_end(&q);
}

static int begin(void **state)
{
	(void)state;
	rig_eal();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker),
		cmocka_unit_test(three_workers),
		cmocka_unit_test(open_flows_hold_what_was_not_told),
		cmocka_unit_test(one_question_at_a_time),
		cmocka_unit_test(names_are_recorded_for_one_subscriber_until_it_ends),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
