/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/workload_talk.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk_packet *talk_say(struct talk *t, bool up, const uint8_t *data, size_t len)
{
	struct talk_packet *packet = &t->packets[t->packet_count];

	if (t->packet_count == TALK_PACKETS)
		abort();
	t->packet_count++;
	packet->up = up;
	packet->data = data;
	packet->len = (uint32_t)len;
	return packet;
}

uint8_t *talk_keep(struct talk *t, const uint8_t *bytes, size_t len)
{
	uint8_t *at = t->bytes + t->byte_count;

	if (len > TALK_BYTES - t->byte_count)
		abort();
	memcpy(at, bytes, len);
	t->byte_count += len;
	return at;
}

bool talk_is_oriented(const struct talk *t)
{
	return t->start_seen || t->options->roles || (t->options->subscribers && !t->flow->stranger);
}

bool talk_is_ignored(const struct talk *t)
{
	return t->options->subscribers && t->flow->stranger;
}

bool talk_is_judged_at_once(const struct talk *t)
{
	bool client_known = talk_is_oriented(t) || t->packets[0].up;

	return talk_is_ignored(t) || t->flow->kind == WORKLOAD_ICMP || (t->flow->address_rule != NULL && client_known);
}

static void shout(struct random *r, char *text)
{
	for (; *text != '\0'; text++)
		if (random_percent(r, 50))
			*text = (char)toupper(*text);
}

void talk_name(struct talk *t, struct talk_name *out)
{
	static const char *const domains[] = {
		"olm.vn",    "hocmai.vn",   "thi.moet.gov.vn",    "quangcao.olm.vn", "game.example.net",
		"badolm.vn", "moet.gov.vn", "olm.vn.example.net", "olm.vn",          "thi.moet.gov.vn"};
	const char *domain = domains[random_below(t->random, sizeof(domains) / sizeof(domains[0]))];
	unsigned int odd = t->options->plain ? 100 : random_below(t->random, 100);
	char label[40] = "";

	memset(out, 0, sizeof(*out));
	if (odd < 6)
		return;
	out->malformed = odd < 10;
	if (random_percent(t->random, 50))
		snprintf(label, sizeof(label), "lop-%u%s.", random_below(t->random, 30),
			 random_percent(t->random, 20) ? ".a_b" : "");
	snprintf(out->sent, sizeof(out->sent), "%s%s%s%s", out->malformed ? "no name." : "", label, domain,
		 random_percent(t->random, 15) ? "." : "");
	if (random_percent(t->random, 20))
		shout(t->random, out->sent);
}
