/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks on every stack of headers, planned at a guard page: the code point changes and nothing else but the checksums over
 * it, which hold afterwards as they held before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/packet/mark.h"
#include "tests/support/guard.h"
#include "tests/unit/packet/compose.h"

enum { AF11 = 10, EF = 46, ECT1 = 1, CE = 3, LAYERS = 3 };

static const struct zr_packet_rules open_all = {.open_all_tunnels = true};

/* Where the headers of a frame are. */
struct where {
	struct frame f;
	unsigned int count;
	uint32_t ip_at[LAYERS];
	uint8_t family[LAYERS];
	uint32_t udp_at, udp_len; /* with a checksum; 0: none */
	unsigned int udp_layer;   /* whose packet that is */
	uint32_t gre_at;
};

/* RFC 1071 as it stands there: words, one after the other. */
static uint16_t sum_of(const uint8_t *data, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i += 2)
		sum += (uint32_t)data[i] << 8 | (i + 1 < len ? data[i + 1] : 0);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint8_t class_of(const struct where *w, const uint8_t *frame, unsigned int layer)
{
	const uint8_t *ip = frame + w->ip_at[layer];

	return w->family[layer] == 4 ? ip[1] : (uint8_t)(ip[0] << 4 | ip[1] >> 4);
}

static void class_set(struct where *w, unsigned int layer, uint8_t class)
{
	uint8_t *ip = w->f.bytes + w->ip_at[layer];

	if (w->family[layer] == 4) {
		ip[1] = class;
		return;
	}
	ip[0] = (uint8_t)(0x60 | class >> 4);
	ip[1] = (uint8_t)(class << 4 | (ip[1] & 0x0f));
}

static uint32_t udp_sum(const struct where *w, const uint8_t *frame)
{
	const uint8_t *ip = frame + w->ip_at[w->udp_layer];
	uint8_t family = w->family[w->udp_layer];

	return sum_of(frame + w->udp_at, w->udp_len,
		      17 + w->udp_len + sum_of(ip + (family == 4 ? 12 : 8), family == 4 ? 8 : 32, 0));
}

/* Fill in all checksums, innermost first. */
static void sums_fill(struct where *w)
{
	uint8_t *b = w->f.bytes;

	for (unsigned int i = w->count; i > 0; i--) {
		if (w->family[i - 1] != 4)
			continue;
		set_u16(&w->f, w->ip_at[i - 1] + 10, 0);
		set_u16(&w->f, w->ip_at[i - 1] + 10,
			(uint16_t)~sum_of(b + w->ip_at[i - 1], (b[w->ip_at[i - 1]] & 15U) * 4, 0));
	}
	if (w->udp_at != 0) {
		set_u16(&w->f, w->udp_at + 6, 0);
		set_u16(&w->f, w->udp_at + 6, (uint16_t)~udp_sum(w, b));
		if (b[w->udp_at + 6] == 0 && b[w->udp_at + 7] == 0)
			set_u16(&w->f, w->udp_at + 6, 0xffff);
	}
	if (w->gre_at != 0) {
		set_u16(&w->f, w->gre_at + 4, 0);
		set_u16(&w->f, w->gre_at + 4, (uint16_t)~sum_of(b + w->gre_at, w->f.len - w->gre_at, 0));
	}
}

static void assert_sums(const struct where *w, const uint8_t *frame)
{
	for (unsigned int i = 0; i < w->count; i++)
		if (w->family[i] == 4)
			assert_int_equal(sum_of(frame + w->ip_at[i], (frame[w->ip_at[i]] & 15U) * 4, 0), 0xffff);
	if (w->gre_at != 0)
		assert_int_equal(sum_of(frame + w->gre_at, w->f.len - w->gre_at, 0), 0xffff);
	if (w->udp_at != 0)
		assert_int_equal(udp_sum(w, frame), 0xffff);
}

