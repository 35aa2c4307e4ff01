/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_found.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/file.h"

static const char *read_error(int err)
{
	return err == -EBADMSG ? "its copy is damaged: it is not what was accepted" : zr_file_error(err);
}

int zr_list_found(struct zr_list_attempt *attempt, const struct zr_list_state *state, char error[ZR_LIST_FOUND_ERROR])
{
	struct zr_list_judgment *judgment = &attempt->judgment;
	struct zr_list_files files;
	int err = zr_list_state_read(state, &files);

	if (err != 0) {
		snprintf(error, ZR_LIST_FOUND_ERROR, "%s", read_error(err));
	} else {
		zr_list_judge(&attempt->situation, &files, judgment);
		if (judgment->outcome == ZR_LIST_REFUSED) {
			const struct zr_findings *findings = &judgment->list.findings;

			err = -EINVAL;
			snprintf(error, ZR_LIST_FOUND_ERROR, "%s",
				 findings->count > 0 ? findings->at[0].text : "there is no memory for it");
		}
	}
	zr_list_files_clear(&files);
	return err;
}

static bool is_force(const json_t *entry)
{
	const char *event = json_string_value(json_object_get(entry, "event"));

	return event != NULL && (strcmp(event, "accepted") == 0 || strcmp(event, "found") == 0);
}

bool zr_list_found_is_audited(const struct zr_list_audit *audit, const struct zr_list_mark *highest)
{
	char hex[ZR_SHA256_TEXT];
	const char *last = NULL;
	json_t *entries = NULL;
	const json_t *entry;
	bool is_audited;
	size_t i;

	if (zr_list_audit_tail(audit, ZR_LIST_AUDIT_ENTRIES, &entries) != 0)
		return false;
	json_array_foreach(entries, i, entry) if (is_force(entry))
		last = json_string_value(json_object_get(entry, "sha256"));
	zr_sha256_format(highest->sha256, hex);
	is_audited = last != NULL && strcmp(last, hex) == 0;
	json_decref(entries);
	return is_audited;
}
