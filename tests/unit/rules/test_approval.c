/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/approval.h"
#include "tests/unit/rules/signed.h"

static struct zr_keys keys_of(const char *first, const char *second)
{
	struct zr_keys keys = {0};
	const char *reason;

	assert_int_equal(zr_keys_add(&keys, first, strlen(first), &reason), 0);
	if (second != NULL)
		assert_int_equal(zr_keys_add(&keys, second, strlen(second), &reason), 0);
	return keys;
}

static struct zr_signature_file file_of(const char *name, const char *text)
{
	return (struct zr_signature_file){.name = name, .text = text, .len = strlen(text)};
}

static struct zr_approval judge(const struct zr_keys *keys, const char *message, const struct zr_signature_file *files,
				unsigned int count)
{
	struct zr_approval approval;

	zr_approval_judge(keys, message, strlen(message), files, count, &approval);
	return approval;
}

static void expect_sentence(const struct zr_approval *approval, const struct zr_keys *keys, unsigned int required,
			    const char *wanted)
{
	char text[ZR_APPROVAL_TEXT];

	assert_int_equal(zr_approval_format(approval, keys, required, text), strlen(wanted));
	assert_string_equal(text, wanted);
}

static void expect_finding(const struct zr_approval *approval, unsigned int i, const char *wanted)
{
	char text[ZR_APPROVAL_FINDING];

	zr_approval_finding(approval, i, text);
	if (strstr(text, wanted) == NULL)
		fail_msg("'%s' does not say '%s'", text, wanted);
}

static void counts_two_desks(void **state)
{
	const struct zr_signature_file files[] = {
		file_of("l.minisig", MOET_SIGNED),
		file_of("l.mic.minisig", MIC_SIGNED),
	};
	struct zr_keys keys = keys_of(MIC_KEY, MOET_KEY);
	struct zr_approval approval = judge(&keys, MESSAGE, files, 2);

	(void)state;
	assert_int_equal(approval.count, 2);
	assert_true(approval.signed_by[0] && approval.signed_by[1]);
	assert_int_equal(approval.signed_in[0], 1);
	assert_int_equal(approval.signed_in[1], 0);
	expect_sentence(&approval, &keys, 2,
			"2 of 2 required signatures: " MIC_ID " (\"Bộ TT&TT, 2026-11-22\"), " MOET_ID
			" (\"Bộ Giáo dục và Đào tạo\")");
	expect_sentence(&approval, &keys, 1,
			"2 signatures, 1 required: " MIC_ID " (\"Bộ TT&TT, 2026-11-22\"), " MOET_ID
			" (\"Bộ Giáo dục và Đào tạo\")");
	expect_finding(&approval, 0, "signed by " MOET_ID " (\"Bộ Giáo dục và Đào tạo\")");
}

static void counts_one_key_once(void **state)
{
	const struct zr_signature_file files[] = {
		file_of("l.minisig", MOET_SIGNED),
		file_of("l.a.minisig", MOET_SIGNED),
		file_of("l.b.minisig", MOET_SIGNED_AGAIN),
		file_of("l.c.minisig", MOET_SIGNED_LEGACY),
	};
	struct zr_keys keys = keys_of(MOET_KEY, MIC_KEY);
	struct zr_approval approval = judge(&keys, MESSAGE, files, 4);

	(void)state;
	assert_int_equal(approval.count, 1);
	expect_sentence(&approval, &keys, 2, "1 of 2 required signatures: " MOET_ID " (\"Bộ Giáo dục và Đào tạo\")");
	for (unsigned int i = 1; i < 4; i++)
		expect_finding(&approval, i, "signed by " MOET_ID ", which another file counts already");
}

