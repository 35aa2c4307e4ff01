/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in flight: counts over gaps and epochs, and what may be acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/flight.h"

#define OLD 100
#define NEW 200

static struct zr_position at(uint64_t epoch_us, uint64_t seq)
{
	return (struct zr_position){epoch_us, seq};
}

static void test_one_run(void **state)
{
	struct zr_flight flight;

	(void)state;
	zr_flight_begin(&flight, at(NEW, 9));
	assert_int_equal(flight.records, 0);
	zr_flight_sent(&flight, NEW, 10, 14);
	zr_flight_sent(&flight, NEW, 15, 15);
	assert_int_equal(flight.records, 6);
	assert_int_equal(flight.count, 1);
	assert_null(zr_flight_ack(&flight, at(NEW, 12)));
	assert_int_equal(flight.records, 3);
	assert_int_equal(flight.acked.seq, 12);
	assert_null(zr_flight_ack(&flight, at(NEW, 15)));
	assert_int_equal(flight.records, 0);
	assert_int_equal(flight.count, 0);
	zr_flight_sent(&flight, NEW, 16, 16);
	assert_int_equal(flight.records, 1);
}

/* Only what was sent; what is acknowledged already has no effect. */
static void test_refused(void **state)
{
	struct zr_flight flight;

	(void)state;
	zr_flight_begin(&flight, at(OLD, 5));
	assert_null(zr_flight_ack(&flight, at(OLD, 5)));
	assert_non_null(zr_flight_ack(&flight, at(OLD, 6)));
	zr_flight_sent(&flight, OLD, 6, 8);
	zr_flight_sent(&flight, NEW, 1, 3);
	assert_non_null(zr_flight_ack(&flight, at(OLD, 9)));
	assert_non_null(zr_flight_ack(&flight, at(NEW, 4)));
	assert_non_null(zr_flight_ack(&flight, at(NEW, 0)));
	assert_non_null(zr_flight_ack(&flight, at(150, 1)));
	assert_non_null(zr_flight_ack(&flight, at(NEW + 1, 1)));
	assert_int_equal(flight.records, 6);
	assert_null(zr_flight_ack(&flight, at(NEW, 2)));
	assert_null(zr_flight_ack(&flight, at(OLD, 7)));
	assert_null(zr_flight_ack(&flight, at(NEW, 1)));
	assert_int_equal(flight.acked.epoch_us, NEW);
	assert_int_equal(flight.acked.seq, 2);
	assert_int_equal(flight.records, 1);
}

/* An older epoch is acknowledged while the newer one is on its way. */
static void test_epochs(void **state)
{
	struct zr_flight flight;

	(void)state;
	zr_flight_begin(&flight, at(OLD, 0));
	zr_flight_sent(&flight, OLD, 1, 10);
	zr_flight_sent(&flight, NEW, 1, 10);
	assert_null(zr_flight_ack(&flight, at(OLD, 4)));
	assert_int_equal(flight.records, 16);
	assert_null(zr_flight_ack(&flight, at(OLD, 10)));
	assert_int_equal(flight.records, 10);
	assert_null(zr_flight_ack(&flight, at(NEW, 10)));
	assert_int_equal(flight.records, 0);
}

/* Lost numbers are not in flight, and may be acknowledged. */
static void test_gaps(void **state)
{
	struct zr_flight flight;

	(void)state;
	zr_flight_begin(&flight, at(OLD, 0));
	zr_flight_lost(&flight, OLD, 1, 100);
	assert_int_equal(flight.records, 0);
	zr_flight_sent(&flight, OLD, 101, 110);
	zr_flight_lost(&flight, OLD, 111, 1000);
	assert_int_equal(flight.records, 10);
	assert_null(zr_flight_ack(&flight, at(OLD, 50)));
	assert_int_equal(flight.records, 10);
	assert_null(zr_flight_ack(&flight, at(OLD, 110)));
	assert_int_equal(flight.records, 0);
	zr_flight_sent(&flight, OLD, 1001, 1002);
	assert_int_equal(flight.records, 2);
	assert_null(zr_flight_ack(&flight, at(OLD, 600)));
	assert_int_equal(flight.records, 2);
	zr_flight_lost(&flight, OLD, 1003, 1003);
	assert_null(zr_flight_ack(&flight, at(OLD, 1003)));
	assert_int_equal(flight.records, 0);
	assert_int_equal(flight.count, 0);
}

/*
 * Every other record is lost, more often than gaps are told apart: never is less said to be in flight than there is, and an ack
 * of what came last leaves nothing.
 */
static void test_many_gaps(void **state)
{
	struct zr_flight flight;
	uint64_t last = 10 * 2 * ZR_FLIGHT_RUNS;

	(void)state;
	for (uint64_t acked = 1; acked <= last; acked += 38) {
		zr_flight_begin(&flight, at(OLD, 0));
		for (uint64_t seq = 1; seq <= last; seq += 2) {
			assert_true(zr_flight_has_room(&flight, OLD));
			zr_flight_sent(&flight, OLD, seq, seq);
			zr_flight_lost(&flight, OLD, seq + 1, seq + 1);
		}
		assert_int_equal(flight.records, last / 2);
		assert_true(flight.count <= ZR_FLIGHT_RUNS);
		assert_null(zr_flight_ack(&flight, at(OLD, acked)));
		assert_true(flight.records >= (last - acked) / 2);
		assert_true(flight.records <= last / 2);
		assert_null(zr_flight_ack(&flight, at(OLD, last - 1)));
		assert_int_equal(flight.records, 0);
	}
}

/* As many epochs as there are runs: no more until one is acknowledged. */
static void test_many_epochs(void **state)
{
	struct zr_flight flight;

	(void)state;
	zr_flight_begin(&flight, at(1, 0));
	for (uint64_t epoch = 1; epoch <= ZR_FLIGHT_RUNS; epoch++) {
		assert_true(zr_flight_has_room(&flight, epoch));
		zr_flight_sent(&flight, epoch, 1, 1);
	}
	assert_false(zr_flight_has_room(&flight, ZR_FLIGHT_RUNS + 1));
	assert_true(zr_flight_has_room(&flight, ZR_FLIGHT_RUNS));
	zr_flight_lost(&flight, ZR_FLIGHT_RUNS, 2, 2);
	zr_flight_sent(&flight, ZR_FLIGHT_RUNS, 3, 3);
	assert_int_equal(flight.records, ZR_FLIGHT_RUNS + 1);
	assert_null(zr_flight_ack(&flight, at(1, 1)));
	assert_true(zr_flight_has_room(&flight, ZR_FLIGHT_RUNS + 1));
	assert_null(zr_flight_ack(&flight, at(ZR_FLIGHT_RUNS, 3)));
	assert_int_equal(flight.records, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_run), cmocka_unit_test(test_refused),   cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_gaps),    cmocka_unit_test(test_many_gaps), cmocka_unit_test(test_many_epochs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
