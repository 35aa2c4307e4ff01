/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of a list, as JSON: for the audit log, for whoever pushed it, and for the status. Any thread. */
#ifndef CONTROL_LIST_REPORT_H
#define CONTROL_LIST_REPORT_H

#include <jansson.h>
#include <sys/types.h>

#include "control/list_judge.h"

/* A text whose octets may be anything: zr_utf8_mask's. NULL without memory. */
json_t *zr_list_report_text(const char *text);
/* Unix microseconds, now. */
uint64_t zr_list_report_now_us(void);
json_t *zr_list_report_time(uint64_t us);
json_t *zr_list_report_hash(const uint8_t sha256[ZR_SHA256_OCTETS]);
/* Ids of keys. */
json_t *zr_list_report_signers(const struct zr_list_origin *origin);
/* At most so many findings, each with the name of the list's file. */
json_t *zr_list_report_findings(const char *file, const struct zr_findings *findings, size_t most);

/* Could the list be read, so that its hash is known? */
bool zr_list_report_is_read(const struct zr_list_judgment *judgment);

/*
 * Add what is known of a judged list to an object: serial, sha256, signers, entries, added, removed, changed, widened, narrowed,
 * and of a refused one error_count and at most so many errors.
 */
void zr_list_report_add(json_t *object, const char *file, const struct zr_list_judgment *judgment, size_t most_errors);

/* The overrides that were asked for, by name; nothing is added when there are none. */
void zr_list_report_add_overrides(json_t *object, unsigned int overrides);

/* Who did it: the uid, and the user's name where it has one (looking it up may take time). */
void zr_list_report_add_user(json_t *object, uid_t uid);

#endif
