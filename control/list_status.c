/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/list_alarm.h"
#include "control/list_refusal.h"
#include "control/list_report.h"

#define US_PER_S UINT64_C(1000000)

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static const char *phase_name(enum zr_lists_phase phase)
{
	static const char *const names[] = {
		[ZR_LISTS_IDLE] = "in_force", [ZR_LISTS_BUILDING] = "building", [ZR_LISTS_SETTLING] = "settling"};

	return names[phase];
}

/* The last list that was refused; null when there is none. */
static json_t *refusal(const struct zr_list_refusal *refused)
{
	const char *file = refused->file != NULL ? refused->file : "-";

	if (refused->at_us == 0)
		return json_null();
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "at", zr_list_report_time(refused->at_us), "source",
			 zr_list_source_name(refused->source), "file", zr_list_report_text(file), "serial",
			 refused->serial > 0 ? number(refused->serial) : json_null(), "sha256",
			 refused->has_sha256 ? zr_list_report_hash(refused->sha256) : json_null(), "error_count",
			 number(refused->why.count + refused->why.more), "errors",
			 zr_list_report_findings(file, &refused->why, ZR_LISTS_FINDINGS));
}

json_t *zr_list_status_json(const struct zr_lists *lists)
{
	int64_t now_s = time(NULL), expires_s;
	struct zr_lists_status list;

	zr_lists_status(lists, &list);
	expires_s = zr_image_expires_s(list.image);
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:I, s:o, s:I, s:b, s:o, s:o}", "file",
			 zr_list_report_text(list.config->file), "phase", phase_name(list.phase), "serial",
			 number(zr_image_serial(list.image)), "sha256", zr_list_report_hash(list.origin->sha256),
			 "issuer", zr_list_report_text(zr_image_issuer(list.image)), "entries",
			 number(zr_image_entry_count(list.image)), "signers", zr_list_report_signers(list.origin),
			 "signatures_required", (int)list.config->signatures_required, "keys",
			 (int)list.config->keys.count, "in_force_since", zr_list_report_time(list.in_force_us), "age_s",
			 (json_int_t)(now_s - (int64_t)(list.in_force_us / US_PER_S)), "expires",
			 zr_list_report_time(expires_s > 0 ? (uint64_t)expires_s * US_PER_S : 0), "expires_in_s",
			 (json_int_t)(expires_s - now_s), "expired", expires_s <= now_s, "published",
			 number(list.published), "refused", refusal(list.refused));
}

void zr_list_status_warnings(const struct zr_lists *lists, json_t *warnings)
{
	char text[ZR_LIST_ALARM_TEXT];
	struct zr_lists_status list;
	int64_t expires_s, left_s;

	zr_lists_status(lists, &list);
	if (list.config->signatures_required == 0)
		json_array_append_new(warnings, json_string("signatures_required is 0: whoever can write the list, or "
							    "push one, decides what is free"));
	expires_s = zr_image_expires_s(list.image);
	left_s = expires_s - time(NULL);
	if (zr_list_alarm_level(left_s) > 0) {
		zr_list_alarm_format(zr_image_serial(list.image), zr_image_issuer(list.image), expires_s, left_s, text);
		json_array_append_new(warnings, json_string(text));
	}
	if (!list.is_watched)
		json_array_append_new(
			warnings,
			json_string("the folder of the list's file is not there: make it, so that new lists are seen"));
	if (list.audit_err != 0) {
		snprintf(text, sizeof(text), "the audit log of lists cannot be written: %s",
			 zr_list_audit_error(list.audit_err));
		json_array_append_new(warnings, json_string(text));
	}
}
