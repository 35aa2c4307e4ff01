/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration's list: its file, and who must have signed it. */
#include <stddef.h>
#include <string.h>

#include "control/config_value.h"

#define PATH_BYTES  4095
#define PERCENT_MAX 100

#define AT(member) offsetof(struct zr_config, list.member)

static void take_key(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	struct zr_keys *keys = (struct zr_keys *)(void *)(reader->target + key->offset);
	const char *text = zr_config_text(reader, setting, key), *reason = "";

	if (text != NULL && zr_keys_add(keys, text, strlen(text), &reason) != 0)
		zr_config_refuse(reader, setting, "key \"%.*s\": %s", ZR_PUBLIC_KEY_TEXT_LEN, text, reason);
}

static void take_keys(struct zr_config_reader *reader, const config_setting_t *setting, const struct zr_config_key *key)
{
	if (!config_setting_is_array(setting) && !config_setting_is_list(setting)) {
		zr_config_refuse(reader, setting, "%s is an array of minisign public keys: write %s", key->name,
				 key->example);
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)config_setting_length(setting); i++)
		take_key(reader, config_setting_get_elem(setting, i), key);
}

/* A small number without quotes. */
static void take_number(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key)
{
	int value = config_setting_get_int(setting);
	unsigned int taken = (unsigned int)value;

	if (config_setting_type(setting) != CONFIG_TYPE_INT || value < (int)key->least || value > (int)key->most)
		zr_config_refuse(reader, setting, "%s is a number without quotes: write %s", key->name, key->example);
	else
		memcpy(reader->target + key->offset, &taken, sizeof(taken));
}

static const struct zr_config_key list_keys[] = {
	{"file", zr_config_take_text, AT(file), 1, PATH_BYTES, .example = "file = \"/var/lib/zerorate/list.csv\"",
	 .required = true},
	{"state", zr_config_take_text, AT(state), 1, PATH_BYTES, .example = "state = \"/var/lib/zerorate/list\""},
	{"keys", take_keys, AT(keys), .example = "keys = [ \"RWQ…\", \"RWQ…\" ]"},
	{"signatures_required", take_number, AT(signatures_required), 0, ZR_KEYS_MAX,
	 .example = "signatures_required = 2, 0 to 16"},
	{"shrink_limit", take_number, AT(shrink_percent), 0, PERCENT_MAX,
	 .example = "shrink_limit = 10, 0 to 100 (percent; 100 switches it off)"},
	{0},
};

void zr_config_take_list(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	struct zr_config_key group = *key;
	const struct zr_list_config *list = &((struct zr_config *)(void *)reader->target)->list;
	size_t errors = reader->errors->count;

	group.keys = list_keys;
	zr_config_take_group(reader, setting, &group);
	/* With a key refused, too few are a matter of course. */
	if (reader->errors->count == errors && list->signatures_required > list->keys.count)
		zr_config_refuse(reader, config_setting_get_member(setting, "signatures_required"),
				 "signatures_required is %u, and there are %u keys: no list could ever be accepted; "
				 "add keys, or "
				 "require fewer",
				 list->signatures_required, list->keys.count);
}
