/* SPDX-License-Identifier: BSD-3-Clause */
/* What one worker learns backs names at all of them, once control has taught it; what a full ring does not take is counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/dpdk/state.h"
#include "rules/learned.h"
#include "tests/integration/dpdk/traffic.h"
#include "tests/support/dns_make.h"
#include "tests/support/frame.h"

#define RESOLVER    "192.0.2.53"
#define SERVER      "203.0.113.1"
#define SUBSCRIBERS 30
#define PATIENCE_S  120

static struct zr_prefix resolver = {.family = 4, .len = 32, .addr = {192, 0, 2, 53}};
static uint8_t frame[FRAME_MAX];
static struct dns_bytes message;
static uint64_t sent;

static void send_frame(struct rte_ring *ring, const struct frame_spec *spec)
{
	rig_send(ring, frame, frame_make(spec, frame), 2000);
	sent++;
}

static void send_dns(struct rte_ring *ring, const char *client, bool up)
{
	struct frame_spec spec = {.proto = 17,
				  .src = up ? client : RESOLVER,
				  .dst = up ? RESOLVER : client,
				  .src_port = up ? 20000 : 53,
				  .dst_port = up ? 53 : 20000,
				  .data = message.at,
				  .len = message.len,
				  .checksum = FRAME_CHECKSUM_RIGHT};

	send_frame(ring, &spec);
}

/* A client asks for a name and is told so many addresses from 203.0.113.1 on, 203.0.114.0 behind 203.0.113.255. */
static void resolve(struct rte_ring *ring, const char *client, uint16_t id, const char *name, unsigned int first,
		    unsigned int count)
{
	dns_begin(&message, id, false, name, DNS_A);
	send_dns(ring, client, true);
	dns_begin(&message, id, true, name, DNS_A);
	for (unsigned int i = first; i < first + count; i++) {
		char address[32];

		snprintf(address, sizeof(address), "203.0.%u.%u", 113 + i / 256, i % 256);
		dns_put_address(&message, name, 300, address);
	}
	send_dns(ring, client, false);
}

static const char *client_of(unsigned int who)
{
	static char text[32];

	snprintf(text, sizeof(text), "10.1.0.%u", who);
	return text;
}

/* A connection of a subscriber with a hello for olm.vn. */
static void connect_to(struct rte_ring *ring, unsigned int who, uint16_t port)
{
	uint8_t hello[1024];
	struct frame_spec spec = {.proto = 6,
				  .src = client_of(who),
				  .dst = SERVER,
				  .src_port = port,
				  .dst_port = 443,
				  .tcp_flags = 0x02,
				  .seq = 1000};

	send_frame(ring, &spec);
	spec.tcp_flags = 0x10;
	spec.seq = 1001;
	spec.data = hello;
	spec.len = frame_hello("olm.vn", 300, hello, sizeof(hello));
	send_frame(ring, &spec);
}

/* The lessons that control took. */
struct taken {
	unsigned int count;
	struct zr_learned last;
	char name[ZR_NAME_MAX + 1];
};

static void take(void *arg, const struct zr_learned *learned)
{
	struct taken *taken = arg;

	taken->count++;
	taken->last = *learned;
	strcpy(taken->name, learned->name != NULL ? learned->name : "");
}

static uint64_t counted(struct zr_dataplane *dp, enum zr_counter counter)
{
	struct zr_dataplane_status status;
	uint64_t sum = 0;

	zr_dataplane_status(dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++)
		sum += status.workers[i].counters[counter];
	return sum;
}

static void wait_for(struct zr_dataplane *dp, enum zr_counter counter, uint64_t value)
{
	time_t since = time(NULL);

	while (counted(dp, counter) < value) {
		assert_true(time(NULL) - since < PATIENCE_S);
		usleep(1000);
	}
	assert_int_equal(counted(dp, counter), value);
}

/* A table of what was taken last. */
static struct zr_learned_table *table_of(const struct taken *taken)
{
	struct zr_learned_row row = {.family = 4,
				     .name = taken->name,
				     .name_len = (uint8_t)strlen(taken->name),
				     .until_s = (int64_t)(taken->last.until_us / 1000000)};
	struct zr_learned_table *table;

