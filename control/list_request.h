/* SPDX-License-Identifier: BSD-3-Clause */
/* What requests about lists say on control.sock: hostile JSON, read and bounded. */
#ifndef CONTROL_LIST_REQUEST_H
#define CONTROL_LIST_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

/* list_push. Texts are the request's. */
struct zr_list_push_request {
	const char *file;
	const json_t *signatures; /* names, at most ZR_SIGNATURE_FILES_MAX */
	unsigned int overrides;   /* a bit each: 1 << enum zr_list_override */
};

/*
 * Read an object. NULL, or what is wrong and what to write instead, a constant. Members that do not belong to it are wrong too.
 * file_count: descriptors that came along.
 */
const char *zr_list_push_request_read(const json_t *request, unsigned int file_count, struct zr_list_push_request *out);

/* list_log: how many entries, 1 to ZR_LIST_AUDIT_ENTRIES. Likewise. */
const char *zr_list_log_request_read(const json_t *request, unsigned int *last);

#endif
