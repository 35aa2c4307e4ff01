/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes TLS ClientHellos for tests. */
#ifndef TESTS_SUPPORT_HELLO_H
#define TESTS_SUPPORT_HELLO_H

#include <stddef.h>
#include <stdint.h>

/* Room for any hello that the functions below are asked for in tests: more than is put together. */
#define HELLO_ROOM 32768

/* An extension at out; returns its length. body may be NULL: zeros. */
size_t hello_extension(uint8_t *out, uint16_t type, const void *body, size_t len);

/* A server_name extension with one host name. */
size_t hello_server_name(uint8_t *out, const char *name);

/* A handshake message with these extensions (len 0: without any). */
size_t hello_message(uint8_t *out, const uint8_t *extensions, size_t len);

/* The message in records of at most fragment_len bytes. */
size_t hello_records(uint8_t *out, const uint8_t *message, size_t len, size_t fragment_len);

/*
 * A handshake message of total bytes for name (NULL: without server_name), its server_name extension somewhere among
 * others (at: 0 to 100 percent of the way). Returns its length: total, or the least that such a message needs.
 */
size_t hello_named(uint8_t *out, const char *name, size_t total, unsigned int at);

/*
 * A stream of total bytes: one hello for name, in records of at most fragment_len bytes, its server_name extension
 * somewhere among others (at: 0 to 100 percent of the way). Returns its length, which is total but for what record headers
 * do not allow.
 */
size_t hello_stream(uint8_t *out, const char *name, size_t total, unsigned int at, size_t fragment_len);

#endif
