/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking over what is intact in a damaged file. */
#ifndef CONTROL_LEDGER_SALVAGE_H
#define CONTROL_LEDGER_SALVAGE_H

#include <stdint.h>

#include "control/ledger/file.h"

/* What to take from where. */
struct zr_salvage {
	const char *name;
	uint64_t epoch_us;            /* 0: not known, that of the first row found */
	struct zr_file_origin origin; /* of the new file; epoch_us and salvaged_from are set here */
};

/* What came of it. */
struct zr_salvaged {
	char name[ZR_FILE_NAME_MAX];  /* the new file; "" when there was nothing to take */
	char aside[ZR_FILE_NAME_MAX]; /* what the damaged one is called now */
	struct zr_file_facts facts;
	uint64_t rows;
};

/*
 * Search the file and its write-ahead log for rows at every byte, whatever the structure around them says, believe those
 * that their hash proves, put them into a fresh file, and then set the damaged one aside. Nobody may write to it. Killed
 * anywhere, it can be done again. 0 or -errno.
 */
int zr_salvage(const struct zr_folder *folder, const struct zr_salvage *what, struct zr_salvaged *out);

#endif
