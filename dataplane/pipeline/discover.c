/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/inspect/tcp_stream.h"
#include "dataplane/packet/cursor.h"
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

/* A client pads every datagram that carries an Initial to this, and a server drops what is shorter (RFC 9000, section 14.1). */
#define QUIC_DATAGRAM_MIN 1200

static const uint8_t evidence_of_source[] = {
	[ZR_SOURCE_TLS_SNI] = ZR_EVIDENCE_TLS_SNI,
	[ZR_SOURCE_QUIC_SNI] = ZR_EVIDENCE_QUIC_SNI,
	[ZR_SOURCE_DTLS_SNI] = ZR_EVIDENCE_DTLS_SNI,
	[ZR_SOURCE_HTTP_HOST] = ZR_EVIDENCE_HTTP_HOST,
};

struct listener {
	struct zr_pipeline *p;
	uint32_t flow;
	bool from_b;
};

static struct zr_judgement judge_hello(struct zr_pipeline *p, uint32_t flow, const struct zr_hello *hello,
				       struct zr_name_ref name)
{
	enum zr_evidence source = evidence_of_source[hello->source];

	if (hello->spoof)
		return (struct zr_judgement){
			.reason = ZR_REASON_SPOOF, .evidence = (uint8_t)(1U << source), .rule = ZR_ENTRY_NONE};
	return zr_judge_name(p, flow, name, source);
}

/* A name on a flow that its address decided. An unlisted one changes nothing but what is kept for later. */
static void name_on_prefix(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	if (judgement.reason == zr_flow_at(p, flow)->reason && judgement.rule == zr_rest_at(p, flow)->rule)
		zr_verdict_stay(p, flow, judgement, name);
	else
		zr_verdict_change(p, flow, ZR_CAUSE_VERDICT, judgement, &name);
}

/* A further name on a connection. Once charged for one, a paid answer may still be on its way: it stays charged. */
static void name_changed(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	if (judgement.reason != ZR_REASON_SPOOF && zr_name_same(p, flow, name))
		return;
	if ((f->flags & ZR_FLOW_FREE) == 0) {
		f->flags |= ZR_FLOW_STAYS_CHARGED;
		judgement.reason = f->reason;
		judgement.evidence &= ZR_NAME_EVIDENCE;
		judgement.rule = ZR_ENTRY_NONE;
	} else {
		/* A name that was forgotten matters no more. */
		f->flags &= (uint16_t)~ZR_FLOW_STAYS_CHARGED;
	}
	zr_verdict_change(p, flow, ZR_CAUSE_HOST_CHANGE, judgement, &name);
}

static void on_hello(void *arg, const struct zr_hello *hello)
{
	const struct listener *listener = arg;
	struct zr_pipeline *p = listener->p;
	uint32_t flow = listener->flow;
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_name_ref name = {.text = hello->name, .len = hello->name_len};
	struct zr_judgement judgement;

	if (hello->malformed_name)
		p->counters[ZR_COUNTER_NAMES_MALFORMED]++;
	if (hello->ech)
		f->flags |= ZR_FLOW_ECH;
	if ((f->flags & ZR_FLOW_CLIENT_FIXED) == 0)
		zr_client_fix(p, flow, listener->from_b);
	judgement = judge_hello(p, flow, hello, name);
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		zr_verdict_decide(p, flow, judgement, name);
	else if ((f->evidence & ZR_NAME_EVIDENCE) == 0)
		name_on_prefix(p, flow, judgement, name);
	else
		name_changed(p, flow, judgement, name);
}

void zr_discover_stop(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement judgement = {
		.reason = ZR_REASON_INSPECT_LIMIT, .evidence = f->evidence, .rule = ZR_ENTRY_NONE};

	zr_context_put(p, flow);
	f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
	if ((f->flags & ZR_FLOW_DECIDED) == 0) {
		if (zr_flow_midstream(f))
			judgement.reason = ZR_REASON_MIDSTREAM;
		zr_verdict_decide(p, flow, judgement, ZR_NO_NAME);
	} else if (f->reason == ZR_REASON_HOST) {
		/* Requests can no longer be followed: the next one may name any host. */
		zr_verdict_change(p, flow, ZR_CAUSE_HOST_CHANGE, judgement, &ZR_NO_NAME);
	} else if ((f->evidence & 1U << ZR_EVIDENCE_HTTP_HOST) != 0 && (f->flags & ZR_FLOW_FREE) == 0) {
		/* Nor does evidence for what was asked for first free them, nor another list. */
		f->flags |= ZR_FLOW_STAYS_CHARGED;
		zr_evidence_follow(p, flow);
	}
}

