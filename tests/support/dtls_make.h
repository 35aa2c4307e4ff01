/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes DTLS ClientHellos, and the records that they are sent in. */
#ifndef TESTS_SUPPORT_DTLS_MAKE_H
#define TESTS_SUPPORT_DTLS_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define DTLS_1_0 0xfeffU
#define DTLS_1_2 0xfefdU

#define DTLS_RECORD_HEADER   13
#define DTLS_FRAGMENT_HEADER 12

/* A hello's body, made as the only one of its message. */
struct dtls_hello {
	uint16_t message_seq;
	size_t len;
	uint8_t body[20000];
};

/* A hello with this name (NULL: none), a cookie of so many bytes, and a body of at least min_len bytes. */
void dtls_make_hello(struct dtls_hello *out, const char *name, size_t cookie_len, size_t min_len);

/* Put len bytes of a hello from offset on as a fragment at out; returns its length. */
size_t dtls_put_fragment(uint8_t *out, const struct dtls_hello *hello, size_t offset, size_t len);

/* Put a record at out with a body of len bytes, which may stand where it comes to lie; returns its length. */
size_t dtls_put_record(uint8_t *out, uint8_t type, uint16_t version, uint16_t epoch, const uint8_t *body, size_t len);

/* A datagram with one record with one fragment. */
size_t dtls_put_datagram(uint8_t *out, const struct dtls_hello *hello, size_t offset, size_t len);

#endif
