/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_value.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/units.h"
#include "rules/utf8.h"

/* Longest key that is looked at for a likeness. */
#define KEY_MAX 32

static void add_line(struct zr_config_reader *reader, char *line)
{
	struct zr_config_errors *errors = reader->errors;
	char **lines = line != NULL ? reallocarray(errors->lines, errors->count + 1, sizeof(*lines)) : NULL;

	if (lines == NULL) {
		free(line);
		reader->out_of_memory = true;
		return;
	}
	errors->lines = lines;
	errors->lines[errors->count++] = line;
}

__attribute__((format(printf, 4, 0))) static void refuse(struct zr_config_reader *reader, const char *file,
							 unsigned int line, const char *format, va_list args)
{
	char *text = NULL, *whole = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	else if (asprintf(&whole, "%s:%u: %s", file != NULL ? file : reader->path, line, text) < 0)
		whole = NULL;
	free(text);
	add_line(reader, whole);
}

void zr_config_refuse(struct zr_config_reader *reader, const config_setting_t *setting, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	refuse(reader, config_setting_source_file(setting), config_setting_source_line(setting), format, args);
	va_end(args);
}

void zr_config_refuse_at(struct zr_config_reader *reader, const char *file, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	refuse(reader, file, line, format, args);
	va_end(args);
}

/* How many characters must be put in, left out or changed to make one of the other (Levenshtein). */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[KEY_MAX + 1];
	size_t b_len = strnlen(b, KEY_MAX);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; i < KEY_MAX && a[i] != '\0'; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < b_len; j++) {
			unsigned int changed = diagonal + (a[i] != b[j]);
			unsigned int other = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = changed < other ? changed : other;
		}
	}
	return row[b_len];
}

static const char *nearest(const struct zr_config_key *keys, const char *name)
{
	const struct zr_config_key *best = keys;

	for (const struct zr_config_key *key = keys; key->name != NULL; key++)
		if (distance(name, key->name) < distance(name, best->name))
			best = key;
	return best->name;
}

