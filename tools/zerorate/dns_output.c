/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/dns_output.h"

#include <string.h>

#include "control/record/address.h"
#include "control/record/json_writer.h"
#include "control/record/record.h"

/* Every name is of letters, digits, hyphens, underscores and dots: nothing is escaped, nothing grows. */
#define NAME_ROOM (ZR_NAME_MAX + 3) /* quotes and comma */

_Static_assert((1 + ZR_DNS_CHAIN_MAX) * NAME_ROOM + 3 * ZR_ADDRESS_TEXT_MAX + 512 < ZR_DNS_JSON_MAX, "all fits");

static const struct zr_table_column columns[] = {
	{"TIME (UTC)", false, 3}, {"SUBSCRIBER", false, 5}, {"RESOLVER", false, 4},
	{"TRANSPORT", false, 2},  {"NAME", false, 0},       {"TYPE", false, 1},
	{"ADDRESS", false, 0},    {"TTL", true, 0},         {"CHAIN", false, 0},
};

static const char *transport_of(const struct zr_dns_learned *learned)
{
	return learned->packet->proto == ZR_PROTO_TCP ? "tcp" : "udp";
}

static const char *type_of(const struct zr_dns_address *address)
{
	switch (address->type) {
	case ZR_DNS_A:
		return "A";
	case ZR_DNS_AAAA:
		return "AAAA";
	case ZR_DNS_HTTPS:
		return "HTTPS";
	default:
		return "SVCB";
	}
}

static char *put_name(char *at, const char *member, const char *name)
{
	at = zr_json_raw(at, member);
	return zr_json_string(at, name, ZR_NAME_MAX);
}

static char *put_chain(char *at, const struct zr_dns_address *address)
{
	at = zr_json_raw(at, ",\"chain\":[");
	for (unsigned int i = 0; i < address->chain_count; i++)
		at = put_name(at, i > 0 ? "," : "", address->chain[i]->text);
	return zr_json_raw(at, "]");
}

size_t zr_dns_json(const struct zr_dns_learned *learned, char *out)
{
	const struct zr_dns_address *address = learned->address;
	const struct zr_packet *packet = learned->packet;
	char time[ZR_TIME_TEXT];
	char *at = out;

	zr_time_format(learned->time_us, time);
	at = zr_json_raw(at, "{\"time\":\"");
	at = zr_json_raw(at, time);
	at = zr_json_raw(at, "\",\"subscriber\":\"");
	at = zr_subscriber_format(at, packet->family, &packet->dst);
	at = zr_json_raw(at, "\",\"resolver\":\"");
	at = zr_address_format(at, packet->family, &packet->src);
	at = zr_json_raw(at, "\",\"transport\":\"");
	at = zr_json_raw(at, transport_of(learned));
	at = put_name(at, "\",\"name\":", address->name->text);
	at = put_chain(at, address);
	at = zr_json_raw(at, ",\"type\":\"");
	at = zr_json_raw(at, type_of(address));
	at = zr_json_raw(at, "\",\"address\":\"");
	at = zr_address_format(at, address->family, &address->ip);
	at = zr_json_raw(at, "\",\"ttl\":");
	at = zr_json_u64(at, address->ttl_s);
	at = zr_json_raw(at, "}");
	return (size_t)(at - out);
}

void zr_dns_table_init(struct zr_table *t, unsigned int width)
{
	zr_table_init(t, columns, sizeof(columns) / sizeof(columns[0]), width);
}

static void add_address(struct zr_table *t, char *(*format)(char *, uint8_t, const union zr_ip *), uint8_t family,
			const union zr_ip *ip)
{
	char text[ZR_ADDRESS_TEXT_MAX + 1];

	*format(text, family, ip) = '\0';
	zr_table_cell(t, text);
}

static void add_chain(struct zr_table *t, const struct zr_dns_address *address)
{
	char text[ZR_DNS_CHAIN_MAX * NAME_ROOM];
	char *at = text;

	for (unsigned int i = 0; i < address->chain_count; i++) {
		if (i > 0)
			at = stpcpy(at, ", ");
		at = stpcpy(at, address->chain[i]->text);
	}
	zr_table_cell(t, address->chain_count > 0 ? text : "-");
}

void zr_dns_table_add(struct zr_table *t, const struct zr_dns_learned *learned)
{
	const struct zr_dns_address *address = learned->address;
	const struct zr_packet *packet = learned->packet;

	zr_table_cell_time(t, learned->time_us);
	add_address(t, zr_subscriber_format, packet->family, &packet->dst);
	add_address(t, zr_address_format, packet->family, &packet->src);
	zr_table_cell(t, transport_of(learned));
	zr_table_cell(t, address->name->text);
	zr_table_cell(t, type_of(address));
	add_address(t, zr_address_format, address->family, &address->ip);
	zr_table_cell_number(t, address->ttl_s);
	add_chain(t, address);
}
