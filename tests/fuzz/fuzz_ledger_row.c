/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a damaged file: searching them for rows stays within them, and what is found is a record that every encoder
 * takes; proven ones are what was put, so none is found in noise.
 */
#include <stdlib.h>
#include <string.h>

#include "control/ledger/row.h"
#include "control/record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just that size, so that reading behind it is seen. */
	uint8_t *bytes = malloc(size);
	char json[ZR_RECORD_JSON_MAX], csv[ZR_RECORD_CSV_MAX];
	struct zr_record record;
	uint64_t hash;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	for (size_t at = 0; at < size;) {
		size_t len = zr_row_parse(bytes + at, size - at, &record, &hash);

		if (len > size - at)
			abort();
		if (len > 0) {
			size_t json_len = zr_row_json(&record, hash, json);

			if (json_len > ZR_RECORD_JSON_MAX || zr_record_json(&record, json) > ZR_RECORD_JSON_MAX ||
			    zr_record_csv(&record, csv) > ZR_RECORD_CSV_MAX)
				abort();
			at += json_len > 0 ? len : 1;
		} else {
			at++;
		}
	}
	free(bytes);
	return 0;
}
