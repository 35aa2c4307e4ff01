/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the traffic's way: what comes in at one port goes out of its peer, bit for bit but for marks, in order, and what does not
 * is counted by a name. Arguments: the list, then captures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>

#include "tests/integration/dpdk/traffic.h"
#include "tests/support/frame.h"
#include "tests/support/random.h"

enum { AF11 = 10, CS1 = 8, WORKERS = 3, NONE = ZR_MARK_NONE, SEGMENT = 2000 };

/* Frames that a test has on their way at a time: fewer than a ring between workers holds, so that none overtakes another. */
#define AT_ONCE      256
#define RANDOM_COUNT 3000
#define RANDOM_MAX   9216
#define TALKS_MAX    4096

static char **captures;
static int capture_count;
static struct rig_list list;
static int index_offset; /* where a frame's mbuf keeps its number */

/* Two ports on rings: what comes in at each, and what each worker sends out of it. */
struct side {
	char device[64];
	struct rte_ring *in, *out[WORKERS];
};

struct pair {
	struct side sides[2];
	struct zr_dataplane_config config;
	struct zr_dataplane *dp;
	struct rig_lines told;
	unsigned int workers;
	uint8_t ring_of[TALKS_MAX + 1]; /* which worker sends a talk's frames, from 1 on; 0: none yet */
};

static void side_make(struct side *side, const char *name, unsigned int queues, unsigned int room)
{
	char ring[64];

	snprintf(side->device, sizeof(side->device), "net_ring_%s", name);
	snprintf(ring, sizeof(ring), "%s_in", name);
	side->in = rte_ring_create(ring, 32768, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(side->in);
	for (unsigned int q = 0; q < queues; q++) {
		snprintf(ring, sizeof(ring), "%s_out%u", name, q);
		side->out[q] = rte_ring_create(ring, room, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		assert_non_null(side->out[q]);
	}
	assert_true(rte_eth_from_rings(name, &side->in, 1, side->out, queues, 0) >= 0);
}

/* Ports and a configuration that may still be changed. */
static void pair_make(struct pair *p, const char *name, unsigned int workers, unsigned int room)
{
	char names[2][24];

	memset(p, 0, sizeof(*p));
	p->workers = workers;
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%c", name, 'a' + (int)i);
		side_make(&p->sides[i], names[i], workers, room);
	}
	p->config = rig_config(p->sides[0].device, workers == 1 ? "1" : RIG_LCORES);
	snprintf(p->config.ports[1].device, sizeof(p->config.ports[1].device), "%s", p->sides[1].device);
	p->config.port_count = 2;
	p->config.ports[0].peer = 1;
	p->config.forwards = true;
	p->config.frame_max = 65535;
}

static void pair_marks(struct pair *p, bool clear)
{
	p->config.pipeline.marks.otherwise = AF11;
	p->config.marks.cleared = clear ? UINT64_C(1) << AF11 : 0;
	p->config.marks.outer = true;
}

static void pair_start(struct pair *p)
{
	p->dp = rig_start(&p->config, &list);
}

/* Received is forwarded and dropped by name, in frames and bytes, each way. */
static void assert_exact(const struct zr_dataplane_status *status)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct zr_port_status *in = &status->ports[i], *out = &status->ports[1 - i];
		struct zr_volume sum = out->tx;

		for (unsigned int d = 0; d < ZR_TX_DROP_COUNT; d++) {
			sum.pkts += out->tx_drops[d].pkts;
			sum.bytes += out->tx_drops[d].bytes;
		}
		assert_int_equal(in->rx_pkts, sum.pkts);
		assert_int_equal(in->rx_bytes, sum.bytes);
		assert_int_equal(in->drops[ZR_DROP_RING_FULL], 0);
	}
}

static void pair_end(struct pair *p, struct zr_dataplane_status *last)
{
	struct rte_mbuf *m;

	rig_stop(p->dp, &p->told, last);
	assert_exact(last);
	rig_lines_clear(&p->told);
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int q = 0; q < p->workers; q++) {
			while (rte_ring_dequeue(p->sides[i].out[q], (void **)&m) == 0)
				rte_pktmbuf_free(m);
			rte_ring_free(p->sides[i].out[q]);
		}
		rte_ring_free(p->sides[i].in);
	}
	assert_int_equal(rig_mbufs_away(), 0);
}

