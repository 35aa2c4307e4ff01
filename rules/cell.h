/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers, times and words in cells, and what spreadsheets make of them. */
#ifndef RULES_CELL_H
#define RULES_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read a number: digits, or digits and then one or two zeros behind a dot or comma, as spreadsheets write whole numbers ("90001.0",
 * "90001,00"; three zeros could be a thousand). False when it is anything else, or above max.
 */
bool zr_cell_number(const char *text, size_t len, uint64_t max, uint64_t *out);

/* Does a text hold a word, whole, in upper or lower case? */
bool zr_cell_has_word(const char *text, size_t len, const char *word);

/*
 * What a spreadsheet did to a number or a time that cannot be read, and how to undo it, as the end of a sentence that quotes
 * it. NULL when it does not look like a spreadsheet's work. Constant.
 */
const char *zr_cell_number_fault(const char *text, size_t len);
const char *zr_cell_time_fault(const char *text, size_t len);

#endif
