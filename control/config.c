/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "control/config_inline.h"
#include "control/config_value.h"
#include "control/file.h"

#define FILE_MAX_BYTES (1U << 20)
#define PATH_BYTES     4095
/* With room for what is written beside. */
#define STATE_BYTES  (PATH_BYTES - 16)
#define SOCKET_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define HOUR_US      (3600 * UINT64_C(1000000))
#define DAY_US       (24 * HOUR_US)
#define MS_US        1000
#define MIB          (UINT64_C(1) << 20)
#define TIB          (UINT64_C(1) << 40)

/* Largest frame when nothing is configured: Ethernet's own, which every port takes, and a VLAN tag. */
#define FRAME_MAX_BYTES 1522

/* Bounds of frame_max: the smallest that every network must carry, and what an IP length can say. */
#define FRAME_LEAST 1518
#define FRAME_MOST  65535

/* Of the entries in force, so many may be missing in the next list. */
#define SHRINK_PERCENT 10

/* For what is known network-wide. */
#define NETWORK_BYTES (64 * MIB)

#define AT(member) offsetof(struct zr_config, member)

typedef void take_function(struct zr_config_reader *, const config_setting_t *, const struct zr_config_key *);

static take_function take_dataplane, take_mode, take_workers, take_eal, take_ports, take_device, take_role, take_domain;

static const struct zr_config_key port_keys[] = {
	{"device", take_device, .example = "device = \"0000:03:00.0\"", .required = true},
	{"role", take_role, .example = "role = \"access\", \"core\" or \"both\""},
	{"domain", take_domain, .example = "domain = 0, up to 65535"},
	{"peer", zr_config_take_peer, .example = "peer = \"0000:03:00.1\""},
	{0},
};

static const struct zr_config_key dataplane_keys[] = {
	{"mode", take_mode, .example = "mode = \"tap\" or mode = \"inline\""},
	{"mark", zr_config_take_mark, .example = "mark = { default = \"AF11\"; }"},
	{"workers", take_workers, AT(workers), .example = "workers = \"1-3\"", .required = true},
	{"eal", take_eal, AT(eal), 0, PATH_BYTES, .example = "eal = \"--no-huge\""},
	{"ports", take_ports, .example = "ports = ( { device = \"0000:03:00.0\"; role = \"both\"; } )",
	 .required = true},
	{"frame_max", zr_config_take_size, AT(frame_max_bytes), FRAME_LEAST, FRAME_MOST,
	 .example = "frame_max = \"9216B\", 1518B to 65535B"},
	{"verify_checksums", zr_config_take_bool, AT(verify_checksums), .example = "verify_checksums = true"},
	{"flows", zr_config_take_count, AT(flows), 1, 1000 * 1000 * 1000, .example = "flows = \"1M\", up to 1G"},
	{"reassembly_memory", zr_config_take_size, AT(reassembly_bytes), MIB, TIB,
	 .example = "reassembly_memory = \"64MiB\", 1MiB to 1TiB"},
	{"retro_credit", zr_config_take_bool, AT(retro_credit), .example = "retro_credit = true"},
	{"state", zr_config_take_text, AT(state), 1, STATE_BYTES,
	 .example = "state = \"/run/zerorate/state\", on a tmpfs"},
	{0},
};