static unsigned int streamed(bool from_b)
{
	return from_b ? ZR_FLOW_STREAMED_B : ZR_FLOW_STREAMED_A;
}

static void tcp_begin(const struct zr_flow *f, struct zr_context *fresh, uint32_t flow, uint32_t seq, bool from_b)
{
	bool first = (f->flags & streamed(from_b)) == 0;
	bool anchored = first && (f->flags & ZR_FLOW_START_KNOWN) != 0;

	fresh->kind = ZR_CONTEXT_TCP;
	fresh->resumed = false;
	fresh->from_b = from_b;
	zr_tcp_client_start(&fresh->tcp, zr_context_owner(flow, from_b), anchored ? f->start + 1 : seq, anchored);
	/* What came so far was neither hello nor request: only a segment's start can be one now. */
	if (!first)
		fresh->tcp.state = ZR_TCP_OPAQUE;
}

static void discover_tcp(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	uint32_t seq = packet->tcp_seq + ((packet->tcp_flags & ZR_TCP_SYN) != 0 ? 1 : 0);
	struct listener listener = {.p = p, .flow = flow, .from_b = from_b};
	struct zr_context fresh, *kept = zr_context_of(p, flow, from_b);
	struct zr_context *c = kept != NULL ? kept : &fresh;
	struct zr_flow *f = zr_flow_at(p, flow);
	enum zr_feed feed;

	if (kept == NULL)
		tcp_begin(f, c, flow, seq, from_b);
	f->flags |= (uint16_t)streamed(from_b);
	feed = zr_tcp_client_feed(&c->tcp, p->assembly, p->scratch, seq, packet->payload, packet->payload_len, on_hello,
				  &listener);
	/* Has the buffer been taken from the other side, and the flow been given up with it? */
	if ((f->flags & ZR_FLOW_INSPECT) == 0) {
		zr_context_drop(p, c);
	} else if (feed == ZR_FEED_PARTIAL || feed == ZR_FEED_HTTP) {
		/* Of two sides that are listened to, the one that makes sense is the client. */
		if (c->tcp.anchored)
			zr_context_put_side(p, flow, !from_b);
		if (kept == NULL)
			zr_context_keep(p, flow, &fresh);
	} else if (feed == ZR_FEED_DONE) {
		zr_context_drop(p, c);
		zr_context_put(p, flow);
		f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
	} else if (feed == ZR_FEED_LIMIT) {
		zr_context_drop(p, c);
		zr_discover_stop(p, flow);
	} else if (c->tcp.anchored && zr_context_plenty(p)) {
		/* After CONNECT or STARTTLS comes a hello: cut anywhere, it begins where the stream goes on. */
		if (kept == NULL)
			zr_context_keep(p, flow, &fresh);
	} else if (kept != NULL) {
		zr_context_put_side(p, flow, from_b);
	}
}

/* Which inspector of datagrams has a use for this one. False: none. */
static bool datagram_kind(const struct zr_packet *packet, uint8_t *kind)
{
	struct zr_slice dcid;

	if (packet->payload_len > ZR_SCRATCH)
		return false;
	*kind = ZR_CONTEXT_QUIC;
	if (zr_quic_is_initial(packet->payload, packet->payload_len, &dcid))
		return packet->payload_wire_len >= QUIC_DATAGRAM_MIN;
	*kind = ZR_CONTEXT_DTLS;
	return zr_dtls_begins(packet->payload, packet->payload_len);
}

