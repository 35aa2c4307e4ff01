/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/capture_make.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/bench/harness.h"
#include "tests/support/dns_make.h"
#include "tests/support/frame.h"
#include "tests/support/quic_make.h"

#define AT_ONCE    2048 /* conversations */
#define BEGIN_S    1795305600
#define STEP_US    40
#define SEGMENT    1428 /* the most that a packet carries of TCP, over either IP */
#define DATAGRAM   1350
#define SNAP_BYTES 262144

/* Packets of a conversation behind its hello. */
#define TALK_MIN  8
#define TALK_SPAN 96

enum kind { TLS, QUIC, DNS, MEDIA };

struct talk {
	enum kind kind;
	char client[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN], name[64];
	uint16_t port;
	uint32_t up_seq, down_seq;
	unsigned int step, steps;
	size_t hello_len, hello_sent;
	uint8_t hello[2048];
};

struct maker {
	struct talk talks[AT_ONCE];
	pcap_dumper_t *out;
	uint64_t random, us;
	uint32_t conversations;
	uint8_t payload[1 << 16]; /* that looks encrypted */
	uint8_t frame[FRAME_MAX];
};

const char capture_list[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2026-01-01T00:00:00Z\n"
			    "#! expires: 2036-01-01T00:00:00Z\nmatch,service,rating_group\n.olm.vn,olm,1\n";

/* Below bound. */
static uint32_t pick(struct maker *m, uint32_t bound)
{
	return (uint32_t)(bench_random(&m->random) >> 16) % bound;
}

static void talk_begin(struct maker *m, struct talk *t)
{
	uint32_t number = m->conversations++, lot = pick(m, 100);

	*t = (struct talk){
		.kind = lot < 60   ? TLS
			: lot < 80 ? QUIC
			: lot < 90 ? DNS
				   : MEDIA,
		.port = (uint16_t)(1024 + pick(m, 60000)),
		.up_seq = pick(m, UINT32_MAX),
		.down_seq = pick(m, UINT32_MAX),
	};
	t->steps = t->kind == DNS ? 2 : TALK_MIN + pick(m, TALK_SPAN);
	snprintf(t->name, sizeof(t->name), "w%u.%s", number % 997, pick(m, 4) == 0 ? "olm.vn" : "example.com");
	if (pick(m, 3) == 0) {
		snprintf(t->client, sizeof(t->client), "2001:db8:%x:%x::1", number >> 16, number & 0xffff);
		snprintf(t->server, sizeof(t->server), "2001:db9::%x", pick(m, 4096));
	} else {
		snprintf(t->client, sizeof(t->client), "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
			 number & 255);
		snprintf(t->server, sizeof(t->server), "198.18.%u.%u", pick(m, 16), pick(m, 256));
	}
	/* Every second one is as long as post-quantum keys make it: two segments. */
	if (t->kind == TLS)
		t->hello_len = frame_hello(t->name, pick(m, 2) == 0 ? 517 : 1800, t->hello, sizeof(t->hello));
}

static void send_frame(struct maker *m, const struct frame_spec *spec)
{
	size_t len = frame_make(spec, m->frame);
	struct pcap_pkthdr header = {.caplen = (uint32_t)len, .len = (uint32_t)len};

	header.ts.tv_sec = (time_t)(BEGIN_S + m->us / 1000000);
	header.ts.tv_usec = (suseconds_t)(m->us % 1000000);
	m->us += STEP_US;
	pcap_dump((uint8_t *)m->out, &header, m->frame);
}

static struct frame_spec spec_of(const struct talk *t, bool up, uint8_t proto, const void *data, size_t len)
{
	uint16_t service = t->kind == DNS ? 53 : t->kind == MEDIA ? 8801 : 443;

	return (struct frame_spec){
		.src = up ? t->client : t->server,
		.dst = up ? t->server : t->client,
		.src_port = up ? t->port : service,
		.dst_port = up ? service : t->port,
		.proto = proto,
		.data = data,
		.len = len,
		.checksum = FRAME_CHECKSUM_RIGHT,
	};
}

static void send_tcp(struct maker *m, struct talk *t, bool up, uint8_t flags, const void *data, size_t len)
{
	struct frame_spec spec = spec_of(t, up, IPPROTO_TCP, data, len);
	uint32_t *mine = up ? &t->up_seq : &t->down_seq;

	spec.tcp_flags = flags;
	spec.seq = *mine;
	spec.ack = up ? t->down_seq : t->up_seq;
	*mine += (uint32_t)len + ((flags & (TH_SYN | TH_FIN)) != 0);
	send_frame(m, &spec);
}

static const uint8_t *payload(struct maker *m)
{
	return m->payload + pick(m, sizeof(m->payload) - SEGMENT);
}

static void tls_step(struct maker *m, struct talk *t)
{
	size_t left = t->hello_len - t->hello_sent, part = left < SEGMENT ? left : SEGMENT;

	if (t->step < 3) {
		static const uint8_t handshake[3] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};

		send_tcp(m, t, t->step != 1, handshake[t->step], NULL, 0);
	} else if (left > 0) {
		send_tcp(m, t, true, TH_PUSH | TH_ACK, t->hello + t->hello_sent, part);
		t->hello_sent += part;
	} else if (t->step >= t->steps) {
		send_tcp(m, t, t->step == t->steps, TH_FIN | TH_ACK, NULL, 0);
	} else if (pick(m, 2) == 0) {
		send_tcp(m, t, false, TH_ACK, payload(m), SEGMENT);
	} else {
		send_tcp(m, t, true, TH_ACK, NULL, 0);
	}
}

