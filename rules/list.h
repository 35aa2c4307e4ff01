/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list's source format: UTF-8 CSV (RFC 4180) with directives, as DESIGN section 2 fixes it. Reading reports every
 * error of a file in one run; a list with an error is never compiled.
 */
#ifndef RULES_LIST_H
#define RULES_LIST_H

#include <stddef.h>
#include <stdint.h>

struct zr_list; /* a list read without errors */

/* One finding about a list: where, what is wrong, what to write instead. Lines and columns count from 1 (columns in characters). */
struct zr_finding_at {
	unsigned int line, column;
	char *text;
};

struct zr_findings {
	struct zr_finding_at *at;
	size_t count, room;
	size_t more; /* errors beyond ZR_FINDINGS_MAX, which are counted and not kept */
};

/* Most findings that are kept of one list. */
#define ZR_FINDINGS_MAX 10000
/*
 * Largest list in octets: room for a million entries with long notes. Whoever reads a file for zr_list_read refuses larger ones
 * before they fill memory.
 */
#define ZR_LIST_BYTES_MAX ((size_t)512 << 20)
/* Most entries of a list. */
#define ZR_LIST_ENTRIES_MAX 4000000

void zr_findings_clear(struct zr_findings *findings);

/*
 * Read a list from memory. errors gets everything that is wrong, in line order. Memory is bounded by that of the text and of
 * ZR_LIST_ENTRIES_MAX entries. Returns 0 with *out (free with zr_list_free), -EINVAL with errors filled, or -ENOMEM.
 */
int zr_list_read(const char *text, size_t len, struct zr_list **out, struct zr_findings *errors);
void zr_list_free(struct zr_list *list);

/*
 * Compile into an image block (rules/image.h), malloc'ed, the same bytes for the same list on every machine.
 * Returns 0 with *block (the caller frees) and *len; -ENOMEM; -E2BIG when a limit of the image format is exceeded.
 */
int zr_list_compile(const struct zr_list *list, void **block, size_t *len);

#endif