/* Frames, and what must come of each. */
struct frames {
	struct frame {
		uint8_t *data, *expected;
		uint32_t len, segment;
		unsigned int talk; /* whose it is: talk_of */
	} * at;
	size_t count, room;
	struct talk {
		union zr_ip one, other;
	} talks[TALKS_MAX];
	unsigned int talk_count;
};

static void frames_add(struct frames *f, const void *data, size_t len, size_t segment)
{
	struct frame *frame;

	if (f->count == f->room) {
		f->room = f->room * 2 + 256;
		f->at = reallocarray(f->at, f->room, sizeof(*f->at));
		assert_non_null(f->at);
	}
	frame = &f->at[f->count++];
	*frame = (struct frame){.len = (uint32_t)len, .segment = (uint32_t)segment};
	frame->data = malloc(len);
	frame->expected = malloc(len);
	assert_true(frame->data != NULL && frame->expected != NULL);
	memcpy(frame->data, data, len);
	memcpy(frame->expected, data, len);
}

static void frames_free(struct frames *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->at[i].data);
		free(f->at[i].expected);
	}
	free(f->at);
	memset(f, 0, sizeof(*f));
}

/* Numbers pairs of addresses from 1 on, in either direction; 0: there are none. */
static unsigned int talk_of(struct frames *f, const struct zr_packet_rules *rules, const struct zr_view *view)
{
	struct zr_packet packet;
	struct talk talk;

	zr_packet_parse(rules, view, &packet);
	if (packet.unaccounted != ZR_ACCOUNTED)
		return 0;
	talk = (struct talk){packet.src, packet.dst};
	if (memcmp(&talk.one, &talk.other, sizeof(talk.one)) > 0)
		talk = (struct talk){packet.dst, packet.src};
	for (unsigned int i = 0; i < f->talk_count; i++)
		if (memcmp(&f->talks[i], &talk, sizeof(talk)) == 0)
			return i + 1;
	assert_true(f->talk_count < TALKS_MAX);
	f->talks[f->talk_count++] = talk;
	return f->talk_count;
}

static bool nobody(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
	return true;
}

/* What the bare pipeline marks, and the bytes that its plan makes of them. Returns how many frames change. */
static unsigned int frames_expect(struct frames *f, const struct zr_dataplane_config *dataplane)
{
	struct zr_pipeline_config config = dataplane->pipeline;
	struct zr_port port = {.link = ZR_LINK_ETHERNET};
	struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
	unsigned int changed = 0;
	struct zr_pipeline *p;
	void *memory;

	config.usage = nobody;
	memory = aligned_alloc(64, zr_pipeline_memory(&config));
	assert_non_null(memory);
	memset(memory, 0, zr_pipeline_memory(&config));
	p = zr_pipeline_init(memory, &config, list.image, list.index);
	for (size_t i = 0; i < f->count; i++) {
		struct frame *frame = &f->at[i];
		struct zr_view view = {.data = frame->data, .len = frame->len, .wire_len = frame->len, .port = &port};
		bool marks = config.marks.otherwise != NONE;
		unsigned int count;
		uint8_t mark;

		view.time_ns = UINT64_C(1800000000000000000);
		frame->talk = talk_of(f, &config.packets, &view);
		zr_pipeline_burst_marks(p, &view, 1, &mark);
		if (!marks || (mark == NONE && dataplane->marks.cleared == 0))
			continue;
		count = zr_mark_plan(&config.packets, &dataplane->marks, &view, mark, edits);
		for (unsigned int e = 0; e < count; e++)
			memcpy(frame->expected + edits[e].at, edits[e].bytes, 2);
		changed += count > 0;
	}
	zr_pipeline_shutdown(p);
	zr_pipeline_fini(p);
	free(memory);
	return changed;
}

/* A frame that came out is the one that went in. */
static void frame_check(struct pair *p, const struct frames *f, struct rte_mbuf *m, unsigned int queue, uint32_t *next)
{
	uint32_t number = *RTE_MBUF_DYNFIELD(m, index_offset, uint32_t *);
	static uint8_t buffer[65536];
	const struct frame *frame;

	assert_true(number < f->count);
	frame = &f->at[number];
	assert_true(number >= *next);
	*next = number + 1;
	assert_int_equal(m->pkt_len, frame->len);
	assert_memory_equal(rte_pktmbuf_read(m, 0, m->pkt_len, buffer), frame->expected, frame->len);
	if (frame->talk != 0) {
		if (p->ring_of[frame->talk] == 0)
			p->ring_of[frame->talk] = (uint8_t)(queue + 1);
		assert_int_equal(p->ring_of[frame->talk], queue + 1);
	}
	rte_pktmbuf_free(m);
}

