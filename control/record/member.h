/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The members of a record, in one table, and a record as their values. All that writes or reads records (JSON, CSV, the
 * ledger's columns, the documentation's test) reads this table.
 */
#ifndef CONTROL_RECORD_MEMBER_H
#define CONTROL_RECORD_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/pipeline/usage.h"

/*
 * Form of a member: what its value is in a record, and how it is written.
 * WORD: text of ours, without anything to escape. STRING: text of others. NUMBER: unsigned. BOOL: number 0 or 1, written
 * false or true. WORDS, NUMBERS: text joined by '|', an array in JSON. PROTO: a number, or a word where it has a name.
 */
enum zr_form {
	ZR_FORM_WORD,
	ZR_FORM_STRING,
	ZR_FORM_NUMBER,
	ZR_FORM_BOOL,
	ZR_FORM_WORDS,
	ZR_FORM_NUMBERS,
	ZR_FORM_PROTO
};

/*
 * Members in the order of DESIGN section 4: X(id, name in JSON, name of the column in SQLite and CSV, form). Those of
 * ZR_MEMBERS_SUBSCRIBER stand in JSON's object "subscriber".
 */
#define ZR_MEMBERS_IDENTITY(X)                                  \
	X(TYPE, "type", "type", WORD)                           \
	X(GATEWAY, "gateway", "gateway", STRING)                \
	X(EPOCH, "epoch", "epoch", WORD)                        \
	X(SEQ, "seq", "seq", NUMBER)                            \
	X(FLOW, "flow", "flow", WORD)                           \
	X(PART, "part", "part", NUMBER)                         \
	X(FINAL, "final", "final", BOOL)                        \
	X(CAUSE, "cause", "cause", WORD)                        \
	X(VERDICT, "verdict", "verdict", WORD)                  \
	X(REASON, "reason", "reason", WORD)                     \
	X(EVIDENCE, "evidence", "evidence", WORDS)              \
	X(FLAGS, "flags", "flags", WORDS)                       \
	X(RULE, "rule", "rule", STRING)                         \
	X(SERVICE, "service", "service", STRING)                \
	X(RATING_GROUP, "rating_group", "rating_group", NUMBER) \
	X(NAME, "name", "name", STRING)                         \
	X(LIST_SERIAL, "list_serial", "list_serial", NUMBER)

#define ZR_MEMBERS_SUBSCRIBER(X)                                       \
	X(SUBSCRIBER_IP, "ip", "subscriber_ip", WORD)                  \
	X(SUBSCRIBER_IMSI, "imsi", "subscriber_imsi", STRING)          \
	X(SUBSCRIBER_MSISDN, "msisdn", "subscriber_msisdn", STRING)    \
	X(SUBSCRIBER_SESSION, "session", "subscriber_session", STRING) \
	X(SUBSCRIBER_TEID_UP, "teid_up", "subscriber_teid_up", NUMBER) \
	X(SUBSCRIBER_TEID_DOWN, "teid_down", "subscriber_teid_down", NUMBER)

#define ZR_MEMBERS_TRAFFIC(X)                                               \
	X(PROTO, "proto", "proto", PROTO)                                   \
	X(CLIENT_IP, "client_ip", "client_ip", WORD)                        \
	X(CLIENT_PORT, "client_port", "client_port", NUMBER)                \
	X(SERVER_IP, "server_ip", "server_ip", WORD)                        \
	X(SERVER_PORT, "server_port", "server_port", NUMBER)                \
	X(DOMAIN, "domain", "domain", NUMBER)                               \
	X(VLAN, "vlan", "vlan", NUMBERS)                                    \
	X(UP_BYTES, "up_bytes", "up_bytes", NUMBER)                         \
	X(UP_PKTS, "up_pkts", "up_pkts", NUMBER)                            \
	X(DOWN_BYTES, "down_bytes", "down_bytes", NUMBER)                   \
	X(DOWN_PKTS, "down_pkts", "down_pkts", NUMBER)                      \
	X(RETRO_UP_BYTES, "retro_up_bytes", "retro_up_bytes", NUMBER)       \
	X(RETRO_DOWN_BYTES, "retro_down_bytes", "retro_down_bytes", NUMBER) \
	X(FIRST, "first", "first", WORD)                                    \
	X(LAST, "last", "last", WORD)

#define ZR_MEMBERS(X)            \
	ZR_MEMBERS_IDENTITY(X)   \
	ZR_MEMBERS_SUBSCRIBER(X) \
	ZR_MEMBERS_TRAFFIC(X)

enum zr_member {
#define X(id, name, column, form) ZR_MEMBER_##id,
	ZR_MEMBERS(X)
#undef X
		ZR_MEMBER_COUNT
};

/* One value. Text is not terminated. */
enum zr_value_kind { ZR_VALUE_NONE, ZR_VALUE_NUMBER, ZR_VALUE_TEXT };

struct zr_value {
	uint8_t kind; /* enum zr_value_kind; NONE: the record has no such member */
	uint32_t len; /* of the text */
	union {
		uint64_t number;
		const char *text;
	};
};

/* Room for the texts of one record that are made for it: addresses, times, joined words. */
#define ZR_RECORD_SCRATCH 768

/*
 * A record. Texts point into its scratch, or into what it was made of, and are valid as long as that is; a record must not
 * be copied.
 */
struct zr_record {
	struct zr_value members[ZR_MEMBER_COUNT];
	char scratch[ZR_RECORD_SCRATCH];
};

/* Make a record without values, to be filled by zr_record_set. */
void zr_record_clear(struct zr_record *record);

/*
 * Give a member the value that was stored for it: a record whose members all have the values that another one had is the same
 * record to every encoder. False, and no change, when the member cannot have that value: of another kind, too long, or with
 * characters that the form does not have; what is stored may be damaged. A text is not copied.
 */
bool zr_record_set(struct zr_record *record, enum zr_member member, const struct zr_value *value);

/* Room that one record of any content needs. */
#define ZR_RECORD_JSON_MAX 5120
#define ZR_RECORD_CSV_MAX  5120

/*
 * Write a record as one JSON object, without a newline and without a terminator, into out[ZR_RECORD_JSON_MAX]. Members
 * without a value are left out. Texts are valid UTF-8 whatever bytes they hold. Allocates nothing; never fails. Returns the
 * length. Any thread.
 */
size_t zr_record_json(const struct zr_record *record, char *out);

/*
 * Write a record as a line of CSV (RFC 4180) with its CRLF, without a terminator, into out[ZR_RECORD_CSV_MAX]: a field for
 * every member in the table's order, empty where there is no value. Texts are valid UTF-8 whatever bytes they hold.
 * Otherwise as zr_record_json.
 *
 * For programs: every field is exactly the value. A text that began with = + - or @ would be a formula to a spreadsheet,
 * whatever its quotes: what people open must be written by zr_record_csv_sheet.
 */
size_t zr_record_csv(const struct zr_record *record, char *out);

/*
 * The same for a spreadsheet: a text of others (STRING) that begins with = + - @, a tab, a line break or an apostrophe
 * gets an apostrophe before it, which makes it a text. All other fields are as in zr_record_csv.
 */
size_t zr_record_csv_sheet(const struct zr_record *record, char *out);

/* The header row, the columns' names, with its CRLF, into out[ZR_RECORD_CSV_MAX]. Returns the length. */
size_t zr_record_csv_header(char *out);

/* Name of a member in JSON (inside its object), its column, its form (enum zr_form). */
const char *zr_member_name(enum zr_member member);
const char *zr_member_column(enum zr_member member);
enum zr_form zr_member_form(enum zr_member member);

#endif