/* Plan at a guard page, and carry out on a copy. Returns how many edits there were. */
static unsigned int mark(const struct where *w, const struct zr_mark_rules *marks, uint8_t code_point,
			 uint32_t held_len, uint8_t *out)
{
	const struct zr_port port = {.link = ZR_LINK_ETHERNET};
	struct zr_view view = {.len = held_len, .wire_len = w->f.len, .port = &port};
	struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
	struct guard guard;
	unsigned int count;

	view.data = guard_copy(&guard, w->f.bytes, held_len);
	count = zr_mark_plan(&open_all, marks, &view, code_point, edits);
	guard_free(&guard);
	memcpy(out, w->f.bytes, w->f.len);
	assert_true(count <= ZR_MARK_EDITS_MAX);
	for (unsigned int i = 0; i < count; i++) {
		assert_true(edits[i].at + 2 <= held_len);
		memcpy(out + edits[i].at, edits[i].bytes, 2);
	}
	return count;
}

/* Nothing but classes and checksums differs. */
static void assert_rest_same(const struct where *w, const uint8_t *frame)
{
	static struct where same;

	same = *w;
	for (unsigned int i = 0; i < w->count; i++) {
		class_set(&same, i, class_of(w, frame, i));
		if (w->family[i] == 4)
			memcpy(same.f.bytes + w->ip_at[i] + 10, frame + w->ip_at[i] + 10, 2);
	}
	if (w->gre_at != 0)
		memcpy(same.f.bytes + w->gre_at + 4, frame + w->gre_at + 4, 2);
	if (w->udp_at != 0)
		memcpy(same.f.bytes + w->udp_at + 6, frame + w->udp_at + 6, 2);
	assert_memory_equal(same.f.bytes, frame, w->f.len);
}

/* Marked, with outer headers and without; then cleared again. */
static void assert_marks(struct where *w)
{
	static uint8_t out[sizeof(w->f.bytes)];

	for (unsigned int outer = 0; outer < 2; outer++) {
		const struct zr_mark_rules marks = {.outer = outer != 0, .cleared = UINT64_C(1) << AF11};
		static struct where marked;

		assert_true(mark(w, &marks, AF11, w->f.len, out) > 0);
		assert_rest_same(w, out);
		assert_sums(w, out);
		for (unsigned int i = 0; i < w->count; i++) {
			bool changed = outer != 0 || i + 1 == w->count;
			uint8_t before = class_of(w, w->f.bytes, i);

			assert_int_equal(class_of(w, out, i), changed ? AF11 << 2 | (before & 3) : before);
		}
		marked = *w;
		memcpy(marked.f.bytes, out, w->f.len);
		assert_int_equal(mark(&marked, &marks, AF11, w->f.len, out), 0);
		assert_true(mark(&marked, &marks, ZR_MARK_NONE, w->f.len, out) > 0);
		assert_sums(w, out);
		assert_int_equal(class_of(w, out, w->count - 1) >> 2, 0);
		assert_int_equal(class_of(w, out, w->count - 1) & 3, class_of(w, w->f.bytes, w->count - 1) & 3);
		/* What carries another code point is not cleared. */
		assert_int_equal(mark(w, &marks, ZR_MARK_NONE, w->f.len, out), 0);
	}
}

static void note_ip(struct where *w, uint32_t at, uint8_t family)
{
	w->ip_at[w->count] = at;
	w->family[w->count++] = family;
}

static void put_ip(struct where *w, uint8_t family, unsigned int number, uint8_t proto)
{
	note_ip(w, family == 4 ? put_ipv4(&w->f, number, proto, 2) : put_ipv6(&w->f, number, proto), family);
}

/* Ethernet and a link's further headers, up to IP. */
static void put_link(struct where *w, unsigned int kind, uint8_t family)
{
	uint16_t type = family == 4 ? ETH_IPV4 : ETH_IPV6;

	switch (kind) {
	case 0:
		put_ethernet(&w->f, type);
		break;
	case 1:
		put_ethernet(&w->f, ETH_QINQ);
		put_vlan(&w->f, 100, ETH_VLAN);
		put_vlan(&w->f, 200, type);
		break;
	case 2:
		put_ethernet(&w->f, ETH_MPLS);
		put_mpls(&w->f, 16, false);
		put_mpls(&w->f, 17, true);
		break;
	case 3:
		put_ethernet(&w->f, ETH_PPPOE);
		put_pppoe(&w->f);
		put_u16(&w->f, family == 4 ? 0x0021 : 0x0057);
		break;
	default:
		/* One byte of protocol: what is inside begins at an odd place. */
		put_ethernet(&w->f, ETH_PPPOE);
		put_pppoe(&w->f);
		put_u8(&w->f, family == 4 ? 0x21 : 0x57);
		break;
	}
}

