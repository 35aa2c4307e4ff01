/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closed files: FOLDER/records-NUMBER.csv (or .jsonl), and beside it, when it is whole and on disk, the trailer
 * FOLDER/records-NUMBER.csv.trailer, a JSON object. A file without its trailer is not there yet. One thread; failures are told
 * on standard error.
 */
#ifndef TOOLS_ZERORATE_RECORDS_CLOSED_FILE_H
#define TOOLS_ZERORATE_RECORDS_CLOSED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/client/stream.h"

struct zr_closed_files;

/* Open a folder: what a killed writer left half-done is removed, the numbers go on. suffix: "csv" or "jsonl". */
bool zr_closed_files_open(const char *folder, const char *suffix, struct zr_closed_files **out);
/* Give up the file at hand, if there is one. */
void zr_closed_files_free(struct zr_closed_files *files);

/*
 * Is this record, or loss, in a closed file? Then only its acknowledgement was lost, or the ledger gives again what it has. Numbers
 * of an epoch come in their order: all up to the last one that was closed are.
 */
bool zr_closed_files_has(const struct zr_closed_files *files, const char *epoch, uint64_t seq);

/* Add bytes that are no record (a header), begin the next file with them; add a record with its key; add a loss. */
bool zr_closed_files_put(struct zr_closed_files *files, const char *bytes, size_t len);
bool zr_closed_files_add(struct zr_closed_files *files, const char *epoch, uint64_t seq, const char *bytes, size_t len);
bool zr_closed_files_add_gap(struct zr_closed_files *files, const char *epoch, uint64_t from, uint64_t to);

/* Records and losses in the file at hand; 0: there is no file. */
uint64_t zr_closed_files_count(const struct zr_closed_files *files);

/* Close the file at hand and write its trailer: both are on disk when it returns. */
bool zr_closed_files_close(struct zr_closed_files *files, const char *gateway);

#endif