#define TIMEOUT(name, id)                                                                  \
	{                                                                                  \
		name, zr_config_take_time, AT(timeout_us[ZR_TIMEOUT_##id]), MS_US, DAY_US, \
			.example = name " = \"60s\", 1ms to 24h"                           \
	}

static const struct zr_config_key timeout_keys[] = {
	TIMEOUT("tcp", TCP),       TIMEOUT("quic", QUIC),
	TIMEOUT("udp", UDP),       TIMEOUT("undecided", UNDECIDED),
	TIMEOUT("linger", LINGER), {0},
};

static const struct zr_config_key control_keys[] = {
	{"socket", zr_config_take_text, AT(control.path), 1, SOCKET_BYTES,
	 .example = "socket = \"/run/zerorate/control.sock\""},
	{"group", zr_config_take_unix_group, AT(control.group), .example = "group = \"zerorate\""},
	{"decisions", zr_config_take_size, AT(decisions_bytes), 0, TIB,
	 .example = "decisions = \"16MiB\", at most 1TiB; \"0B\": none are kept"},
	{"readers", zr_config_take_unix_group, AT(control.readers), .example = "readers = \"adm\""},
	{0},
};

static const struct zr_config_key root_keys[] = {
	{"gateway", zr_config_take_text, AT(gateway), 1, ZR_GATEWAY_MAX, .example = "gateway = \"hn-gw-01\"",
	 .required = true},
	{"dataplane", take_dataplane, .example = "dataplane = { workers = \"1-3\"; ports = ( … ); }",
	 .keys = dataplane_keys, .required = true},
	{"subscribers", zr_config_take_prefixes, AT(subscribers),
	 .example = "subscribers = [ \"10.0.0.0/8\", \"2405:4800::/32\" ]"},
	{"tunnel_endpoints", zr_config_take_prefixes, AT(tunnel_endpoints),
	 .example = "tunnel_endpoints = [ \"10.200.0.0/24\" ]"},
	{"trusted_resolvers", zr_config_take_prefixes, AT(trusted_resolvers),
	 .example = "trusted_resolvers = [ \"10.0.0.53/32\" ]"},
	{"evidence", zr_config_take_group, .example = "evidence = { verify = \"flag\"; }",
	 .keys = zr_config_evidence_keys},
	{"timeouts", zr_config_take_group, .example = "timeouts = { tcp = \"2h4m\"; }", .keys = timeout_keys},
	{"list", zr_config_take_list, .example = "list = { file = \"/var/lib/zerorate/list.csv\"; }", .required = true},
	{"records", zr_config_take_group, .example = "records = { interim_interval = \"15m\"; }",
	 .keys = zr_config_record_keys},
	{"ledger", zr_config_take_group, .example = "ledger = { folder = \"/var/lib/zerorate/ledger\"; }",
	 .keys = zr_config_ledger_keys},
	{"control", zr_config_take_group, .example = "control = { socket = \"/run/zerorate/control.sock\"; }",
	 .keys = control_keys},
	{"metrics", zr_config_take_metrics, .example = "metrics = { listen = \"127.0.0.1:9469\"; }",
	 .keys = zr_config_metrics_keys},
	{0},
};

static void take_dataplane(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key)
{
	zr_config_take_group(reader, setting, key);
	if (config_setting_is_group(setting))
		zr_config_pairs(reader, setting);
}

static void take_mode(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	const char *mode = zr_config_text(reader, setting, key);

	if (mode == NULL || strcmp(mode, "tap") == 0)
		return;
	if (strcmp(mode, "inline") == 0)
		((struct zr_config *)(void *)reader->target)->forwards = true;
	else
		zr_config_refuse(reader, setting, "there is no mode \"%s\": write %s", mode, key->example);
}

static void take_workers(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	const struct zr_config_key text = {key->name, NULL, key->offset, 1, PATH_BYTES, .example = key->example};
	const char *lcores = zr_config_text(reader, setting, key);

	if (lcores == NULL)
		return;
	if (*lcores == '\0' || lcores[strspn(lcores, "0123456789,-")] != '\0')
		zr_config_refuse(reader, setting, "workers \"%s\" is no list of lcores: write %s", lcores,
				 key->example);
	else
		zr_config_take_text(reader, setting, &text);
}

/* Is one of the arguments about cores, which are made from workers? */
static bool names_cores(const char *eal)
{
	for (const char *word = eal; *word != '\0'; word += strcspn(word, " "), word += strspn(word, " "))
		if (strncmp(word, "-l", 2) == 0 || strncmp(word, "-c", 2) == 0 || strncmp(word, "--lcores", 8) == 0 ||
		    strncmp(word, "--main-lcore", 12) == 0)
			return true;
	return false;
}

static void take_eal(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	const char *eal = zr_config_text(reader, setting, key);

	if (eal == NULL)
		return;
	if (names_cores(eal))
		zr_config_refuse(reader, setting, "eal must not name cores: write them into workers");
	else
		zr_config_take_text(reader, setting, key);
}

/* A port's keys write here. */
static struct zr_dataplane_port *port_of(struct zr_config_reader *reader)
{
	return (struct zr_dataplane_port *)(void *)reader->target;
}

static void take_device(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	const char *device = zr_config_text(reader, setting, key);

	if (device == NULL)
		return;
	if (*device == '\0' || strlen(device) >= ZR_DEVICE_MAX)
		zr_config_refuse(reader, setting, "device has 1 to %d bytes: write %s", ZR_DEVICE_MAX - 1,
				 key->example);
	else
		strcpy(port_of(reader)->device, device);
}

static const char *const roles[] = {[ZR_ROLE_BOTH] = "both", [ZR_ROLE_ACCESS] = "access", [ZR_ROLE_CORE] = "core"};

const char *zr_config_role_name(uint8_t role)
{
	return roles[role];
}

static void take_role(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);

	for (uint8_t role = 0; text != NULL && role < sizeof(roles) / sizeof(*roles); role++) {
		if (strcmp(text, roles[role]) == 0) {
			port_of(reader)->role = role;
			return;
		}
	}
	if (text != NULL)
		zr_config_refuse(reader, setting, "there is no role \"%s\": write %s", text, key->example);
}

static void take_domain(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	int domain = config_setting_get_int(setting);

	if (config_setting_type(setting) != CONFIG_TYPE_INT || domain < 0 || domain > UINT16_MAX)
		zr_config_refuse(reader, setting, "domain is a number without quotes: write %s", key->example);
	else
		port_of(reader)->domain = (uint16_t)domain;
}

static bool is_doubled(const struct zr_config *config, const struct zr_dataplane_port *port)
{
	for (unsigned int i = 0; i < config->port_count; i++)
		if (strcmp(config->ports[i].device, port->device) == 0)
			return true;
	return false;
}

static void take_port(struct zr_config_reader *reader, const config_setting_t *setting)
{
	static const struct zr_config_key group = {
		.name = "a port", .example = "{ device = \"0000:03:00.0\"; role = \"both\"; }", .keys = port_keys};
	struct zr_config *config = (struct zr_config *)(void *)reader->target;
	struct zr_dataplane_port port = {.role = ZR_ROLE_BOTH};

	reader->target = (char *)&port;
	zr_config_take_group(reader, setting, &group);
	reader->target = (char *)config;
	if (port.device[0] != '\0' && is_doubled(config, &port))
		zr_config_refuse(reader, setting, "device \"%s\" is a port already: name each once", port.device);
	else
		config->ports[config->port_count++] = port;
}

static void take_ports(struct zr_config_reader *reader, const config_setting_t *setting,
		       const struct zr_config_key *key)
{
	int count = config_setting_is_list(setting) ? config_setting_length(setting) : 0;

	if (count < 1 || count > ZR_PORTS_MAX) {
		zr_config_refuse(reader, setting, "ports is a list of 1 to %d ports in ( ): write %s", ZR_PORTS_MAX,
				 key->example);
		return;
	}
	for (int i = 0; i < count; i++)
		take_port(reader, config_setting_get_elem(setting, (unsigned int)i));
}

/* What a file that says nothing means; false when there is no memory. */
static bool set_defaults(struct zr_config *config)
{
	struct zr_pipeline_config pipeline;

	zr_pipeline_defaults(&pipeline);
	*config = (struct zr_config){
		.eal = strdup(""),
		.frame_max_bytes = FRAME_MAX_BYTES,
		.marks = pipeline.marks,
		.mark_clear = true,
		.flows = pipeline.flows,
		.reassembly_bytes = pipeline.reassembly_bytes,
		.retro_credit = pipeline.retro_credit,
		.verify_checksums = pipeline.verify_checksums,
		.list = {.state = strdup("/var/lib/zerorate/list"), .shrink_percent = SHRINK_PERCENT},
		.interim_us = pipeline.interim_us,
		.records_memory_bytes = 1024 * MIB,
		.totals_us = HOUR_US,
		.ledger = {.folder = strdup("/var/lib/zerorate/ledger"),
			   .batch_us = 200 * MS_US,
			   .retention_us = 30 * DAY_US,
			   .disk_limit_bytes = 50 * 1024 * MIB,
			   .synchronous_full = true},
		.records = {.path = strdup("/run/zerorate/records.sock"), .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
		.decisions_bytes = 16 * MIB,
		.evidence = {.verify = pipeline.verify,
			     .ttl_min_us = pipeline.learned_ttl_min_us,
			     .ttl_max_us = pipeline.learned_ttl_max_us,
			     .grace_us = pipeline.learned_grace_us,
			     .memory_bytes = pipeline.learned_bytes,
			     .network_bytes = NETWORK_BYTES,
			     .bind_grace_us = pipeline.bind_grace_us,
			     .dns_free = pipeline.dns_free,
			     .dns_free_bytes = pipeline.dns_free_bytes},
		.control = {.path = strdup("/run/zerorate/control.sock"), .group = ZR_NO_GROUP, .readers = ZR_NO_GROUP},
	};
	memcpy(config->timeout_us, pipeline.timeout_us, sizeof(config->timeout_us));
	return config->eal != NULL && config->list.state != NULL && config->records.path != NULL &&
	       config->control.path != NULL && config->ledger.folder != NULL;
}

static void read_text(struct zr_config_reader *reader, const char *text, size_t len)
{
	static const struct zr_config_key root = {.name = "the file", .keys = root_keys};
	config_t file;

	config_init(&file);
	if (strlen(text) != len)
		zr_config_refuse_at(reader, NULL, 1, "holds zero bytes: it is no text file");
	else if (config_read_string(&file, text) == CONFIG_TRUE) {
		zr_config_take_group(reader, config_root_setting(&file), &root);
		zr_config_evidence_check(reader, config_root_setting(&file));
	} else
		zr_config_refuse_at(
			reader, config_error_file(&file), (unsigned int)config_error_line(&file),
			"%s: write KEY = VALUE; with texts in quotes, groups in { }, arrays in [ ] and lists in ( )",
			config_error_text(&file));
	config_destroy(&file);
}

int zr_config_read(const char *path, struct zr_config *config, struct zr_config_errors *errors)
{
	struct zr_config_reader reader = {.path = path, .errors = errors, .target = (char *)config};
	char *text = NULL;
	size_t len = 0;
	int err;

	*errors = (struct zr_config_errors){0};
	reader.out_of_memory = !set_defaults(config);
	err = zr_file_read(path, FILE_MAX_BYTES, &text, &len);
	if (err == 0)
		read_text(&reader, text, len);
	else
		zr_config_refuse_at(&reader, NULL, 0, "cannot be read: %s; name the configuration with -c",
				    zr_file_error(err));
	if (err == 0)
		free(text);
	if (reader.out_of_memory)
		return -ENOMEM;
	return errors->count == 0 ? 0 : -EINVAL;
}

void zr_config_clear(struct zr_config *config)
{
	zr_prefix_set_clear(&config->subscribers);
	zr_prefix_set_clear(&config->tunnel_endpoints);
	zr_prefix_set_clear(&config->trusted_resolvers);
	free(config->gateway);
	free(config->workers);
	free(config->eal);
	free(config->state);
	free(config->list.file);
	free(config->list.state);
	for (unsigned int i = 0; i < config->consumers.count; i++)
		free(config->consumers.at[i]);
	free(config->ledger.folder);
	free(config->records.path);
	free(config->control.path);
	free(config->metrics);
}

void zr_config_errors_clear(struct zr_config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
}

/* What answers teach and how it is used. Days begin where this machine is. */
static void take_evidence(const struct zr_config *config, struct zr_pipeline_config *out)
{
	const struct zr_evidence_config *evidence = &config->evidence;
	time_t now = time(NULL);
	struct tm local;

	out->trusted_resolvers = &config->trusted_resolvers;
	out->verify = evidence->verify;
	out->learned_ttl_min_us = evidence->ttl_min_us;
	out->learned_ttl_max_us = evidence->ttl_max_us;
	out->learned_grace_us = evidence->grace_us;
	out->learned_bytes = evidence->memory_bytes;
	out->bind_grace_us = evidence->bind_grace_us;
	out->dns_free = evidence->dns_free;
	out->dns_free_bytes = evidence->dns_free_bytes;
	if (localtime_r(&now, &local) != NULL)
		out->day_offset_s = (int32_t)local.tm_gmtoff;
}

void zr_config_dataplane(const struct zr_config *config, struct zr_dataplane_config *out)
{
	*out = (struct zr_dataplane_config){
		.eal = config->eal,
		.workers = config->workers,
		.port_count = config->port_count,
		.frame_max = (uint32_t)config->frame_max_bytes,
		.forwards = config->forwards,
		.marks = config->mark_rules,
	};
	memcpy(out->ports, config->ports, sizeof(out->ports));
	zr_pipeline_defaults(&out->pipeline);
	out->pipeline.flows = (uint32_t)config->flows;
	out->pipeline.reassembly_bytes = config->reassembly_bytes;
	out->pipeline.decisions_bytes = config->decisions_bytes;
	memcpy(out->pipeline.timeout_us, config->timeout_us, sizeof(config->timeout_us));
	out->pipeline.interim_us = config->interim_us;
	out->keep_flows = config->state != NULL;
	out->pipeline.retro_credit = config->retro_credit;
	out->pipeline.marks = config->marks;
	out->pipeline.verify_checksums = config->verify_checksums;
	out->pipeline.charged_records = config->charged_flows;
	out->pipeline.totals_by_entry = true;
	out->pipeline.totals_by_subscriber = config->totals_subscribers;
	if (config->tariff.count > 0)
		out->pipeline.tariff_next_us = zr_tariff_next_us;
	out->pipeline.tariff_arg = &config->tariff;
	out->pipeline.subscribers = &config->subscribers;
	out->pipeline.packets.tunnel_endpoints = &config->tunnel_endpoints;
	take_evidence(config, &out->pipeline);
}