static void datagram_begin(struct zr_context *fresh, uint8_t kind, uint32_t flow, bool from_b)
{
	memset(fresh, 0, sizeof(*fresh));
	fresh->kind = kind;
	fresh->from_b = from_b;
	if (kind == ZR_CONTEXT_QUIC)
		fresh->quic.owner = zr_context_owner(flow, from_b);
	else
		fresh->dtls.owner = zr_context_owner(flow, from_b);
}

/*
 * Which attempt to connect an Initial or a Retry belongs to. A server that does not know the version ignores it, and another one
 * may follow to the same id.
 */
static uint32_t attempt_of(struct zr_slice id, const struct zr_packet *packet)
{
	struct zr_cursor header = zr_cursor_of(packet->payload, packet->payload_len);

	zr_cursor_u8(&header);
	return zr_quic_id_hash(id) ^ zr_cursor_u32(&header);
}

static enum zr_result datagram_feed(struct zr_pipeline *p, struct zr_flow *f, struct zr_context *c,
				    const struct zr_packet *packet, struct zr_hello *hello)
{
	enum zr_result result;

	if (c->kind == ZR_CONTEXT_DTLS)
		return zr_dtls_client_feed(&c->dtls, p->assembly, packet->payload, packet->payload_len, hello);
	result = zr_quic_client_feed(&c->quic, p->quic, p->assembly, p->scratch, packet->payload, packet->payload_len,
				     hello);
	if (result == ZR_OK || result == ZR_MORE) {
		f->start = attempt_of((struct zr_slice){.at = c->quic.dcid, .len = c->quic.dcid_len}, packet);
		f->flags |= ZR_FLOW_START_KNOWN;
	}
	return result;
}

static void discover_udp(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	struct listener listener = {.p = p, .flow = flow, .from_b = from_b};
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_context fresh, *c = &fresh;
	enum zr_result result;
	struct zr_hello hello;
	uint8_t kind;

	if (!datagram_kind(packet, &kind))
		return;
	if (f->context != ZR_FLOW_NONE) {
		c = &p->contexts.slots[f->context];
		if (c->from_b != from_b || c->kind != kind)
			return;
	} else {
		datagram_begin(&fresh, kind, flow, from_b);
	}
	result = datagram_feed(p, f, c, packet, &hello);
	if ((result == ZR_OK || result == ZR_MORE) && (f->flags & ZR_FLOW_CLIENT_FIXED) == 0)
		zr_client_fix(p, flow, from_b);
	if (result == ZR_MORE) {
		if (c == &fresh)
			zr_context_keep(p, flow, &fresh);
		return;
	}
	if (c == &fresh)
		zr_context_drop(p, &fresh);
	else if (result != ZR_NONE)
		zr_context_put(p, flow);
	if (result == ZR_OK) {
		f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
		on_hello(&listener, &hello);
	}
}

/* Fragments of what the client says came with two contents, or it may not reach the server: what that reads is not known. */
static void discover_spoof(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_judgement judgement = {.reason = ZR_REASON_SPOOF, .rule = ZR_ENTRY_NONE};
	struct zr_flow *f = zr_flow_at(p, flow);

	zr_context_put(p, flow);
	f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		zr_verdict_decide(p, flow, judgement, ZR_NO_NAME);
	else
		zr_verdict_change(p, flow, ZR_CAUSE_VERDICT, judgement, &ZR_NO_NAME);
}

/* The client said what nobody heard: it may have been a request for any host. */
static void unheard(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement judgement = {
		.reason = ZR_REASON_INSPECT_LIMIT, .evidence = f->evidence, .rule = ZR_ENTRY_NONE};

	zr_context_put(p, flow);
	f->flags &= (uint16_t)~ZR_FLOW_INSPECT;
	f->flags |= ZR_FLOW_STAYS_CHARGED;
	if ((f->flags & ZR_FLOW_FREE) != 0)
		zr_verdict_change(p, flow, ZR_CAUSE_HOST_CHANGE, judgement, &ZR_NO_NAME);
}

