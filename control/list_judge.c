/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"

#define US_PER_S 1000000U

const char *zr_list_override_name(unsigned int override)
{
	static const char *const names[] = {
#define X(id, name) [ZR_LIST_OVERRIDE_##id] = name,
		ZR_LIST_OVERRIDES(X)
#undef X
	};

	return override < ZR_LIST_OVERRIDE_COUNT ? names[override] : NULL;
}

/* Add a finding about the whole list. */
__attribute__((format(printf, 2, 3))) static void find(struct zr_list_judgment *out, const char *format, ...)
{
	struct zr_findings *findings = &out->list.findings;
	struct zr_finding_at *at = reallocarray(findings->at, findings->count + 1, sizeof(*at));
	char *text = NULL;
	va_list args;

	out->outcome = ZR_LIST_REFUSED;
	if (at == NULL)
		return;
	findings->at = at;
	findings->room = findings->count + 1;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text != NULL)
		at[findings->count++] = (struct zr_finding_at){.text = text};
}

void zr_list_judgment_refuse(struct zr_list_judgment *judgment, int err, const char *what, const char *why)
{
	zr_list_loaded_clear(&judgment->list);
	judgment->outcome = ZR_LIST_REFUSED;
	zr_list_refuse(&judgment->list, err, what, why);
}

/* What is to be said of each signature file that did not count. */
static void find_signatures(struct zr_list_judgment *out, const struct zr_list_files *files,
			    const struct zr_approval *approval)
{
	char text[ZR_APPROVAL_FINDING];

	for (unsigned int i = 0; i < approval->file_count; i++) {
		if (approval->files[i].wrong == NULL && !approval->files[i].is_repeated)
			continue;
		zr_approval_finding(approval, i, text);
		find(out, "signature file %s: %s", files->signatures[i].name, text);
	}
	if (files->has_more)
		find(out,
		     "there are more than %u signature files, and only the first ones by name are looked at: remove "
		     "those that do not belong to this list",
		     ZR_SIGNATURE_FILES_MAX);
}

static bool is_approved(const struct zr_list_situation *situation, const struct zr_list_files *files,
			struct zr_list_judgment *out)
{
	const struct zr_list_config *config = situation->config;
	struct zr_approval approval;

	zr_approval_judge(&config->keys, files->text, files->len, files->signatures, files->signature_count, &approval);
	for (unsigned int i = 0; i < config->keys.count; i++) {
		if (!approval.signed_by[i])
			continue;
		zr_public_key_format(&config->keys.keys[i], out->origin.signers[out->origin.signer_count++]);
		out->keep[approval.signed_in[i]] = true;
	}
	if (approval.count >= config->signatures_required)
		return true;
	find(out,
	     "signed by %u of the %u configured keys that must have signed it (signatures_required): put the missing "
	     "signature "
	     "beside it, as LIST.minisig or LIST.NAME.minisig",
	     approval.count, config->signatures_required);
	find_signatures(out, files, &approval);
	return false;
}

/* Is the list the highest that was accepted? Then it was found in order before. */
static bool is_known(const struct zr_list_mark *highest, const struct zr_list_judgment *out)
{
	return out->serial == highest->serial &&
	       memcmp(out->origin.sha256, highest->sha256, sizeof(highest->sha256)) == 0;
}

static bool is_newer(const struct zr_list_mark *highest, struct zr_list_judgment *out)
{
	if (out->serial > highest->serial)
		return true;
	if (out->serial == highest->serial)
		find(out,
		     "serial %" PRIu64
		     " was accepted with another content: a list that is changed needs a higher serial",
		     out->serial);
	else
		find(out,
		     "serial %" PRIu64 " is below %" PRIu64
		     ", the highest that was accepted: a new list needs a higher serial than that",
		     out->serial, highest->serial);
	return false;
}

static bool is_overridden(const struct zr_list_situation *situation, enum zr_list_override override)
{
	return (situation->overrides & 1U << override) != 0;
}

static void check_expiry(const struct zr_list_situation *situation, struct zr_list_judgment *out)
{
	int64_t expires_s = zr_image_expires_s(out->list.image);
	char text[ZR_TIME_TEXT];

	if (expires_s > situation->now_s || is_overridden(situation, ZR_LIST_OVERRIDE_EXPIRED))
		return;
	zr_time_format(expires_s > 0 ? (uint64_t)expires_s * US_PER_S : 0, text);
	find(out,
	     "it expired at %.19sZ: ask its issuer for one that is valid; `zerorate list push FILE --override expired` "
	     "takes it "
	     "nevertheless, and then everything is charged",
	     text);
}

static void check_shrink(const struct zr_list_situation *situation, struct zr_list_judgment *out)
{
	uint64_t had = situation->in_force != NULL ? zr_image_entry_count(situation->in_force) : 0;
	uint64_t removed = out->changes[ZR_CHANGE_REMOVED];

	if (removed * 100 <= had * situation->config->shrink_percent ||
	    is_overridden(situation, ZR_LIST_OVERRIDE_SHRINK))
		return;
	find(out,
	     "it drops %" PRIu64 " of the %" PRIu64 " entries in force (%" PRIu64
	     " %%), and shrink_limit is %u %%: see "
	     "`zerorate list diff OLD NEW`; if that is intended: `zerorate list push FILE --override shrink`",
	     removed, had, removed * 100 / had, situation->config->shrink_percent);
}

static int compare(const struct zr_list_situation *situation, struct zr_list_judgment *out)
{
	int err;

	if (situation->in_force == NULL)
		return 0;
	err = zr_list_diff(situation->in_force, out->list.image, NULL, NULL, out->changes);
	out->is_compared = err == 0;
	return err;
}

/* It is in order and can be read: may it replace what is in force? */
static void check_succession(const struct zr_list_situation *situation, struct zr_list_judgment *out)
{
	bool known = is_known(&situation->highest, out);
	int err;

	if (!known && !is_newer(&situation->highest, out))
		return;
	err = compare(situation, out);
	if (err != 0) {
		find(out, "it cannot be compared with the list in force: %s", strerror(-err));
	} else if (!known) {
		check_expiry(situation, out);
		check_shrink(situation, out);
	}
}

/* A refused list leaves its findings only. */
static void drop_list(struct zr_list_loaded *list)
{
	struct zr_findings findings = list->findings;

	list->findings = (struct zr_findings){0};
	zr_list_loaded_clear(list);
	list->findings = findings;
}

static void judge_text(const struct zr_list_situation *situation, const struct zr_list_files *files,
		       struct zr_list_judgment *out)
{
	if (zr_list_build(files->text, files->len, situation->key, &out->list) != 0) {
		out->outcome = ZR_LIST_REFUSED;
		return;
	}
	out->serial = zr_image_serial(out->list.image);
	out->entries = zr_image_entry_count(out->list.image);
	check_succession(situation, out);
}

void zr_list_judge(const struct zr_list_situation *situation, const struct zr_list_files *files,
		   struct zr_list_judgment *out)
{
	bool is_same;

	*out = (struct zr_list_judgment){.outcome = ZR_LIST_ACCEPTED};
	memcpy(out->origin.sha256, files->sha256, sizeof(out->origin.sha256));
	is_same = situation->in_force != NULL &&
		  memcmp(files->sha256, situation->in_force_sha256, ZR_SHA256_OCTETS) == 0;
	if (!(is_same && situation->trusts_same) && !is_approved(situation, files, out))
		return;
	if (is_same)
		out->outcome = ZR_LIST_SAME;
	else
		judge_text(situation, files, out);
	if (out->outcome == ZR_LIST_REFUSED)
		drop_list(&out->list);
}
