/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of `metrics`: who may read numbers over HTTP. */
#include <string.h>

#include "control/config_value.h"
#include "control/listen.h"

/* Loopback: whoever is to be read from elsewhere says so. */
#define METRICS_LISTEN "127.0.0.1:9469"

#define LISTEN_BYTES 64

#define AT(member) offsetof(struct zr_config, member)

static void take_listen(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);
	struct zr_listen listen;

	if (text == NULL)
		return;
	if (zr_listen_parse(text, &listen) != 0)
		zr_config_refuse(reader, setting, "\"%s\" is no address with a port: write %s", text, key->example);
	else
		zr_config_take_text(reader, setting, key);
}

const struct zr_config_key zr_config_metrics_keys[] = {
	{"listen", take_listen, AT(metrics), 1, LISTEN_BYTES,
	 .example = "listen = \"127.0.0.1:9469\" or \"[::1]:9469\""},
	{0},
};

void zr_config_take_metrics(struct zr_config_reader *reader, const config_setting_t *setting,
			    const struct zr_config_key *key)
{
	struct zr_config *config = (struct zr_config *)(void *)reader->target;

	zr_config_take_group(reader, setting, key);
	if (config->metrics == NULL)
		config->metrics = strdup(METRICS_LISTEN);
	reader->out_of_memory |= config->metrics == NULL;
}