static void a_bad_file_does_not_use_up_its_key(void **state)
{
	const struct zr_signature_file files[] = {
		file_of("l.minisig", "untrusted comment: cut\n"),
		{.name = "l.b.minisig", .unreadable = "Permission denied"},
		{.name = "l.c.minisig", .text = NULL, .len = ZR_SIGNATURE_FILE_MAX + 1},
		file_of("l.d.minisig", MIC_SIGNED),
		file_of("l.e.minisig", MOET_SIGNED),
	};
	struct zr_keys keys = keys_of(MOET_KEY, NULL);
	struct zr_approval approval = judge(&keys, MESSAGE, files, 5);

	(void)state;
	assert_int_equal(approval.count, 1);
	assert_int_equal(approval.signed_in[0], 4);
	expect_finding(&approval, 0, "does not count: it ends before the signature");
	expect_finding(&approval, 1, "does not count: Permission denied");
	expect_finding(&approval, 2, "does not count: it is longer than a signature file may be");
	expect_finding(&approval, 3, "signature of " MIC_ID ": none of the keys");
	approval = judge(&keys, MESSAGE "x", files, 5);
	assert_int_equal(approval.count, 0);
	expect_finding(&approval, 4, "signature of " MOET_ID ": its signature does not fit the file");
	expect_sentence(&approval, &keys, 1, "0 of 1 required signature");
}

static void looks_at_sixteen_files(void **state)
{
	struct zr_signature_file files[ZR_SIGNATURE_FILES_MAX + 1];
	struct zr_keys keys = keys_of(MOET_KEY, NULL);
	struct zr_approval approval;

	(void)state;
	for (unsigned int i = 0; i < ZR_SIGNATURE_FILES_MAX; i++)
		files[i] = file_of("l.x.minisig", "");
	files[ZR_SIGNATURE_FILES_MAX] = file_of("l.y.minisig", MOET_SIGNED);
	approval = judge(&keys, MESSAGE, files, ZR_SIGNATURE_FILES_MAX + 1);
	assert_int_equal(approval.file_count, ZR_SIGNATURE_FILES_MAX);
	assert_int_equal(approval.count, 0);
	files[ZR_SIGNATURE_FILES_MAX - 1] = files[ZR_SIGNATURE_FILES_MAX];
	assert_int_equal(judge(&keys, MESSAGE, files, ZR_SIGNATURE_FILES_MAX).count, 1);
	assert_int_equal(judge(&keys, MESSAGE, files, 0).count, 0);
}

static void cleans_trusted_comments(void **state)
{
	const struct zr_signature_file file = file_of("l.minisig", MOET_SIGNED_ODD);
	const struct zr_signature_file longest = file_of("l.minisig", MOET_SIGNED_LONG);
	struct zr_keys keys = keys_of(MOET_KEY, NULL);
	struct zr_approval approval = judge(&keys, MESSAGE, &file, 1);

	(void)state;
	assert_int_equal(approval.count, 1);
	assert_string_equal(approval.files[0].comment, "?[31mred?), E7620F1842B4E81F (?x");
	approval = judge(&keys, MESSAGE, &longest, 1);
	assert_int_equal(approval.count, 1);
	assert_int_equal(strlen(approval.files[0].comment), 255);
	assert_string_equal(approval.files[0].comment + 246, "ộộ…");
}

static void shows_the_comment_that_minisign_writes_by_itself(void **state)
{
	const struct zr_signature_file file = file_of("l.minisig", MOET_SIGNED_PLAIN);
	struct zr_keys keys = keys_of(MOET_KEY, NULL);
	struct zr_approval approval = judge(&keys, MESSAGE, &file, 1);

	(void)state;
	assert_int_equal(approval.count, 1);
	assert_string_equal(approval.files[0].comment, "timestamp:1795423299 file:m hashed");
}

