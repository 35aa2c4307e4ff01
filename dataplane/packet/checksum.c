/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/packet/checksum.h"

#include <endian.h>
#include <string.h>

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN,
	       "numbers of the pseudo header are turned, the last bytes padded behind");

/* Where they lie in a UDP header. */
enum { UDP_LEN_AT = 4, UDP_CHECKSUM_AT = 6 };

/* The halves of a word apart: their carries cannot be lost in 64 bits. */
static uint64_t sum_word(uint64_t word)
{
	return (word & UINT32_MAX) + (word >> 32);
}

/*
 * A sum of words as they stand in memory, which is the sum of 16-bit words but for their order and for carries (RFC 1071,
 * section 2). len is below 2^32.
 */
static uint64_t sum_bytes(const uint8_t *data, size_t len)
{
	uint64_t sum = 0, word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += sum_word(word);
	}
	word = 0;
	memcpy(&word, data, len);
	return sum + sum_word(word);
}

/* Addresses, protocol, length. An IPv4 address's rest is zero. */
static uint64_t sum_pseudo_header(const struct zr_packet *packet, uint32_t len)
{
	uint64_t sum = (uint64_t)htobe16(packet->proto) + htobe32(len);

	for (unsigned int i = 0; i < 2; i++)
		sum += sum_word(packet->src.half[i]) + sum_word(packet->dst.half[i]);
	return sum;
}

/* To 16 bits, carries brought around: 0 only of 0. */
static uint16_t fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

static bool is_number(const uint8_t *at, uint32_t value)
{
	return (uint32_t)(at[0] << 8 | at[1]) == value;
}

/* header: where what IPv4's header carries begins. */
static bool ip_holds(const struct zr_packet *packet, const uint8_t *header)
{
	return packet->ip_header_len == 0 ||
	       fold(sum_bytes(header - packet->ip_header_len, packet->ip_header_len)) == UINT16_MAX;
}

bool zr_checksum_fragment_holds(const struct zr_packet *part)
{
	return part->payload_len == 0 || ip_holds(part, part->payload);
}

bool zr_checksum_holds(const struct zr_packet *packet)
{
	const uint8_t *header = packet->payload - packet->header_len;
	uint32_t len = packet->header_len + packet->payload_len;

	if (packet->fragment || packet->payload_len < packet->payload_wire_len)
		return true;
	if (!ip_holds(packet, header))
		return false;
	if (packet->proto == ZR_PROTO_UDP && !is_number(header + UDP_LEN_AT, len))
		return false;
	if (packet->proto == ZR_PROTO_UDP && is_number(header + UDP_CHECKSUM_AT, 0))
		return packet->family == 4;
	return fold(sum_pseudo_header(packet, len) + sum_bytes(header, len)) == UINT16_MAX;
}
