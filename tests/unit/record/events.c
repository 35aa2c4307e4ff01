/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/record/events.h"

#include <string.h>

void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out)
{
	(void)entry;
	*out = image->entry;
}

uint64_t zr_image_serial(const struct zr_image *image)
{
	return image->serial;
}

/* Numbers of any magnitude: as many small ones as large ones. */
static uint64_t number(struct random *random, uint64_t max)
{
	uint64_t value = random_next(random) >> random_next(random) % 64;

	return value > max ? value % (max + 1) : value;
}

/* What is escaped, quoted, a formula, not ASCII, not UTF-8, and what is plain, more often than not. */
static const char *const pieces[] = {"a",        "olm",         ".",
				     "vn",       "-",           "0",
				     "k12",      "_",           "\"",
				     "\\",       ",",           ";",
				     " ",        "\t",          "\n",
				     "\r",       "=",           "+",
				     "@",        "'",           "|",
				     "\a",       "\x7f",        "h\xe1\xbb\x8d\x63",
				     "/",        "*",           "\xf0\x9f\x8e\x93",
				     "!",        "\xff",        "\xe1\xbb",
				     "\xc0\x80", "\xed\xa0\x80"};

static void text(struct random *random, char out[EVENT_TEXT])
{
	unsigned int plain = random_next(random) % 2 == 0 ? 8 : sizeof(pieces) / sizeof(pieces[0]);
	size_t want = random_next(random) % (random_next(random) % 4 == 0 ? EVENT_TEXT : 24), len = 0;

	while (len < want) {
		const char *piece = pieces[random_next(random) % plain];
		size_t piece_len = strlen(piece);

		if (len + piece_len >= EVENT_TEXT)
			break;
		memcpy(out + len, piece, piece_len);
		len += piece_len;
	}
	out[len] = '\0';
}

static union zr_ip address(struct random *random)
{
	union zr_ip ip;

	for (unsigned int i = 0; i < sizeof(ip.b); i++)
		ip.b[i] = random_next(random) % 3 == 0 ? (uint8_t)random_next(random) : 0;
	return ip;
}

void event_random(struct random *random, uint64_t number_max, struct event *out)
{
	uint64_t bits = random_next(random);

	text(random, out->gateway);
	text(random, out->rule);
	text(random, out->service);
	text(random, out->name);
	out->exporter = (struct zr_exporter){.gateway = out->gateway, .epoch_us = number(random, number_max)};
	out->image = (struct zr_image){.serial = number(random, number_max),
				       .entry = {.rule = out->rule,
						 .service = bits >> 1 & 1 ? out->service : "",
						 .rating_group = (uint32_t)number(random, UINT32_MAX)}};
	out->usage = (struct zr_usage){
		.type = bits >> 2 & 1,
		.verdict = bits >> 3 & 1,
		.reason = (uint8_t)(random_next(random) % ZR_REASON_COUNT),
		.cause = (uint8_t)(random_next(random) % ZR_CAUSE_COUNT),
		.final = bits >> 4 & 1,
		.evidence = (uint8_t)(bits >> 8),
		.flags = (uint8_t)(bits >> 16),
		.start = (uint16_t)random_next(random),
		.worker = (uint8_t)(bits >> 24),
		.flow = random_next(random) >> 24,
		.part = (uint32_t)number(random, UINT32_MAX),
		.image = bits >> 5 & 3 ? &out->image : NULL,
		.rule = bits >> 7 & 1 ? 0 : ZR_ENTRY_NONE,
		.name = bits >> 32 & 1 ? out->name : NULL,
		.family = bits >> 33 & 1 ? 4 : 6,
		.proto = bits >> 34 & 1   ? (uint8_t)random_next(random)
			 : bits >> 35 & 1 ? ZR_PROTO_TCP
					  : ZR_PROTO_UDP,
		.vlan_count = (uint8_t)((bits >> 36) % (ZR_VLANS_MAX + 1)),
		.has_teid_up = bits >> 40 & 1,
		.has_teid_down = bits >> 41 & 1,
		.domain = (uint16_t)number(random, UINT16_MAX),
		.client_port = (uint16_t)random_next(random),
		.server_port = (uint16_t)random_next(random),
		.client = address(random),
		.server = address(random),
		.teid_up = (uint32_t)number(random, UINT32_MAX),
		.teid_down = (uint32_t)number(random, UINT32_MAX),
		.up_bytes = number(random, number_max),
		.down_bytes = number(random, number_max),
		.retro_up_bytes = number(random, number_max),
		.retro_down_bytes = number(random, number_max),
		.up_pkts = (uint32_t)number(random, UINT32_MAX),
		.down_pkts = (uint32_t)number(random, UINT32_MAX),
		.first_us = number(random, number_max),
		.last_us = number(random, number_max),
	};
	for (unsigned int i = 0; i < ZR_VLANS_MAX; i++)
		out->usage.vlans[i] = (uint16_t)number(random, UINT16_MAX);
}

void event_record(struct random *random, uint64_t seq, const struct event *event, struct zr_record *out)
{
	const struct zr_usage *usage = &event->usage;
	const struct zr_traffic traffic = {usage->up_bytes, usage->up_pkts, usage->down_bytes, usage->down_pkts};
	const struct zr_record_total total = {
		.verdict = usage->verdict,
		.has_entry = usage->rule == 0,
		.rule = event->rule,
		.service = event->image.entry.service,
		.rating_group = event->image.entry.rating_group,
		.list_serial = event->image.serial,
		.family = usage->has_teid_up ? usage->family : 0,
		.domain = usage->domain,
		.subscriber = usage->client,
		.traffic = traffic,
		.first_us = usage->first_us,
		.last_us = usage->last_us,
	};
	const struct zr_record_loss loss = {
		.cause = usage->cause % ZR_LOSS_CAUSE_COUNT,
		.has_verdict = usage->has_teid_up,
		.verdict = usage->verdict,
		.has_traffic = usage->has_teid_down,
		.traffic = traffic,
		.first_us = usage->first_us,
		.last_us = usage->last_us,
	};

	switch (random_next(random) % 8) {
	case 0:
		zr_record_of_total(&event->exporter, seq, &total, out);
		break;
	case 1:
		zr_record_of_loss(&event->exporter, seq, &loss, out);
		break;
	default:
		zr_record_of_usage(&event->exporter, seq, usage, out);
	}
}
