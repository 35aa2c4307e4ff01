/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_attempt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/file.h"
#include "control/list_report.h"
#include "control/log.h"

#define FINDING_ROOM 2048
#define SIGNERS_ROOM (ZR_KEYS_MAX * (ZR_KEY_ID_TEXT + 1) + 1)
#define CHANGES_ROOM 192

const char *zr_list_source_name(enum zr_list_source source)
{
	static const char *const names[] = {
#define X(id, name) [ZR_LIST_SOURCE_##id] = name,
		ZR_LIST_SOURCES(X)
#undef X
	};

	return names[source];
}

static int read_files(const struct zr_list_attempt *attempt, struct zr_list_files *files)
{
	const struct zr_list_push *push = attempt->push;

	if (push == NULL)
		return zr_list_files_read(attempt->file, files);
	return zr_list_files_read_open(push->list, push->signatures, push->names, push->signature_count, files);
}

static void judge(struct zr_list_attempt *attempt, struct zr_list_state *state, const struct zr_list_files *files)
{
	struct zr_list_judgment *judgment = &attempt->judgment;
	int err;

	zr_list_judge(&attempt->situation, files, judgment);
	if (judgment->outcome != ZR_LIST_ACCEPTED)
		return;
	err = zr_list_state_commit(state, judgment->serial, files, judgment->keep);
	if (err != 0)
		zr_list_judgment_refuse(judgment, err,
					"it cannot be kept in the folder list.state, and is not taken without that "
					"(see to the folder, then push "
					"the list, or send SIGHUP to have its file looked at again): ",
					strerror(-err));
}

void zr_list_attempt_run(struct zr_list_attempt *attempt, struct zr_list_state *state)
{
	struct zr_list_files files;
	int err = read_files(attempt, &files);

	attempt->judgment = (struct zr_list_judgment){.outcome = ZR_LIST_REFUSED};
	attempt->is_absent = err == -ENOENT;
	if (err == 0)
		judge(attempt, state, &files);
	else
		zr_list_judgment_refuse(&attempt->judgment, err, "the list cannot be read: ",
					err == -EFBIG ? "it is larger than 512 MiB, the most that a list may have"
						      : zr_file_error(err));
	zr_list_files_clear(&files);
}

void zr_list_attempt_log_refusal(const struct zr_list_attempt *attempt)
{
	const struct zr_findings *findings = &attempt->judgment.list.findings;
	char text[FINDING_ROOM];

	for (size_t i = 0; i < findings->count && i < ZR_LISTS_FINDINGS; i++) {
		zr_list_finding_format(attempt->file, &findings->at[i], text, sizeof(text));
		zr_log(ZR_LOG_ERROR, "%s", text);
	}
	if (findings->count + findings->more > ZR_LISTS_FINDINGS)
		zr_log(ZR_LOG_ERROR, "%s: %zu more errors", attempt->file,
		       findings->count + findings->more - ZR_LISTS_FINDINGS);
	if (attempt->situation.in_force != NULL)
		zr_log(ZR_LOG_ERROR, "%s: refused; list %" PRIu64 " stays in force", attempt->file,
		       zr_image_serial(attempt->situation.in_force));
	else
		zr_log(ZR_LOG_ERROR, "%s: refused", attempt->file);
}

static void format_signers(const struct zr_list_origin *origin, char out[SIGNERS_ROOM])
{
	size_t len = 0;

	strcpy(out, "nobody");
	for (unsigned int i = 0; i < origin->signer_count; i++)
		len += (size_t)snprintf(out + len, SIGNERS_ROOM - len, "%s%s", i > 0 ? " " : "", origin->signers[i]);
}

static void format_changes(const struct zr_list_judgment *judgment, char out[CHANGES_ROOM])
{
	const uint64_t *changes = judgment->changes;

	out[0] = '\0';
	if (judgment->is_compared)
		snprintf(out, CHANGES_ROOM,
			 "; %" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed, %" PRIu64 " widened, %" PRIu64
			 " narrowed",
			 changes[ZR_CHANGE_ADDED], changes[ZR_CHANGE_REMOVED], changes[ZR_CHANGE_CHANGED],
			 changes[ZR_CHANGE_WIDENED], changes[ZR_CHANGE_NARROWED]);
}

void zr_list_attempt_log_force(const struct zr_list_attempt *attempt)
{
	const struct zr_list_judgment *judgment = &attempt->judgment;
	char signers[SIGNERS_ROOM], changes[CHANGES_ROOM];

	format_signers(&judgment->origin, signers);
	format_changes(judgment, changes);
	zr_log(ZR_LOG_NOTICE, "%s: list %" PRIu64 " with %" PRIu32 " entries is in force (%s), signed by %s%s",
	       attempt->file, judgment->serial, judgment->entries, zr_list_source_name(attempt->source), signers,
	       changes);
}

json_t *zr_list_attempt_entry(const struct zr_list_attempt *attempt, const char *event)
{
	json_t *entry = json_pack("{s:o, s:s, s:s}", "time", zr_list_report_time(zr_list_report_now_us()), "event",
				  event, "source", zr_list_source_name(attempt->source));

	if (entry == NULL)
		return NULL;
	json_object_set_new(entry, "file", zr_list_report_text(attempt->file));
	zr_list_report_add_overrides(entry, attempt->situation.overrides);
	zr_list_report_add(entry, attempt->file, &attempt->judgment, ZR_LISTS_FINDINGS_AUDIT);
	return entry;
}
