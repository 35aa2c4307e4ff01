/* SPDX-License-Identifier: BSD-3-Clause */
/* Many conversations on one line: who talks with whom, in which wrapping, and all packets in order of time. */
#include "tests/support/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/frame.h"
#include "tests/support/workload_talk.h"

#define HEADERS_MAX   160 /* more than the headers of any frame here have bytes */
#define FLOWS_OF_LINE 4
#define US_PER_S      1000000

/* A workload being made. */
struct making {
	const struct workload_options *options;
	struct random random;
	struct workload *w;
	struct talk **talks; /* one for each flow */
	unsigned int flow_room;
	size_t packet_room, byte_room;
	uint64_t end_us;
};

/* Where servers are, and the address entry that covers them. */
static const struct place {
	const char *prefix, *rule;
	bool v6, media_only;
} places[] = {
	{.prefix = "198.51.100."},
	{.prefix = "198.51.100."},
	{.prefix = "198.51.100."},
	{.prefix = "2001:db8:50::", .v6 = true},
	{.prefix = "2001:db8:50::", .v6 = true},
	{.prefix = "192.0.2.", .rule = "192.0.2.0/24"},
	{.prefix = "2001:db8:90::", .rule = "2001:db8:90::/48", .v6 = true},
	{.prefix = "203.0.113.", .rule = "203.0.113.0/24 udp 8801-8810", .media_only = true},
};

#define UNLISTED_PLACES 5

static void *grown(void *array, size_t *room, size_t count, size_t size)
{
	if (count <= *room)
		return array;
	*room = 2 * count;
	array = realloc(array, *room * size);
	if (array == NULL)
		abort();
	return array;
}

static void choose_sides(struct making *m, struct workload_flow *flow)
{
	static const char *const clients[2][2] = {{"10.0.0.", "100.64.0."}, {"2001:db8:1::", "2001:db8:77::"}};
	unsigned int choices = sizeof(places) / sizeof(places[0]) - (flow->kind == WORKLOAD_MEDIA ? 0 : 1);
	const struct place *place = &places[random_below(&m->random, m->options->plain ? UNLISTED_PLACES : choices)];
	unsigned int number = 1 + flow->tuple / 2;

	flow->address_rule = place->rule;
	flow->stranger = !m->options->plain && random_percent(&m->random, 5);
	snprintf(flow->server, sizeof(flow->server), "%s%u", place->prefix, number);
	snprintf(flow->client, sizeof(flow->client), "%s%u", clients[place->v6][flow->stranger], number);
	flow->client_port = (uint16_t)(1024 + number);
	flow->server_port = place->media_only ? (uint16_t)random_between(&m->random, 8801, 8810) : 443;
	if (flow->kind == WORKLOAD_ICMP)
		flow->client_port = flow->server_port = 0;
	/* Private addresses overlap: the same ones are there in two domains. */
	flow->domain = flow->tuple % 2;
}

static void choose_wrap(struct making *m, struct workload_flow *flow)
{
	flow->wrap = m->options->wrap;
	if (flow->wrap == WORKLOAD_ANY_WRAP)
		flow->wrap = (enum workload_wrap)random_below(&m->random, WORKLOAD_ANY_WRAP);
	for (unsigned int up = 0; up < 2; up++) {
		if (flow->wrap == WORKLOAD_VLAN || flow->wrap == WORKLOAD_QINQ)
			flow->vlans[up][0] = (uint16_t)random_between(&m->random, 1, 4000);
		if (flow->wrap == WORKLOAD_QINQ)
			flow->vlans[up][1] = (uint16_t)random_between(&m->random, 1, 4000);
		if (flow->wrap == WORKLOAD_GTPU || flow->wrap == WORKLOAD_GTPU_EXTENDED)
			flow->teids[up] = random_between(&m->random, 1, 1000000);
	}
}

