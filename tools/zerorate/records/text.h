/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that came as JSON, in the form that was asked for. One thread. */
#ifndef TOOLS_ZERORATE_RECORDS_TEXT_H
#define TOOLS_ZERORATE_RECORDS_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/record/member.h"

/* A record whose texts point into what it was read from. */
struct zr_record_json {
	struct zr_record record;
	json_t *object;
	char joined[ZR_RECORD_SCRATCH]; /* arrays */
};

/*
 * Read a record's object; members that are not known are left out. False when it is no object, or a member is not of its form.
 * Call zr_record_json_clear whatever the result.
 */
bool zr_record_json_read(struct zr_record_json *out, const char *json, size_t len);
void zr_record_json_clear(struct zr_record_json *record);

#endif
