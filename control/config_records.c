/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of `records` and `ledger`: what leaves the gateway, for whom, and where it is kept. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "control/config_value.h"

#define PATH_BYTES   4095
#define SOCKET_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define MS_US        1000
#define S_US         UINT64_C(1000000)
#define DAY_US       (24 * 3600 * S_US)
#define MIB          (UINT64_C(1) << 20)
#define TIB          (UINT64_C(1) << 40)

/* Folders are shorter than paths: files lie in them. */
#define FOLDER_BYTES (PATH_BYTES - 255)

#define AT(member) offsetof(struct zr_config, member)

typedef void take_function(struct zr_config_reader *, const config_setting_t *, const struct zr_config_key *);

static take_function take_consumers, take_users, take_synchronous;

const struct zr_config_key zr_config_record_keys[] = {
	{"socket", zr_config_take_text, AT(records.path), 1, SOCKET_BYTES,
	 .example = "socket = \"/run/zerorate/records.sock\""},
	{"group", zr_config_take_unix_group, AT(records.group), .example = "group = \"billing\""},
	{"users", take_users, .example = "users = [ \"billing\" ]"},
	{"consumers", take_consumers, .example = "consumers = [ \"billing\" ]"},
	{"memory", zr_config_take_size, AT(records_memory_bytes), MIB, TIB,
	 .example = "memory = \"1GiB\", 1MiB to 1TiB"},
	{"interim_interval", zr_config_take_time, AT(interim_us), MS_US, DAY_US,
	 .example = "interim_interval = \"15m\", 1ms to 24h"},
	{"charged_flows", zr_config_take_bool, AT(charged_flows), .example = "charged_flows = false"},
	{"totals_interval", zr_config_take_time, AT(totals_us), S_US, DAY_US,
	 .example = "totals_interval = \"1h\", 1s to 24h"},
	{"totals_subscribers", zr_config_take_bool, AT(totals_subscribers), .example = "totals_subscribers = false"},
	{"tariff_switch", zr_config_take_tariff, AT(tariff),
	 .example = "tariff_switch = [ \"00:00\", \"06:30\" ], local times"},
	{0},
};

const struct zr_config_key zr_config_ledger_keys[] = {
	{"folder", zr_config_take_text, AT(ledger.folder), 1, FOLDER_BYTES,
	 .example = "folder = \"/var/lib/zerorate/ledger\""},
	{"batch_interval", zr_config_take_time, AT(ledger.batch_us), MS_US, 10 * S_US,
	 .example = "batch_interval = \"200ms\", 1ms to 10s"},
	{"retention", zr_config_take_time, AT(ledger.retention_us), 0, 3650 * DAY_US,
	 .example = "retention = \"30d\", 0s to 3650d"},
	{"disk_limit", zr_config_take_size, AT(ledger.disk_limit_bytes), MIB, 1024 * TIB,
	 .example = "disk_limit = \"50GiB\", 1MiB to 1024TiB"},
	{"synchronous", take_synchronous, AT(ledger.synchronous_full),
	 .example = "synchronous = \"full\" or \"normal\""},
	{0},
};

/* The texts of an array, one after the other, as long as they are texts. */
static const char *text_at(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key, unsigned int i)
{
	return zr_config_text(reader, config_setting_get_elem(setting, i), key);
}

/* How many elements has an array that may have at most so many? 0 when it is none, which is told. */
static unsigned int length_of(struct zr_config_reader *reader, const config_setting_t *setting,
			      const struct zr_config_key *key, unsigned int most)
{
	int count = config_setting_is_array(setting) || config_setting_is_list(setting) ? config_setting_length(setting)
											: -1;

	if (count >= 0 && (unsigned int)count <= most)
		return (unsigned int)count;
	zr_config_refuse(reader, setting, "%s is an array of at most %u names: write %s", key->name, most,
			 key->example);
	return 0;
}

static void take_consumer(struct zr_config_reader *reader, const config_setting_t *setting, const char *name,
			  struct zr_consumer_names *names)
{
	static const struct zr_config_key one = {
		.name = "a consumer", .least = 1, .most = ZR_CONSUMER_MAX, .example = "consumers = [ \"billing\" ]"};
	struct zr_config_reader inner = *reader;
	char *copy = NULL;

	for (unsigned int i = 0; i < names->count; i++) {
		if (strcmp(names->at[i], name) == 0) {
			zr_config_refuse(reader, setting, "\"%s\" is a consumer already: name each once", name);
			return;
		}
	}
	inner.target = (char *)&copy;
	zr_config_take_text(&inner, setting, &one);
	reader->out_of_memory |= inner.out_of_memory;
	if (copy != NULL)
		names->at[names->count++] = copy;
}

static void take_consumers(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key)
{
	struct zr_config *config = (struct zr_config *)(void *)reader->target;
	unsigned int count = length_of(reader, setting, key, ZR_CONSUMERS_NAMED_MAX);

	for (unsigned int i = 0; i < count; i++) {
		const char *name = text_at(reader, setting, key, i);

		if (name != NULL)
			take_consumer(reader, config_setting_get_elem(setting, i), name, &config->consumers);
	}
}

static void take_users(struct zr_config_reader *reader, const config_setting_t *setting,
		       const struct zr_config_key *key)
{
	struct zr_config *config = (struct zr_config *)(void *)reader->target;
	unsigned int count = length_of(reader, setting, key, ZR_USERS_MAX);

	for (unsigned int i = 0; i < count; i++) {
		const char *name = text_at(reader, setting, key, i);
		const struct passwd *user = name != NULL ? getpwnam(name) : NULL;

		if (user != NULL)
			config->records.users[config->records.user_count++] = user->pw_uid;
		else if (name != NULL)
			zr_config_refuse(reader, config_setting_get_elem(setting, i),
					 "there is no user \"%s\" on this machine: write one of /etc/passwd", name);
	}
}

static void take_synchronous(struct zr_config_reader *reader, const config_setting_t *setting,
			     const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);
	bool full = text != NULL && strcmp(text, "full") == 0;

	if (text == NULL)
		return;
	if (full || strcmp(text, "normal") == 0)
		memcpy(reader->target + key->offset, &full, sizeof(full));
	else
		zr_config_refuse(reader, setting, "there is no way \"%s\" to be %s: write %s", text, key->name,
				 key->example);
}
