/* SPDX-License-Identifier: BSD-3-Clause */
/* When packets come: mostly close to each other, sometimes just before silence would end their flow. */
#include "tests/support/workload_talk.h"

#define MS UINT64_C(1000)
#define S  (1000 * MS)

enum { FIN = 0x01, RST = 0x04 };

/* Has the connection ended with the packets up to number i? */
static bool is_closed(const struct talk *t, unsigned int i)
{
	bool fin_up = false, fin_down = false;

	for (unsigned int n = 0; n <= i; n++) {
		unsigned int flags = t->packets[n].tcp_flags;

		if ((flags & RST) != 0)
			return true;
		fin_up |= (flags & FIN) != 0 && t->packets[n].up;
		fin_down |= (flags & FIN) != 0 && !t->packets[n].up;
	}
	return fin_up && fin_down;
}

uint64_t talk_timeout_us(const struct talk *t, unsigned int i)
{
	bool read = t->message_count > 0 && t->messages[0].packet <= i && !talk_is_ignored(t);

	if (is_closed(t, i))
		return 10 * S;
	if (!read && !talk_is_judged_at_once(t))
		return 60 * S;
	if (t->flow->proto == 6)
		return (2 * 60 + 4) * 60 * S;
	return read && t->flow->kind == WORKLOAD_QUIC ? 10 * 60 * S : 2 * 60 * S;
}

static uint64_t gap_us(struct talk *t, unsigned int i)
{
	uint64_t most_ms = talk_timeout_us(t, i) / MS - 1;
	uint32_t kind = random_below(t->random, 1000);

	if (t->packets[i + 1].follows_at_once)
		return random_below(t->random, 2000);
	/* No more than is needed to see interims pass. */
	if (most_ms > 40 * 60 * 1000)
		most_ms = 40 * 60 * 1000;
	if (kind > 980 && most_ms > 50000)
		most_ms = 50000;
	else if (kind > 950 && most_ms > 2000)
		most_ms = 2000;
	else if (kind > 10)
		most_ms = 20;
	return random_below(t->random, (uint32_t)most_ms) * MS + random_below(t->random, 1000);
}

void talk_time(struct talk *t, uint64_t start_us)
{
	t->packets[0].us = start_us;
	for (unsigned int i = 1; i < t->packet_count; i++)
		t->packets[i].us = t->packets[i - 1].us + gap_us(t, i - 1);
}
