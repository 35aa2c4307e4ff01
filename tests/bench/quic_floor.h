/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an Initial costs at least where OpenSSL opens it: its calls for the keys (RFC 9001, section 5.2: five HMACs, the salt
 * hashed beforehand), the header's mask and the payload, and nothing else: it is known where everything lies.
 */
#ifndef TESTS_BENCH_QUIC_FLOOR_H
#define TESTS_BENCH_QUIC_FLOOR_H

#include <openssl/evp.h>

#include "tests/bench/hellos.h"

struct quic_floor {
	const struct hellos *hellos;
	EVP_MAC_CTX *salt, *secret;
	EVP_CIPHER_CTX *ecb, *gcm;
};

/* hellos: of QUIC, over IPv4. Aborts when OpenSSL fails. */
void quic_floor_open(struct quic_floor *floor, const struct hellos *hellos);
void quic_floor_close(struct quic_floor *floor);
/* A run for bench_measure over all Initials: arg is the struct quic_floor. Aborts when one is not authentic. */
void quic_floor_run(void *floor);

#endif
