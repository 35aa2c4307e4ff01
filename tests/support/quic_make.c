/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/quic_make.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

#define TAG_LEN 16

static void need(int ok)
{
	if (!ok)
		abort();
}

void quic_put(struct quic_bytes *b, const void *data, size_t len)
{
	need(len <= sizeof(b->at) - b->len);
	if (len > 0)
		memcpy(b->at + b->len, data, len);
	b->len += len;
}

void quic_put_fill(struct quic_bytes *b, uint8_t byte, size_t count)
{
	need(count <= sizeof(b->at) - b->len);
	memset(b->at + b->len, byte, count);
	b->len += count;
}

static void put_number(struct quic_bytes *b, uint64_t value, unsigned int len)
{
	for (unsigned int i = len; i > 0; i--)
		quic_put_fill(b, (uint8_t)(value >> (8 * (i - 1))), 1);
}

void quic_put_varint(struct quic_bytes *b, uint64_t value)
{
	if (value < 1U << 6)
		put_number(b, value, 1);
	else if (value < 1U << 14)
		put_number(b, value | UINT64_C(1) << 14, 2);
	else if (value < 1U << 30)
		put_number(b, value | UINT64_C(2) << 30, 4);
	else
		put_number(b, value | UINT64_C(3) << 62, 8);
}

void quic_put_crypto_bytes(struct quic_bytes *b, size_t offset, const uint8_t *bytes, size_t len)
{
	quic_put_fill(b, 0x06, 1);
	quic_put_varint(b, offset);
	quic_put_varint(b, len);
	quic_put(b, bytes, len);
}

void quic_put_crypto(struct quic_bytes *b, const uint8_t *hello, size_t offset, size_t len)
{
	quic_put_crypto_bytes(b, offset, hello + offset, len);
}

void quic_put_ack(struct quic_bytes *b, unsigned int ranges, int ecn)
{
	quic_put_fill(b, ecn ? 0x03 : 0x02, 1);
	quic_put_varint(b, 100000);
	quic_put_varint(b, 25);
	quic_put_varint(b, ranges);
	quic_put_varint(b, 0);
	for (unsigned int i = 0; i < 2 * ranges; i++)
		quic_put_varint(b, i * 50);
	for (unsigned int i = 0; ecn && i < 3; i++)
		quic_put_varint(b, i * 1000);
}

size_t quic_make_hello(const char *name, size_t min_len, uint8_t *out, size_t room)
{
	size_t name_len = name != NULL ? strlen(name) : 0;
	size_t sni_len = name != NULL ? 4 + 5 + name_len : 0;
	size_t fixed_len = 4 + 2 + 32 + 1 + 2 + 2 + 1 + 1 + 2;
	size_t len = fixed_len + sni_len + 4;
	size_t padding_len = len < min_len ? min_len - len : 0;
	uint8_t *p = out;

	len += padding_len;
	need(len <= room && len - 4 <= 0xffff);
	memset(out, 0, len);
#define PUT16(value) (*p++ = (uint8_t)((value) >> 8), *p++ = (uint8_t)(value))
	*p++ = 1; /* client_hello */
	*p++ = 0;
	PUT16(len - 4);
	PUT16(0x0303);
	for (unsigned int i = 0; i < 32; i++)
		*p++ = (uint8_t)(0xa0 + i);
	*p++ = 0; /* session id */
	PUT16(2);
	PUT16(0x1301);
	*p++ = 1; /* compression: null */
	*p++ = 0;
	PUT16(sni_len + 4 + padding_len);
	if (name != NULL) {
		PUT16(0); /* server_name */
		PUT16(5 + name_len);
		PUT16(3 + name_len);
		*p++ = 0;
		PUT16(name_len);
		memcpy(p, name, name_len);
		p += name_len;
	}
	PUT16(21); /* padding (RFC 7685) */
	PUT16(padding_len);
#undef PUT16
	return len;
}

static const uint8_t *salt_of(uint32_t version)
{
	static const uint8_t draft_29[] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
					   0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
	static const uint8_t v1[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
				     0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	static const uint8_t v2[] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
				     0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

	return version == QUIC_V2 ? v2 : version == QUIC_DRAFT_29 ? draft_29 : v1;
}

static void hkdf(int mode, const uint8_t *key, size_t key_len, OSSL_PARAM extra, uint8_t *out, size_t out_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	uint8_t key_copy[64];
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy, key_len),
		extra,
		OSSL_PARAM_construct_end(),
	};

	need(key_len <= sizeof(key_copy));
	memcpy(key_copy, key, key_len);
	need(EVP_KDF_derive(ctx, out, out_len, params) > 0);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void extract(uint32_t version, const struct quic_id *id, uint8_t secret[32])
{
	uint8_t salt[20];

	memcpy(salt, salt_of(version), sizeof(salt));
	hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, id->at, id->len,
	     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof(salt)), secret, 32);
}