static const struct zr_config_key *find_key(const struct zr_config_key *keys, const char *name)
{
	for (; keys->name != NULL; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

void zr_config_take_group(struct zr_config_reader *reader, const config_setting_t *setting,
			  const struct zr_config_key *key)
{
	if (!config_setting_is_group(setting)) {
		zr_config_refuse(reader, setting, "%s is a group: write %s", key->name, key->example);
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(setting, i);
		const char *name = config_setting_name(member);
		const struct zr_config_key *known = find_key(key->keys, name);

		if (known != NULL)
			known->take(reader, member, known);
		else
			zr_config_refuse(reader, member, "there is no key \"%s\" here: did you mean \"%s\"?", name,
					 nearest(key->keys, name));
	}
	for (const struct zr_config_key *known = key->keys; known->name != NULL; known++)
		if (known->required && config_setting_get_member(setting, known->name) == NULL)
			zr_config_refuse(reader, setting, "%s is missing: write %s", known->name, known->example);
}

const char *zr_config_text(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key)
{
	const char *text = config_setting_get_string(setting);

	if (text == NULL)
		zr_config_refuse(reader, setting, "%s is a text in quotes: write %s", key->name, key->example);
	return text;
}

void zr_config_take_text(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	const char *text = zr_config_text(reader, setting, key);
	char **target = (char **)(void *)(reader->target + key->offset);

	if (text == NULL)
		return;
	if (strlen(text) < key->least || strlen(text) > key->most || !zr_utf8_is_printable(text, strlen(text))) {
		zr_config_refuse(reader, setting,
				 "%s has %" PRIu64 " to %" PRIu64 " bytes of UTF-8 and no control characters: write %s",
				 key->name, key->least, key->most, key->example);
		return;
	}
	free(*target);
	*target = strdup(text);
	reader->out_of_memory |= *target == NULL;
}

static void take_number(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key, int (*parse)(const char *, uint64_t *), const char *form)
{
	const char *text = config_setting_get_string(setting);
	uint64_t value = 0;
	int err = text != NULL ? parse(text, &value) : -EINVAL;

	if (err == -EINVAL)
		zr_config_refuse(reader, setting, "%s is %s, in quotes: write %s", key->name, form, key->example);
	else if (err != 0 || value < key->least || value > key->most)
		zr_config_refuse(reader, setting, "%s is out of bounds: write %s", key->name, key->example);
	else
		memcpy(reader->target + key->offset, &value, sizeof(value));
}

void zr_config_take_size(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	take_number(reader, setting, key, zr_units_size, "a size with its unit (B, KiB, MiB, GiB, KB, MB, GB)");
}

void zr_config_take_count(struct zr_config_reader *reader, const config_setting_t *setting,
			  const struct zr_config_key *key)
{
	take_number(reader, setting, key, zr_units_count, "a number, thousands as K, M, G");
}

void zr_config_take_time(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	take_number(reader, setting, key, zr_units_time, "a time with its units (d, h, m, s, ms, us)");
}

void zr_config_take_bool(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key)
{
	bool value = config_setting_get_bool(setting) != 0;

	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		zr_config_refuse(reader, setting, "%s is yes or no: write %s", key->name, key->example);
	else
		memcpy(reader->target + key->offset, &value, sizeof(value));
}

static void take_prefix(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key, struct zr_prefix_set *set)
{
	const char *text = config_setting_get_string(setting);
	char correct[ZR_PREFIX_TEXT];
	struct zr_prefix prefix;
	int err = text != NULL ? zr_prefix_parse(text, strlen(text), &prefix) : -EINVAL;

	if (err == -ERANGE) {
		zr_prefix_format(&prefix, correct);
		zr_config_refuse(reader, setting, "\"%s\" has address bits behind its length: write \"%s\"", text,
				 correct);
	} else if (err != 0) {
		zr_config_refuse(reader, setting, "%s holds \"%s\", which is no address prefix: write %s", key->name,
				 text != NULL ? text : "a number", key->example);
	} else if (zr_prefix_set_add(set, &prefix) != 0) {
		reader->out_of_memory = true;
	}
}

void zr_config_take_prefixes(struct zr_config_reader *reader, const config_setting_t *setting,
			     const struct zr_config_key *key)
{
	struct zr_prefix_set *set = (struct zr_prefix_set *)(void *)(reader->target + key->offset);

	if (!config_setting_is_array(setting) && !config_setting_is_list(setting)) {
		zr_config_refuse(reader, setting, "%s is an array of address prefixes: write %s", key->name,
				 key->example);
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)config_setting_length(setting); i++)
		take_prefix(reader, config_setting_get_elem(setting, i), key, set);
}

static void take_switch(struct zr_config_reader *reader, const config_setting_t *setting,
			const struct zr_config_key *key, struct zr_tariff_switches *switches)
{
	const char *text = config_setting_get_string(setting);

	switch (text != NULL ? zr_tariff_add(switches, text) : -EINVAL) {
	case 0:
		return;
	case -EEXIST:
		zr_config_refuse(reader, setting, "%s holds \"%s\" twice: name each time once", key->name, text);
		return;
	case -ENOSPC:
		zr_config_refuse(reader, setting, "%s holds more than %d times: write fewer", key->name,
				 ZR_TARIFF_SWITCHES_MAX);
		return;
	default:
		zr_config_refuse(reader, setting, "%s holds \"%s\", which is no time of the day: write %s", key->name,
				 text != NULL ? text : "a number", key->example);
		return;
	}
}

void zr_config_take_tariff(struct zr_config_reader *reader, const config_setting_t *setting,
			   const struct zr_config_key *key)
{
	struct zr_tariff_switches *switches = (struct zr_tariff_switches *)(void *)(reader->target + key->offset);

	if (!config_setting_is_array(setting) && !config_setting_is_list(setting)) {
		zr_config_refuse(reader, setting, "%s is an array of times of the day: write %s", key->name,
				 key->example);
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)config_setting_length(setting); i++)
		take_switch(reader, config_setting_get_elem(setting, i), key, switches);
}

void zr_config_take_unix_group(struct zr_config_reader *reader, const config_setting_t *setting,
			       const struct zr_config_key *key)
{
	const char *name = zr_config_text(reader, setting, key);
	const struct group *group = name != NULL ? getgrnam(name) : NULL;

	if (group != NULL)
		memcpy(reader->target + key->offset, &group->gr_gid, sizeof(group->gr_gid));
	else if (name != NULL)
		zr_config_refuse(reader, setting, "there is no group \"%s\" on this machine: write one of /etc/group",
				 name);
}
