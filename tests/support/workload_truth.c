/* SPDX-License-Identifier: BSD-3-Clause */
/* What DESIGN says of a connection whose packets and names are known: its records, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/workload_talk.h"

const char workload_list[] = ".olm.vn,olm,90001,,,,,\n"
			     "*.hocmai.vn,hocmai,90001,,,,,\n"
			     "thi.moet.gov.vn,moet,90002,,,,,\n"
			     "!quangcao.olm.vn,,,,,,,\n"
			     "192.0.2.0/24,lop,90003,,,,,\n"
			     "203.0.113.0/24 udp 8801-8810,live,90003,,,,,\n"
			     "2001:db8:90::/48,live,90004,,,,,\n";

const char *const workload_subscribers[2] = {"10.0.0.0/8", "2001:db8:1::/48"};

/* The names of the list again, in the form that the truth is told from. */
static const struct entry {
	const char *rule, *name;
	bool itself, below, free;
} entries[] = {
	{.rule = ".olm.vn", .name = "olm.vn", .itself = true, .below = true, .free = true},
	{.rule = "*.hocmai.vn", .name = "hocmai.vn", .below = true, .free = true},
	{.rule = "thi.moet.gov.vn", .name = "thi.moet.gov.vn", .itself = true, .free = true},
	{.rule = "!quangcao.olm.vn", .name = "quangcao.olm.vn", .itself = true, .below = true},
};

struct judgement {
	uint8_t reason; /* enum zr_reason */
	const char *rule;
};

/* A flow as far as it has been told, and the part of it that is open. */
struct truth {
	const struct talk *t;
	struct workload *w;
	struct workload_flow *flow;
	struct workload_event part; /* reason, rule and name are the flow's own */
	bool decided, named, left_record, turned;
	bool tag_due; /* a free verdict is told when a packet has it */
	uint64_t last_us;
	uint64_t now_us;   /* of the packet at hand */
	unsigned int read; /* messages read so far */
};

static bool is_free(uint8_t reason)
{
	return reason == ZR_REASON_SNI || reason == ZR_REASON_QUIC_SNI || reason == ZR_REASON_DTLS_SNI ||
	       reason == ZR_REASON_HOST || reason == ZR_REASON_PREFIX;
}

/* The longest entry that covers a name, by whole labels. */
static const struct entry *entry_of(const char *name)
{
	for (const char *at = name; at != NULL; at = strchr(at, '.')) {
		at += *at == '.';
		for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
			if (strcmp(at, entries[i].name) == 0 && (at == name ? entries[i].itself : entries[i].below))
				return &entries[i];
	}
	return NULL;
}

/* Names against addresses: exclusion, then listed name, then address entry. */
static struct judgement judge(const struct truth *f, const struct talk_message *m)
{
	static const uint8_t reasons[] = {
		[ZR_EVIDENCE_TLS_SNI] = ZR_REASON_SNI,
		[ZR_EVIDENCE_QUIC_SNI] = ZR_REASON_QUIC_SNI,
		[ZR_EVIDENCE_DTLS_SNI] = ZR_REASON_DTLS_SNI,
		[ZR_EVIDENCE_HTTP_HOST] = ZR_REASON_HOST,
	};
	const struct entry *entry = m->name[0] != '\0' ? entry_of(m->name) : NULL;

	if (m->spoof)
		return (struct judgement){.reason = ZR_REASON_SPOOF};
	if (entry != NULL && !entry->free)
		return (struct judgement){.reason = ZR_REASON_EXCLUDED, .rule = entry->rule};
	if (entry != NULL)
		return (struct judgement){.reason = reasons[m->evidence], .rule = entry->rule};
	if (f->flow->address_rule != NULL)
		return (struct judgement){.reason = ZR_REASON_PREFIX, .rule = f->flow->address_rule};
	return (struct judgement){.reason = m->name[0] != '\0' ? ZR_REASON_NO_MATCH : ZR_REASON_NO_NAME};
}

static uint64_t part_pkts(const struct workload_event *part)
{
	return (uint64_t)part->up_pkts + part->down_pkts;
}

