/* SPDX-License-Identifier: BSD-3-Clause */
/* Host names in canonical form: what the list stores, what packets are compared with. */
#ifndef RULES_NAME_H
#define RULES_NAME_H

#include <stddef.h>
#include <stdint.h>

/* Octets of a name as text without its trailing dot (RFC 1035, section 2.3.4: 255 on the wire). */
#define ZR_NAME_MAX 253
/* Octets of one label (RFC 1035, section 2.3.4). */
#define ZR_LABEL_MAX 63

/*
 * Bring a host name as it stood in a packet into canonical form: letters, digits, hyphen and underscore in labels of 1 to
 * 63 octets, 253 in all, lower-cased, one trailing dot dropped.
 *
 * in, in_len: the bytes as they came, not terminated, hostile. out: room for ZR_NAME_MAX + 1 bytes; terminated on success,
 * untouched otherwise.
 * Returns the length of the name in out (1 to ZR_NAME_MAX), or -EINVAL when it is not a host name.
 * Pure; any thread.
 */
int zr_name_canonical(const uint8_t *in, size_t in_len, char *out);

#endif
