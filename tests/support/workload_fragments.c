/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets in IP fragments: the first one first, the others in any order, all of them close together. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/workload_talk.h"

#define PARTS_MAX 4
#define FIRST_LEN 40 /* more than any TCP or UDP header here has */

/* Bytes that the IP header of a packet carries. */
static uint32_t content_len(const struct talk *t, const struct talk_packet *packet)
{
	uint8_t proto = t->flow->proto;

	return packet->len + (proto == 6 ? 20 : proto == 17 ? 8 : 0);
}

static void shuffle(struct talk *t, struct talk_packet *parts, unsigned int count)
{
	for (unsigned int i = count; i > 1; i--) {
		unsigned int j = random_below(t->random, i);
		struct talk_packet part = parts[i - 1];

		parts[i - 1] = parts[j];
		parts[j] = part;
	}
}

/* One packet as parts; returns how many. */
static unsigned int split(struct talk *t, const struct talk_packet *whole, uint32_t id, struct talk_packet *parts)
{
	uint32_t len = content_len(t, whole), at = 0;
	unsigned int count = 0;

	while (at < len) {
		uint32_t left = len - at, part_len = FIRST_LEN + 8 * random_below(t->random, len / 8);

		if (part_len > left || count + 1 == PARTS_MAX)
			part_len = left;
		parts[count] = *whole;
		parts[count].part = (struct frame_part){
			.id = id, .from = at, .len = part_len, .last = part_len == left};
		parts[count].follows_at_once = count > 0;
		/* Flags stand in the first part. */
		if (count > 0)
			parts[count].tcp_flags = 0;
		at += part_len;
		count++;
	}
	shuffle(t, parts + 1, count - 1);
	return count;
}

/* A packet is replaced by its parts; what it completed is complete with the last of them. */
static void replace(struct talk *t, unsigned int i, const struct talk_packet *parts, unsigned int count)
{
	memmove(&t->packets[i + count], &t->packets[i + 1], (t->packet_count - i - 1) * sizeof(t->packets[0]));
	memcpy(&t->packets[i], parts, count * sizeof(t->packets[0]));
	t->packet_count += count - 1;
	for (unsigned int n = 0; n < t->message_count; n++)
		if (t->messages[n].packet >= i)
			t->messages[n].packet += count - 1;
}

void talk_fragment(struct talk *t)
{
	unsigned int percent = random_percent(t->random, 30) ? 20 : 0;

	/* A connection that begins in fragments would begin with the second on the tuple's old flow. */
	for (unsigned int i = 1; i < t->packet_count; i++) {
		struct talk_packet parts[PARTS_MAX];
		unsigned int count;

		if (content_len(t, &t->packets[i]) <= 2 * FIRST_LEN || t->packet_count + PARTS_MAX > TALK_PACKETS ||
		    !random_percent(t->random, percent))
			continue;
		count = split(t, &t->packets[i], i + 1, parts);
		replace(t, i, parts, count);
		i += count - 1;
	}
}
