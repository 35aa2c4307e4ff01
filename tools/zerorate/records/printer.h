/* SPDX-License-Identifier: BSD-3-Clause */
/* Records on standard output as JSON, CSV or a table. */
#ifndef TOOLS_ZERORATE_RECORDS_PRINTER_H
#define TOOLS_ZERORATE_RECORDS_PRINTER_H

#include "control/client/stream.h"
#include "tools/zerorate/output.h"
#include "tools/zerorate/records/text.h"
#include "tools/zerorate/table.h"

enum zr_print_format { ZR_PRINT_JSON, ZR_PRINT_CSV, ZR_PRINT_TABLE };

struct zr_printer {
	const char *command; /* in whose name is told what goes wrong */
	enum zr_print_format format;
	/* Only records whose last packet came at from or later, and before to (RFC 3339, UTC); empty: no bound. */
	char from[ZR_STREAM_EPOCH], to[ZR_STREAM_EPOCH];
	bool has_header;
	struct zr_output output;
	struct zr_table table;
	struct zr_record_json record;
};

/* Begin. fields above the output are set by the caller. */
void zr_printer_init(struct zr_printer *printer);

/* For a source (records/source.h): arg is the printer. A loss is told on standard error. False: told why. */
bool zr_printer_take(void *arg, const struct zr_stream_item *item);
bool zr_printer_flush(void *arg);

#endif