/* All frames in at one side and, a few at a time, out of the other. */
static void pass(struct pair *p, unsigned int from, const struct frames *f)
{
	struct side *in = &p->sides[from], *out = &p->sides[1 - from];
	uint32_t next[WORKERS] = {0};
	size_t sent = 0, back = 0;

	while (back < f->count) {
		struct rte_mbuf *m;

		if (sent < f->count && sent - back < AT_ONCE) {
			m = rig_frame(f->at[sent].data, f->at[sent].len, f->at[sent].segment);
			*RTE_MBUF_DYNFIELD(m, index_offset, uint32_t *) = (uint32_t)sent++;
			assert_int_equal(rte_ring_enqueue(in->in, m), 0);
		}
		for (unsigned int q = 0; q < p->workers; q++)
			for (; rte_ring_dequeue(out->out[q], (void **)&m) == 0; back++)
				frame_check(p, f, m, q, &next[q]);
		zr_dataplane_drain(p->dp, rig_lines_take, &p->told, 100);
	}
}

static void capture_read(struct frames *f, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct pcap_pkthdr *header;
	const u_char *data;

	assert_non_null(pcap);
	for (unsigned int i = 0; pcap_next_ex(pcap, &header, &data) == 1; i++)
		frames_add(f, data, header->caplen, i % 3 == 0 ? 40 + i % 60 : SEGMENT);
	pcap_close(pcap);
}

/* Anything at all, and headers with anything behind them. */
static void random_make(struct frames *f)
{
	static uint8_t bytes[FRAME_MAX + RANDOM_MAX];
	struct random state = {.state = 77};

	for (unsigned int i = 0; i < RANDOM_COUNT; i++) {
		size_t len = i % 4 == 0 ? random_next(&state) % 120 + 1 : random_next(&state) % (RANDOM_MAX - 13) + 14;
		struct frame_spec spec = {.src = i % 2 != 0 ? "10.1.2.3" : "2001:db8::7",
					  .dst = i % 2 != 0 ? "203.0.113.9" : "2001:db8:1::7",
					  .src_port = (uint16_t)(i / 8),
					  .dst_port = 443,
					  .proto = i % 3 != 0 ? ZR_PROTO_TCP : ZR_PROTO_UDP,
					  .vlan = i % 5 == 0 ? 7 : 0};

		for (size_t at = 0; at < len; at++)
			bytes[at] = (uint8_t)random_next(&state);
		if (i % 8 > 3)
			frame_make(&spec, bytes);
		if (i % 8 > 5)
			bytes[random_next(&state) % 60] ^= (uint8_t)(1U << i % 7);
		frames_add(f, bytes, len, RTE_MAX(len / (i % 5 + 1) + 1, (size_t)1 + len / 5));
		f->at[i].segment = RTE_MIN(f->at[i].segment, (uint32_t)SEGMENT);
	}
}

static uint64_t reason_pkts(const struct zr_dataplane_status *status, enum zr_reason reason)
{
	uint64_t pkts = 0;

	for (unsigned int i = 0; i < status->worker_count; i++)
		pkts += status->workers[i].totals.reason[reason].pkts;
	return pkts;
}

static uint64_t changed_pkts(const struct zr_dataplane_status *status)
{
	uint64_t pkts = 0;

	for (unsigned int i = 0; i < status->worker_count; i++)
		pkts += status->workers[i].marked + status->workers[i].cleared;
	return pkts;
}

static void captures_pass(const char *name, unsigned int workers, bool marks)
{
	static struct pair p;
	struct zr_dataplane_status last;
	unsigned int changed = 0;

	for (int i = 0; i < capture_count; i++) {
		static struct frames f;
		char port[16];

		snprintf(port, sizeof(port), "%s%d", name, i);
		pair_make(&p, port, workers, 1024);
		if (marks)
			pair_marks(&p, true);
		capture_read(&f, captures[i]);
		changed = frames_expect(&f, &p.config);
		pair_start(&p);
		pass(&p, i % 2, &f);
		pair_end(&p, &last);
		assert_int_equal(last.ports[1 - i % 2].tx.pkts, f.count);
		assert_int_equal(changed_pkts(&last), changed);
		assert_int_equal(reason_pkts(&last, ZR_REASON_OVERLOAD), 0);
		/* What is free and was not there before the verdict is marked: some of nearly every capture. */
		print_message("%s: %zu frames, %u marked\n", captures[i], f.count, changed);
		assert_true(marks || changed == 0);
		frames_free(&f);
	}
}

