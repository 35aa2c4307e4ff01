/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dns_learn.h"

enum { PORT_MDNS = 5353, PORT_LLMNR = 5355 };

const char *zr_dns_counter_name(enum zr_dns_counter counter)
{
	static const char *const names[] = {
#define X(id, name) [ZR_DNS_COUNTER_##id] = name,
		ZR_DNS_COUNTERS(X)
#undef X
	};

	return names[counter];
}

/* One answer's addresses on their way to whoever learns. */
struct telling {
	const struct zr_dns_learner *learner;
	struct zr_dns_learned learned;
};

static void on_address(void *arg, const struct zr_dns_address *address)
{
	struct telling *t = arg;

	t->learned.address = address;
	t->learner->learned(t->learner->arg, &t->learned);
}

static void take_answer(struct zr_dns_learner *l, const struct zr_packet *packet, const struct zr_dns_message *answer,
			uint64_t now_us)
{
	struct telling telling = {.learner = l, .learned = {.packet = packet, .time_us = now_us}};
	struct zr_dns_outcome outcome;

	if (!zr_dns_match_answer(l->asked, packet, answer, now_us)) {
		l->counters[ZR_DNS_COUNTER_UNASKED]++;
		return;
	}
	outcome = zr_dns_answer(answer, on_address, &telling);
	l->counters[ZR_DNS_COUNTER_ANSWERS]++;
	l->counters[ZR_DNS_COUNTER_FAILED] += outcome.rcode != 0;
	l->counters[ZR_DNS_COUNTER_BROKEN] += outcome.broken;
	l->counters[ZR_DNS_COUNTER_NAMES_OTHER] += outcome.names_other;
}

void zr_dns_learn(struct zr_dns_learner *l, const struct zr_packet *packet, const uint8_t *data, size_t len,
		  uint64_t now_us)
{
	struct zr_dns_message message;
	uint16_t resolver_port;

	if (zr_dns_read(data, len, &message) != ZR_OK || message.class_ != ZR_DNS_CLASS_IN)
		return;
	resolver_port = message.answer ? packet->src_port : packet->dst_port;
	if (resolver_port == PORT_MDNS || resolver_port == PORT_LLMNR)
		return;
	if (l->query != NULL && !message.answer)
		l->query(l->arg, packet, &message.name);
	if (message.name.len == 0) {
		l->counters[ZR_DNS_COUNTER_NAMES_OTHER]++;
	} else if (message.answer) {
		take_answer(l, packet, &message, now_us);
	} else {
		l->counters[ZR_DNS_COUNTER_QUERIES]++;
		zr_dns_match_query(l->asked, packet, &message, now_us);
	}
}