static void send_initial(struct maker *m, const struct talk *t)
{
	static struct quic_bytes datagram, frames;
	static uint8_t hello[QUIC_DATAGRAM_MAX];
	struct quic_header header = {.version = QUIC_V1, .dcid = {.len = 8}};
	size_t len = quic_make_hello(t->name, 300, hello, sizeof(hello));
	struct frame_spec spec;

	memcpy(header.dcid.at, payload(m), header.dcid.len);
	datagram.len = frames.len = 0;
	quic_put_crypto(&frames, hello, 0, len);
	quic_put_fill(&frames, 0, 1150 - frames.len);
	quic_seal(&datagram, &header, &frames);
	spec = spec_of(t, true, IPPROTO_UDP, datagram.at, datagram.len);
	send_frame(m, &spec);
}

static void send_dns(struct maker *m, const struct talk *t)
{
	static struct dns_bytes message;
	struct frame_spec spec;

	dns_begin(&message, t->port, t->step == 1, t->name, DNS_A);
	if (t->step == 1)
		dns_put_address(&message, t->name, 300, "198.18.0.1");
	spec = spec_of(t, t->step == 0, IPPROTO_UDP, message.at, message.len);
	send_frame(m, &spec);
}

static void send_datagram(struct maker *m, const struct talk *t)
{
	bool up = pick(m, 2) == 0;
	uint8_t data[DATAGRAM];
	struct frame_spec spec = spec_of(t, up, IPPROTO_UDP, data, up ? 60 : DATAGRAM);

	memcpy(data, payload(m), sizeof(data));
	/* A short header of QUIC; others must not look like a hello either. */
	data[0] = 0x40;
	send_frame(m, &spec);
}

/* The next packet of a conversation. True: it was the last one. */
static bool talk_step(struct maker *m, struct talk *t)
{
	if (t->kind == TLS)
		tls_step(m, t);
	else if (t->kind == DNS)
		send_dns(m, t);
	else if (t->kind == QUIC && t->step == 0)
		send_initial(m, t);
	else
		send_datagram(m, t);
	t->step++;
	return t->kind == TLS ? t->step == t->steps + 2 : t->step == t->steps;
}

bool capture_make(const char *path, uint32_t packets, uint64_t seed, struct capture_made *made)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
	static struct maker m;
	bool is_written;
	struct stat st;

	m.random = seed | 1;
	for (size_t i = 0; i < sizeof(m.payload); i++)
		m.payload[i] = (uint8_t)(bench_random(&m.random) >> 32);
	m.out = pcap != NULL ? pcap_dump_open(pcap, path) : NULL;
	if (m.out == NULL)
		return false;
	for (unsigned int i = 0; i < AT_ONCE; i++)
		talk_begin(&m, &m.talks[i]);
	for (uint32_t i = 0; i < packets; i++) {
		struct talk *t = &m.talks[pick(&m, AT_ONCE)];

		if (talk_step(&m, t))
			talk_begin(&m, t);
	}
	is_written = pcap_dump_flush(m.out) == 0 && ferror(pcap_dump_file(m.out)) == 0;
	pcap_dump_close(m.out);
	pcap_close(pcap);
	*made = (struct capture_made){.conversations = m.conversations};
	if (!is_written || stat(path, &st) != 0)
		return false;
	made->bytes = (uint64_t)st.st_size;
	return true;
}