/* The server is taken for the client. */
static void turn(struct workload_event *e)
{
	struct workload_event before = *e;

	e->turned = true;
	e->up_pkts = before.down_pkts;
	e->down_pkts = before.up_pkts;
	e->up_bytes = before.down_bytes;
	e->down_bytes = before.up_bytes;
	e->retro_up_bytes = before.retro_down_bytes;
	e->retro_down_bytes = before.retro_up_bytes;
}

/* A record as the flow now stands. */
static void leave(struct truth *f, const struct workload_event *event)
{
	struct workload_flow *flow = f->flow;
	struct workload_event *out;

	if (!is_free(event->reason) && !f->t->options->charged_records && !(event->final && f->left_record))
		return;
	flow->events = realloc(flow->events, (flow->event_count + 1) * sizeof(*flow->events));
	out = &flow->events[flow->event_count++];
	*out = *event;
	if (f->turned)
		turn(out);
	/* Names of charged flows are told to nobody, unless an engineer asked for them. */
	if (!f->t->options->keep_names && (!is_free(event->reason) || event->reason == ZR_REASON_PREFIX))
		out->name[0] = '\0';
	f->left_record = true;
}

static void leave_tag(struct truth *f)
{
	struct workload_event tag = {.tag = true, .reason = f->part.reason, .rule = f->part.rule, .last_us = f->now_us};

	if (!f->tag_due)
		return;
	f->tag_due = false;
	tag.first_us = f->t->packets[0].us;
	memcpy(tag.name, f->part.name, sizeof(tag.name));
	leave(f, &tag);
}

/* The part ends. What is undecided is charged. */
static void cut(struct truth *f, enum zr_cause cause, bool final)
{
	struct workload_event part = f->part;

	if (part_pkts(&part) == 0 && !final)
		return;
	leave_tag(f);
	part.cause = (uint8_t)cause;
	part.final = final;
	if (!f->decided)
		part.reason = final && f->flow->proto == 6 && !f->t->start_seen ? ZR_REASON_MIDSTREAM
										: ZR_REASON_NO_NAME;
	f->w->reasons[part.reason].pkts += part_pkts(&part);
	f->w->reasons[part.reason].bytes += part.up_bytes + part.down_bytes;
	leave(f, &part);
	f->part = (struct workload_event){.reason = part.reason, .rule = part.rule};
	memcpy(f->part.name, part.name, sizeof(part.name));
}

static void decide(struct truth *f, struct judgement j, const char *name)
{
	if (is_free(j.reason) && !f->t->options->retro_credit)
		cut(f, ZR_CAUSE_VERDICT, false);
	if (is_free(j.reason)) {
		f->part.retro_up_bytes = f->part.up_bytes;
		f->part.retro_down_bytes = f->part.down_bytes;
	}
	f->decided = true;
	f->part.reason = j.reason;
	f->part.rule = j.rule;
	strcpy(f->part.name, name);
	f->tag_due = is_free(j.reason);
}

/* Another verdict or another name: what was counted so far has the old ones. */
static void change(struct truth *f, enum zr_cause cause, struct judgement j, const char *name)
{
	bool same_entry = is_free(f->part.reason) && f->part.rule == j.rule;

	cut(f, cause, false);
	f->part.reason = j.reason;
	f->part.rule = j.rule;
	strcpy(f->part.name, name);
	if (!is_free(j.reason) || !same_entry)
		f->tag_due = is_free(j.reason);
}

static void read_message(struct truth *f, const struct talk_message *m)
{
	struct judgement j = judge(f, m);
	bool first = !f->named;

	f->named = true;
	if (!f->decided) {
		decide(f, j, m->name);
	} else if (first && j.reason == ZR_REASON_PREFIX) {
		/* An unlisted name changes nothing on a server that is listed itself. */
		strcpy(f->part.name, m->name);
	} else if (first) {
		change(f, ZR_CAUSE_VERDICT, j, m->name);
	} else if (m->spoof || strcmp(f->part.name, m->name) != 0) {
		/* Once charged, a connection stays charged. */
		if (!is_free(f->part.reason))
			j = (struct judgement){.reason = f->part.reason};
		change(f, ZR_CAUSE_HOST_CHANGE, j, m->name);
	}
}

