/* SPDX-License-Identifier: BSD-3-Clause */
/* The alarms before a list expires: 30, 7 and 1 days before, and when it has. */
#ifndef CONTROL_LIST_ALARM_H
#define CONTROL_LIST_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for an alarm's text. */
#define ZR_LIST_ALARM_TEXT 768

/* How urgent it is, by the seconds that are left: 0 not at all, 1 to 3 ever more, 4: it has expired. */
unsigned int zr_list_alarm_level(int64_t left_s);

/*
 * Is there something to be told that was not yet? told: the level that was last told of this list, 0 at first, which it keeps.
 * A clock that is set back makes it tell again: what it told before may have been the wrong clock's.
 */
bool zr_list_alarm_is_due(unsigned int *told, int64_t left_s);

/* What an operator should know and do at a level above 0; terminated. */
void zr_list_alarm_format(uint64_t serial, const char *issuer, int64_t expires_s, int64_t left_s,
			  char out[ZR_LIST_ALARM_TEXT]);

#endif
