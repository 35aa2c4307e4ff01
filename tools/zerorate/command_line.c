/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/decimal.h"
#include "rules/prefix.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/text.h"

#define NAME_ROOM 64
#define WHAT_ROOM 256

/* What getopt_long returns for a long option without a letter: behind all letters. */
#define OPTION_FIRST 256

bool zr_option_refuse(const char *command, const struct zr_option *option, const char *what)
{
	char name[NAME_ROOM];

	if (option->name != NULL)
		snprintf(name, sizeof(name), "--%s", option->name);
	else
		snprintf(name, sizeof(name), "-%c", option->letter);
	return zr_argument_refuse(command, name, what);
}

bool zr_option_flag(const char *command, const struct zr_option *option, const char *value)
{
	(void)command;
	(void)value;
	return *(bool *)option->target = true;
}

bool zr_option_text(const char *command, const struct zr_option *option, const char *value)
{
	(void)command;
	*(const char **)option->target = value;
	return true;
}

/* "service|rule|subscriber" as "service, rule or subscriber". */
static void list_choices(const char *choices, char out[WHAT_ROOM])
{
	size_t len = (size_t)snprintf(out, WHAT_ROOM, "is ");

	while (len < WHAT_ROOM) {
		size_t word = strcspn(choices, "|");
		const char *behind = choices[word] == '\0'                     ? ""
				     : strchr(choices + word + 1, '|') != NULL ? ", "
									       : " or ";

		len += (size_t)snprintf(out + len, WHAT_ROOM - len, "%.*s%s", (int)word, choices, behind);
		if (choices[word] == '\0')
			break;
		choices += word + 1;
	}
}

bool zr_option_choice(const char *command, const struct zr_option *option, const char *value)
{
	char what[WHAT_ROOM];

	for (const char *at = option->choices;; at++) {
		size_t len = strcspn(at, "|");

		if (strlen(value) == len && strncmp(value, at, len) == 0) {
			*(const char **)option->target = value;
			return true;
		}
		at += len;
		if (*at == '\0')
			break;
	}
	list_choices(option->choices, what);
	return zr_option_refuse(command, option, what);
}

bool zr_option_number(const char *command, const struct zr_option *option, const char *value)
{
	uint64_t *target = option->target;
	char what[WHAT_ROOM];

	if (zr_decimal_parse(value, strlen(value), option->most, target) && *target >= option->least)
		return true;
	snprintf(what, sizeof(what), "is a number from %" PRIu64 " to %" PRIu64, option->least, option->most);
	return zr_option_refuse(command, option, what);
}