/* Nothing is known of any name, and nothing has been counted since the last cut. */
static void judge_address(struct truth *f)
{
	const struct workload_flow *flow = f->flow;
	struct judgement j = {.reason = ZR_REASON_NO_NAME};

	if (f->decided || part_pkts(&f->part) > 0)
		return;
	if (talk_is_ignored(f->t))
		j.reason = ZR_REASON_NOT_SUBSCRIBER;
	else if (flow->address_rule != NULL && !f->turned)
		j = (struct judgement){.reason = ZR_REASON_PREFIX, .rule = flow->address_rule};
	else if (flow->proto == 6 || flow->proto == 17)
		return;
	decide(f, j, "");
}

static bool was_reset(const struct talk *t)
{
	for (unsigned int i = 0; i < t->packet_count; i++)
		if ((t->packets[i].tcp_flags & 0x04) != 0)
			return true;
	return false;
}

/* The first edge after a flow's last packet: behind it there is nothing to cut. */
static uint64_t next_edge(const struct truth *f, enum zr_cause *cause)
{
	uint64_t first_us = f->t->packets[0].us;
	uint64_t interim_us = f->t->options->interim_us, tariff_us = f->t->options->tariff_us;
	uint64_t interim_edge_us = first_us + ((f->last_us - first_us) / interim_us + 1) * interim_us;
	uint64_t tariff_edge_us = tariff_us > 0 ? (f->last_us / tariff_us + 1) * tariff_us : UINT64_MAX;

	*cause = tariff_edge_us <= interim_edge_us ? ZR_CAUSE_TARIFF : ZR_CAUSE_INTERIM;
	return *cause == ZR_CAUSE_TARIFF ? tariff_edge_us : interim_edge_us;
}

/* Time passes up to a packet behind number i, or to the end: edges, then silence. False when that ends the flow. */
static bool pass_time(struct truth *f, unsigned int i, uint64_t us)
{
	const struct talk *t = f->t;
	uint64_t timeout_us = talk_timeout_us(t, i);
	uint64_t silent_us = f->last_us + timeout_us;
	enum zr_cause cause;
	uint64_t edge_us = next_edge(f, &cause);

	if (edge_us <= us && edge_us < silent_us)
		cut(f, cause, false);
	if (us < silent_us)
		return true;
	cut(f, timeout_us != 10000000 ? ZR_CAUSE_IDLE : was_reset(t) ? ZR_CAUSE_RST : ZR_CAUSE_FIN, true);
	return false;
}

static void count(struct truth *f, const struct talk_packet *packet)
{
	if (part_pkts(&f->part) == 0)
		f->part.first_us = packet->us;
	f->part.last_us = packet->us;
	f->last_us = packet->us;
	if (packet->up) {
		f->part.up_pkts++;
		f->part.up_bytes += packet->volume_bytes;
	} else {
		f->part.down_pkts++;
		f->part.down_bytes += packet->volume_bytes;
	}
}

static void take_packet(struct truth *f, unsigned int i)
{
	const struct talk *t = f->t;
	const struct talk_packet *packet = &t->packets[i];

	if (i > 0 && !pass_time(f, i - 1, packet->us))
		abort();
	f->now_us = packet->us;
	for (; f->read < t->message_count && t->messages[f->read].packet == i; f->read++) {
		const struct talk_message *m = &t->messages[f->read];

		if (talk_is_ignored(t))
			continue;
		f->flow->malformed += m->malformed;
		f->flow->names += m->name[0] != '\0';
		f->turned = false;
		read_message(f, m);
	}
	judge_address(f);
	count(f, packet);
	leave_tag(f);
}

void talk_judge(const struct talk *t, struct workload *w, uint64_t end_us, bool replaced)
{
	struct truth f = {.t = t, .w = w, .flow = t->flow, .last_us = t->packets[0].us};

	f.turned = !talk_is_oriented(t) && !t->packets[0].up;
	for (unsigned int i = 0; i < t->packet_count; i++)
		take_packet(&f, i);
	if (pass_time(&f, t->packet_count - 1, end_us))
		cut(&f, replaced ? ZR_CAUSE_NEW_FLOW : ZR_CAUSE_SHUTDOWN, true);
}
