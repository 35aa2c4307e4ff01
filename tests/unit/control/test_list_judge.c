/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a list may come into force: each rule at its edge, and their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/list_judge.h"
#include "tests/unit/rules/signed.h"

#define EXPIRES_S 1798761600 /* 2027-01-01T00:00:00Z, the first second that is expired */
#define LIST_ROOM 65536

#define SHRINK  (1U << ZR_LIST_OVERRIDE_SHRINK)
#define EXPIRED (1U << ZR_LIST_OVERRIDE_EXPIRED)

static const struct zr_list_config open_config = {.shrink_percent = 10};

/* A list of so many entries, as files without signatures. */
static struct zr_list_files make(uint64_t serial, unsigned int entries)
{
	struct zr_list_files files = {.text = malloc(LIST_ROOM)};
	int len = snprintf(files.text, LIST_ROOM,
			   "#! serial: %llu\n#! issuer: i\n#! issued: 2020-01-01T00:00:00Z\n"
			   "#! expires: 2026-12-31T23:59:59Z\nmatch,service,rating_group\n",
			   (unsigned long long)serial);

	for (unsigned int i = 0; i < entries; i++)
		len += snprintf(files.text + len, LIST_ROOM - (size_t)len, ".n%u.vn,s,1\n", i);
	files.len = (size_t)len;
	crypto_hash_sha256(files.sha256, (const unsigned char *)files.text, files.len);
	return files;
}

static struct zr_list_situation situation_of(const struct zr_list_files *in_force, const struct zr_list_loaded *list)
{
	struct zr_list_situation situation = {.config = &open_config, .now_s = EXPIRES_S - 1};

	if (in_force != NULL) {
		situation.in_force = list->image;
		situation.highest.serial = zr_image_serial(list->image);
		memcpy(situation.highest.sha256, in_force->sha256, ZR_SHA256_OCTETS);
		memcpy(situation.in_force_sha256, in_force->sha256, ZR_SHA256_OCTETS);
	}
	return situation;
}

/* Judge a list of that serial and size; texts: what its findings begin with, in order. */
static void judged(const struct zr_list_situation *situation, uint64_t serial, unsigned int entries,
		   enum zr_list_outcome outcome, const char *const *texts)
{
	struct zr_list_files files = make(serial, entries);
	struct zr_list_judgment judgment;
	size_t count = 0;

	zr_list_judge(situation, &files, &judgment);
	assert_int_equal(judgment.outcome, outcome);
	for (; texts[count] != NULL; count++) {
		assert_true(count < judgment.list.findings.count);
		assert_memory_equal(judgment.list.findings.at[count].text, texts[count], strlen(texts[count]));
	}
	assert_int_equal(judgment.list.findings.count, count);
	assert_int_equal(judgment.list.image != NULL, outcome == ZR_LIST_ACCEPTED);
	zr_list_loaded_clear(&judgment.list);
	zr_list_files_clear(&files);
}

#define ACCEPTED(situation, serial, entries) \
	judged(situation, serial, entries, ZR_LIST_ACCEPTED, (const char *const[]){NULL})
#define REFUSED(situation, serial, entries, ...) \
	judged(situation, serial, entries, ZR_LIST_REFUSED, (const char *const[]){__VA_ARGS__, NULL})

struct force {
	struct zr_list_files files;
	struct zr_list_judgment judgment;
};

/* A list in force. */
static void begin(struct force *force, uint64_t serial, unsigned int entries)
{
	const struct zr_list_situation first = situation_of(NULL, NULL);

	force->files = make(serial, entries);
	zr_list_judge(&first, &force->files, &force->judgment);
	assert_int_equal(force->judgment.outcome, ZR_LIST_ACCEPTED);
	assert_false(force->judgment.is_compared);
}

static void end(struct force *force)
{
	zr_list_loaded_clear(&force->judgment.list);
	zr_list_files_clear(&force->files);
}

static void test_serial(void **state)
{
	struct zr_list_situation situation;
	struct force force;

	(void)state;
	begin(&force, 7, 10);
	situation = situation_of(&force.files, &force.judgment.list);
	ACCEPTED(&situation, 8, 10);
	ACCEPTED(&situation, INT64_MAX, 10);
	REFUSED(&situation, INT64_MAX + UINT64_C(1), 10, "\"9223372036854775808\" cannot be the value of serial");
	judged(&situation, 7, 10, ZR_LIST_SAME, (const char *const[]){NULL});
	REFUSED(&situation, 7, 11, "serial 7 was accepted with another content");
	REFUSED(&situation, 6, 10, "serial 6 is below 7");
	/* What is the highest but not in force was found in order before: it is neither too old nor too small. */
	situation.now_s = EXPIRES_S;
	situation.in_force_sha256[0] ^= 1;
	ACCEPTED(&situation, 7, 10);
	end(&force);
}

