/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS conversations and the flows that follow them, in one pipeline. Input: a byte of options, then steps: what happens, to whom,
 * and its bytes. Whatever they are, totals add up, nothing is free that its entry asks evidence for and has none, and free DNS
 * keeps to its bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/packet/cursor.h"
#include "dataplane/pipeline/evidence.h"
#include "rules/list.h"
#include "tests/support/frame.h"

#define START_NS  UINT64_C(1795305600000000000)
#define CLIENTS   2
#define FREE_MAX  700 /* bytes of free DNS a subscriber and day */
#define MESSAGE   12000
#define LISTS     2
#define DNS_BEGUN 12

/* What a step is: its low bits. */
enum { ASK, ANSWER_RAW, ANSWER, ASK_TCP, ANSWER_TCP, HELLO, MEDIA, ELSE };

static const char *const texts[LISTS] = {
	"#! serial: 1\n#! issuer: fuzz\n#! issued: 2026-01-01T00:00:00Z\n#! expires: 2026-11-22T03:00:00Z\n"
	"match,service,rating_group,from,until,verify,bind,note\n"
	".r.vn,r,1,,,require\n.l.vn,l,2,,,learn\ns.vn,s,3,,,learn,,shared-intended\n.f.vn,f,4,,,flag\n!x.r.vn,,\n"
	"w.vn,w,5,2026-11-22T00:01:00Z,2026-11-22T00:30:00Z,require\n203.0.113.4/32 "
	"udp,live,6,,,,r\n203.0.113.5/32,live,7\n",
	"#! serial: 2\n#! issuer: fuzz\n#! issued: 2026-01-01T00:00:00Z\n#! expires: 2026-11-22T09:00:00Z\n"
	"match,service,rating_group,from,until,verify,bind\n"
	"a.r.vn,a,1,,,learn\n.r.vn,r,1,,,off\n.l.vn,l,2,,,require\n.f.vn,f,4,,,require\n203.0.113.4/32 "
	"udp,live,6,,,,f\n"};

static const char *const names[] = {"a.r.vn", "r.vn", "x.r.vn", "m.l.vn", "s.vn", "f.vn", "w.vn", "example.vn"};
static const char *const clients[CLIENTS] = {"10.0.0.1", "10.0.0.2"};

static struct zr_image *images[LISTS];
static struct zr_suffix_index *indexes[LISTS];
static struct zr_learned_table *table;
static struct zr_prefix_set subscribers, resolvers;
static struct zr_pipeline_config config;
static struct zr_pipeline *pipeline;
static void *memory;
static size_t memory_len;
static uint64_t dns_free_bytes, time_ns;
static uint8_t query[MESSAGE];
static size_t query_len;
static uint32_t seqs[16][2];

static void need(bool ok)
{
	if (!ok)
		abort();
}

/* Is what is told so by the entry's own terms? */
static bool take(void *arg, const struct zr_usage *u)
{
	bool backed = (u->evidence & ZR_BACKING) != 0;
	struct zr_entry entry;

	(void)arg;
	need(u->reason != ZR_REASON_UNDECIDED && u->verdict == zr_reason_verdict((enum zr_reason)u->reason));
	if (u->reason == ZR_REASON_DNS_FREE)
		dns_free_bytes += u->up_bytes + u->down_bytes;
	if (u->rule == ZR_ENTRY_NONE) {
		need(u->verdict == ZR_CHARGED);
		return true;
	}
	zr_image_entry(u->image, u->rule, &entry);
	if (zr_reason_claims((enum zr_reason)u->reason)) {
		need(entry.verify != ZR_VERIFY_REQUIRE || backed);
		need(((u->flags & 1U << ZR_FLAG_SPOOF_SUSPECT) != 0) == (entry.verify == ZR_VERIFY_FLAG && !backed));
	}
	need(u->reason != ZR_REASON_UNLEARNED || (entry.verify == ZR_VERIFY_REQUIRE && !backed));
	need(u->reason != ZR_REASON_DNS_LEARNED || (entry.verify == ZR_VERIFY_LEARN && backed && u->name == NULL));
	need(u->reason != ZR_REASON_UNBOUND || entry.bind[0] != '\0');
	return true;
}

