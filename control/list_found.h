/* SPDX-License-Identifier: BSD-3-Clause */
/* What a start finds: the accepted list in the state folder, and whether the audit log knows that it came into force. */
#ifndef CONTROL_LIST_FOUND_H
#define CONTROL_LIST_FOUND_H

#include "control/list_attempt.h"

/* Room for why the accepted list cannot be used. */
#define ZR_LIST_FOUND_ERROR 2048

/*
 * Read the accepted copy of the highest list and judge it again: its content, and its signatures by the keys that are configured
 * now. One that has expired meanwhile is good. Returns 0 with attempt->judgment, or -errno with a sentence in error.
 */
int zr_list_found(struct zr_list_attempt *attempt, const struct zr_list_state *state, char error[ZR_LIST_FOUND_ERROR]);

/* Is that list the last one that came into force by the audit log? */
bool zr_list_found_is_audited(const struct zr_list_audit *audit, const struct zr_list_mark *highest);

#endif