static void test_expiry(void **state)
{
	struct zr_list_situation situation = situation_of(NULL, NULL);

	(void)state;
	ACCEPTED(&situation, 1, 1);
	situation.now_s = EXPIRES_S;
	REFUSED(&situation, 1, 1, "it expired at 2027-01-01T00:00:00Z");
	situation.overrides = SHRINK;
	REFUSED(&situation, 1, 1, "it expired at");
	situation.overrides = EXPIRED;
	ACCEPTED(&situation, 1, 1);
}

static void test_shrink(void **state)
{
	struct zr_list_config config = open_config;
	struct zr_list_situation situation;
	struct force force;

	(void)state;
	begin(&force, 1, 20);
	situation = situation_of(&force.files, &force.judgment.list);
	situation.config = &config;
	ACCEPTED(&situation, 2, 18);
	REFUSED(&situation, 2, 17, "it drops 3 of the 20 entries in force (15 %), and shrink_limit is 10 %");
	config.shrink_percent = 14;
	REFUSED(&situation, 2, 17, "it drops 3");
	config.shrink_percent = 15;
	ACCEPTED(&situation, 2, 17);
	config.shrink_percent = 0;
	ACCEPTED(&situation, 2, 20);
	REFUSED(&situation, 2, 19, "it drops 1 of the 20 entries in force (5 %), and shrink_limit is 0 %");
	config.shrink_percent = 100;
	ACCEPTED(&situation, 2, 0);
	config.shrink_percent = 10;
	situation.now_s = EXPIRES_S;
	REFUSED(&situation, 2, 1, "it expired", "it drops 19");
	situation.overrides = EXPIRED;
	REFUSED(&situation, 2, 1, "it drops 19");
	situation.overrides = EXPIRED | SHRINK;
	ACCEPTED(&situation, 2, 1);
	REFUSED(&situation, 1, 1, "serial 1 was accepted with another content");
	end(&force);
}

/* A list that was signed by both keys, and what of it is kept. */
static void test_signatures(void **state)
{
	struct zr_list_config config = {.signatures_required = 2};
	struct zr_list_situation situation = {.config = &config, .now_s = EXPIRES_S - 1};
	struct zr_list_files files = {.text = strdup(MESSAGE), .len = strlen(MESSAGE), .signature_count = 3};
	const char *const texts[] = {MOET_SIGNED, MOET_SIGNED_LEGACY, MIC_SIGNED};
	struct zr_list_judgment judgment;
	const char *reason;

	(void)state;
	assert_int_equal(zr_keys_add(&config.keys, MIC_KEY, strlen(MIC_KEY), &reason), 0);
	assert_int_equal(zr_keys_add(&config.keys, MOET_KEY, strlen(MOET_KEY), &reason), 0);
	for (unsigned int i = 0; i < 3; i++)
		files.signatures[i] = (struct zr_signature_file){
			.name = strdup("n"), .text = strdup(texts[i]), .len = strlen(texts[i])};
	/* Both have signed; it is no list, which is found only then. */
	zr_list_judge(&situation, &files, &judgment);
	assert_int_equal(judgment.outcome, ZR_LIST_REFUSED);
	assert_int_equal(judgment.origin.signer_count, 2);
	assert_string_equal(judgment.origin.signers[0], MIC_ID);
	assert_string_equal(judgment.origin.signers[1], MOET_ID);
	assert_true(judgment.keep[0] && !judgment.keep[1] && judgment.keep[2]);
	assert_true(judgment.list.findings.at[0].line > 0);
	zr_list_loaded_clear(&judgment.list);
	/* One has signed twice: nothing else is looked at. */
	files.signature_count = 2;
	zr_list_judge(&situation, &files, &judgment);
	assert_int_equal(judgment.outcome, ZR_LIST_REFUSED);
	assert_memory_equal(judgment.list.findings.at[0].text, "signed by 1 of the 2 configured keys", 36);
	assert_memory_equal(judgment.list.findings.at[1].text, "signature file n: ", 18);
	assert_int_equal(judgment.list.findings.count, 2);
	zr_list_loaded_clear(&judgment.list);
	files.signature_count = 3;
	zr_list_files_clear(&files);
}

/* The content in force needs no signatures beside it, unless somebody asks whether these files would be taken. */
static void test_same_without_signatures(void **state)
{
	struct zr_list_config config = {.signatures_required = 1};
	struct zr_list_situation situation;
	struct force force;
	const char *reason;

	(void)state;
	assert_int_equal(zr_keys_add(&config.keys, MOET_KEY, strlen(MOET_KEY), &reason), 0);
	begin(&force, 1, 3);
	situation = situation_of(&force.files, &force.judgment.list);
	situation.config = &config;
	REFUSED(&situation, 1, 3, "signed by 0 of the 1");
	situation.trusts_same = true;
	judged(&situation, 1, 3, ZR_LIST_SAME, (const char *const[]){NULL});
	REFUSED(&situation, 2, 3, "signed by 0 of the 1");
	end(&force);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_same_without_signatures),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