	memcpy(row.addr, taken->last.address.b, 4);
	assert_int_equal(zr_learned_make(&row, 1, &table), 0);
	return table;
}

static void teach(struct zr_dataplane *dp, const struct zr_learned_table *table)
{
	time_t since = time(NULL);

	assert_int_equal(zr_dataplane_teach(dp, table), 0);
	while (!zr_dataplane_taught(dp)) {
		assert_true(time(NULL) - since < PATIENCE_S);
		usleep(1000);
	}
}

static struct zr_dataplane_config config_of(const char *device, const struct zr_prefix_set *resolvers)
{
	struct zr_dataplane_config config = rig_config(device, RIG_LCORES);

	config.pipeline.trusted_resolvers = resolvers;
	config.pipeline.learned_bytes = 8U << 20;
	config.pipeline.verify = ZR_VERIFY_REQUIRE;
	return config;
}

static void test_one_learns_for_all(void **state)
{
	struct zr_prefix_set resolvers = {.prefixes = &resolver, .count = 1};
	struct rte_ring *ring = rig_port("learned_all", 4096);
	struct zr_dataplane_config config = config_of("net_ring_learned_all", &resolvers);
	struct zr_learned_table *tables[2];
	struct zr_dataplane_status last;
	struct rig_lines lines = {0};
	struct taken taken = {0};
	struct rig_list list;
	struct zr_dataplane *dp;

	(void)state;
	sent = 0;
	rig_list_make(&list, TRAFFIC_ROWS);
	dp = rig_start(&config, &list);
	for (unsigned int who = 2; who <= SUBSCRIBERS; who++)
		connect_to(ring, who, 40000);
	resolve(ring, client_of(1), 7, "olm.vn", 1, 1);
	rig_wait(dp, &lines, sent);
	assert_int_equal(counted(dp, ZR_COUNTER_LESSONS), 1);
	assert_int_equal(counted(dp, ZR_COUNTER_FLOWS_BACKED), 0);
	assert_int_equal(zr_dataplane_learned(dp, take, &taken, 100), 1);
	assert_string_equal(taken.name, "olm.vn");
	assert_int_equal(taken.last.type, DNS_A);
	assert_memory_equal(taken.last.resolver.b, resolver.addr, 4);
	tables[0] = table_of(&taken);
	teach(dp, tables[0]);
	/* Flows that waited, of all workers. */
	wait_for(dp, ZR_COUNTER_FLOWS_BACKED, SUBSCRIBERS - 1);
	/* What all know already is not told again. */
	resolve(ring, client_of(2), 8, "olm.vn", 1, 1);
	rig_wait(dp, &lines, sent);
	assert_int_equal(zr_dataplane_learned(dp, take, &taken, 100), 0);
	/* The one before can go as soon as the next one is taught. */
	tables[1] = table_of(&taken);
	teach(dp, tables[1]);
	memset(tables[0], 0xee, 64);
	zr_learned_free(tables[0]);
	for (unsigned int who = 3; who <= SUBSCRIBERS; who++)
		connect_to(ring, who, 40001);
	rig_wait(dp, &lines, sent);
	rig_stop(dp, &lines, &last);
	/* Each hello is free, of the later connections with all before it. */
	assert_true(last.workers[0].totals.reason[ZR_REASON_SNI].pkts +
			    last.workers[1].totals.reason[ZR_REASON_SNI].pkts +
			    last.workers[2].totals.reason[ZR_REASON_SNI].pkts ==
		    2 * (SUBSCRIBERS - 2));
	zr_learned_free(tables[1]);
	rig_lines_clear(&lines);
	rig_list_free(&list);
}

#define ANSWERS   30
#define ADDRESSES 60