static void expand(const uint8_t secret[32], const char *label, uint8_t *out, size_t out_len)
{
	uint8_t info[64] = {0, (uint8_t)out_len, (uint8_t)(6 + strlen(label)), 't', 'l', 's', '1', '3', ' '};

	memcpy(info + 9, label, strlen(label));
	hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, 32,
	     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, 10 + strlen(label)), out, out_len);
}

struct keys {
	uint8_t key[16], iv[12], hp[16];
};

static struct keys derive(const struct quic_header *h)
{
	int v2 = h->version == QUIC_V2;
	uint8_t secret[32], client[32];
	struct keys keys;

	extract(h->version, h->keys_from.len > 0 ? &h->keys_from : &h->dcid, secret);
	expand(secret, h->key_name != NULL ? h->key_name : "client in", client, sizeof(client));
	expand(client, v2 ? "quicv2 key" : "quic key", keys.key, sizeof(keys.key));
	expand(client, v2 ? "quicv2 iv" : "quic iv", keys.iv, sizeof(keys.iv));
	expand(client, v2 ? "quicv2 hp" : "quic hp", keys.hp, sizeof(keys.hp));
	return keys;
}

static void put_id(struct quic_bytes *b, const struct quic_id *id)
{
	quic_put_fill(b, (uint8_t)id->len, 1);
	quic_put(b, id->at, id->len);
}

static void put_header(struct quic_bytes *b, const struct quic_header *h, size_t payload_len)
{
	static const uint8_t bits_v2[] = {1, 2, 3, 0};
	unsigned int pn_len = h->pn_len > 0 ? h->pn_len : 1;
	unsigned int type = h->version == QUIC_V2 ? bits_v2[h->type] : h->type;

	quic_put_fill(b, (uint8_t)((0xc0 | type << 4 | (pn_len - 1)) ^ h->clear_bits), 1);
	put_number(b, h->version, 4);
	put_id(b, &h->dcid);
	put_id(b, &h->scid);
	if (h->type == QUIC_RETRY) {
		quic_put(b, h->token.at, h->token.len);
		return;
	}
	if (h->type == QUIC_INITIAL) {
		quic_put_varint(b, h->token.len);
		quic_put(b, h->token.at, h->token.len);
	}
	quic_put_varint(b, pn_len + payload_len + TAG_LEN);
	put_number(b, h->pn, pn_len);
}

static void encrypt(const struct keys *keys, uint32_t pn, const uint8_t *aad, size_t aad_len, uint8_t *text, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int n;

	memcpy(nonce, keys->iv, sizeof(nonce));
	for (unsigned int i = 0; i < 4; i++)
		nonce[8 + i] ^= (uint8_t)(pn >> (24 - 8 * i));
	need(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, nonce));
	need(EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)aad_len));
	need(EVP_EncryptUpdate(ctx, text, &n, text, (int)len));
	need(EVP_EncryptFinal_ex(ctx, text + len, &n));
	need(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, text + len));
	EVP_CIPHER_CTX_free(ctx);
}

static void mask(const struct keys *keys, uint8_t *first, uint8_t *pn, unsigned int pn_len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t bits[32];
	int n;

	need(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, keys->hp, NULL));
	need(EVP_EncryptUpdate(ctx, bits, &n, pn + 4, 16));
	EVP_CIPHER_CTX_free(ctx);
	*first ^= bits[0] & 0x0f;
	for (unsigned int i = 0; i < pn_len; i++)
		pn[i] ^= bits[1 + i];
}

void quic_seal(struct quic_bytes *datagram, const struct quic_header *header, const struct quic_bytes *payload)
{
	unsigned int pn_len = header->pn_len > 0 ? header->pn_len : 1;
	size_t start = datagram->len;
	struct keys keys;
	size_t text;

	put_header(datagram, header, payload->len);
	if (header->type == QUIC_RETRY)
		return;
	keys = derive(header);
	text = datagram->len;
	quic_put(datagram, payload->at, payload->len);
	quic_put_fill(datagram, 0, TAG_LEN);
	encrypt(&keys, header->pn, datagram->at + start, text - start, datagram->at + text, payload->len);
	mask(&keys, datagram->at + start, datagram->at + text - pn_len, pn_len);
}