static void on_learned(void *arg, const struct zr_learned *learned)
{
	(void)arg;
	need(learned->family == 4 || learned->family == 6);
	need(learned->until_us > learned->time_us && (learned->name == NULL || learned->name[0] != '\0'));
}

static void add_prefix(struct zr_prefix_set *set, const char *text)
{
	struct zr_prefix prefix;

	need(zr_prefix_parse(text, strlen(text), &prefix) == 0 && zr_prefix_set_add(set, &prefix) == 0);
}

static void setup(void)
{
	struct zr_learned_row row = {
		.family = 4, .addr = {203, 0, 113, 1}, .name = "r.vn", .name_len = 4, .until_s = INT64_MAX};

	for (unsigned int i = 0; i < LISTS; i++) {
		struct zr_findings errors = {0};
		struct zr_list *list;
		void *block;
		size_t len;

		need(zr_list_read(texts[i], strlen(texts[i]), &list, &errors) == 0 &&
		     zr_list_compile(list, &block, &len) == 0 && zr_image_load(block, len, &images[i], NULL) == 0 &&
		     zr_suffix_index_make(images[i], config.seed, &indexes[i]) == 0);
		zr_list_free(list);
	}
	need(zr_learned_make(&row, 1, &table) == 0);
	add_prefix(&subscribers, "10.0.0.0/8");
	add_prefix(&resolvers, "192.0.2.53");
	zr_pipeline_defaults(&config);
	config.flows = 64;
	config.reassembly_bytes = 262144;
	config.names_bytes = 65536;
	config.server_ids_bytes = 4096;
	config.learned_bytes = 1U << 20;
	config.subscribers = &subscribers;
	config.trusted_resolvers = &resolvers;
	config.verify_checksums = false;
	config.charged_records = true;
	config.dns_free_bytes = FREE_MAX;
	config.usage = take;
	config.learned = on_learned;
	memory_len = zr_pipeline_memory(&config);
	memory = aligned_alloc(64, memory_len);
	need(memory_len > 0 && memory != NULL);
}

static void check_totals(void)
{
	struct zr_volume judged = {0};
	struct zr_totals t;

	zr_pipeline_totals(pipeline, &t);
	for (unsigned int r = 0; r < ZR_REASON_COUNT; r++)
		judged.bytes += t.reason[r].bytes;
	for (unsigned int r = 0; r < ZR_UNACCOUNTED_COUNT; r++)
		judged.bytes += t.unaccounted[r].bytes;
	need(judged.bytes == t.received.bytes);
}

static void send(const struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	static struct zr_port port;
	struct zr_view view = {.data = frame, .time_ns = time_ns, .port = &port};

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_pipeline_burst(pipeline, &view, 1);
	check_totals();
}

/* Between a client and the resolver, or a server. who: which client, which server, which port. */
static struct frame_spec spec_of(unsigned int who, bool up, bool dns, uint8_t proto)
{
	static const char *const servers[] = {"203.0.113.1", "203.0.113.2", "203.0.113.4", "203.0.113.5"};
	const char *client = clients[who % CLIENTS], *server = dns ? "192.0.2.53" : servers[who / 2 % 4];
	uint16_t client_port = (uint16_t)(40000 + who / 8 % 4), server_port = dns ? 53 : 443;

	return (struct frame_spec){.src = up ? client : server,
				   .dst = up ? server : client,
				   .src_port = up ? client_port : server_port,
				   .dst_port = up ? server_port : client_port,
				   .proto = proto};
}

static void dns(unsigned int who, bool up, bool tcp, const uint8_t *data, size_t len)
{
	struct frame_spec spec = spec_of(who, up, true, tcp ? ZR_PROTO_TCP : ZR_PROTO_UDP);
	uint32_t *seq = &seqs[who % CLIENTS * 4 + who / 8 % 4][up];

	spec.data = data;
	spec.len = len;
	if (tcp) {
		spec.seq = *seq;
		spec.tcp_flags = *seq == 0 ? ZR_TCP_SYN | (up ? 0 : ZR_TCP_ACK) : ZR_TCP_ACK;
		*seq += (uint32_t)len + (*seq == 0);
	}
	send(&spec);
}

