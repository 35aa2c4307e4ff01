/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/flow/verdict.h"

static void test_reasons_have_names_and_verdicts(void **state)
{
	(void)state;
	assert_string_equal(zr_reason_name(ZR_REASON_UNDECIDED), "undecided");
	assert_int_equal(zr_reason_verdict(ZR_REASON_UNDECIDED), ZR_CHARGED);
	assert_string_equal(zr_reason_name(ZR_REASON_SNI), "sni");
	assert_int_equal(zr_reason_verdict(ZR_REASON_SNI), ZR_FREE);
	assert_string_equal(zr_reason_name(ZR_REASON_SPOOF), "spoof");
	assert_int_equal(zr_reason_verdict(ZR_REASON_SPOOF), ZR_CHARGED);
	assert_int_equal(zr_reason_verdict(ZR_REASON_PREFIX), ZR_FREE);
	assert_int_equal(zr_reason_verdict(ZR_REASON_NO_MATCH), ZR_CHARGED);
	for (int reason = 0; reason < ZR_REASON_COUNT; reason++)
		assert_non_null(zr_reason_name((enum zr_reason)reason));
}

static void test_causes_have_names(void **state)
{
	(void)state;
	assert_string_equal(zr_cause_name(ZR_CAUSE_FIN), "fin");
	assert_string_equal(zr_cause_name(ZR_CAUSE_SHUTDOWN), "shutdown");
	for (int cause = 0; cause < ZR_CAUSE_COUNT; cause++)
		assert_non_null(zr_cause_name((enum zr_cause)cause));
}

static void test_evidence_flags_and_verdicts_have_names(void **state)
{
	(void)state;
	assert_string_equal(zr_evidence_name(ZR_EVIDENCE_TLS_SNI), "tls_sni");
	assert_string_equal(zr_evidence_name(ZR_EVIDENCE_PREFIX), "prefix");
	assert_string_equal(zr_flag_name(ZR_FLAG_ECH), "ech");
	assert_string_equal(zr_flag_name(ZR_FLAG_MIDSTREAM), "midstream");
	assert_string_equal(zr_verdict_name(ZR_CHARGED), "charged");
	assert_string_equal(zr_verdict_name(ZR_FREE), "free");
	for (int evidence = 0; evidence < ZR_EVIDENCE_COUNT; evidence++)
		assert_non_null(zr_evidence_name((enum zr_evidence)evidence));
	for (int flag = 0; flag < ZR_FLAG_COUNT; flag++)
		assert_non_null(zr_flag_name((enum zr_flag)flag));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons_have_names_and_verdicts),
		cmocka_unit_test(test_causes_have_names),
		cmocka_unit_test(test_evidence_flags_and_verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
