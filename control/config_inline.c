/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_inline.h"

#include <stdlib.h>
#include <string.h>

#define CODE_POINT_MAX 63

/* RFC 2474 (CS), RFC 2597 (AF), RFC 3246 (EF), RFC 5865 (VA), RFC 8622 (LE). */
static const struct {
	const char *name;
	uint8_t code_point;
} names[] = {
	{"CS1", 8},
	{"CS2", 16},
	{"CS3", 24},
	{"CS4", 32},
	{"CS5", 40},
	{"CS6", 48},
	{"CS7", 56},
	{"AF11", 10},
	{"AF12", 12},
	{"AF13", 14},
	{"AF21", 18},
	{"AF22", 20},
	{"AF23", 22},
	{"AF31", 26},
	{"AF32", 28},
	{"AF33", 30},
	{"AF41", 34},
	{"AF42", 36},
	{"AF43", 38},
	{"EF", 46},
	{"VA", 44},
	{"LE", 1},
	{"none", ZR_MARK_NONE},
};

static struct zr_config *config_of(struct zr_config_reader *reader)
{
	return (struct zr_config *)(void *)reader->target;
}

void zr_config_take_peer(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	zr_config_text(reader, setting, key);
}

/* A code point by number or name; false, which is told, when it is neither. */
static bool code_point_read(struct zr_config_reader *reader, const config_setting_t *setting, const char *example,
			    uint8_t *out)
{
	int number = config_setting_get_int(setting);
	const char *name = config_setting_get_string(setting);

	if (config_setting_type(setting) == CONFIG_TYPE_INT && number > 0 && number <= CODE_POINT_MAX) {
		*out = (uint8_t)number;
		return true;
	}
	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i].name) == 0) {
			*out = names[i].code_point;
			return true;
		}
	if (config_setting_type(setting) == CONFIG_TYPE_INT && number == 0)
		zr_config_refuse(reader, setting,
				 "code point 0 is what every packet carries that nobody marked: write %s", example);
	else
		zr_config_refuse(
			reader, setting,
			"%s is a DSCP code point, 1 to %d, AF11 to AF43, CS1 to CS7, EF, VA, LE or none: write %s",
			config_setting_name(setting), CODE_POINT_MAX, example);
	return false;
}

static void take_default(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	code_point_read(reader, setting, key->example, &config_of(reader)->marks.otherwise);
}

/* One rating group and its code point; its keys write here. */
struct group {
	int64_t rating_group;
	uint8_t code_point;
};

static struct group *group_of(struct zr_config_reader *reader)
{
	return (struct group *)(void *)reader->target;
}

static void take_rating_group(struct zr_config_reader *reader, const config_setting_t *setting,
			      const struct zr_config_key *key)
{
	int type = config_setting_type(setting);
	long long number = config_setting_get_int64(setting);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || number < 0 || number > UINT32_MAX)
		zr_config_refuse(reader, setting,
				 "rating_group is a number up to %u, with L behind it beyond %d: write %s", UINT32_MAX,
				 INT32_MAX, key->example);
	else
		group_of(reader)->rating_group = number;
}

static void take_dscp(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	code_point_read(reader, setting, key->example, &group_of(reader)->code_point);
}

static void group_add(struct zr_config_reader *reader, const config_setting_t *setting, const struct group *group)
{
	struct zr_mark_choice *marks = &config_of(reader)->marks;

	for (unsigned int i = 0; i < marks->count; i++)
		if (marks->groups[i].rating_group == group->rating_group) {
			zr_config_refuse(reader, setting, "rating group %u has a mark already: name each once",
					 (unsigned int)group->rating_group);
			return;
		}
	marks->groups[marks->count].rating_group = (uint32_t)group->rating_group;
	marks->groups[marks->count].code_point = group->code_point;
	marks->count++;
}

static const struct zr_config_key mark_group_keys[] = {
	{"rating_group", take_rating_group, .example = "rating_group = 90001", .required = true},
	{"dscp", take_dscp, .example = "dscp = \"AF11\" or dscp = 10", .required = true},
	{0},
};

static void take_groups(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	static const struct zr_config_key group_key = {.name = "a rating group",
						       .example = "{ rating_group = 90001; dscp = \"AF11\"; }",
						       .keys = mark_group_keys};
	int count = config_setting_is_list(setting) ? config_setting_length(setting) : 0;

	if (count < 1 || count > ZR_MARK_GROUPS_MAX) {
		zr_config_refuse(reader, setting, "rating_groups is a list of 1 to %d groups in ( ): write %s",
				 ZR_MARK_GROUPS_MAX, key->example);
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		struct group group = {.rating_group = -1, .code_point = ZR_MARK_NONE};
		char *config = reader->target;

		reader->target = (char *)&group;
		zr_config_take_group(reader, element, &group_key);
		reader->target = config;
		if (group.rating_group >= 0)
			group_add(reader, element, &group);
	}
}

static const struct zr_config_key mark_keys[] = {
	{"default", take_default, .example = "default = \"AF11\" or default = 10"},
	{"rating_groups", take_groups, .example = "rating_groups = ( { rating_group = 90001; dscp = \"AF11\"; } )"},
	{"outer", zr_config_take_bool, offsetof(struct zr_config, mark_rules.outer), .example = "outer = true"},
	{"clear", zr_config_take_bool, offsetof(struct zr_config, mark_clear), .example = "clear = true"},
	{0},
};