/* The latest query turned into an answer, whose records are the input's. */
static void answer(unsigned int who, bool tcp, const uint8_t *data, size_t len)
{
	static uint8_t message[2 * MESSAGE + 2];
	size_t at = tcp ? 2 : 0;

	if (query_len < DNS_BEGUN || len < 1)
		return;
	memcpy(message + at, query, query_len);
	message[at + 2] = 0x80;
	message[at + 3] = 0;
	memset(message + at + 6, 0, 6);
	message[at + 7] = data[0];
	memcpy(message + at + query_len, data + 1, len - 1);
	len += query_len - 1;
	message[0] = tcp ? (uint8_t)(len >> 8) : message[0];
	message[1] = tcp ? (uint8_t)len : message[1];
	dns(who, false, tcp, message, len + at);
}

static void hello(unsigned int who, unsigned int name)
{
	struct frame_spec spec = spec_of(who, true, false, ZR_PROTO_TCP);
	uint8_t bytes[1400];

	spec.seq = 1;
	spec.tcp_flags = ZR_TCP_SYN;
	send(&spec);
	spec.seq++;
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = bytes;
	spec.len = frame_hello(name < 8 ? names[name] : NULL, 200, bytes, sizeof(bytes));
	send(&spec);
	spec = spec_of(who, false, false, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_ACK;
	send(&spec);
}

static void something_else(const uint8_t *data, size_t len)
{
	static unsigned int lists;

	if (len == 0)
		return;
	switch (data[0] % 4) {
	case 0:
		time_ns += (uint64_t)data[0] * data[0] * UINT64_C(20000000);
		break;
	case 1:
		zr_pipeline_learned(pipeline, (data[0] & 4) != 0 ? table : NULL);
		break;
	case 2:
		lists = data[0] / 4 % LISTS;
		zr_pipeline_list(pipeline, images[lists], indexes[lists]);
		break;
	default:
		zr_pipeline_poll(pipeline, time_ns);
	}
}

static void step(unsigned int how, unsigned int who, const uint8_t *data, size_t len)
{
	struct frame_spec spec = spec_of(who, true, false, ZR_PROTO_UDP);

	switch (how) {
	case ASK:
	case ASK_TCP:
		query_len = len;
		if (how == ASK_TCP)
			query_len = len > 2 ? len - 2 : 0;
		memcpy(query, data + (len - query_len), query_len);
		dns(who, true, how == ASK_TCP, data, len);
		break;
	case ANSWER_RAW:
		dns(who, false, (who & 128) != 0, data, len);
		break;
	case ANSWER:
	case ANSWER_TCP:
		answer(who, how == ANSWER_TCP, data, len);
		break;
	case HELLO:
		hello(who, len > 0 ? data[0] % 9 : 0);
		break;
	case MEDIA:
		spec.data = data;
		spec.len = len;
		send(&spec);
		break;
	default:
		something_else(data, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_cursor c = zr_cursor_of(data, size);
	unsigned int options;

	if (memory == NULL)
		setup();
	memset(memory, 0, memory_len);
	memset(seqs, 0, sizeof(seqs));
	dns_free_bytes = query_len = 0;
	time_ns = START_NS;
	options = zr_cursor_u8(&c);
	config.dns_free = (options & 1) != 0;
	config.retro_credit = (options & 2) != 0;
	config.keep_names = false;
	config.learned_ttl_min_us = (options & 4) != 0 ? 60000000 : 0;
	pipeline = zr_pipeline_init(memory, &config, images[0], indexes[0]);
	need(pipeline != NULL);
	while (zr_cursor_left(&c) > 3) {
		unsigned int how = zr_cursor_u8(&c) % 8, who = zr_cursor_u8(&c);
		size_t len = zr_cursor_u16(&c);

		if (len > zr_cursor_left(&c))
			len = zr_cursor_left(&c);
		if (len > MESSAGE)
			len = MESSAGE;
		time_ns += 1000000;
		step(how, who, zr_cursor_take(&c, len), len);
	}
	zr_pipeline_shutdown(pipeline);
	check_totals();
	need(pipeline->ties.waiting == 0);
	/* The steps go over a few hours: two days at most. */
	need(dns_free_bytes <=
	     (uint64_t)CLIENTS * FREE_MAX * (1 + (time_ns - START_NS) / UINT64_C(86400000000000) + 1));
	zr_pipeline_fini(pipeline);
	return 0;
}