void zr_discover_resumed(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	bool client_is_b = (f->flags & ZR_FLOW_CLIENT_IS_B) != 0, up = from_b == client_is_b;
	struct zr_context *c = zr_context_of(p, flow, client_is_b);
	uint32_t said, fin = (f->flags & ZR_FLOW_FIN_UP) != 0;

	if (c == NULL || !c->resumed || (packet->tcp_flags & ZR_TCP_ACK) == 0)
		return;
	said = up ? packet->tcp_seq : packet->tcp_ack;
	if ((int32_t)(said - c->tcp.next_seq - fin) > 0)
		unheard(p, flow);
	else if (up && (int32_t)(said + packet->payload_len - c->tcp.next_seq) > 0)
		c->resumed = false;
}

/* Can a name be in it? Of a connection whose client is not known it may be the server's, which has hops of its own. */
static bool may_name(const struct zr_pipeline *p, const struct zr_flow *f, const struct zr_packet *packet)
{
	uint8_t kind;

	if (packet->proto == ZR_PROTO_UDP)
		return datagram_kind(packet, &kind);
	return (f->flags & ZR_FLOW_CLIENT_FIXED) != 0 ||
	       zr_tcp_stream_begins(p->scratch, packet->payload, packet->payload_len);
}

void zr_discover(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	const struct zr_flow *f = zr_flow_at(p, flow);

	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		zr_decisions_expect(&p->decisions, packet->family, &packet->src);
	if (packet->contradicted)
		discover_spoof(p, flow);
	else if (!zr_heard_read(p, flow, packet))
		p->counters[ZR_COUNTER_UNHEARD]++;
	else if (!zr_heard_whole(p, packet))
		p->counters[ZR_COUNTER_CHECKSUMS_BAD]++;
	else if (zr_heard_doubtful(packet) && may_name(p, f, packet))
		discover_spoof(p, flow);
	else if (packet->proto == ZR_PROTO_TCP)
		discover_tcp(p, flow, packet, from_b);
	else if (!zr_rebind_take(p, flow, packet, from_b))
		discover_udp(p, flow, packet, from_b);
}

void zr_discover_server(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_slice scid;

	if ((f->flags & ZR_FLOW_START_KNOWN) == 0)
		return;
	/* After a Retry the client begins again, with another id. */
	if (zr_quic_is_retry(packet->payload, packet->payload_len, &scid))
		f->start = attempt_of(scid, packet);
	else
		zr_rebind_learn(p, flow, packet);
}

/* The attempt that the flow follows, or NULL. */
static const struct zr_quic_client *quic_followed(const struct zr_pipeline *p, const struct zr_flow *f)
{
	const struct zr_context *context;

	if ((f->flags & ZR_FLOW_INSPECT) == 0 || f->context == ZR_FLOW_NONE)
		return NULL;
	context = &p->contexts.slots[f->context];
	return context->kind == ZR_CONTEXT_QUIC ? &context->quic : NULL;
}

static bool quic_anew(struct zr_pipeline *p, const struct zr_flow *f, const struct zr_packet *packet)
{
	struct zr_slice dcid;

	/* Traffic of no subscriber is never inspected. */
	if (f->reason == ZR_REASON_NOT_SUBSCRIBER || (f->flags & (ZR_FLOW_START_KNOWN | ZR_FLOW_DECIDED)) == 0 ||
	    packet->payload_len < QUIC_DATAGRAM_MIN || packet->payload_len > ZR_SCRATCH ||
	    !zr_quic_is_initial(packet->payload, packet->payload_len, &dcid))
		return false;
	if (((f->flags & ZR_FLOW_START_KNOWN) != 0 && f->start == attempt_of(dcid, packet)) ||
	    zr_rebind_knows(p, f, dcid))
		return false;
	return zr_quic_begins(p->quic, quic_followed(p, f), p->scratch, packet->payload, packet->payload_len) &&
	       zr_heard_whole(p, packet);
}

bool zr_discover_anew(struct zr_pipeline *p, const struct zr_flow *f, const struct zr_packet *packet)
{
	if (packet->proto == ZR_PROTO_UDP)
		return quic_anew(p, f, packet);
	return (packet->tcp_flags & (ZR_TCP_SYN | ZR_TCP_ACK)) == ZR_TCP_SYN &&
	       !((f->flags & ZR_FLOW_START_KNOWN) != 0 && f->start == packet->tcp_seq);
}
