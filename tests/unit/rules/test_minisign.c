/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/minisign.h"
#include "tests/support/guard.h"
#include "tests/unit/rules/signed.h"

static int parse_key(const char *text, size_t len, struct zr_public_key *out, const char **reason)
{
	struct guard guard;
	int result = zr_public_key_parse((const char *)guard_copy(&guard, text, len), len, out, reason);

	guard_free(&guard);
	return result;
}

static int parse(const char *text, size_t len, struct zr_signature *out, const char **reason)
{
	struct guard guard;
	int result = zr_signature_parse((const char *)guard_copy(&guard, text, len), len, out, reason);

	guard_free(&guard);
	return result;
}

static struct zr_public_key key_of(const char *text)
{
	struct zr_public_key key;
	const char *reason = NULL;

	assert_int_equal(parse_key(text, strlen(text), &key, &reason), 0);
	return key;
}

/* NULL when the signature counts for the message by the key, else why not. */
static const char *judge(const char *text, size_t len, const char *key_text, const void *message, size_t message_len)
{
	struct zr_public_key key = key_of(key_text);
	struct zr_signature signature;
	struct guard guard;
	const char *reason = NULL;

	if (parse(text, len, &signature, &reason) != 0) {
		assert_non_null(reason);
		return reason;
	}
	reason = zr_signature_verify(&signature, &key, guard_copy(&guard, message, message_len), message_len);
	guard_free(&guard);
	return reason;
}

static void expect_refused(const char *text, const char *part)
{
	const char *reason = judge(text, strlen(text), MOET_KEY, MESSAGE, strlen(MESSAGE));

	assert_non_null(reason);
	if (strstr(reason, part) == NULL)
		fail_msg("'%s' does not say '%s'", reason, part);
}

static void accepts_what_minisign_signed(void **state)
{
	struct zr_signature signature;
	const char *reason;

	(void)state;
	assert_null(judge(MOET_SIGNED, strlen(MOET_SIGNED), MOET_KEY, MESSAGE, strlen(MESSAGE)));
	assert_null(judge(MOET_SIGNED_LEGACY, strlen(MOET_SIGNED_LEGACY), MOET_KEY, MESSAGE, strlen(MESSAGE)));
	assert_null(judge(MIC_SIGNED, strlen(MIC_SIGNED), MIC_KEY, MESSAGE, strlen(MESSAGE)));
	assert_int_equal(parse(MOET_SIGNED, strlen(MOET_SIGNED), &signature, &reason), 0);
	assert_memory_equal(signature.algorithm, "ED", 2);
	assert_string_equal(signature.trusted_comment, "Bộ Giáo dục và Đào tạo");
	assert_int_equal(parse(MOET_SIGNED_LEGACY, strlen(MOET_SIGNED_LEGACY), &signature, &reason), 0);
	assert_memory_equal(signature.algorithm, "Ed", 2);
}

static void prints_key_ids_as_minisign_does(void **state)
{
	struct zr_public_key key = key_of(MOET_KEY);
	char id[ZR_KEY_ID_TEXT];

	(void)state;
	zr_public_key_format(&key, id);
	assert_string_equal(id, MOET_ID);
	key = key_of(MIC_KEY);
	zr_key_id_format(key.id, id);
	assert_string_equal(id, MIC_ID);
	zr_key_id_format((const uint8_t[]){0x72, 0xb3, 0x60, 0x63, 0x85, 0x4a, 0x85, 0x03}, id);
	assert_string_equal(id, "3854A856360B372");
	zr_key_id_format((const uint8_t[8]){0}, id);
	assert_string_equal(id, "0");
}

static void refuses_any_changed_octet_of_the_message(void **state)
{
	char message[] = MESSAGE;

	(void)state;
	for (size_t i = 0; i < strlen(MESSAGE); i++) {
		message[i] ^= 1;
		assert_non_null(judge(MOET_SIGNED, strlen(MOET_SIGNED), MOET_KEY, message, strlen(MESSAGE)));
		assert_non_null(
			judge(MOET_SIGNED_LEGACY, strlen(MOET_SIGNED_LEGACY), MOET_KEY, message, strlen(MESSAGE)));
		message[i] ^= 1;
	}
	for (size_t len = 0; len < strlen(MESSAGE); len++)
		assert_non_null(judge(MOET_SIGNED, strlen(MOET_SIGNED), MOET_KEY, message, len));
	assert_non_null(judge(MOET_SIGNED, strlen(MOET_SIGNED), MOET_KEY, MESSAGE "\n", strlen(MESSAGE) + 1));
}

static void refuses_any_changed_bit_but_in_the_untrusted_comment(void **state)
{
	char text[] = MOET_SIGNED;
	size_t first = strlen("untrusted comment: "), last = (size_t)(strchr(text, '\n') - text);

	(void)state;
	for (size_t i = 0; i < strlen(MOET_SIGNED); i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			const char *reason;

			text[i] = (char)(text[i] ^ (1 << bit));
			reason = judge(text, strlen(MOET_SIGNED), MOET_KEY, MESSAGE, strlen(MESSAGE));
			text[i] = (char)(text[i] ^ (1 << bit));
			if (i >= first && i < last && (text[i] ^ (1 << bit)) != '\n')
				assert_null(reason);
			else if (reason == NULL)
				fail_msg("octet %zu, bit %u may change unseen", i, bit);
		}
	}
}