static void put_end(struct where *w)
{
	put_tcp(&w->f, 3);
	put_bytes(&w->f, "hello", 5);
	frame_finish(&w->f);
}

static void classes_set(struct where *w)
{
	for (unsigned int i = 0; i < w->count; i++)
		class_set(w, i, (uint8_t)(EF << 2 | (i == 0 ? CE : ECT1)));
	sums_fill(w);
}

static void every_link(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 5; kind++)
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct where w = {0};

			put_link(&w, kind, family);
			put_ip(&w, family, 1, IP_TCP);
			put_end(&w);
			classes_set(&w);
			assert_marks(&w);
		}
}

static void behind_extension_headers(void **state)
{
	struct where w = {0};

	(void)state;
	put_ethernet(&w.f, ETH_IPV6);
	put_ip(&w, 6, 1, EXT_HOP);
	put_ipv6_extension(&w.f, EXT_DST, 1);
	put_ipv6_extension(&w.f, IP_TCP, 0);
	put_end(&w);
	classes_set(&w);
	assert_marks(&w);
}

/* sum: the outer UDP or GRE header has a checksum. */
static void tunnel_make(struct where *w, uint8_t outer, uint8_t inner, uint8_t proto, bool sum)
{
	*w = (struct where){0};
	put_link(w, 1, outer);
	put_ip(w, outer, OUTER, proto);
	if (proto == IP_UDP) {
		uint32_t at = put_udp(&w->f, SRC_PORT, GTPU_PORT);

		put_gtpu(&w->f, 7, 4);
		put_u32(&w->f, 0x00000085);
		put_u32(&w->f, 0x01000100);
		w->udp_at = sum ? at : 0;
	} else if (proto == IP_GRE) {
		uint32_t at = put_gre(&w->f, sum ? 0x8000 : 0, inner == 4 ? ETH_IPV4 : ETH_IPV6);

		w->gre_at = sum ? at : 0;
	}
	put_ip(w, inner, INNER, IP_TCP);
	put_end(w);
	w->udp_len = w->udp_at != 0 ? w->f.len - w->udp_at : 0;
	classes_set(w);
}

static void every_tunnel(void **state)
{
	static const uint8_t protos[] = {IP_UDP, IP_GRE, 0};

	(void)state;
	for (unsigned int bits = 0; bits < 8; bits++)
		for (unsigned int i = 0; i < 3; i++) {
			uint8_t outer = bits & 1 ? 6 : 4, inner = bits & 2 ? 6 : 4;
			uint8_t proto = protos[i] != 0 ? protos[i] : inner == 4 ? IP_IPV4 : IP_IPV6;
			struct where w;

			tunnel_make(&w, outer, inner, proto, (bits & 4) != 0);
			assert_marks(&w);
		}
}

/* GTP-U in GRE: the checksum of the outer tunnel covers that of the inner one, which changes too. */
static void every_tunnel_in_a_tunnel(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < 32; bits++) {
		uint8_t middle = bits & 2 ? 6 : 4;
		struct where w = {0};
		uint32_t at;

		put_link(&w, 0, bits & 1 ? 6 : 4);
		put_ip(&w, bits & 1 ? 6 : 4, OUTER, IP_GRE);
		at = put_gre(&w.f, bits & 4 ? 0x8000 : 0, middle == 4 ? ETH_IPV4 : ETH_IPV6);
		w.gre_at = bits & 4 ? at : 0;
		put_ip(&w, middle, OUTER, IP_UDP);
		at = put_udp(&w.f, SRC_PORT, GTPU_PORT);
		w.udp_at = bits & 8 ? at : 0;
		w.udp_layer = 1;
		put_gtpu(&w.f, 7, 0);
		put_ip(&w, bits & 16 ? 6 : 4, INNER, IP_TCP);
		put_end(&w);
		w.udp_len = w.udp_at != 0 ? w.f.len - w.udp_at : 0;
		classes_set(&w);
		assert_marks(&w);
	}
}