/* Another flow, on a tuple of its own or as the next one on the last flow's. */
static struct talk *add_flow(struct making *m, unsigned int tuple, bool follows)
{
	static const uint8_t protos[] = {
		[WORKLOAD_TLS] = 6,    [WORKLOAD_HTTP] = 6,  [WORKLOAD_QUIC] = 17, [WORKLOAD_DTLS] = 17,
		[WORKLOAD_MEDIA] = 17, [WORKLOAD_OTHER] = 6, [WORKLOAD_ICMP] = 1,
	};
	struct workload_flow *flow = &m->w->flows[m->w->flow_count];
	struct talk *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	if (follows) {
		*flow = flow[-1];
	} else {
		flow->tuple = tuple;
		flow->kind = m->options->kind;
		if (flow->kind == WORKLOAD_ANY_KIND)
			flow->kind = (enum workload_kind)random_below(
				&m->random, m->options->plain ? WORKLOAD_NAMED_KINDS : WORKLOAD_ANY_KIND);
		choose_sides(m, flow);
	}
	flow->proto = protos[flow->kind];
	memset(flow->vlans, 0, sizeof(flow->vlans));
	memset(flow->teids, 0, sizeof(flow->teids));
	choose_wrap(m, flow);
	t->random = &m->random;
	t->options = m->options;
	t->flow = flow;
	m->talks[m->w->flow_count++] = t;
	return t;
}

static void converse(struct talk *t, bool follows)
{
	switch (t->flow->kind) {
	case WORKLOAD_QUIC:
		talk_quic(t);
		break;
	case WORKLOAD_DTLS:
		talk_dtls(t);
		break;
	case WORKLOAD_MEDIA:
		talk_media(t);
		break;
	case WORKLOAD_ICMP:
		talk_icmp(t);
		break;
	default:
		talk_tcp(t, follows);
		break;
	}
}

/* Can another connection follow on the tuple, and be told from the one before? */
static bool may_follow(const struct talk *t)
{
	return t->flow->proto == 6 || (t->flow->kind == WORKLOAD_QUIC && t->message_count > 0 && !talk_is_ignored(t));
}

static bool is_tunneled(const struct workload_flow *flow)
{
	return flow->teids[0] != 0 || flow->wrap == WORKLOAD_GRE || flow->wrap == WORKLOAD_IP_IN_IP;
}

static void make_tuple(struct making *m, unsigned int tuple)
{
	uint64_t start_us = random_below(&m->random, 60 * US_PER_S);
	bool follows = false;
	struct talk *t;

	do {
		t = add_flow(m, tuple, follows);
		converse(t, follows);
		if (m->options->cut && !is_tunneled(t->flow))
			talk_fragment(t);
		talk_time(t, start_us);
		start_us = t->packets[t->packet_count - 1].us;
		if (start_us > m->end_us)
			m->end_us = start_us;
		/* Soon, or when the old flow may have ended. */
		start_us += 1 + random_below(&m->random, (random_percent(&m->random, 50) ? 5 : 1000) * US_PER_S);
		follows = true;
	} while (!m->options->plain && m->w->flow_count < m->flow_room && may_follow(t) &&
		 random_percent(&m->random, 25));
}

static struct frame_spec spec_of(const struct workload_flow *flow, const struct talk_packet *packet)
{
	static const enum frame_tunnel tunnels[] = {
		[WORKLOAD_GTPU] = FRAME_GTPU,
		[WORKLOAD_GTPU_EXTENDED] = FRAME_GTPU_EXTENDED,
		[WORKLOAD_GRE] = FRAME_GRE,
		[WORKLOAD_IP_IN_IP] = FRAME_IP_IN_IP,
	};
	bool up = packet->up;
	struct frame_spec spec = {
		.src = up ? flow->client : flow->server,
		.dst = up ? flow->server : flow->client,
		.src_port = up ? flow->client_port : flow->server_port,
		.dst_port = up ? flow->server_port : flow->client_port,
		.proto = flow->proto,
		.tcp_flags = packet->tcp_flags,
		.seq = packet->seq,
		.ack = packet->ack,
		.vlan = flow->vlans[up][0],
		.inner_vlan = flow->vlans[up][1],
		.mpls = flow->wrap == WORKLOAD_MPLS,
		.pppoe = flow->wrap == WORKLOAD_PPPOE,
		.data = packet->data,
		.len = packet->len,
		.part = packet->part,
		.teid = flow->teids[up],
	};

	if (is_tunneled(flow)) {
		spec.outer_src = up ? "172.16.0.1" : "172.16.0.2";
		spec.outer_dst = up ? "172.16.0.2" : "172.16.0.1";
		spec.tunnel = tunnels[flow->wrap];
	}
	return spec;
}