static void refuses_a_file_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(MOET_SIGNED) - 1; len++)
		assert_non_null(judge(MOET_SIGNED, len, MOET_KEY, MESSAGE, strlen(MESSAGE)));
	assert_null(judge(MOET_SIGNED, strlen(MOET_SIGNED) - 1, MOET_KEY, MESSAGE, strlen(MESSAGE)));
}

static void takes_line_ends_of_windows(void **state)
{
	char text[2 * sizeof(MOET_SIGNED)];
	size_t len = 0;

	(void)state;
	for (const char *at = MOET_SIGNED; *at != '\0'; at++) {
		if (*at == '\n')
			text[len++] = '\r';
		text[len++] = *at;
	}
	assert_null(judge(text, len, MOET_KEY, MESSAGE, strlen(MESSAGE)));
	text[len++] = '\n';
	assert_null(judge(text, len, MOET_KEY, MESSAGE, strlen(MESSAGE)));
}

/* Where one file's trusted comment is put into another one's. */
static void refuses_a_trusted_comment_of_another_signature(void **state)
{
	(void)state;
	expect_refused(
		"untrusted comment: x\n"
		"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n"
		"trusted comment: again!\n"
		"y1jz461VXjJ0vMaBPeNTF+mf5ihM8IJun7CkmE+eC3eZ3teC4bkatMs4aTelf8Yb4EUyG2hOaxx2auPxlUkCCw==\n",
		"trusted comment was changed");
	/* A legacy signature under the prehashed algorithm's name, and the other way round. */
	expect_refused(
		"untrusted comment: x\n"
		"RUR8Fwu4OtVNmneiQUMYfEx16J3luIKdPQ2QA4H+pCsJ6sGyCW0ZfysY8V+Ul3x0sCyglTgSH1FKtVYJtX9Jr36OeQ/KiFwNGQo=\n"
		"trusted comment: legacy\n"
		"bYHerbDLti9mV9iyVldWLoE7KA4Y/AJAzvRF0f5yerlDCHEiekFl52nv+T0aXJhnFTmp5OITe/jo+bcNi86ICw==\n",
		"does not fit the file");
	expect_refused(MIC_SIGNED, "by another key");
}

static void says_what_is_no_signature_file(void **state)
{
	static const char zero[] =
		"untrusted comment: x\n"
		"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n"
		"trusted comment: a\0b\n";
	char longest[ZR_SIGNATURE_FILE_MAX + 1];

	(void)state;
	expect_refused("", "does not begin with");
	expect_refused("match,service\n", "does not begin with");
	expect_refused("untrusted comment: x", "ends before the signature");
	expect_refused("untrusted comment: x\n\n", "not the base64");
	expect_refused("untrusted comment: x\nRUR8Fwu4\n", "not the base64");
	expect_refused("untrusted comment: x\n"
		       "RVR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/"
		       "Ahj4wU=\n",
		       "unknown algorithm");
	expect_refused(MOET_SIGNED "\n \n" MOET_SIGNED, "goes on after its fourth line");
	assert_non_null(strstr(judge(zero, sizeof(zero) - 1, MOET_KEY, MESSAGE, strlen(MESSAGE)), "zero octet"));
	memset(longest, ' ', sizeof(longest));
	memcpy(longest, MOET_SIGNED, strlen(MOET_SIGNED));
	assert_null(judge(longest, ZR_SIGNATURE_FILE_MAX, MOET_KEY, MESSAGE, strlen(MESSAGE)));
	assert_non_null(
		strstr(judge(longest, ZR_SIGNATURE_FILE_MAX + 1, MOET_KEY, MESSAGE, strlen(MESSAGE)), "8192 octets"));
}

static void says_what_is_no_public_key(void **state)
{
	/* A signature instead of a key, a key cut, with a line end, of another algorithm, mistyped, and of small order. */
	static const char *const bad[] = {
		"",
		"RWR8Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQss",
		MOET_KEY "\n",
		"RWR8Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQss=",
		"RUR8Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQssI",
		"RWR8Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQssJ",
		"RWR8Fwu4OtVNmgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct zr_public_key key;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason = NULL;
		assert_int_equal(parse_key(bad[i], strlen(bad[i]), &key, &reason), -EINVAL);
		assert_non_null(reason);
	}
	assert_int_equal(parse_key(MOET_SIGNED, strlen(MOET_SIGNED), &key, &reason), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_what_minisign_signed),
		cmocka_unit_test(prints_key_ids_as_minisign_does),
		cmocka_unit_test(refuses_any_changed_octet_of_the_message),
		cmocka_unit_test(refuses_any_changed_bit_but_in_the_untrusted_comment),
		cmocka_unit_test(refuses_a_file_cut_anywhere),
		cmocka_unit_test(takes_line_ends_of_windows),
		cmocka_unit_test(refuses_a_trusted_comment_of_another_signature),
		cmocka_unit_test(says_what_is_no_signature_file),
		cmocka_unit_test(says_what_is_no_public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