/* PPTP within GRE, with one byte of protocol: what the checksum covers begins at an odd place. */
static void tunnel_at_an_odd_place(void **state)
{
	(void)state;
	for (uint8_t inner = 4; inner <= 6; inner += 2) {
		struct where w = {0};

		put_link(&w, 0, 4);
		put_ip(&w, 4, OUTER, IP_GRE);
		w.gre_at = put_gre(&w.f, 0x8000, ETH_IPV6);
		put_ip(&w, 6, OUTER, IP_GRE);
		put_gre(&w.f, 0x2001, 0x880b);
		put_u8(&w.f, inner == 4 ? 0x21 : 0x57);
		put_ip(&w, inner, INNER, IP_TCP);
		put_end(&w);
		classes_set(&w);
		assert_marks(&w);
	}
}

/* A tunnel's message that carries no packet, whatever it looks like: the tunnel's own header is the innermost one. */
static void message_of_a_tunnel_is_not_opened(void **state)
{
	const struct zr_mark_rules marks = {0};
	static uint8_t out[4096];

	(void)state;
	for (unsigned int bits = 0; bits < 2; bits++) {
		struct where w;

		tunnel_make(&w, 4, bits ? 6 : 4, IP_UDP, false);
		w.f.bytes[w.ip_at[0] + 28 + 8 + 1] = 254;
		assert_true(mark(&w, &marks, AF11, w.f.len, out) > 0);
		assert_int_equal(class_of(&w, out, 0) >> 2, AF11);
		assert_memory_equal(out + w.ip_at[0] + 28, w.f.bytes + w.ip_at[0] + 28, w.f.len - w.ip_at[0] - 28);
	}
}

/* All checksums that a header can have, 0 and those next to it included. */
static void every_checksum_is_followed(void **state)
{
	const struct zr_port port = {.link = ZR_LINK_ETHERNET};
	const struct zr_mark_rules marks = {0};
	struct where w = {0};

	(void)state;
	put_link(&w, 0, 4);
	put_ip(&w, 4, 1, IP_TCP);
	put_end(&w);
	classes_set(&w);
	for (unsigned int n = 0; n < 65536; n++) {
		struct zr_view view = {.data = w.f.bytes, .len = w.f.len, .wire_len = w.f.len, .port = &port};
		struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
		uint8_t *ip = w.f.bytes + w.ip_at[0];

		set_u16(&w.f, w.ip_at[0] + 4, (uint16_t)n);
		sums_fill(&w);
		assert_int_equal(zr_mark_plan(&open_all, &marks, &view, n % 2 != 0 ? AF11 : 63, edits), 2);
		memcpy(w.f.bytes + edits[0].at, edits[0].bytes, 2);
		memcpy(w.f.bytes + edits[1].at, edits[1].bytes, 2);
		assert_sums(&w, w.f.bytes);
		/* The form that a sender writes (RFC 1624, section 3). */
		assert_false(ip[10] == 0xff && ip[11] == 0xff);
		class_set(&w, 0, EF << 2);
	}
}

/* A sum that becomes 0 is written as 65535: 0 would say that there is none. */
static void udp_sum_is_never_written_as_none(void **state)
{
	const struct zr_mark_rules marks = {0};
	static uint8_t out[4096];
	bool met = false;

	(void)state;
	for (unsigned int n = 0; n < 65536 && !met; n++) {
		struct where w;

		tunnel_make(&w, 6, 6, IP_UDP, true);
		set_u16(&w.f, w.f.len - 4, (uint16_t)n);
		sums_fill(&w);
		mark(&w, &marks, AF11, w.f.len, out);
		assert_false(out[w.udp_at + 6] == 0 && out[w.udp_at + 7] == 0);
		met = out[w.udp_at + 6] == 0xff && out[w.udp_at + 7] == 0xff;
		assert_sums(&w, out);
	}
	assert_true(met);
}