static struct workload_packet *add_packet(struct making *m, const uint8_t *frame, size_t len)
{
	struct workload *w = m->w;
	struct workload_packet *packet;

	w->packets = grown(w->packets, &m->packet_room, w->packet_count + 1, sizeof(*w->packets));
	w->bytes = grown(w->bytes, &m->byte_room, w->byte_count + len, 1);
	memcpy(w->bytes + w->byte_count, frame, len);
	packet = &w->packets[w->packet_count++];
	*packet = (struct workload_packet){.at = w->byte_count, .len = (uint32_t)len, .wire_len = (uint32_t)len};
	w->byte_count += len;
	return packet;
}

static void add_frames(struct making *m, unsigned int flow)
{
	static uint8_t frame[FRAME_MAX];
	struct talk *t = m->talks[flow];

	for (unsigned int i = 0; i < t->packet_count; i++) {
		struct frame_spec spec = spec_of(t->flow, &t->packets[i]);
		struct workload_packet *packet;

		/* No two datagrams have one id. */
		spec.part.id += flow * TALK_PACKETS;
		packet = add_packet(m, frame, frame_make(&spec, frame));
		t->packets[i].volume_bytes = (uint32_t)frame_volume(&spec);
		packet->us = t->packets[i].us;
		packet->flow = flow;
		packet->up = spec.src == t->flow->client;
		/* A capture may hold no more than the headers of what TCP servers send. */
		if (!packet->up && spec.proto == 6 && packet->len > HEADERS_MAX && random_percent(&m->random, 10))
			packet->len = HEADERS_MAX;
	}
}

/* Frames without IP, here and there. */
static void add_noise(struct making *m)
{
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,
					0,    1,    0x08, 0x06, 0,    1,    8, 0, 6, 4};
	unsigned int count = m->options->plain ? 0 : random_below(&m->random, 50);

	for (unsigned int i = 0; i < count; i++) {
		struct workload_packet *packet = add_packet(m, arp, sizeof(arp));

		packet->us = random_next(&m->random) % (m->end_us + 1);
		packet->flow = WORKLOAD_NO_FLOW;
		m->w->not_ip.pkts++;
		m->w->not_ip.bytes += sizeof(arp);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct workload_packet *pa = a, *pb = b;

	if (pa->us != pb->us)
		return pa->us < pb->us ? -1 : 1;
	/* Frames lie in memory in the order in which they were made: a flow's own stay in order. */
	return pa->at < pb->at ? -1 : 1;
}

static void judge(struct making *m)
{
	struct workload *w = m->w;

	for (unsigned int i = 0; i < w->flow_count; i++) {
		bool replaced = i + 1 < w->flow_count && w->flows[i + 1].tuple == w->flows[i].tuple;

		talk_judge(m->talks[i], w, replaced ? m->talks[i + 1]->packets[0].us : m->end_us, replaced);
	}
}

struct workload *workload_make(const struct workload_options *options)
{
	struct making m = {.options = options, .random = {.state = options->seed}};

	m.flow_room = options->tuples * FLOWS_OF_LINE;
	m.w = calloc(1, sizeof(*m.w));
	m.talks = calloc(m.flow_room, sizeof(struct talk *));
	if (m.w == NULL || m.talks == NULL)
		abort();
	m.w->flows = calloc(m.flow_room, sizeof(struct workload_flow));
	if (m.w->flows == NULL)
		abort();
	for (unsigned int i = 0; i < options->tuples; i++)
		make_tuple(&m, i);
	for (unsigned int i = 0; i < m.w->flow_count; i++)
		add_frames(&m, i);
	add_noise(&m);
	judge(&m);
	qsort(m.w->packets, m.w->packet_count, sizeof(m.w->packets[0]), by_time);
	for (unsigned int i = 0; i < m.w->flow_count; i++)
		free(m.talks[i]);
	free(m.talks);
	return m.w;
}

void workload_free(struct workload *w)
{
	for (unsigned int i = 0; i < w->flow_count; i++)
		free(w->flows[i].events);
	free(w->flows);
	free(w->packets);
	free(w->bytes);
	free(w);
}