bool zr_option_seconds(const char *command, const struct zr_option *option, const char *value)
{
	static const struct {
		char name;
		uint64_t s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	size_t len = strlen(value);
	char what[WHAT_ROOM];
	uint64_t number;

	for (size_t i = 0; len > 0 && i < sizeof(units) / sizeof(*units); i++) {
		if (value[len - 1] != units[i].name ||
		    !zr_decimal_parse(value, len - 1, option->most / units[i].s, &number) ||
		    number * units[i].s < option->least)
			continue;
		*(uint64_t *)option->target = number * units[i].s;
		return true;
	}
	snprintf(what, sizeof(what), "is a time from %" PRIu64 "s to %" PRIu64 "s, written like 90s, 10m or 1h",
		 option->least, option->most);
	return zr_option_refuse(command, option, what);
}

/* A prefix in the form that the daemon takes. */
static bool take_prefix(const char *command, const struct zr_option *option, const char *value,
			struct zr_prefix *prefix, const char *form)
{
	char correct[ZR_PREFIX_TEXT], what[WHAT_ROOM];
	int err = zr_prefix_parse(value, strlen(value), prefix);

	*(const char **)option->target = value;
	if (err == 0)
		return true;
	if (err != -ERANGE)
		return zr_option_refuse(command, option, form);
	zr_prefix_format(prefix, correct);
	snprintf(what, sizeof(what), "has address bits behind its length: write %s", correct);
	return zr_option_refuse(command, option, what);
}

bool zr_option_prefix(const char *command, const struct zr_option *option, const char *value)
{
	struct zr_prefix prefix;

	return take_prefix(command, option, value, &prefix,
			   "is an address like 10.0.0.1, or a prefix like 10.0.0.0/24 or 2001:db8::/64");
}

bool zr_option_subscriber(const char *command, const struct zr_option *option, const char *value)
{
	static const char form[] = "is one subscriber's address, like 10.0.0.1, 2001:db8::1 or 2001:db8::/64";
	struct zr_prefix prefix;

	if (!take_prefix(command, option, value, &prefix, form))
		return false;
	if (prefix.len == (prefix.family == 4 ? 32 : 128) || (prefix.family == 6 && prefix.len == 64))
		return true;
	return zr_option_refuse(command, option, form);
}

bool zr_option_format(const char *command, const struct zr_option *option, const char *value)
{
	return zr_argument_format(command, value, option->target);
}

/* The option that getopt_long returned. */
static const struct zr_option *find(const struct zr_command_line *line, int returned)
{
	if (returned >= OPTION_FIRST)
		return &line->options[returned - OPTION_FIRST];
	for (unsigned int i = 0; i < line->option_count; i++)
		if (line->options[i].letter == returned)
			return &line->options[i];
	return NULL;
}

/* The table as getopt_long wants it. */
static void translate(const struct zr_command_line *line, char letters[2 * ZR_OPTIONS_MAX + 2],
		      struct option long_options[ZR_OPTIONS_MAX + 2])
{
	unsigned int count = 0;
	char *at = letters;

	for (unsigned int i = 0; i < line->option_count; i++) {
		const struct zr_option *option = &line->options[i];
		int takes = option->take == zr_option_flag ? no_argument : required_argument;

		if (option->name != NULL)
			long_options[count++] = (struct option){option->name, takes, NULL, OPTION_FIRST + (int)i};
		if (option->letter == 0)
			continue;
		*at++ = option->letter;
		if (takes == required_argument)
			*at++ = ':';
	}
	long_options[count++] = (struct option){"help", no_argument, NULL, 'h'};
	long_options[count] = (struct option){NULL, 0, NULL, 0};
	strcpy(at, "h");
}

static bool take_operands(const struct zr_command_line *line, int argc, char **argv)
{
	char clean[WHAT_ROOM];

	if (line->operand_name == NULL && optind < argc) {
		zr_text_clean(clean, sizeof(clean), argv[optind]);
		fprintf(stderr, "zerorate %s: it takes options only, not \"%s\"\n", line->command, clean);
		return false;
	}
	if (line->operand_name == NULL)
		return true;
	if (argc - optind != 1) {
		fprintf(stderr, "zerorate %s: name %s\n", line->command, line->operand_name);
		return false;
	}
	*line->operand = argv[optind];
	return true;
}

static enum zr_options_result read_options(const struct zr_command_line *line, int argc, char **argv)
{
	struct option long_options[ZR_OPTIONS_MAX + 2];
	char letters[2 * ZR_OPTIONS_MAX + 2], name[NAME_ROOM];
	int returned;

	translate(line, letters, long_options);
	snprintf(name, sizeof(name), "zerorate %s", line->command);
	argv[0] = name; /* for getopt's messages */
	optind = 0;     /* as if never called: glibc's way */
	while ((returned = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		const struct zr_option *option = returned != 'h' ? find(line, returned) : NULL;

		if (returned == 'h')
			return ZR_OPTIONS_HELP;
		if (option == NULL || !option->take(line->command, option, optarg))
			return ZR_OPTIONS_BAD; /* it is told */
	}
	return take_operands(line, argc, argv) ? ZR_OPTIONS_OK : ZR_OPTIONS_BAD;
}

bool zr_command_line_read(const struct zr_command_line *line, int argc, char **argv, int *status)
{
	switch (read_options(line, argc, argv)) {
	case ZR_OPTIONS_OK:
		*status = ZR_EXIT_FAILED;
		return zr_command_begin(line->command);
	case ZR_OPTIONS_HELP:
		*status = zr_command_print(line->help);
		return false;
	case ZR_OPTIONS_BAD:
		break;
	}
	*status = zr_command_line_refused(line->command);
	return false;
}

int zr_command_line_refused(const char *command)
{
	fprintf(stderr, "Try 'zerorate %s --help'.\n", command);
	return ZR_EXIT_USAGE;
}