/* A damaged header's receiver must still find it damaged. */
static void wrong_checksum_stays_wrong(void **state)
{
	const struct zr_mark_rules marks = {0};
	static uint8_t out[4096];
	struct where w = {0};
	uint16_t residue;

	(void)state;
	put_link(&w, 0, 4);
	put_ip(&w, 4, 1, IP_TCP);
	put_end(&w);
	classes_set(&w);
	w.f.bytes[w.ip_at[0] + 10] ^= 0x55;
	residue = sum_of(w.f.bytes + w.ip_at[0], 28, 0);
	assert_int_not_equal(residue, 0xffff);
	assert_int_equal(mark(&w, &marks, AF11, w.f.len, out), 2);
	assert_int_equal(sum_of(out + w.ip_at[0], 28, 0), residue);
}

static void closed_tunnel_is_a_packet_like_any(void **state)
{
	const struct zr_port port = {.link = ZR_LINK_ETHERNET};
	const struct zr_packet_rules closed = {0};
	const struct zr_mark_rules marks = {.outer = true};
	struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
	struct where w;

	(void)state;
	tunnel_make(&w, 4, 4, IP_UDP, false);
	assert_int_equal(
		zr_mark_plan(&closed, &marks,
			     &(struct zr_view){.data = w.f.bytes, .len = w.f.len, .wire_len = w.f.len, .port = &port},
			     AF11, edits),
		2);
	assert_int_equal(edits[0].at, w.ip_at[0]);
}

/* Later fragments carry the code point too. */
static void fragments(void **state)
{
	static const uint16_t offsets[] = {0x2000, 0x2010, 0x0010};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct where w = {0};

		put_link(&w, 0, 4);
		put_ip(&w, 4, 1, IP_TCP);
		put_end(&w);
		set_u16(&w.f, w.ip_at[0] + 6, offsets[i]);
		classes_set(&w);
		assert_marks(&w);
		w = (struct where){0};
		put_link(&w, 0, 6);
		put_ip(&w, 6, 1, EXT_FRAGMENT);
		put_ipv6_fragment(&w.f, IP_TCP, (uint16_t)(8 * (i & 1)), true);
		put_end(&w);
		classes_set(&w);
		assert_marks(&w);
	}
}

/* The first fragment of a tunnel's packet holds what a subscriber wrote; which flow it is of is not known yet. */
static void first_fragment_of_a_tunnel_is_cleared_inside(void **state)
{
	const struct zr_mark_rules marks = {.cleared = UINT64_C(1) << AF11};

	(void)state;
	for (unsigned int bits = 0; bits < 8; bits++) {
		static uint8_t out[4096];
		struct where w;

		tunnel_make(&w, 4, bits & 1 ? 6 : 4, bits & 2 ? IP_UDP : IP_GRE, (bits & 4) != 0);
		class_set(&w, 1, AF11 << 2 | ECT1);
		/* What is inside goes on in other fragments, and GTP-U says so. */
		if (bits & 2)
			set_u16(&w.f, w.ip_at[0] + 28 + 8 + 2, 1448);
		set_u16(&w.f, w.ip_at[0] + 6, 0x2000);
		if (w.family[1] == 4)
			set_u16(&w.f, w.ip_at[1] + 2, 1400);
		else
			set_u16(&w.f, w.ip_at[1] + 4, 1400);
		sums_fill(&w);
		assert_true(mark(&w, &marks, ZR_MARK_NONE, w.f.len, out) > 0);
		assert_int_equal(class_of(&w, out, 1), ECT1);
		assert_int_equal(class_of(&w, out, 0), class_of(&w, w.f.bytes, 0));
		assert_rest_same(&w, out);
		assert_sums(&w, out);
		/* A mark is the fragment's own. */
		mark(&w, &marks, EF, w.f.len, out);
		assert_int_equal(class_of(&w, out, 1), AF11 << 2 | ECT1);
		assert_memory_equal(out + w.ip_at[1], w.f.bytes + w.ip_at[1], w.f.len - w.ip_at[1]);
		assert_int_equal(class_of(&w, out, 0) >> 2, EF);
	}
}

