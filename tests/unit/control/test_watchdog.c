/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers that stand still, and what a service manager hears meanwhile; time is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/watchdog.h"
#include "tests/support/fake_dataplane.h"

/* The service manager's end. */
static int manager = -1;

/* Let the service manager wait so long, in us; NULL: there is none. */
static void set_manager(const char *watchdog_us)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (watchdog_us == NULL) {
		unsetenv("WATCHDOG_USEC");
		return;
	}
	setenv("WATCHDOG_USEC", watchdog_us, 1);
	setenv("WATCHDOG_PID", pid, 1);
}

/* How many messages came to the service manager since the last call; all of them feed the watchdog. */
static unsigned int fed(void)
{
	char text[64];
	unsigned int count = 0;
	ssize_t len;

	for (; (len = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0; count++) {
		text[len] = '\0';
		assert_string_equal(text, "WATCHDOG=1");
	}
	return count;
}

static int begin(void **state)
{
	(void)state;
	fake_dataplane_reset();
	set_manager(NULL);
	fed();
	return 0;
}

static uint64_t start(struct zr_watchdog *watchdog)
{
	return zr_watchdog_start(watchdog, &fake_dataplane, &fake_dataplane.status, 1000);
}

static void check_until(struct zr_watchdog *watchdog, uint64_t *now_ms, uint64_t end_ms)
{
	for (; *now_ms < end_ms; zr_watchdog_check(watchdog, *now_ms))
		*now_ms += ZR_WATCHDOG_CHECK_MS;
}

static void test_stall_is_known_within_a_second(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;
	json_t *warnings = json_array();

	(void)state;
	assert_int_equal(start(&watchdog), ZR_WATCHDOG_CHECK_MS);
	check_until(&watchdog, &now_ms, 20000);
	assert_false(zr_watchdog_stalled(&watchdog, 0) || zr_watchdog_stalled(&watchdog, 1));
	fake_dataplane.stuck[1] = true;
	check_until(&watchdog, &now_ms, now_ms + ZR_WATCHDOG_STILL_MS - ZR_WATCHDOG_CHECK_MS);
	assert_false(zr_watchdog_stalled(&watchdog, 1));
	check_until(&watchdog, &now_ms, now_ms + ZR_WATCHDOG_CHECK_MS);
	assert_true(zr_watchdog_stalled(&watchdog, 1));
	assert_false(zr_watchdog_stalled(&watchdog, 0));
	/* The round before the stall may have been at any time behind a check. */
	assert_true(ZR_WATCHDOG_STILL_MS + ZR_WATCHDOG_CHECK_MS < 1000);
	assert_int_equal(zr_watchdog_still_ms(&watchdog, 1, now_ms + 1000), 1700);
	assert_int_equal(zr_watchdog_still_ms(&watchdog, 0, now_ms + 50), 50);
	zr_watchdog_warn(&watchdog, now_ms + 1000, warnings);
	assert_int_equal(json_array_size(warnings), 1);
	assert_string_equal(json_string_value(json_array_get(warnings, 0)),
			    "worker 1 (lcore 7) has made no progress for 1.7 s");
	fake_dataplane.stuck[1] = false;
	check_until(&watchdog, &now_ms, now_ms + ZR_WATCHDOG_CHECK_MS);
	assert_false(zr_watchdog_stalled(&watchdog, 1));
	json_array_clear(warnings);
	zr_watchdog_warn(&watchdog, now_ms, warnings);
	assert_int_equal(json_array_size(warnings), 0);
	json_decref(warnings);
}

/* It never began: its lcore has no CPU. */
static void test_worker_that_never_began(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;

	(void)state;
	fake_dataplane.stuck[0] = true;
	set_manager("1000000");
	start(&watchdog);
	check_until(&watchdog, &now_ms, 5000);
	assert_true(zr_watchdog_stalled(&watchdog, 0));
	assert_int_equal(fed(), 0);
}

/* A control loop with much to do looks late; what stands still is known within a second all the same. */
static void test_stall_is_known_to_a_busy_loop(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;

	(void)state;
	start(&watchdog);
	zr_watchdog_check(&watchdog, now_ms);
	fake_dataplane.stuck[1] = true;
	for (unsigned int i = 0; i < 2; i++)
		zr_watchdog_check(&watchdog, now_ms += 300);
	assert_false(zr_watchdog_stalled(&watchdog, 1));
	zr_watchdog_check(&watchdog, now_ms += 300);
	assert_true(zr_watchdog_stalled(&watchdog, 1));
	assert_false(zr_watchdog_stalled(&watchdog, 0));
}

/* The whole process was stopped for an hour: no worker is to blame. */
static void test_long_time_between_checks(void **state)
{
	struct zr_watchdog watchdog;

	(void)state;
	start(&watchdog);
	zr_watchdog_check(&watchdog, 1100);
	fake_dataplane.stuck[0] = true;
	zr_watchdog_check(&watchdog, 3601100);
	zr_watchdog_check(&watchdog, 3601200);
	assert_false(zr_watchdog_stalled(&watchdog, 0));
}

static void test_fed_at_half_its_time(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;

	(void)state;
	set_manager("10000000");
	assert_int_equal(start(&watchdog), ZR_WATCHDOG_CHECK_MS);
	check_until(&watchdog, &now_ms, 5900);
	assert_int_equal(fed(), 0);
	check_until(&watchdog, &now_ms, 6000);
	assert_int_equal(fed(), 1);
	check_until(&watchdog, &now_ms, 61000);
	assert_int_equal(fed(), 11);
}

/* Not fed while one of them stands still, and at once when it goes on. */
static void test_not_fed_while_one_stands_still(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;

	(void)state;
	set_manager("2000000");
	start(&watchdog);
	check_until(&watchdog, &now_ms, 5000);
	assert_int_equal(fed(), 4);
	fake_dataplane.stuck[1] = true;
	check_until(&watchdog, &now_ms, 3600000);
	assert_int_equal(fed(), 0);
	fake_dataplane.stuck[1] = false;
	check_until(&watchdog, &now_ms, now_ms + ZR_WATCHDOG_CHECK_MS);
	assert_int_equal(fed(), 1);
}

/* It went on after the last feeding and stands still now: that counts once. */
static void test_progress_counts_for_one_feeding(void **state)
{
	struct zr_watchdog watchdog;
	uint64_t now_ms = 1000;

	(void)state;
	set_manager("2000000");
	start(&watchdog);
	check_until(&watchdog, &now_ms, 1500);
	fake_dataplane.stuck[0] = true;
	check_until(&watchdog, &now_ms, 10000);
	assert_int_equal(fed(), 1);
	/* Known to stand still before the feeding was due: not even once. */
	start(&watchdog);
	now_ms = 1000;
	fake_dataplane.stuck[0] = false;
	check_until(&watchdog, &now_ms, 1200);
	fake_dataplane.stuck[0] = true;
	check_until(&watchdog, &now_ms, 10000);
	assert_int_equal(fed(), 0);
}

/* On the way out workers end one after the other. */
static void test_fed_on_the_way_out(void **state)
{
	struct zr_watchdog watchdog;

	(void)state;
	set_manager("2000000");
	start(&watchdog);
	fake_dataplane.stuck[0] = fake_dataplane.stuck[1] = true;
	for (uint64_t now_ms = 1100; now_ms <= 5000; now_ms += ZR_WATCHDOG_CHECK_MS)
		zr_watchdog_feed(&watchdog, now_ms);
	assert_int_equal(fed(), 4);
}

/* Times of the service manager's that are short, absent, another process's, or nonsense. */
static void test_times_of_the_manager(void **state)
{
	struct zr_watchdog watchdog;

	(void)state;
	set_manager("100000");
	assert_int_equal(start(&watchdog), 25);
	set_manager("1");
	assert_int_equal(start(&watchdog), 1);
	set_manager("1000000");
	setenv("WATCHDOG_PID", "1", 1);
	start(&watchdog);
	assert_int_equal(watchdog.feed_every_ms, 0);
	set_manager("soon");
	assert_int_equal(start(&watchdog), ZR_WATCHDOG_CHECK_MS);
	assert_int_equal(watchdog.feed_every_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_stall_is_known_within_a_second, begin),
		cmocka_unit_test_setup(test_worker_that_never_began, begin),
		cmocka_unit_test_setup(test_stall_is_known_to_a_busy_loop, begin),
		cmocka_unit_test_setup(test_long_time_between_checks, begin),
		cmocka_unit_test_setup(test_fed_at_half_its_time, begin),
		cmocka_unit_test_setup(test_not_fed_while_one_stands_still, begin),
		cmocka_unit_test_setup(test_progress_counts_for_one_feeding, begin),
		cmocka_unit_test_setup(test_fed_on_the_way_out, begin),
		cmocka_unit_test_setup(test_times_of_the_manager, begin),
	};
	/* An abstract address, so that nothing is left behind. */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[64];
	int len = snprintf(name, sizeof(name), "@zr-watchdog-%d", (int)getpid());

	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	setenv("NOTIFY_SOCKET", name, 1);
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
