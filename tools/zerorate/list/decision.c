/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/decision.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/text.h"

#define NAME_ROOM  4096
#define ERROR_ROOM 8192

static void tell_errors(const json_t *reply)
{
	const json_t *errors = json_object_get(reply, "errors"), *error;
	uint64_t count = (uint64_t)json_integer_value(json_object_get(reply, "error_count"));
	char clean[ERROR_ROOM];
	size_t i;

	json_array_foreach(errors, i, error)
	{
		zr_text_clean(clean, sizeof(clean), json_is_string(error) ? json_string_value(error) : "-");
		fprintf(stderr, "%s\n", clean);
	}
	if (count > json_array_size(errors))
		fprintf(stderr, "… and %" PRIu64 " more: `zerorate list check` tells all\n",
			count - json_array_size(errors));
}

static int64_t number_of(const json_t *reply, const char *member)
{
	return json_integer_value(json_object_get(reply, member));
}

/* Is the list in force now? */
static bool is_taken(const char *outcome)
{
	return outcome != NULL && (strcmp(outcome, "accepted") == 0 || strcmp(outcome, "in_force") == 0 ||
				   strcmp(outcome, "unchanged") == 0);
}

static void tell(const json_t *reply, const char *outcome, const char *file)
{
	char clean[NAME_ROOM];

	zr_text_clean(clean, sizeof(clean), file);
	if (!is_taken(outcome)) {
		tell_errors(reply);
		fprintf(stderr, "%s: refused; the list in force stays\n", clean);
		return;
	}
	if (strcmp(outcome, "accepted") != 0) {
		printf("%s: is in force already; nothing was changed\n", clean);
		return;
	}
	printf("%s: list %" PRId64 " with %" PRId64 " entries is in force", clean, number_of(reply, "serial"),
	       number_of(reply, "entries"));
	if (json_object_get(reply, "added") != NULL)
		printf(": %" PRId64 " added, %" PRId64 " removed, %" PRId64 " changed, %" PRId64 " widened, %" PRId64
		       " narrowed",
		       number_of(reply, "added"), number_of(reply, "removed"), number_of(reply, "changed"),
		       number_of(reply, "widened"), number_of(reply, "narrowed"));
	putchar('\n');
}

int zr_list_decision_show(const char *command, const json_t *reply, const char *file, bool json)
{
	const char *outcome = json_string_value(json_object_get(reply, "outcome"));
	int status;

	if (json) {
		status = zr_daemon_print(command, reply);
	} else {
		tell(reply, outcome, file);
		status = zr_daemon_flush(command);
	}
	return is_taken(outcome) ? status : ZR_EXIT_FAILED;
}
