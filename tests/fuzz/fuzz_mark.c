/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Marks. Input: link type (three bits), tunnel rules (one bit), outer headers (one bit), clear (one bit); a code point; then
 * the view. What is planned is carried out: the packet parses as before but for its headers' classes, and needs nothing more.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/packet/mark.h"

#define HEAD_LEN 2

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Members that a class or a checksum has no part in. */
static void check_same(const struct zr_packet *a, const struct zr_packet *b)
{
	check(a->unaccounted == b->unaccounted && a->family == b->family && a->proto == b->proto);
	check(memcmp(&a->src, &b->src, sizeof(a->src)) == 0 && memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0);
	check(a->src_port == b->src_port && a->dst_port == b->dst_port && a->volume_bytes == b->volume_bytes);
	check(a->tunnels == b->tunnels && a->payload_len == b->payload_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_packet_rules rules = {0};
	struct zr_mark_rules marks = {0};
	struct zr_port port = {0};
	struct zr_view view = {.port = &port};
	struct zr_mark_edit edits[ZR_MARK_EDITS_MAX];
	struct zr_packet before, after;
	unsigned int count;
	uint8_t *frame, code_point;

	if (size < HEAD_LEN)
		return 0;
	port.link = data[0] & 7;
	rules.open_all_tunnels = (data[0] & 8) != 0;
	marks.outer = (data[0] & 16) != 0;
	code_point = (data[0] & 32) != 0 ? ZR_MARK_NONE : data[1] & 63;
	/* Code point 0 cleared would be no change. */
	marks.cleared = UINT64_C(1) << (data[1] & 63);
	size -= HEAD_LEN;
	frame = malloc(size);
	check(frame != NULL || size == 0);
	if (size > 0)
		memcpy(frame, data + HEAD_LEN, size);
	view.data = frame;
	view.len = view.wire_len = (uint32_t)size;

	zr_packet_parse(&rules, &view, &before);
	count = zr_mark_plan(&rules, &marks, &view, code_point, edits);
	check(count <= ZR_MARK_EDITS_MAX);
	for (unsigned int i = 0; i < count; i++) {
		check(edits[i].at + sizeof(edits[i].bytes) <= size);
		memcpy(frame + edits[i].at, edits[i].bytes, sizeof(edits[i].bytes));
	}
	zr_packet_parse(&rules, &view, &after);
	check_same(&before, &after);
	check(zr_mark_plan(&rules, &marks, &view, code_point, edits) == 0);
	free(frame);
	return 0;
}
