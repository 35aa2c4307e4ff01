/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_report.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/record/record.h"
#include "rules/utf8.h"

/* A path and a finding. */
#define FINDING_ROOM 8192

#define USER_ROOM 16384
#define US_PER_S  1000000U

json_t *zr_list_report_text(const char *text)
{
	char *masked = strdup(text);
	json_t *json = masked != NULL ? json_stringn(masked, zr_utf8_mask(masked, strlen(masked))) : NULL;

	free(masked);
	return json;
}

uint64_t zr_list_report_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

json_t *zr_list_report_time(uint64_t us)
{
	char text[ZR_TIME_TEXT];

	zr_time_format(us, text);
	return json_string(text);
}

json_t *zr_list_report_hash(const uint8_t sha256[ZR_SHA256_OCTETS])
{
	char text[ZR_SHA256_TEXT];

	zr_sha256_format(sha256, text);
	return json_string(text);
}

json_t *zr_list_report_signers(const struct zr_list_origin *origin)
{
	json_t *signers = json_array();

	for (unsigned int i = 0; i < origin->signer_count; i++)
		json_array_append_new(signers, json_string(origin->signers[i]));
	return signers;
}

json_t *zr_list_report_findings(const char *file, const struct zr_findings *findings, size_t most)
{
	json_t *errors = json_array();
	char text[FINDING_ROOM];

	for (size_t i = 0; i < findings->count && i < most; i++) {
		zr_list_finding_format(file, &findings->at[i], text, sizeof(text));
		json_array_append_new(errors, zr_list_report_text(text));
	}
	return errors;
}

static void add_changes(json_t *object, const uint64_t changes[ZR_CHANGE_COUNT])
{
	static const char *const names[ZR_CHANGE_COUNT] = {
		[ZR_CHANGE_ADDED] = "added",     [ZR_CHANGE_REMOVED] = "removed",   [ZR_CHANGE_CHANGED] = "changed",
		[ZR_CHANGE_WIDENED] = "widened", [ZR_CHANGE_NARROWED] = "narrowed",
	};

	for (unsigned int i = 0; i < ZR_CHANGE_COUNT; i++)
		json_object_set_new(object, names[i], json_integer((json_int_t)changes[i]));
}

bool zr_list_report_is_read(const struct zr_list_judgment *judgment)
{
	static const uint8_t none[ZR_SHA256_OCTETS];

	return memcmp(judgment->origin.sha256, none, sizeof(none)) != 0;
}

void zr_list_report_add(json_t *object, const char *file, const struct zr_list_judgment *judgment, size_t most_errors)
{
	if (judgment->serial > 0)
		json_object_set_new(object, "serial", json_integer((json_int_t)judgment->serial));
	if (zr_list_report_is_read(judgment)) {
		json_object_set_new(object, "sha256", zr_list_report_hash(judgment->origin.sha256));
		json_object_set_new(object, "signers", zr_list_report_signers(&judgment->origin));
	}
	if (judgment->serial > 0)
		json_object_set_new(object, "entries", json_integer(judgment->entries));
	if (judgment->is_compared)
		add_changes(object, judgment->changes);
	if (judgment->outcome == ZR_LIST_REFUSED) {
		const struct zr_findings *findings = &judgment->list.findings;

		json_object_set_new(object, "error_count",
				    json_integer((json_int_t)(findings->count + findings->more)));
		json_object_set_new(object, "errors", zr_list_report_findings(file, findings, most_errors));
	}
}

void zr_list_report_add_overrides(json_t *object, unsigned int overrides)
{
	json_t *names;

	if (overrides == 0)
		return;
	names = json_array();
	for (unsigned int i = 0; i < ZR_LIST_OVERRIDE_COUNT; i++)
		if ((overrides & 1U << i) != 0)
			json_array_append_new(names, json_string(zr_list_override_name(i)));
	json_object_set_new(object, "override", names);
}

void zr_list_report_add_user(json_t *object, uid_t uid)
{
	struct passwd entry, *found = NULL;
	json_t *who = json_pack("{s:I}", "uid", (json_int_t)uid);
	char room[USER_ROOM];

	if (getpwuid_r(uid, &entry, room, sizeof(room), &found) == 0 && found != NULL)
		json_object_set_new(who, "user", zr_list_report_text(found->pw_name));
	json_object_set_new(object, "who", who);
}
