/* SPDX-License-Identifier: BSD-3-Clause */
/* EVP has no hash of single blocks: it begins, pads and ends each one, which takes longer than hashing them. */
#define OPENSSL_API_COMPAT 10101

#include "dataplane/inspect/quic_crypto.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_LEN 32 /* SHA-256 */
#define KEY_LEN    16
#define IV_LEN     12
#define TAG_LEN    16
#define PN_LEN_MAX 4

/* A last block of SHA-256: what is hashed, padding, and the length of all that was (RFC 6234, section 4.1). */
struct block {
	uint8_t bytes[SHA256_CBLOCK];
};

/* A key of HMAC-SHA256 (RFC 2104): the hashes that have taken it in, padded, and nothing else. */
struct hmac_key {
	SHA256_CTX inner, outer;
};

struct version_keys {
	struct hmac_key salt;
	struct block client_in, key, iv, hp; /* labels */
};

struct zr_quic_crypto {
	SHA256_CTX empty; /* the hash of nothing */
	EVP_CIPHER_CTX *ecb, *gcm;
	struct version_keys versions[ZR_QUIC_VERSION_COUNT];
};

/* RFC 9001, section 5.2; RFC 9369, section 3.3; draft-ietf-quic-tls-29, section 5.2. */
static const struct {
	uint8_t salt[20];
	const char *key, *iv, *hp;
} versions[ZR_QUIC_VERSION_COUNT] = {
	[ZR_QUIC_DRAFT_29] = {{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
			       0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
			      "tls13 quic key",
			      "tls13 quic iv",
			      "tls13 quic hp"},
	[ZR_QUIC_V1] = {{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
			 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
			"tls13 quic key",
			"tls13 quic iv",
			"tls13 quic hp"},
	[ZR_QUIC_V2] = {{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
			 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
			"tls13 quicv2 key",
			"tls13 quicv2 iv",
			"tls13 quicv2 hp"},
};

/* The last block of an HMAC's inner or outer hash, where the key's block came before: message of at most 55 bytes. */
static void block_set(struct block *block, const uint8_t *message, size_t len)
{
	uint64_t bits_be = htobe64(8 * (sizeof(block->bytes) + len));

	memset(block, 0, sizeof(*block));
	memcpy(block->bytes, message, len);
	block->bytes[len] = 0x80;
	memcpy(block->bytes + sizeof(block->bytes) - sizeof(bits_be), &bits_be, sizeof(bits_be));
}

/* The message of HKDF-Expand-Label's one HMAC: HkdfLabel (RFC 8446, section 7.1), then HKDF's counter (RFC 5869). */
static void label_set(struct block *label, uint8_t out_len, const char *text)
{
	uint8_t message[32];
	size_t text_len = strlen(text);

	message[0] = 0;
	message[1] = out_len;
	message[2] = (uint8_t)text_len;
	memcpy(message + 3, text, text_len);
	message[3 + text_len] = 0; /* no context */
	message[4 + text_len] = 1;
	block_set(label, message, 5 + text_len);
}

/* One half of a key: empty: the hash of nothing; pad: RFC 2104's. */
static SHA256_CTX half_key(const SHA256_CTX *empty, const uint8_t *key, size_t len, uint8_t pad)
{
	SHA256_CTX hash = *empty;
	uint8_t block[SHA256_CBLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < len; i++)
		block[i] ^= key[i];
	SHA256_Transform(&hash, block);
	return hash;
}

static void hmac_key_set(const struct zr_quic_crypto *crypto, const uint8_t *key, size_t len, struct hmac_key *out)
{
	out->inner = half_key(&crypto->empty, key, len, 0x36);
	out->outer = half_key(&crypto->empty, key, len, 0x5c);
}

/* Hash the last block, on from a half of a key. */
static void finish(const SHA256_CTX *half, const struct block *last, uint8_t out[SECRET_LEN])
{
	SHA256_CTX hash = *half;

	SHA256_Transform(&hash, last->bytes);
	for (size_t i = 0; i < SECRET_LEN / sizeof(uint32_t); i++) {
		uint32_t word_be = htobe32(hash.h[i]);

		memcpy(out + i * sizeof(word_be), &word_be, sizeof(word_be));
	}
}

static void hmac(const struct hmac_key *key, const struct block *message, uint8_t out[SECRET_LEN])
{
	struct block digest;
	uint8_t inner[SECRET_LEN];

	finish(&key->inner, message, inner);
	block_set(&digest, inner, sizeof(inner));
	finish(&key->outer, &digest, out);
}

static EVP_CIPHER_CTX *new_cipher(const char *name, int encrypt)
{
	EVP_CIPHER *type = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (type == NULL || ctx == NULL || !EVP_CipherInit_ex2(ctx, type, NULL, NULL, encrypt, NULL)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(type);
	return ctx;
}

static void set_versions(struct zr_quic_crypto *crypto)
{
	for (unsigned int i = 0; i < ZR_QUIC_VERSION_COUNT; i++) {
		struct version_keys *v = &crypto->versions[i];

		hmac_key_set(crypto, versions[i].salt, sizeof(versions[i].salt), &v->salt);
		label_set(&v->client_in, SECRET_LEN, "tls13 client in");
		label_set(&v->key, KEY_LEN, versions[i].key);
		label_set(&v->iv, IV_LEN, versions[i].iv);
		label_set(&v->hp, KEY_LEN, versions[i].hp);
	}
}

struct zr_quic_crypto *zr_quic_crypto_new(void)
{
	struct zr_quic_crypto *crypto = calloc(1, sizeof(*crypto));

	if (crypto == NULL)
		return NULL;
	SHA256_Init(&crypto->empty);
	set_versions(crypto);
	crypto->ecb = new_cipher("AES-128-ECB", 1);
	crypto->gcm = new_cipher("AES-128-GCM", 0);
	if (crypto->ecb == NULL || crypto->gcm == NULL) {
		zr_quic_crypto_free(crypto);
		return NULL;
	}
	return crypto;
}

void zr_quic_crypto_free(struct zr_quic_crypto *crypto)
{
	if (crypto == NULL)
		return;
	EVP_CIPHER_CTX_free(crypto->ecb);
	EVP_CIPHER_CTX_free(crypto->gcm);
	free(crypto);
}

static void expand(const struct hmac_key *secret, const struct block *label, uint8_t *out, size_t out_len)
{
	uint8_t bytes[SECRET_LEN];

	hmac(secret, label, bytes);
	memcpy(out, bytes, out_len);
}

/* HKDF as its five HMACs, each of one block behind the key's: 14 blocks of SHA-256, and nothing else. */
int zr_quic_initial_keys(struct zr_quic_crypto *crypto, uint32_t version, const uint8_t *dcid, size_t dcid_len,
			 struct zr_quic_keys *out)
{
	enum zr_quic_version index = zr_quic_version_of(version);
	const struct version_keys *v;
	uint8_t secret[SECRET_LEN];
	struct hmac_key initial, client;
	struct block id;

	if (index == ZR_QUIC_VERSION_OTHER || dcid_len > ZR_QUIC_CID_MAX)
		return -EINVAL;
	v = &crypto->versions[index];
	block_set(&id, dcid, dcid_len);
	hmac(&v->salt, &id, secret);
	hmac_key_set(crypto, secret, sizeof(secret), &initial);
	hmac(&initial, &v->client_in, secret);
	hmac_key_set(crypto, secret, sizeof(secret), &client);
	expand(&client, &v->key, out->key, KEY_LEN);
	expand(&client, &v->iv, out->iv, IV_LEN);
	expand(&client, &v->hp, out->hp, KEY_LEN);
	return 0;
}

/*
 * Write the header without its protection (RFC 9001, section 5.4). Returns the length of the packet number, 0 on failure.
 */
static size_t unmask_header(struct zr_quic_crypto *crypto, const struct zr_quic_keys *keys,
			    const struct zr_quic_packet *packet, uint8_t *header)
{
	const uint8_t *sample = packet->start + packet->pn_offset + PN_LEN_MAX;
	uint8_t mask[16];
	size_t pn_len;
	int mask_len;

	if (!EVP_EncryptInit_ex2(crypto->ecb, NULL, keys->hp, NULL, NULL) ||
	    !EVP_EncryptUpdate(crypto->ecb, mask, &mask_len, sample, sizeof(mask)))
		return 0;
	memcpy(header, packet->start, packet->pn_offset + PN_LEN_MAX);
	header[0] ^= mask[0] & 0x0f;
	pn_len = (header[0] & 3) + 1U;
	for (size_t i = 0; i < pn_len; i++)
		header[packet->pn_offset + i] ^= mask[1 + i];
	return pn_len;
}

/*
 * The packet number is taken as it stands: numbers begin at 0 and a sender writes all bits that are not acknowledged yet
 * (RFC 9000, sections 12.3 and 17.1), so that it is cut only behind the first 256 Initials.
 */
static void make_nonce(const struct zr_quic_keys *keys, const uint8_t *pn, size_t pn_len, uint8_t nonce[IV_LEN])
{
	memcpy(nonce, keys->iv, IV_LEN);
	for (size_t i = 0; i < pn_len; i++)
		nonce[IV_LEN - pn_len + i] ^= pn[i];
}

bool zr_quic_open(struct zr_quic_crypto *crypto, const struct zr_quic_keys *keys, const struct zr_quic_packet *packet,
		  uint8_t *scratch, struct zr_slice *payload)
{
	size_t pn_len = unmask_header(crypto, keys, packet, scratch);
	size_t header_len = packet->pn_offset + pn_len;
	uint8_t nonce[IV_LEN], tag[TAG_LEN];
	size_t sealed_len;
	int out_len;

	if (pn_len == 0 || packet->len <= header_len + TAG_LEN)
		return false;
	sealed_len = packet->len - header_len - TAG_LEN;
	make_nonce(keys, scratch + packet->pn_offset, pn_len, nonce);
	memcpy(tag, packet->start + packet->len - TAG_LEN, TAG_LEN);
	if (!EVP_DecryptInit_ex2(crypto->gcm, NULL, keys->key, nonce, NULL) ||
	    !EVP_CIPHER_CTX_ctrl(crypto->gcm, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) ||
	    !EVP_DecryptUpdate(crypto->gcm, NULL, &out_len, scratch, (int)header_len) ||
	    !EVP_DecryptUpdate(crypto->gcm, scratch + header_len, &out_len, packet->start + header_len,
			       (int)sealed_len) ||
	    !EVP_DecryptFinal_ex(crypto->gcm, scratch + header_len + sealed_len, &out_len))
		return false;
	*payload = (struct zr_slice){.at = scratch + header_len, .len = sealed_len};
	return true;
}