static void captures_pass_bit_for_bit(void **state)
{
	(void)state;
	captures_pass("plain", 1, false);
}

static void captures_pass_with_marks(void **state)
{
	(void)state;
	captures_pass("mark", 1, true);
}

static void captures_pass_with_marks_by_three_workers(void **state)
{
	(void)state;
	captures_pass("three", WORKERS, true);
}

static void random_pass(const char *name, unsigned int workers, bool marks)
{
	static struct pair p;
	struct zr_dataplane_status last;
	static struct frames f;

	pair_make(&p, name, workers, 1024);
	if (marks)
		pair_marks(&p, true);
	random_make(&f);
	frames_expect(&f, &p.config);
	pair_start(&p);
	pass(&p, 0, &f);
	memset(p.ring_of, 0, sizeof(p.ring_of));
	pass(&p, 1, &f);
	pair_end(&p, &last);
	assert_int_equal(last.ports[0].tx.pkts, RANDOM_COUNT);
	assert_int_equal(last.ports[1].tx.pkts, RANDOM_COUNT);
	frames_free(&f);
}

static void random_frames_pass_both_ways(void **state)
{
	(void)state;
	random_pass("any", 1, false);
	random_pass("any_marks", 1, true);
	random_pass("any_three", WORKERS, false);
	random_pass("any_3_marks", WORKERS, true);
}

static size_t hello_make(uint16_t port, uint8_t *frame)
{
	static uint8_t bytes[1024];
	struct frame_spec spec = {.src = "10.0.0.1",
				  .dst = "203.0.113.1",
				  .src_port = port,
				  .dst_port = 443,
				  .proto = ZR_PROTO_TCP,
				  .tcp_flags = ZR_TCP_ACK,
				  .data = bytes};

	spec.len = frame_hello("olm.vn", 200, bytes, sizeof(bytes));
	return frame_make(&spec, frame);
}

static struct rte_mbuf *await(struct rte_ring *ring)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(ring, (void **)&m) != 0)
		usleep(100);
	return m;
}

/* Headers may lie over several segments: down to one byte each. */
static void mark_goes_over_segments(void **state)
{
	static struct pair p;
	static uint8_t frame[FRAME_MAX], buffer[2048];
	struct zr_dataplane_status last;
	size_t len;

	(void)state;
	pair_make(&p, "split", 1, 1024);
	pair_marks(&p, false);
	pair_start(&p);
	for (unsigned int segment = 1; segment < 40; segment++) {
		const uint8_t *out;
		struct rte_mbuf *m;

		len = hello_make((uint16_t)segment, frame);
		rig_send(p.sides[0].in, frame, len, segment);
		m = await(p.sides[1].out[0]);
		out = rte_pktmbuf_read(m, 0, (uint32_t)len, buffer);
		assert_int_equal(out[15], AF11 << 2);
		assert_memory_equal(out, frame, 15);
		assert_memory_equal(out + 26, frame + 26, len - 26);
		rte_pktmbuf_free(m);
	}
	pair_end(&p, &last);
	assert_int_equal(last.workers[0].marked, 39);
}

/* Somebody else reads it: it goes on as it is. */
static void shared_frame_is_not_written(void **state)
{
	static struct pair p;
	static uint8_t frame[FRAME_MAX];
	struct zr_dataplane_status last;
	struct rte_mbuf *m;
	size_t len = hello_make(1, frame);

	(void)state;
	pair_make(&p, "shared", 1, 1024);
	pair_marks(&p, false);
	pair_start(&p);
	m = rig_frame(frame, len, SEGMENT);
	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(rte_ring_enqueue(p.sides[0].in, m), 0);
	assert_ptr_equal(await(p.sides[1].out[0]), m);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), frame, len);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
	pair_end(&p, &last);
	assert_int_equal(last.workers[0].mark_skipped, 1);
	assert_int_equal(last.workers[0].marked, 0);
	assert_int_equal(reason_pkts(&last, ZR_REASON_SNI), 1);
}

