/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys and detached signatures as the stock minisign writes them (Ed25519, RFC 8032): legacy ones ("Ed", over the file) and
 * prehashed ones ("ED", over its BLAKE2b-512). Pure: no files, no clock, any thread.
 *
 * A public key in base64 is 2 octets "Ed", 8 of key id, 32 of key. A signature file has four lines: an untrusted comment, the
 * signature (2 octets of algorithm, 8 of key id, 64 of signature), the trusted comment, and a signature over signature and
 * trusted comment. Format: https://jedisct1.github.io/minisign/, "Signature format".
 */
#ifndef RULES_MINISIGN_H
#define RULES_MINISIGN_H

#include <stddef.h>
#include <stdint.h>

#define ZR_KEY_ID_OCTETS       8
#define ZR_KEY_ID_TEXT         17   /* up to 16 hex digits, and a terminator */
#define ZR_PUBLIC_KEY_TEXT_LEN 56   /* characters of a public key in base64 */
#define ZR_SIGNATURE_FILE_MAX  8192 /* octets; longer signature files are refused */

struct zr_public_key {
	uint8_t id[ZR_KEY_ID_OCTETS];
	uint8_t key[32];
};

struct zr_signature {
	uint8_t algorithm[2]; /* "Ed" or "ED" */
	uint8_t key_id[ZR_KEY_ID_OCTETS];
	uint8_t bytes[64];
	uint8_t global[64]; /* over bytes and trusted_comment */
	size_t trusted_comment_len;
	/* Any octets but zero and line ends, terminated; clean it before people see it: see rules/approval.h. */
	char trusted_comment[ZR_SIGNATURE_FILE_MAX + 1];
};

/*
 * Read "RWQ…", the base64 line of a minisign public key, without anything around it. Returns 0, or -EINVAL with a constant
 * *reason that says what is wrong and what to write. A key that is no point of the curve's main group, as most mistyped
 * ones are, is refused too.
 */
int zr_public_key_parse(const char *text, size_t len, struct zr_public_key *out, const char **reason);

/*
 * A key id as minisign prints it: the number that its octets are, the lowest first, in upper-case hex digits without zeros
 * before it.
 */
void zr_key_id_format(const uint8_t key_id[ZR_KEY_ID_OCTETS], char out[ZR_KEY_ID_TEXT]);
void zr_public_key_format(const struct zr_public_key *key, char id[ZR_KEY_ID_TEXT]);

/*
 * Read the text of a signature file; line ends may be LF or CR LF and the last one may be missing. Nothing is verified.
 * Returns 0, or -EINVAL with a constant *reason.
 */
int zr_signature_parse(const char *text, size_t len, struct zr_signature *out, const char **reason);

/*
 * Does the signature fit the message and its own trusted comment, by this key? NULL when it does, else a constant that says
 * why not. Costs one pass over the message and no memory.
 */
const char *zr_signature_verify(const struct zr_signature *signature, const struct zr_public_key *key,
				const void *message, size_t len);

#endif
