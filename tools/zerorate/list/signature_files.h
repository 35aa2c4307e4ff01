/* SPDX-License-Identifier: BSD-3-Clause */
/* The signature files that lie beside a list. */
#ifndef TOOLS_ZERORATE_LIST_SIGNATURE_FILES_H
#define TOOLS_ZERORATE_LIST_SIGNATURE_FILES_H

#include "rules/approval.h"
#include "tools/zerorate/whole_file.h"

struct zr_signature_files {
	unsigned int count;
	unsigned int left_out; /* signature files beyond ZR_SIGNATURE_FILES_MAX, which were not read */
	struct zr_signature_file files[ZR_SIGNATURE_FILES_MAX];
	char *names[ZR_SIGNATURE_FILES_MAX], *texts[ZR_SIGNATURE_FILES_MAX]; /* what files point to */
	char reasons[ZR_SIGNATURE_FILES_MAX][ZR_WHOLE_FILE_REASON];
};

/*
 * Read the signature files of the list at a path, FILE.minisig first, then the others in the order of their names. One
 * that cannot be read is there with the reason. Returns 0 or -errno: the folder cannot be read, or there is no memory.
 * Call zr_signature_files_clear whatever the result.
 */
int zr_signature_files_read(const char *list_path, struct zr_signature_files *out);
void zr_signature_files_clear(struct zr_signature_files *files);

#endif
