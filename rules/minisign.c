/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/minisign.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PUBLIC_KEY_OCTETS 42
#define SIGNATURE_OCTETS  74

static const char untrusted_prefix[] = "untrusted comment: ";
static const char trusted_prefix[] = "trusted comment: ";

struct line {
	const char *text;
	size_t len;
};

/* Does text hold exactly octets of base64 (RFC 4648, section 4, with padding)? */
static bool read_base64(const char *text, size_t len, uint8_t *out, size_t octets)
{
	size_t out_len = 0;

	/* libsodium 1.0.18 takes octets above 0x7f for characters of base64. */
	for (size_t i = 0; i < len; i++) {
		if ((text[i] & 0x80) != 0)
			return false;
	}
	return len > 0 &&
	       sodium_base642bin(out, octets, text, len, NULL, &out_len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       out_len == octets;
}

int zr_public_key_parse(const char *text, size_t len, struct zr_public_key *out, const char **reason)
{
	uint8_t octets[PUBLIC_KEY_OCTETS];

	if (len != ZR_PUBLIC_KEY_TEXT_LEN || !read_base64(text, len, octets, sizeof(octets))) {
		*reason = "a public key is 56 characters of base64; copy the second line of the .pub file that "
			  "minisign -G made";
		return -EINVAL;
	}
	if (memcmp(octets, "Ed", 2) != 0) {
		*reason = "a minisign public key begins with RW; copy the second line of the .pub file that minisign "
			  "-G made";
		return -EINVAL;
	}
	if (crypto_core_ed25519_is_valid_point(octets + 10) != 1) {
		*reason = "it is no Ed25519 key, so a character of it is wrong; copy the key again";
		return -EINVAL;
	}
	memcpy(out->id, octets + 2, sizeof(out->id));
	memcpy(out->key, octets + 10, sizeof(out->key));
	return 0;
}

void zr_key_id_format(const uint8_t key_id[ZR_KEY_ID_OCTETS], char out[ZR_KEY_ID_TEXT])
{
	uint64_t number = 0;

	for (size_t i = ZR_KEY_ID_OCTETS; i-- > 0;)
		number = number << 8 | key_id[i];
	snprintf(out, ZR_KEY_ID_TEXT, "%" PRIX64, number);
}

void zr_public_key_format(const struct zr_public_key *key, char id[ZR_KEY_ID_TEXT])
{
	zr_key_id_format(key->id, id);
}

/* Take the next line, without its end, off *text. False when nothing is left. */
static bool take_line(const char **text, size_t *len, struct line *out)
{
	const char *end;
	size_t taken_len;

	if (*len == 0)
		return false;
	end = memchr(*text, '\n', *len);
	out->text = *text;
	out->len = end != NULL ? (size_t)(end - *text) : *len;
	taken_len = end != NULL ? out->len + 1 : out->len;
	*text += taken_len;
	*len -= taken_len;
	if (out->len > 0 && out->text[out->len - 1] == '\r')
		out->len--;
	return true;
}

/* Cut prefix off the line; false when it does not begin with it. */
static bool cut_prefix(struct line *line, const char *prefix)
{
	size_t prefix_len = strlen(prefix);

	if (line->len < prefix_len || memcmp(line->text, prefix, prefix_len) != 0)
		return false;
	line->text += prefix_len;
	line->len -= prefix_len;
	return true;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	}
	return true;
}

static const char *read_signature(const char *text, size_t len, struct zr_signature *out)
{
	uint8_t octets[SIGNATURE_OCTETS];
	struct line untrusted, signature, trusted, global;

	if (len > ZR_SIGNATURE_FILE_MAX)
		return "it is longer than a signature file may be (8192 octets); sign again with shorter comments";
	if (!take_line(&text, &len, &untrusted) || !cut_prefix(&untrusted, untrusted_prefix))
		return "it does not begin with \"untrusted comment: \", so it is not a signature that minisign made";
	if (!take_line(&text, &len, &signature))
		return "it ends before the signature in its second line; copy or sign it again";
	if (!read_base64(signature.text, signature.len, octets, sizeof(octets)))
		return "its second line is not the base64 of a minisign signature; copy or sign it again";
	if (memcmp(octets, "Ed", 2) != 0 && memcmp(octets, "ED", 2) != 0)
		return "its signature is of an unknown algorithm; sign with minisign, whose algorithms are Ed and ED";
	if (!take_line(&text, &len, &trusted) || !cut_prefix(&trusted, trusted_prefix))
		return "its third line does not begin with \"trusted comment: \"; copy or sign it again";
	if (memchr(trusted.text, '\0', trusted.len) != NULL)
		return "its trusted comment holds a zero octet; sign again with minisign";
	if (!take_line(&text, &len, &global))
		return "it ends before the trusted comment's signature in its fourth line; copy or sign it again";
	if (!read_base64(global.text, global.len, out->global, sizeof(out->global)))
		return "its fourth line is not the base64 of the trusted comment's signature; copy or sign it again";
	if (!is_blank(text, len))
		return "it goes on after its fourth line; one file holds one signature";
	memcpy(out->algorithm, octets, sizeof(out->algorithm));
	memcpy(out->key_id, octets + 2, sizeof(out->key_id));
	memcpy(out->bytes, octets + 10, sizeof(out->bytes));
	memcpy(out->trusted_comment, trusted.text, trusted.len);
	out->trusted_comment[trusted.len] = '\0';
	out->trusted_comment_len = trusted.len;
	return NULL;
}

int zr_signature_parse(const char *text, size_t len, struct zr_signature *out, const char **reason)
{
	const char *wrong = read_signature(text, len, out);

	if (wrong == NULL)
		return 0;
	*reason = wrong;
	return -EINVAL;
}

static bool fits(const uint8_t signature[64], const void *message, size_t len, const struct zr_public_key *key)
{
	return crypto_sign_verify_detached(signature, message, len, key->key) == 0;
}

const char *zr_signature_verify(const struct zr_signature *signature, const struct zr_public_key *key,
				const void *message, size_t len)
{
	uint8_t commented[sizeof(signature->bytes) + ZR_SIGNATURE_FILE_MAX];
	uint8_t hash[crypto_generichash_BYTES_MAX];
	bool is_prehashed = memcmp(signature->algorithm, "ED", 2) == 0;

	/* libsodium chooses its fastest code here, once for all threads. */
	if (sodium_init() < 0)
		return "libsodium could not start on this machine";
	if (memcmp(signature->key_id, key->id, sizeof(key->id)) != 0)
		return "it is by another key";
	if (is_prehashed) {
		crypto_generichash(hash, sizeof(hash), message, len, NULL, 0);
		message = hash;
		len = sizeof(hash);
	}
	if (!fits(signature->bytes, message, len, key))
		return "its signature does not fit the file: the file or the signature was changed after signing";
	memcpy(commented, signature->bytes, sizeof(signature->bytes));
	memcpy(commented + sizeof(signature->bytes), signature->trusted_comment, signature->trusted_comment_len);
	if (!fits(signature->global, commented, sizeof(signature->bytes) + signature->trusted_comment_len, key))
		return "its trusted comment was changed after signing";
	return NULL;
}