/* Control takes nothing for a while: what there is no room for is counted, and nothing waits. */
static void test_full_ring(void **state)
{
	struct zr_prefix_set resolvers = {.prefixes = &resolver, .count = 1};
	struct rte_ring *ring = rig_port("learned_full", 4096);
	struct zr_dataplane_config config = config_of("net_ring_learned_full", &resolvers);
	struct zr_dataplane_status last;
	struct rig_lines lines = {0};
	struct taken taken = {0};
	uint64_t untold = 0;
	struct rig_list list;
	struct zr_dataplane *dp;

	(void)state;
	sent = 0;
	rig_list_make(&list, TRAFFIC_ROWS);
	dp = rig_start(&config, &list);
	for (unsigned int i = 0; i < ANSWERS; i++)
		resolve(ring, client_of(1), (uint16_t)i, "olm.vn", 1 + i * ADDRESSES, ADDRESSES);
	rig_wait(dp, &lines, sent);
	while (zr_dataplane_learned(dp, take, &taken, 100) > 0)
		;
	rig_stop(dp, &lines, &last);
	for (unsigned int i = 0; i < last.worker_count; i++)
		untold += last.workers[i].learned_untold;
	assert_int_equal(taken.count + untold, ANSWERS * ADDRESSES);
	assert_true(untold > 0 && taken.count > 0);
	rig_lines_clear(&lines);
	rig_list_free(&list);
}

static void test_nobody_is_trusted(void **state)
{
	struct rte_ring *ring = rig_port("learned_none", 4096);
	struct zr_dataplane_config config = config_of("net_ring_learned_none", NULL);
	struct rig_lines lines = {0};
	struct taken taken = {0};
	struct rig_list list;
	struct zr_dataplane *dp;

	(void)state;
	sent = 0;
	rig_list_make(&list, TRAFFIC_ROWS);
	dp = rig_start(&config, &list);
	resolve(ring, client_of(1), 7, "olm.vn", 1, 1);
	rig_wait(dp, &lines, sent);
	assert_int_equal(zr_dataplane_learned(dp, take, &taken, 100), 0);
	assert_int_equal(counted(dp, ZR_COUNTER_LESSONS), 0);
	rig_stop(dp, &lines, NULL);
	rig_lines_clear(&lines);
	rig_list_free(&list);
}

/* Who reports between two looks at what is taught still reads the table before: it must stay for a whole round more. */
static void test_reports_before_it_looks(void **state)
{
	static struct zr_dataplane dp = {.worker_count = 1};
	const struct zr_learned_table *first = (void *)&dp.worker_count, *second = (void *)&dp.qsbr, *read;

	(void)state;
	assert_int_equal(posix_memalign((void **)&dp.qsbr, 64, rte_rcu_qsbr_get_memsize(1)), 0);
	assert_int_equal(rte_rcu_qsbr_init(dp.qsbr, 1), 0);
	rte_rcu_qsbr_thread_register(dp.qsbr, 0);
	rte_rcu_qsbr_thread_online(dp.qsbr, 0);
	assert_true(zr_dataplane_taught(&dp));
	assert_int_equal(zr_dataplane_teach(&dp, first), 0);
	for (unsigned int round = 0; round < 2; round++) {
		assert_false(zr_dataplane_taught(&dp));
		rte_rcu_qsbr_quiescent(dp.qsbr, 0);
	}
	assert_true(zr_dataplane_taught(&dp));
	/* It looks, another one comes, it reports: until it has looked again it reads the first one. */
	read = atomic_load(&dp.taught);
	assert_int_equal(zr_dataplane_teach(&dp, second), 0);
	rte_rcu_qsbr_quiescent(dp.qsbr, 0);
	assert_ptr_equal(read, first);
	assert_false(zr_dataplane_taught(&dp));
	assert_int_equal(zr_dataplane_teach(&dp, first), -EBUSY);
	read = atomic_load(&dp.taught);
	assert_ptr_equal(read, second);
	assert_false(zr_dataplane_taught(&dp));
	rte_rcu_qsbr_quiescent(dp.qsbr, 0);
	assert_true(zr_dataplane_taught(&dp));
	/* Nobody who is away reads anything. */
	rte_rcu_qsbr_thread_offline(dp.qsbr, 0);
	assert_int_equal(zr_dataplane_teach(&dp, first), 0);
	zr_dataplane_taught(&dp);
	assert_true(zr_dataplane_taught(&dp));
	free(dp.qsbr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_learns_for_all),
		cmocka_unit_test(test_full_ring),
		cmocka_unit_test(test_nobody_is_trusted),
		cmocka_unit_test(test_reports_before_it_looks),
	};

	rig_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
