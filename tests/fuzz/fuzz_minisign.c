/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a signature file, as a public key and as the name of a signature file. What verifies must be one of the two
 * signatures that the key ever made of the message.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/approval.h"
#include "tests/unit/rules/signed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zr_signature read_known(const char *text)
{
	struct zr_signature signature;
	const char *reason;

	if (zr_signature_parse(text, strlen(text), &signature, &reason) != 0)
		abort();
	return signature;
}

static void as_signature(const struct zr_keys *keys, const char *text, size_t size)
{
	struct zr_signature signature;
	const char *reason = NULL;

	if (zr_signature_parse(text, size, &signature, &reason) != 0) {
		if (reason == NULL)
			abort();
		return;
	}
	if (signature.trusted_comment_len != strlen(signature.trusted_comment) || signature.trusted_comment_len > size)
		abort();
	if (zr_signature_verify(&signature, &keys->keys[0], MESSAGE, strlen(MESSAGE)) == NULL) {
		struct zr_signature prehashed = read_known(MOET_SIGNED), legacy = read_known(MOET_SIGNED_LEGACY);

		if (memcmp(signature.bytes, prehashed.bytes, sizeof(signature.bytes)) != 0 &&
		    memcmp(signature.bytes, legacy.bytes, sizeof(signature.bytes)) != 0)
			abort();
	}
}

static void as_approval(const struct zr_keys *keys, const char *text, size_t size)
{
	const struct zr_signature_file files[] = {
		{.name = "l.minisig", .text = text, .len = size},
		{.name = "l.a.minisig", .text = MOET_SIGNED, .len = strlen(MOET_SIGNED)},
		{.name = "l.b.minisig", .text = text, .len = size},
	};
	char sentence[ZR_APPROVAL_TEXT], finding[ZR_APPROVAL_FINDING];
	struct zr_approval approval;

	zr_approval_judge(keys, MESSAGE, strlen(MESSAGE), files, 3, &approval);
	if (!approval.signed_by[0] || approval.count > keys->count || approval.count != 1U + approval.signed_by[1])
		abort();
	if (zr_approval_format(&approval, keys, 2, sentence) != strlen(sentence))
		abort();
	for (unsigned int i = 0; i < approval.file_count; i++)
		if (zr_approval_finding(&approval, i, finding) != strlen(finding))
			abort();
	if (approval.files[2].wrong == NULL && !approval.files[2].is_repeated)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *reason = NULL;
	struct zr_keys keys = {0};
	char *name = strndup(text, size);

	if (name == NULL || zr_keys_add(&keys, MOET_KEY, strlen(MOET_KEY), &reason) != 0 ||
	    zr_keys_add(&keys, MIC_KEY, strlen(MIC_KEY), &reason) != 0)
		abort();
	as_signature(&keys, text, size);
	as_approval(&keys, text, size);
	if (zr_signature_file_is_of("list.csv", name) && strncmp(name, "list.csv.", 9) != 0)
		abort();
	free(name);
	reason = NULL;
	if (zr_keys_add(&keys, text, size, &reason) == 0 ? keys.count != 3 : reason == NULL)
		abort();
	return 0;
}