static void refuses_keys_that_count_twice(void **state)
{
	/* The first key under another id, and the first key's id with another key. */
	static const char same_key[] = "RWR9Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQssI";
	static const char same_id[] = "RWR8Fwu4OtVNmhY5wc18cpVSL70IW1OcoG4I2kbxEZuCcXRXQ1XsxJC4";
	struct zr_keys keys = keys_of(MOET_KEY, MIC_KEY);
	const char *reason = NULL;

	(void)state;
	assert_int_equal(zr_keys_add(&keys, MOET_KEY, strlen(MOET_KEY), &reason), -EEXIST);
	assert_non_null(strstr(reason, "there twice"));
	assert_int_equal(zr_keys_add(&keys, same_key, strlen(same_key), &reason), -EEXIST);
	assert_non_null(strstr(reason, "there twice"));
	keys = keys_of(MOET_KEY, NULL);
	assert_int_equal(zr_keys_add(&keys, same_id, strlen(same_id), &reason), -EEXIST);
	assert_non_null(strstr(reason, "same id"));
	assert_int_equal(zr_keys_add(&keys, "x", 1, &reason), -EINVAL);
	assert_int_equal(keys.count, 1);
}

static void takes_sixteen_keys(void **state)
{
	struct zr_keys keys = {.count = ZR_KEYS_MAX - 1};
	const char *reason = NULL;

	(void)state;
	for (unsigned int i = 0; i < ZR_KEYS_MAX; i++) {
		keys.keys[i].id[0] = (uint8_t)i;
		keys.keys[i].key[0] = (uint8_t)i;
	}
	assert_int_equal(zr_keys_add(&keys, MOET_KEY, strlen(MOET_KEY), &reason), 0);
	assert_int_equal(zr_keys_add(&keys, MIC_KEY, strlen(MIC_KEY), &reason), -E2BIG);
	assert_non_null(strstr(reason, "16 keys"));
	assert_int_equal(keys.count, ZR_KEYS_MAX);
}

static void knows_signature_files_by_name(void **state)
{
	static const char *const are[] = {
		"list.csv.minisig",
		"list.csv.mic.minisig",
		"list.csv.Bộ TT&TT.minisig",
		"list.csv.a.b.minisig",
		"list.csv.....minisig",
		"list.csv.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.minisig",
		"list.csv.ộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộ.minisig",
	};
	static const char *const are_not[] = {
		"",
		"list.csv",
		".minisig",
		"list.csv.",
		"list.csvminisig",
		"list.csvx.minisig",
		"list.csv..minisig",
		"list.csv.minisig~",
		"list.csv.mic.MINISIG",
		"xlist.csv.minisig",
		"list.csv.a/b.minisig",
		"list.minisig",
		"list.csv.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.minisig",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(are) / sizeof(are[0]); i++)
		if (!zr_signature_file_is_of("list.csv", are[i]))
			fail_msg("%s", are[i]);
	for (size_t i = 0; i < sizeof(are_not) / sizeof(are_not[0]); i++)
		if (zr_signature_file_is_of("list.csv", are_not[i]))
			fail_msg("%s", are_not[i]);
	assert_false(zr_signature_file_is_of("", ".minisig"));
}

/* Whoever looks at the first ones only looks at the same ones. */
static void orders_signature_files(void **state)
{
	static const char *const order[] = {"list.csv.minisig", "list.csv.B.minisig", "list.csv.a.minisig",
					    "list.csv.m.minisig", "list.csv.moet.minisig"};

	(void)state;
	for (size_t a = 0; a < sizeof(order) / sizeof(order[0]); a++)
		for (size_t b = 0; b < sizeof(order) / sizeof(order[0]); b++)
			assert_int_equal(zr_signature_file_is_before("list.csv", order[a], order[b]), a < b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_two_desks),
		cmocka_unit_test(counts_one_key_once),
		cmocka_unit_test(a_bad_file_does_not_use_up_its_key),
		cmocka_unit_test(looks_at_sixteen_files),
		cmocka_unit_test(cleans_trusted_comments),
		cmocka_unit_test(shows_the_comment_that_minisign_writes_by_itself),
		cmocka_unit_test(refuses_keys_that_count_twice),
		cmocka_unit_test(takes_sixteen_keys),
		cmocka_unit_test(knows_signature_files_by_name),
		cmocka_unit_test(orders_signature_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
