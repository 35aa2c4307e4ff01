/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/usage_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/record/address.h"

static const struct zr_table_column columns[] = {
	{"FIRST (UTC)", false, 6}, {"SECONDS", true, 3},      {"CLIENT", false, 8},  {"SERVER", false, 9},
	{"PROTO", false, 4},       {"VERDICT", false, 5},     {"REASON", false, 10}, {"CAUSE", false, 2},
	{"SERVICE", false, 11},    {"RATING GROUP", true, 1}, {"UP BYTES", true, 0}, {"DOWN BYTES", true, 0},
	{"RULE", false, 7},        {"NAME", false, 0},
};

static void add_seconds(struct zr_table *t, const struct zr_usage *usage)
{
	uint64_t ms = usage->last_us > usage->first_us ? (usage->last_us - usage->first_us) / 1000 : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
	zr_table_cell(t, text);
}

static void add_endpoint(struct zr_table *t, uint8_t family, const union zr_ip *ip, uint16_t port)
{
	char address[ZR_ADDRESS_TEXT_MAX + 1], text[ZR_ADDRESS_TEXT_MAX + 16];

	*zr_address_format(address, family, ip) = '\0';
	snprintf(text, sizeof(text), family == 4 ? "%s:%u" : "[%s]:%u", address, port);
	zr_table_cell(t, text);
}

static void add_proto(struct zr_table *t, uint8_t proto)
{
	if (proto == ZR_PROTO_TCP)
		zr_table_cell(t, "tcp");
	else if (proto == ZR_PROTO_UDP)
		zr_table_cell(t, "udp");
	else
		zr_table_cell_number(t, proto);
}

void zr_usage_table_init(struct zr_table *t, unsigned int width)
{
	zr_table_init(t, columns, sizeof(columns) / sizeof(columns[0]), width);
}

static struct zr_entry entry_of(const struct zr_usage *usage)
{
	struct zr_entry entry = {.rule = "-", .service = ""};

	if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE)
		zr_image_entry(usage->image, usage->rule, &entry);
	return entry;
}

void zr_usage_table_add(struct zr_table *t, const struct zr_usage *usage)
{
	struct zr_entry entry = entry_of(usage);

	/* A part without packets has no time. */
	if (usage->first_us == 0)
		zr_table_cell(t, "-");
	else
		zr_table_cell_time(t, usage->first_us);
	add_seconds(t, usage);
	add_endpoint(t, usage->family, &usage->client, usage->client_port);
	add_endpoint(t, usage->family, &usage->server, usage->server_port);
	add_proto(t, usage->proto);
	zr_table_cell(t, zr_verdict_name(usage->verdict));
	zr_table_cell(t, zr_reason_name(usage->reason));
	zr_table_cell(t, zr_cause_name(usage->cause));
	if (*entry.service != '\0') {
		zr_table_cell(t, entry.service);
		zr_table_cell_number(t, entry.rating_group);
	} else {
		zr_table_cell(t, "-");
		zr_table_cell(t, "-");
	}
	zr_table_cell_number(t, usage->up_bytes);
	zr_table_cell_number(t, usage->down_bytes);
	zr_table_cell(t, entry.rule);
	zr_table_cell(t, usage->name != NULL ? usage->name : "-");
}
