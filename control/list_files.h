/* SPDX-License-Identifier: BSD-3-Clause */
/* A list's file and the signature files beside it, each read once into memory: what is verified is what is compiled. */
#ifndef CONTROL_LIST_FILES_H
#define CONTROL_LIST_FILES_H

#include "rules/approval.h"

#define ZR_SHA256_OCTETS 32
#define ZR_SHA256_TEXT   65 /* hex digits and a terminator */

struct zr_list_files {
	char *text;
	size_t len;
	uint8_t sha256[ZR_SHA256_OCTETS]; /* of the text */
	unsigned int signature_count;
	struct zr_signature_file signatures[ZR_SIGNATURE_FILES_MAX]; /* names and texts are its own */
	bool has_more;                                               /* signature files than these */
};

/*
 * Read a list and the signature files beside it, in zr_signature_file_is_before's order, as many as an approval looks at. Returns 0, or
 * -errno of the list's file (zr_file_error knows it); a signature file that cannot be read says so itself. Call
 * zr_list_files_clear whatever the result. Any thread.
 */
int zr_list_files_read(const char *path, struct zr_list_files *out);

/*
 * The same from open files, which stay the caller's: a list, and count signature files with their names, which are copied
 * (at most ZR_SIGNATURE_FILES_MAX).
 */
int zr_list_files_read_open(int list, const int *signatures, char *const *names, unsigned int count,
			    struct zr_list_files *out);
void zr_list_files_clear(struct zr_list_files *files);

/* The last part of a path, inside it. */
const char *zr_list_base_name(const char *path);
/* The folder that a path lies in, malloc'ed; NULL without memory. */
char *zr_list_folder(const char *path);

/* A SHA-256 in lower-case hex digits. */
void zr_sha256_format(const uint8_t sha256[ZR_SHA256_OCTETS], char out[ZR_SHA256_TEXT]);

#endif
