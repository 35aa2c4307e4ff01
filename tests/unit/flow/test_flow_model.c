/* SPDX-License-Identifier: BSD-3-Clause */
/* Long random sequences of operations against the model of tests/fuzz/fuzz_flow_table.c, at several capacities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS 20000

static void test_random_operations_agree_with_a_naive_map(void **state)
{
	static const uint8_t capacities[] = {1, 2, 12, 13, 24, 25, 48, 100, 200, 255};
	static uint8_t bytes[1 + 2 * OPERATIONS];
	uint64_t random = 88172645463325252;

	(void)state;
	for (size_t c = 0; c < sizeof(capacities); c++) {
		for (size_t i = 1; i < sizeof(bytes); i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[i] = (uint8_t)(random >> 32);
		}
		bytes[0] = (uint8_t)(capacities[c] - 1);
		assert_int_equal(LLVMFuzzerTestOneInput(bytes, sizeof(bytes)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations_agree_with_a_naive_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
