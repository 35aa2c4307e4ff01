/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine does to a program that only spins: what latencies of the same run are held against. */
#include "tests/bench/harness.h"

int main(void)
{
	struct bench_jitter jitter;

	bench_pin();
	bench_jitter(&jitter);
	bench_print_value("jitter_median", jitter.median_us, "us", "", false);
	bench_print_value("jitter_p999", jitter.p999_us, "us", "", false);
	bench_print_value("jitter_worst", jitter.worst_us, "us", "", false);
	return 0;
}