static void bytes_free(void *address, void *arg)
{
	(void)address;
	*(bool *)arg = true;
}

/* … also when what they share are bytes that the frame only points to. */
static void frame_that_points_to_shared_bytes_is_not_written(void **state)
{
	static struct pair p;
	static uint8_t frame[FRAME_MAX], outside[4096];
	struct rte_mbuf_ext_shared_info shared = {.free_cb = bytes_free};
	struct zr_dataplane_status last;
	struct rte_mbuf *whole, *m;
	size_t len = hello_make(1, frame);
	bool is_free = false;

	(void)state;
	pair_make(&p, "points", 1, 1024);
	pair_marks(&p, false);
	pair_start(&p);
	whole = rig_frame(frame, len, SEGMENT);
	m = rte_pktmbuf_clone(whole, whole->pool);
	assert_non_null(m);
	rte_pktmbuf_free(whole);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(rte_ring_enqueue(p.sides[0].in, m), 0);
	assert_ptr_equal(await(p.sides[1].out[0]), m);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), frame, len);
	rte_pktmbuf_free(m);
	for (unsigned int others = 0; others < 2; others++) {
		len = hello_make((uint16_t)(2 + others), frame);
		memcpy(outside, frame, len);
		m = rig_frame("", 1, SEGMENT);
		shared.fcb_opaque = &is_free;
		rte_mbuf_ext_refcnt_set(&shared, (uint16_t)(1 + others));
		rte_pktmbuf_attach_extbuf(m, outside, RTE_BAD_IOVA, sizeof(outside), &shared);
		m->pkt_len = m->data_len = (uint16_t)len;
		assert_int_equal(rte_ring_enqueue(p.sides[0].in, m), 0);
		assert_ptr_equal(await(p.sides[1].out[0]), m);
		assert_int_equal(outside[15], others == 0 ? AF11 << 2 : 0);
		rte_pktmbuf_free(m);
		assert_int_equal(is_free, others == 0);
		is_free = false;
	}
	pair_end(&p, &last);
	assert_int_equal(last.workers[0].mark_skipped, 2);
	assert_int_equal(last.workers[0].marked, 1);
}

/* What a charged packet carries of our marks is taken off, where that is asked for. */
static void foreign_marks_are_cleared(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct frame_spec spec = {
		.src = "10.0.0.1", .dst = "203.0.113.1", .src_port = 5, .dst_port = 443, .proto = ZR_PROTO_UDP};
	size_t len = frame_make(&spec, frame);

	(void)state;
	for (unsigned int clear = 0; clear < 2; clear++) {
		static struct pair p;
		struct zr_dataplane_status last;

		pair_make(&p, clear != 0 ? "clear" : "keep", 1, 1024);
		pair_marks(&p, clear != 0);
		pair_start(&p);
		for (unsigned int mark = AF11 - 1; mark <= AF11 + 1; mark++) {
			struct rte_mbuf *m;

			frame[15] = (uint8_t)(mark << 2 | 1);
			rig_send(p.sides[0].in, frame, len, SEGMENT);
			m = await(p.sides[1].out[0]);
			assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 15),
					 clear != 0 && mark == AF11 ? 1 : mark << 2 | 1);
			rte_pktmbuf_free(m);
		}
		pair_end(&p, &last);
		assert_int_equal(last.workers[0].cleared, clear);
		assert_int_equal(last.workers[0].marked, 0);
	}
}

/* Nobody takes what goes out. */
static void full_port_is_counted(void **state)
{
	const unsigned int frames = 1000, room = 63;
	static struct pair p;
	static uint8_t frame[FRAME_MAX];
	struct zr_dataplane_status last;
	uint64_t bytes = 0;

	(void)state;
	pair_make(&p, "full", 1, room + 1);
	pair_start(&p);
	for (unsigned int i = 0; i < frames; i++) {
		size_t len = hello_make((uint16_t)i, frame);

		rig_send(p.sides[0].in, frame, len, SEGMENT);
		bytes += len;
	}
	rig_wait(p.dp, &p.told, frames);
	pair_end(&p, &last);
	assert_int_equal(last.ports[0].rx_bytes, bytes);
	assert_int_equal(last.ports[1].tx.pkts, room);
	assert_int_equal(last.ports[1].tx_drops[ZR_TX_DROP_FULL].pkts, frames - room);
	assert_int_equal(last.ports[1].tx_drops[ZR_TX_DROP_FULL].bytes, bytes - last.ports[1].tx.bytes);
	assert_string_equal(zr_tx_drop_name(ZR_TX_DROP_FULL), "tx_full");
}

