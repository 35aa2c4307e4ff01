/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of `evidence`: what backs a name, for how long, and what is made of names that nothing backs. */
#include <string.h>

#include "control/config_value.h"

#define S_US   UINT64_C(1000000)
#define DAY_US (24 * 3600 * S_US)
#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define TIB    (UINT64_C(1) << 40)

/* Of so much a table for the workers is made in some seconds; what is learned meanwhile waits so long. */
#define NETWORK_MAX GIB

#define AT(member) offsetof(struct zr_config, evidence.member)

typedef void take_function(struct zr_config_reader *, const config_setting_t *, const struct zr_config_key *);

static take_function take_verify, take_dns_free;

const struct zr_config_key zr_config_evidence_keys[] = {
	{"verify", take_verify, .example = "verify = \"off\", \"flag\" or \"require\""},
	{"ttl_min", zr_config_take_time, AT(ttl_min_us), 0, 30 * DAY_US, .example = "ttl_min = \"1m\", 0s to 30d"},
	{"ttl_max", zr_config_take_time, AT(ttl_max_us), S_US, 30 * DAY_US, .example = "ttl_max = \"24h\", 1s to 30d"},
	{"grace", zr_config_take_time, AT(grace_us), 0, 30 * DAY_US, .example = "grace = \"10m\", 0s to 30d"},
	{"memory", zr_config_take_size, AT(memory_bytes), MIB, 64 * GIB,
	 .example = "memory = \"16MiB\", 1MiB to 64GiB"},
	{"network_memory", zr_config_take_size, AT(network_bytes), MIB, NETWORK_MAX,
	 .example = "network_memory = \"64MiB\", 1MiB to 1GiB"},
	{"bind_grace", zr_config_take_time, AT(bind_grace_us), 0, DAY_US, .example = "bind_grace = \"1m\", 0s to 24h"},
	{"dns_free", take_dns_free, .example = "dns_free = \"off\" or \"listed\""},
	{"dns_free_bytes", zr_config_take_size, AT(dns_free_bytes), 1, TIB,
	 .example = "dns_free_bytes = \"1MiB\", 1B to 1TiB"},
	{0},
};

static struct zr_evidence_config *evidence_of(struct zr_config_reader *reader)
{
	return &((struct zr_config *)(void *)reader->target)->evidence;
}

static void take_verify(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);

	for (uint8_t verify = ZR_VERIFY_OFF; text != NULL && verify <= ZR_VERIFY_REQUIRE; verify++) {
		if (strcmp(text, zr_verify_word(verify)) == 0) {
			evidence_of(reader)->verify = verify;
			return;
		}
	}
	if (text != NULL && strcmp(text, zr_verify_word(ZR_VERIFY_LEARN)) == 0)
		zr_config_refuse(
			reader, setting,
			"learn is never a default: write it into the list, for servers that belong to one entry alone; "
			"here write %s",
			key->example);
	else if (text != NULL)
		zr_config_refuse(reader, setting, "there is no verify \"%s\": write %s", text, key->example);
}

static void take_dns_free(struct zr_config_reader *reader, const config_setting_t *setting,
			  const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);

	if (text == NULL)
		return;
	evidence_of(reader)->dns_free = strcmp(text, "listed") == 0;
	if (!evidence_of(reader)->dns_free && strcmp(text, "off") != 0)
		zr_config_refuse(reader, setting, "dns_free is no \"%s\": write %s", text, key->example);
}

void zr_config_evidence_check(struct zr_config_reader *reader, const config_setting_t *root)
{
	const struct zr_config *config = (const struct zr_config *)(void *)reader->target;
	const struct zr_evidence_config *evidence = &config->evidence;
	const config_setting_t *group = config_setting_get_member(root, "evidence");
	const config_setting_t *resolvers = config_setting_get_member(root, "trusted_resolvers");

	/* Resolvers that are wrong themselves were told. */
	bool no_resolvers = config->trusted_resolvers.count == 0 &&
			    (resolvers == NULL || config_setting_length(resolvers) == 0);

	if (group == NULL || !config_setting_is_group(group))
		return;
	if (evidence->ttl_min_us > evidence->ttl_max_us)
		zr_config_refuse(reader, group,
				 "ttl_min (1m unless given) is more than ttl_max (24h unless given): write "
				 "ttl_min = \"1m\"; ttl_max = \"24h\";");
	if (no_resolvers && evidence->dns_free)
		zr_config_refuse(reader, config_setting_get_member(group, "dns_free"),
				 "dns_free is for questions to trusted resolvers, and there are none: write "
				 "trusted_resolvers = [ \"10.0.0.53/32\" ], or dns_free = \"off\"");
	if (no_resolvers && evidence->verify != ZR_VERIFY_OFF)
		zr_config_refuse(reader, config_setting_get_member(group, "verify"),
				 "verify asks for answers of trusted resolvers, and there are none: write "
				 "trusted_resolvers = [ \"10.0.0.53/32\" ], or verify = \"off\"");
}
