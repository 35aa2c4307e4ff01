/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/quic.h"

#include <string.h>

#include "dataplane/inspect/quic_crypto.h"
#include "dataplane/inspect/quic_frames.h"
#include "dataplane/inspect/quic_packet.h"
#include "dataplane/inspect/tls.h"

/* Handshake messages begin with a type and a length of three bytes (RFC 8446, section 4). */
#define MESSAGE_HEADER_LEN 4

bool zr_quic_is_initial(const uint8_t *data, size_t len, struct zr_slice *dcid)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	struct zr_quic_packet packet;

	if (!zr_quic_packet_next(&datagram, &packet) || !packet.initial)
		return false;
	*dcid = packet.dcid;
	return true;
}

bool zr_quic_server_id(const uint8_t *data, size_t len, struct zr_slice *scid)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	struct zr_quic_packet packet;

	if (!zr_quic_packet_next(&datagram, &packet))
		return false;
	*scid = packet.scid;
	return true;
}

bool zr_quic_begins(struct zr_quic_crypto *crypto, const struct zr_quic_client *known, uint8_t *scratch,
		    const uint8_t *data, size_t len)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	struct zr_quic_packet packet;
	struct zr_quic_keys keys;
	struct zr_slice payload;

	if (!zr_quic_packet_next(&datagram, &packet) || !packet.initial)
		return false;
	if (known != NULL && known->version == packet.version &&
	    zr_quic_open(crypto, &known->keys, &packet, scratch, &payload))
		return false;
	return zr_quic_initial_keys(crypto, packet.version, packet.dcid.at, packet.dcid.len, &keys) == 0 &&
	       zr_quic_open(crypto, &keys, &packet, scratch, &payload);
}

void zr_quic_client_stop(struct zr_quic_client *c, struct zr_assembly_pool *pool)
{
	if (c->held != NULL)
		zr_assembly_put(pool, c->held);
	c->held = NULL;
}

uint32_t zr_quic_id_hash(struct zr_slice id)
{
	uint64_t h = id.len;

	for (size_t i = 0; i < id.len; i++)
		h = (h ^ id.at[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

static bool same_id(struct zr_slice a, struct zr_slice b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static void begin_attempt(struct zr_quic_client *c, struct zr_assembly_pool *pool, const struct zr_quic_packet *packet,
			  const struct zr_quic_keys *keys)
{
	zr_quic_client_stop(c, pool);
	c->version = packet->version;
	c->dcid_len = (uint8_t)packet->dcid.len;
	memcpy(c->dcid, packet->dcid.at, packet->dcid.len);
	c->keys = *keys;
}

/*
 * Open with the attempt's keys, which stay the same when the client turns to the id that the server chose; else with keys
 * of the packet's own id: a first Initial, one after a Retry, or a new attempt on the tuple.
 */
static bool open_initial(struct zr_quic_client *c, struct zr_quic_crypto *crypto, struct zr_assembly_pool *pool,
			 const struct zr_quic_packet *packet, uint8_t *scratch, struct zr_slice *payload)
{
	struct zr_slice kept_id = {.at = c->dcid, .len = c->dcid_len};
	struct zr_quic_keys own;

	if (c->version == packet->version) {
		if (zr_quic_open(crypto, &c->keys, packet, scratch, payload))
			return true;
		if (same_id(packet->dcid, kept_id))
			return false;
	}
	if (zr_quic_initial_keys(crypto, packet->version, packet->dcid.at, packet->dcid.len, &own) != 0 ||
	    !zr_quic_open(crypto, &own, packet, scratch, payload))
		return false;
	begin_attempt(c, pool, packet, &own);
	return true;
}

static enum zr_result read_hello(struct zr_quic_client *c, const uint8_t *data, size_t len, struct zr_hello *out)
{
	size_t need = 0;
	enum zr_result result = zr_tls_hello_message(data, len, out, &need);

	out->source = ZR_SOURCE_QUIC_SNI;
	out->spoof = false;
	if (result == ZR_MORE && need > ZR_HELLO_MAX)
		return ZR_BAD;
	if (result == ZR_MORE)
		c->need = (uint32_t)need;
	return result == ZR_NONE ? ZR_BAD : result;
}

static enum zr_result read_held(struct zr_quic_client *c, struct zr_hello *out)
{
	uint32_t len;
	const uint8_t *bytes = zr_assembly_bytes(c->held, &len);
	enum zr_result result;

	if (len < MESSAGE_HEADER_LEN || len < c->need)
		return ZR_MORE;
	result = read_hello(c, bytes, len, out);
	if (result == ZR_OK) {
		uint32_t body_len = (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];

		out->spoof = zr_assembly_conflict(c->held, MESSAGE_HEADER_LEN + body_len);
	}
	return result;
}

static enum zr_result take_crypto(struct zr_quic_client *c, struct zr_assembly_pool *pool,
				  const struct zr_quic_crypto_frame *frame, struct zr_hello *out)
{
	if (frame->offset >= ZR_HELLO_MAX || frame->data.len == 0)
		return ZR_MORE;
	if (c->held == NULL) {
		c->need = 0;
		if (frame->offset == 0) {
			enum zr_result result = read_hello(c, frame->data.at, frame->data.len, out);

			if (result != ZR_MORE)
				return result;
		}
		c->held = zr_assembly_get(pool, c->owner);
		if (c->held == NULL)
			return ZR_MORE;
	}
	zr_assembly_add(pool, &c->held, (uint32_t)frame->offset, frame->data.at, (uint32_t)frame->data.len);
	return c->held == NULL ? ZR_MORE : read_held(c, out);
}

static enum zr_result take_payload(struct zr_quic_client *c, struct zr_assembly_pool *pool, struct zr_slice payload,
				   struct zr_hello *out)
{
	struct zr_cursor frames = zr_cursor_of(payload.at, payload.len);
	struct zr_quic_crypto_frame frame;
	enum zr_result result = ZR_MORE;

	while (result == ZR_MORE && zr_quic_crypto_frame_next(&frames, &frame))
		result = take_crypto(c, pool, &frame, out);
	return result;
}

enum zr_result zr_quic_client_feed(struct zr_quic_client *c, struct zr_quic_crypto *crypto,
				   struct zr_assembly_pool *pool, uint8_t *scratch, const uint8_t *data, size_t len,
				   struct zr_hello *out)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	struct zr_slice first_id = {0};
	enum zr_result result = ZR_NONE;
	struct zr_quic_packet packet;

	while (zr_quic_packet_next(&datagram, &packet)) {
		struct zr_slice payload;

		if (first_id.at == NULL)
			first_id = packet.dcid;
		/* Coalesced packets are of one connection (RFC 9000, section 12.2). */
		if (!packet.initial || !same_id(packet.dcid, first_id))
			continue;
		if (result == ZR_NONE) {
			if (c->datagrams == ZR_QUIC_DATAGRAMS_MAX)
				return c->version != 0 ? ZR_BAD : ZR_NONE;
			c->datagrams++;
		}
		/* No client sends an Initial that opens behind one that does not: a datagram costs one failure at most. */
		if (!open_initial(c, crypto, pool, &packet, scratch, &payload))
			break;
		result = take_payload(c, pool, payload, out);
		if (result != ZR_MORE)
			break;
	}
	return result;
}
