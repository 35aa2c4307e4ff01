/* SPDX-License-Identifier: BSD-3-Clause */
/* A record as a row of SQLite, and back. The columns of `records` are the members in their order, then `checksum`. */
#ifndef CONTROL_LEDGER_ROW_H
#define CONTROL_LEDGER_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/record/member.h"

#define ZR_ROW_COLUMNS (ZR_MEMBER_COUNT + 1)

/*
 * Bind a record and its line's hash to the statement that inserts a row. Texts are not copied: the record must stay until the
 * statement has run. 0 or -errno.
 */
int zr_row_bind(sqlite3_stmt *insert, const struct zr_record *record, uint64_t hash);

/*
 * The record of the row that a statement stands on; its columns are those of the table. Valid until the next step. False when
 * a column holds what no record has.
 */
bool zr_row_read(sqlite3_stmt *select, struct zr_record *out, uint64_t *hash);

/*
 * Find a row among bytes: one cell of a table's leaf, as SQLite's file format has it (section 1.6), whole and within one page.
 * Returns its length, or 0 when none begins here. The values are not yet proven: see zr_row_json. Texts point into bytes.
 */
size_t zr_row_parse(const uint8_t *bytes, size_t len, struct zr_record *out, uint64_t *hash);

/*
 * The JSON object of a record that was read back, into out[ZR_RECORD_JSON_MAX]. Returns its length, or 0 when it is not what
 * the hash was made of: the row is damaged.
 */
size_t zr_row_json(const struct zr_record *record, uint64_t hash, char *out);

#endif
