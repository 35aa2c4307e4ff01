/* SPDX-License-Identifier: BSD-3-Clause */
/* The summary for eyes, as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tools/zerorate/summary_table.h"

static void test_table(void **state)
{
	const struct zr_totals totals = {
		.received = {15, 9000},
		.reason[ZR_REASON_SNI] = {5, 5000},
		.reason[ZR_REASON_NO_MATCH] = {6, 3000},
		.reason[ZR_REASON_NO_NAME] = {3, 900},
		.unaccounted[ZR_UNACCOUNTED_NOT_IP] = {1, 100},
	};
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	assert_non_null(file);
	zr_summary_table(&totals, file);
	fclose(file);
	assert_string_equal(text, "                           packets                bytes\n"
				  "free                             5                 5000\n"
				  "  sni                            5                 5000\n"
				  "charged                          9                 3900\n"
				  "  no_match                       6                 3000\n"
				  "  no_name                        3                  900\n"
				  "unaccounted                      1                  100\n"
				  "  not_ip                         1                  100\n"
				  "total                           15                 9000\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
