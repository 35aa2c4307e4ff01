/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/quic_floor.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS    (14 + 20 + 8)
#define SECRET_LEN 32
#define KEY_LEN    16
#define IV_LEN     12
#define TAG_LEN    16

/* HkdfLabel (RFC 8446, section 7.1): length, label with its length, an empty context; then HKDF's counter. */
#define LABEL(out_len, text_len, text) "\0" out_len text_len text "\0\x01"

static const char client_in[] = LABEL("\x20", "\x0f", "tls13 client in");
static const char quic_key[] = LABEL("\x10", "\x0e", "tls13 quic key");
static const char quic_iv[] = LABEL("\x0c", "\x0d", "tls13 quic iv");
static const char quic_hp[] = LABEL("\x10", "\x0d", "tls13 quic hp");

static void need(bool done, const char *what)
{
	if (!done) {
		fprintf(stderr, "bench: OpenSSL: %s\n", what);
		exit(1);
	}
}

static EVP_MAC_CTX *hmac_open(const uint8_t *key, size_t len)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
			       OSSL_PARAM_construct_end()};
	EVP_MAC *type = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(type);

	need(ctx != NULL && EVP_MAC_init(ctx, key, len, params), "no HMAC");
	EVP_MAC_free(type);
	return ctx;
}

void quic_floor_open(struct quic_floor *floor, const struct hellos *hellos)
{
	static const uint8_t salt[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
					 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	static const uint8_t no_secret[SECRET_LEN];

	*floor = (struct quic_floor){.hellos = hellos,
				     .salt = hmac_open(salt, sizeof(salt)),
				     .secret = hmac_open(no_secret, sizeof(no_secret)),
				     .ecb = EVP_CIPHER_CTX_new(),
				     .gcm = EVP_CIPHER_CTX_new()};
	need(EVP_EncryptInit_ex2(floor->ecb, EVP_aes_128_ecb(), NULL, NULL, NULL) &&
		     EVP_DecryptInit_ex2(floor->gcm, EVP_aes_128_gcm(), NULL, NULL, NULL),
	     "no AES");
}

void quic_floor_close(struct quic_floor *floor)
{
	EVP_MAC_CTX_free(floor->salt);
	EVP_MAC_CTX_free(floor->secret);
	EVP_CIPHER_CTX_free(floor->ecb);
	EVP_CIPHER_CTX_free(floor->gcm);
}

/* key NULL: the one of the call before. */
static bool hmac(EVP_MAC_CTX *ctx, const uint8_t *key, const void *message, size_t len, uint8_t out[SECRET_LEN])
{
	return EVP_MAC_init(ctx, key, key != NULL ? SECRET_LEN : 0, NULL) && EVP_MAC_update(ctx, message, len) &&
	       EVP_MAC_final(ctx, out, NULL, SECRET_LEN);
}

static bool open_initial(struct quic_floor *f, const uint8_t *packet, size_t len)
{
	uint8_t secret[SECRET_LEN], client[SECRET_LEN], key[SECRET_LEN], iv[SECRET_LEN], hp[SECRET_LEN];
	uint8_t header[HELLOS_PN_OFFSET + 1], mask[16], tag[TAG_LEN], text[2048];
	size_t sealed_len = len - sizeof(header) - TAG_LEN;
	int out_len;

	if (!hmac(f->salt, NULL, packet + HELLOS_DCID_OFFSET, HELLOS_DCID_LEN, secret) ||
	    !hmac(f->secret, secret, client_in, sizeof(client_in) - 1, client) ||
	    !hmac(f->secret, client, quic_key, sizeof(quic_key) - 1, key) ||
	    !hmac(f->secret, NULL, quic_iv, sizeof(quic_iv) - 1, iv) ||
	    !hmac(f->secret, NULL, quic_hp, sizeof(quic_hp) - 1, hp) ||
	    !EVP_EncryptInit_ex2(f->ecb, NULL, hp, NULL, NULL) ||
	    !EVP_EncryptUpdate(f->ecb, mask, &out_len, packet + HELLOS_PN_OFFSET + 4, sizeof(mask)))
		return false;
	memcpy(header, packet, sizeof(header));
	header[0] ^= mask[0] & 0x0f;
	header[HELLOS_PN_OFFSET] ^= mask[1];
	iv[IV_LEN - 1] ^= header[HELLOS_PN_OFFSET];
	memcpy(tag, packet + len - TAG_LEN, TAG_LEN);
	return EVP_DecryptInit_ex2(f->gcm, NULL, key, iv, NULL) &&
	       EVP_CIPHER_CTX_ctrl(f->gcm, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) &&
	       EVP_DecryptUpdate(f->gcm, NULL, &out_len, header, sizeof(header)) &&
	       EVP_DecryptUpdate(f->gcm, text, &out_len, packet + sizeof(header), (int)sealed_len) &&
	       EVP_DecryptFinal_ex(f->gcm, text + sealed_len, &out_len);
}

void quic_floor_run(void *arg)
{
	struct quic_floor *f = arg;
	const struct traffic *traffic = &f->hellos->traffic;

	for (uint32_t i = 0; i < traffic->count; i++)
		need(open_initial(f, traffic->views[i].data + HEADERS, traffic->views[i].len - HEADERS),
		     "an Initial is not authentic");
}