static void port_without_link_is_counted(void **state)
{
	const unsigned int frames = 10;
	static struct pair p;
	static uint8_t frame[FRAME_MAX];
	struct zr_dataplane_status status;
	uint16_t id;
	size_t len = hello_make(7, frame);

	(void)state;
	pair_make(&p, "link", 1, 1024);
	pair_start(&p);
	assert_int_equal(rte_eth_dev_get_port_by_name(p.sides[1].device, &id), 0);
	assert_int_equal(rte_eth_dev_set_link_down(id), 0);
	zr_dataplane_status(p.dp, &status);
	assert_false(status.ports[1].link_up);
	assert_true(status.ports[0].link_up);
	for (unsigned int i = 0; i < frames; i++)
		rig_send(p.sides[0].in, frame, len, SEGMENT);
	rig_send(p.sides[1].in, frame, len, SEGMENT);
	rte_pktmbuf_free(await(p.sides[0].out[0]));
	rig_wait(p.dp, &p.told, frames + 1);
	assert_int_equal(rte_eth_dev_set_link_up(id), 0);
	zr_dataplane_status(p.dp, &status);
	assert_true(status.ports[1].link_up);
	rig_send(p.sides[0].in, frame, len, SEGMENT);
	rte_pktmbuf_free(await(p.sides[1].out[0]));
	pair_end(&p, &status);
	assert_int_equal(status.ports[1].tx_drops[ZR_TX_DROP_LINK_DOWN].pkts, frames);
	assert_int_equal(status.ports[1].tx_drops[ZR_TX_DROP_LINK_DOWN].bytes, frames * len);
	assert_int_equal(status.ports[1].tx.pkts, 1);
	assert_int_equal(status.ports[0].tx.pkts, 1);
}

/* One subscriber's frames come faster than his worker takes them: all go on, judged or charged as overload. */
static void overload_delays_and_drops_nothing(void **state)
{
	const unsigned int frames = 20000;
	static struct pair p;
	static uint8_t frame[FRAME_MAX];
	struct zr_dataplane_status last;
	uint64_t sum = 0;

	(void)state;
	pair_make(&p, "flood", WORKERS, 32768);
	for (unsigned int i = 0; i < frames; i++)
		rig_send(p.sides[0].in, frame, hello_make((uint16_t)(i % 100), frame), SEGMENT);
	pair_start(&p);
	rig_wait(p.dp, &p.told, frames);
	pair_end(&p, &last);
	assert_int_equal(last.ports[1].tx.pkts, frames);
	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++)
		sum += reason_pkts(&last, (enum zr_reason)i);
	assert_int_equal(sum, frames);
	print_message("%lu of %u as overload\n", reason_pkts(&last, ZR_REASON_OVERLOAD), frames);
}

static int begin(void **state)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "test_inline_number", .size = sizeof(uint32_t), .align = alignof(uint32_t)};
	static char text[1 << 20];
	FILE *file = fopen(captures[-1], "rb");

	(void)state;
	rig_eal();
	index_offset = rte_mbuf_dynfield_register(&field);
	assert_true(index_offset >= 0);
	assert_non_null(file);
	rig_list_read(&list, text, fread(text, 1, sizeof(text), file));
	fclose(file);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_pass_bit_for_bit),
		cmocka_unit_test(captures_pass_with_marks),
		cmocka_unit_test(captures_pass_with_marks_by_three_workers),
		cmocka_unit_test(random_frames_pass_both_ways),
		cmocka_unit_test(mark_goes_over_segments),
		cmocka_unit_test(shared_frame_is_not_written),
		cmocka_unit_test(frame_that_points_to_shared_bytes_is_not_written),
		cmocka_unit_test(foreign_marks_are_cleared),
		cmocka_unit_test(full_port_is_counted),
		cmocka_unit_test(port_without_link_is_counted),
		cmocka_unit_test(overload_delays_and_drops_nothing),
	};

	captures = argv + 2;
	capture_count = argc - 2;
	return cmocka_run_group_tests(tests, begin, end);
}