void zr_config_take_mark(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	const struct zr_config_key group = {.name = key->name, .example = key->example, .keys = mark_keys};
	struct zr_mark_choice *marks = &config_of(reader)->marks;
	uint64_t used = 0;

	zr_config_take_group(reader, setting, &group);
	if (marks->otherwise != ZR_MARK_NONE)
		used |= UINT64_C(1) << marks->otherwise;
	for (unsigned int i = 0; i < marks->count; i++)
		if (marks->groups[i].code_point != ZR_MARK_NONE)
			used |= UINT64_C(1) << marks->groups[i].code_point;
	if (config_of(reader)->mark_clear)
		config_of(reader)->mark_rules.cleared = used;
	if (used == 0 && reader->errors->count == 0)
		zr_config_refuse(reader, setting, "mark marks nothing: write %s", key->example);
}

static void tap_check(struct zr_config_reader *reader, const config_setting_t *dataplane, const config_setting_t *ports)
{
	const config_setting_t *mark = config_setting_get_member(dataplane, "mark");

	for (unsigned int i = 0; i < config_of(reader)->port_count; i++) {
		const config_setting_t *peer = config_setting_get_member(config_setting_get_elem(ports, i), "peer");

		if (peer != NULL)
			zr_config_refuse(
				reader, peer,
				"a tap forwards nothing: remove peer, or write mode = \"inline\" into dataplane");
	}
	if (mark != NULL)
		zr_config_refuse(reader, mark,
				 "a tap forwards nothing: remove mark, or write mode = \"inline\" into dataplane");
}

/* The place of a device among the ports; port_count: it is not there. */
static unsigned int port_named(const struct zr_config *config, const char *device)
{
	unsigned int i = 0;

	while (i < config->port_count && strcmp(config->ports[i].device, device) != 0)
		i++;
	return i;
}

static const char *peer_of(const config_setting_t *ports, unsigned int port)
{
	const char *peer = NULL;

	config_setting_lookup_string(config_setting_get_elem(ports, port), "peer", &peer);
	return peer;
}

/* Two ports that name each other: do they face two sides of one network? Told once, at the second. */
static void pair_check(struct zr_config_reader *reader, const config_setting_t *setting,
		       const struct zr_dataplane_port *port, const struct zr_dataplane_port *peer)
{
	bool sides = port->role == ZR_ROLE_BOTH ? peer->role == ZR_ROLE_BOTH
						: peer->role != ZR_ROLE_BOTH && peer->role != port->role;

	if (port->domain != peer->domain)
		zr_config_refuse(reader, setting,
				 "domain of \"%s\" and its peer \"%s\" differ, and a flow has one: write the same",
				 port->device, peer->device);
	if (!sides)
		zr_config_refuse(reader, setting,
				 "\"%s\" and its peer \"%s\" face the same side: write role = \"access\" and role = "
				 "\"core\", or "
				 "role = \"both\" for both",
				 port->device, peer->device);
}

static void peer_check(struct zr_config_reader *reader, const config_setting_t *ports, unsigned int number)
{
	struct zr_config *config = config_of(reader);
	struct zr_dataplane_port *port = &config->ports[number];
	const config_setting_t *setting = config_setting_get_elem(ports, number);
	const char *name = peer_of(ports, number), *back;
	unsigned int peer;

	/* One that is no text was told. */
	if (name == NULL && config_setting_get_member(setting, "peer") != NULL)
		return;
	if (name == NULL) {
		zr_config_refuse(reader, setting, "port \"%s\" has no peer to forward to: write peer = \"DEVICE\"",
				 port->device);
		return;
	}
	setting = config_setting_get_member(setting, "peer");
	peer = port_named(config, name);
	if (peer == number || peer == config->port_count) {
		zr_config_refuse(reader, setting, "peer \"%s\" of port \"%s\" is %s: name another device of ports",
				 name, port->device, peer == number ? "itself" : "no port");
		return;
	}
	back = peer_of(ports, peer);
	if (back != NULL && strcmp(back, port->device) != 0)
		zr_config_refuse(
			reader, setting,
			"port \"%s\" forwards to \"%s\", which forwards to \"%s\": ports stand in pairs, each the "
			"other's peer",
			port->device, name, back);
	port->peer = (uint8_t)peer;
	if (peer < number)
		pair_check(reader, setting, port, &config->ports[peer]);
}

void zr_config_pairs(struct zr_config_reader *reader, const config_setting_t *dataplane)
{
	const config_setting_t *ports = config_setting_get_member(dataplane, "ports");
	const struct zr_config *config = config_of(reader);

	/* Ports that are wrong themselves were told, and are not all there. */
	if (ports == NULL || config_setting_length(ports) != (int)config->port_count)
		return;
	if (!config->forwards)
		tap_check(reader, dataplane, ports);
	for (unsigned int i = 0; config->forwards && i < config->port_count; i++)
		peer_check(reader, ports, i);
}
