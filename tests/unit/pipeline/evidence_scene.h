/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenes with DNS in them: a subscriber asks, connects, and the records say who paid for what. */
#ifndef TESTS_UNIT_PIPELINE_EVIDENCE_SCENE_H
#define TESTS_UNIT_PIPELINE_EVIDENCE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/save.h"
#include "dataplane/pipeline/ties.h"
#include "rules/learned.h"
#include "tests/support/dns_make.h"
#include "tests/support/hello.h"
#include "tests/support/scene.h"

#define ME       "10.0.0.1"
#define OTHER    "10.0.0.2"
#define RESOLVER "192.0.2.53"
#define SERVER   "203.0.113.1"
#define PROXY    "203.0.113.66"

static struct scene s;
static struct dns_bytes message;

/* A conversation with the resolver; the next one begins at another port. */
static uint16_t dns_port = 20000;

static inline struct scene_conn to_resolver(const char *client)
{
	return (struct scene_conn){.client = client,
				   .server = RESOLVER,
				   .client_port = dns_port++,
				   .server_port = 53,
				   .up_seq = 1000,
				   .down_seq = 5000};
}

static inline void send_message(uint64_t ms, const struct scene_conn *c, bool up)
{
	scene_udp(&s, ms, c, up, message.at, message.len);
}

static inline uint16_t type_of(const char *address)
{
	return strchr(address, ':') != NULL ? DNS_AAAA : DNS_A;
}

/* The client asks for a name and is told the address. */
static inline void resolve_ttl(uint64_t ms, const char *client, const char *name, const char *address, uint32_t ttl_s)
{
	struct scene_conn c = to_resolver(client);

	dns_begin(&message, c.client_port, false, name, type_of(address));
	send_message(ms, &c, true);
	dns_begin(&message, c.client_port, true, name, type_of(address));
	dns_put_address(&message, name, ttl_s, address);
	send_message(ms, &c, false);
}

static inline void resolve(uint64_t ms, const char *client, const char *name, const char *address)
{
	resolve_ttl(ms, client, name, address, 300);
}

static inline struct scene_conn to_server(const char *client, uint16_t port, const char *server)
{
	struct scene_conn c = scene_conn(port);

	c.client = client;
	c.server = server;
	return c;
}

/* Five packets: a handshake, a hello for the name (NULL: without one), an answer. */
static inline struct scene_conn talk(uint64_t ms, const char *client, uint16_t port, const char *server,
				     const char *name)
{
	struct scene_conn c = to_server(client, port, server);

	scene_handshake(&s, ms, &c);
	scene_hello(&s, ms, &c, name);
	scene_down(&s, ms, &c, 1000);
	return c;
}

/* A hello with an encrypted part (RFC 9849) behind an outer name. */
static inline void hello_ech(uint64_t ms, struct scene_conn *c, const char *name)
{
	static uint8_t extensions[HELLO_ROOM], body[HELLO_ROOM], records[HELLO_ROOM];
	size_t len = hello_server_name(extensions, name);

	len += hello_extension(extensions + len, 0xfe0d, NULL, 64);
	len = hello_message(body, extensions, len);
	scene_up(&s, ms, c, records, hello_records(records, body, len, 16384));
}

/* The records of the flow from that port: "verdict reason [evidence] [suspect] packets[ retro]; …". */
static inline const char *told(uint16_t port)
{
	static char text[2048];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < s.count; i++) {
		const struct zr_usage *u = &s.events[i].usage;

		if (u->type != ZR_USAGE_PART || u->client_port != port || u->up_pkts + u->down_pkts == 0)
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %s [", at > 0 ? "; " : "",
				       zr_verdict_name(u->verdict), zr_reason_name(u->reason));
		for (unsigned int e = 0, n = 0; e < ZR_EVIDENCE_COUNT; e++)
			if ((u->evidence & 1U << e) != 0)
				at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", n++ > 0 ? " " : "",
						       zr_evidence_name(e));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "]%s %u",
				       (u->flags & 1U << ZR_FLAG_SPOOF_SUSPECT) != 0 ? " suspect" : "",
				       u->up_pkts + u->down_pkts);
	}
	return text;
}

/* The rule of the last record of the flow from that port. */
static inline const char *rule_of(uint16_t port)
{
	const char *rule = NULL;

	for (unsigned int i = 0; i < s.count; i++)
		if (s.events[i].usage.client_port == port)
			rule = s.events[i].rule;
	return rule;
}

static inline void begin(const char *rows)
{
	scene_init(&s, rows);
	scene_subscribers(&s, "10.0.0.0/8");
	scene_subscribers(&s, "2001:db8:1::/48");
	scene_resolvers(&s, RESOLVER);
	scene_resolvers(&s, "2001:db8:53::53");
}

static inline void start(const char *rows)
{
	begin(rows);
	scene_open(&s);
}

static inline void finish(void)
{
	scene_close(&s);
}

static inline uint64_t counter(enum zr_counter c)
{
	return zr_pipeline_counter(s.pipeline, c);
}

#endif
