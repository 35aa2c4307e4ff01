/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the texts of a record's members may be: what encoders prove their room with. */
#ifndef CONTROL_RECORD_BOUNDS_H
#define CONTROL_RECORD_BOUNDS_H

#include "control/record/address.h"
#include "control/record/member.h"
#include "dataplane/pipeline/usage.h"

/* STRINGs, by the member's id. */
#define ZR_TEXT_MAX_GATEWAY            64
#define ZR_TEXT_MAX_RULE               ZR_RULE_MAX
#define ZR_TEXT_MAX_SERVICE            ZR_SERVICE_MAX
#define ZR_TEXT_MAX_NAME               ZR_NAME_MAX
#define ZR_TEXT_MAX_SUBSCRIBER_IMSI    16
#define ZR_TEXT_MAX_SUBSCRIBER_MSISDN  16
#define ZR_TEXT_MAX_SUBSCRIBER_SESSION 64

/* A WORD: an address is the longest. WORDS: all of a list of eight bits, joined. NUMBERS: all VLAN ids, joined. */
#define ZR_WORD_MAX    ZR_ADDRESS_TEXT_MAX
#define ZR_WORDS_MAX   192
#define ZR_NUMBERS_MAX (ZR_VLANS_MAX * 6)

#endif
