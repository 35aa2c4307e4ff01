/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * There are words for every reason, cause, evidence and flag that a decision can have; whatever it holds, one clean line comes
 * out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dataplane/flow/verdict.h"
#include "dataplane/pipeline/look.h"
#include "tools/zerorate/gateway/words.h"

static void is_told(const char *name, const char *words)
{
	if (words == NULL)
		fail_msg("there are no words for \"%s\": tools/zerorate/gateway/words.c", name);
	assert_null(strpbrk(words, "\n\t"));
}

static void every_name_has_words(void **state)
{
	(void)state;
	for (unsigned int i = ZR_REASON_UNDECIDED + 1; i < ZR_REASON_COUNT; i++) {
		const char *name = zr_reason_name((enum zr_reason)i);

		is_told(name, zr_words_reason(name));
		assert_true(zr_words_reason(name)[0] != '\0');
		/* What is charged may be asked for: there is something to do. What is free needs nothing. */
		if (zr_reason_verdict((enum zr_reason)i) == ZR_CHARGED)
			is_told(name, zr_words_next(name));
		else
			assert_null(zr_words_next(name));
	}
	for (uint8_t i = 0; i < ZR_DECISION_CAUSE_COUNT; i++)
		is_told(zr_decision_cause_name(i), zr_words_cause(zr_decision_cause_name(i)));
	for (unsigned int i = 0; i < ZR_EVIDENCE_COUNT; i++)
		is_told(zr_evidence_name((enum zr_evidence)i),
			zr_words_evidence(zr_evidence_name((enum zr_evidence)i)));
	for (unsigned int i = 0; i < ZR_FLAG_COUNT; i++)
		is_told(zr_flag_name((enum zr_flag)i), zr_words_flag(zr_flag_name((enum zr_flag)i)));
}

static void no_words_for_other_names(void **state)
{
	(void)state;
	assert_null(zr_words_reason("sn"));
	assert_null(zr_words_reason(NULL));
	assert_null(zr_words_cause(""));
	assert_null(zr_words_evidence("tls_snix"));
	assert_null(zr_words_flag("-"));
	assert_null(zr_words_next("moonlight"));
}

static void check(const char *json, const char *expected)
{
	json_t *decision = json_loads(json, JSON_DECODE_ANY, NULL);
	char line[ZR_WORDS_ROOM];

	assert_non_null(decision);
	zr_words_decision(decision, line);
	assert_string_equal(line, expected);
	json_decref(decision);
}

static void decisions_in_words(void **state)
{
	(void)state;
	check("{\"time\":\"2026-11-23T10:00:00.5Z\",\"verdict\":\"charged\",\"reason\":\"expired\",\"list_serial\":7,"
	      "\"proto\":\"udp\",\"client_ip\":\"10.0.0.1\",\"client_port\":1,\"server_ip\":\"10.0.0.2\",\"server_"
	      "port\":2,"
	      "\"cause\":\"window\"}",
	      "2026-11-23T10:00:00  udp 10.0.0.1:1 to 10.0.0.2:2  charged: list 7 has expired (expired); judged anew: "
	      "an "
	      "entry's time began or ended, or the list expired");
	check("{\"reason\":\"excluded\",\"flags\":[\"ech\",\"midstream\"],\"evidence\":[],\"cause\":\"first\"}",
	      "-  - - to -  -: an exclusion of the list covers the host that it named (excluded); the hello is "
	      "encrypted "
	      "(ECH): this is its outer name and its beginning was not seen");
	check("{}", "-  - - to -  -: for a reason that this program does not know (-)");
	check("[]", "-  - - to -  -: for a reason that this program does not know (-)");
	check("{\"time\":\"a\\u001b[2Jb\",\"reason\":\"x\\u0007\",\"proto\":300}",
	      "a?[2Jb  300 - to -  -: for a reason that this program does not know (x?)");
}

/* Texts that are longer than a line: it is cut, and ends. */
static void too_much(void **state)
{
	static char text[2 * ZR_WORDS_ROOM];
	json_t *decision;
	char line[ZR_WORDS_ROOM];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	decision = json_pack("{s:s, s:s, s:s, s:[s, s, s], s:[s]}", "reason", text, "name", text, "rule", text,
			     "evidence", text, text, text, "flags", text);
	zr_words_decision(decision, line);
	assert_true(strlen(line) < ZR_WORDS_ROOM);
	json_decref(decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_words),
		cmocka_unit_test(no_words_for_other_names),
		cmocka_unit_test(decisions_in_words),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
