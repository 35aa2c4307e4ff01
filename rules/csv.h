/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CSV (RFC 4180) as lists are written by hand and by spreadsheets: `,` or `;` as separator, lines that end with LF, CRLF or
 * CR, quoted fields with newlines in them, comment lines, and blanks of any kind around fields, which are dropped.
 */
#ifndef RULES_CSV_H
#define RULES_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/report.h"

/*
 * Most fields of a record that are kept. A spreadsheet pads its rows to the widest; what is behind these is dropped, faults
 * included.
 */
#define ZR_CSV_FIELDS_MAX 256

struct zr_csv {
	const char *source; /* the whole text, not terminated */
	char *copy;         /* as many bytes: fields are decoded in here */
	size_t len, at;
	unsigned int line;
	size_t line_at; /* where the line begins */
	char separator; /* 0 until the first one was seen */
	bool full;      /* the record at hand has all the fields that are kept */
	struct zr_report *report;
};

/* One field, decoded, without blanks around it. */
struct zr_csv_field {
	const char *text; /* valid as long as the reader's copy */
	size_t len;
	unsigned int line;
	size_t line_at, at; /* where its line and its text begin in the source */
};

struct zr_csv_record {
	bool comment; /* begins with '#'; only its first field counts */
	unsigned int count;
	struct zr_csv_field fields[ZR_CSV_FIELDS_MAX];
};

/*
 * Take the line "sep=;" with which Excel is told the separator, if the list begins with it. To be called first, behind a byte
 * order mark.
 */
void zr_csv_take_separator_line(struct zr_csv *csv);

/* Read the next record that is not blank; false at the end. Faults are reported and the rest is read. */
bool zr_csv_next(struct zr_csv *csv, struct zr_csv_record *record);

/* The place of the octet at offset in a field. */
struct zr_place zr_csv_place(const struct zr_csv *csv, const struct zr_csv_field *field, size_t offset);

#endif