/* They hold no header of what is inside, whatever their bytes look like. */
static void later_fragment_of_a_tunnel_is_not_opened(void **state)
{
	const struct zr_mark_rules marks = {.cleared = UINT64_C(1) << AF11};
	static uint8_t out[4096];

	(void)state;
	for (unsigned int bits = 0; bits < 4; bits++) {
		struct where w;

		tunnel_make(&w, 4, bits & 1 ? 6 : 4, bits & 2 ? IP_GRE : bits & 1 ? IP_IPV6 : IP_IPV4, false);
		class_set(&w, 1, AF11 << 2);
		set_u16(&w.f, w.ip_at[0] + 6, 0x0010);
		sums_fill(&w);
		assert_int_equal(mark(&w, &marks, ZR_MARK_NONE, w.f.len, out), 0);
	}
}

/* Cut at every byte: what cannot be read stays as it is, and nothing behind the cut is looked at. */
static void cut_at_every_byte(void **state)
{
	const struct zr_mark_rules marks = {.outer = true};
	static uint8_t out[4096];

	(void)state;
	for (unsigned int bits = 0; bits < 16; bits++) {
		unsigned int edits = 0;
		struct where w;

		tunnel_make(&w, bits & 1 ? 6 : 4, bits & 2 ? 6 : 4, bits & 4 ? IP_UDP : IP_GRE, (bits & 8) != 0);
		for (uint32_t len = 0; len <= w.f.len; len++) {
			unsigned int count = mark(&w, &marks, AF11, len, out);

			assert_true(count >= edits);
			assert_true(count > 0 || len < w.ip_at[0] + 40);
			edits = count;
		}
	}
}

static void what_is_no_ip_is_left_alone(void **state)
{
	static const uint16_t types[] = {ETH_ARP, 0x88cc, 5, ETH_IPV4, ETH_IPV6};
	const struct zr_mark_rules marks = {.outer = true, .cleared = UINT64_MAX};
	static uint8_t out[4096];

	(void)state;
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct where w = {0};

		put_ethernet(&w.f, types[i]);
		put_zeros(&w.f, 50);
		assert_int_equal(mark(&w, &marks, AF11, w.f.len, out), 0);
		assert_int_equal(mark(&w, &marks, ZR_MARK_NONE, w.f.len, out), 0);
	}
}

/* An IP length that goes beyond the frame: every router drops it, so it goes on as it came. */
static void damaged_ip_is_left_alone(void **state)
{
	const struct zr_mark_rules marks = {.cleared = UINT64_MAX};
	static uint8_t out[4096];
	struct where w = {0};

	(void)state;
	put_link(&w, 0, 4);
	put_ip(&w, 4, 1, IP_TCP);
	put_end(&w);
	classes_set(&w);
	set_u16(&w.f, w.ip_at[0] + 2, 2000);
	assert_int_equal(mark(&w, &marks, ZR_MARK_NONE, w.f.len, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link),
		cmocka_unit_test(behind_extension_headers),
		cmocka_unit_test(every_tunnel),
		cmocka_unit_test(every_tunnel_in_a_tunnel),
		cmocka_unit_test(tunnel_at_an_odd_place),
		cmocka_unit_test(message_of_a_tunnel_is_not_opened),
		cmocka_unit_test(every_checksum_is_followed),
		cmocka_unit_test(udp_sum_is_never_written_as_none),
		cmocka_unit_test(wrong_checksum_stays_wrong),
		cmocka_unit_test(closed_tunnel_is_a_packet_like_any),
		cmocka_unit_test(fragments),
		cmocka_unit_test(first_fragment_of_a_tunnel_is_cleared_inside),
		cmocka_unit_test(later_fragment_of_a_tunnel_is_not_opened),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(what_is_no_ip_is_left_alone),
		cmocka_unit_test(damaged_ip_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
