/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists in the formats of other programs. What these cannot say is never made wider: it is left out and told, or refused. */
#ifndef TOOLS_ZERORATE_LIST_EXPORT_H
#define TOOLS_ZERORATE_LIST_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/image_rule.h"

/* How exclusions are written. */
enum zr_export_exclusions {
	ZR_EXCLUSIONS_REFUSED, /* the export fails when there is one */
	ZR_EXCLUSIONS_NXDOMAIN,
	ZR_EXCLUSIONS_NODATA,
	ZR_EXCLUSIONS_SEPARATE, /* an application of their own */
};

/* The application that holds exclusions, and that is read back as exclusions. */
#define ZR_EXPORT_EXCLUDED "zerorate-excluded"

struct zr_export {
	const char *path; /* of the list, for messages */
	const struct zr_image *image;
	int64_t at_s; /* entries in force then are written */
	enum zr_export_exclusions exclusions;
	const char *origin;  /* of the zone, canonical */
	uint32_t soa_serial; /* of the zone */
};

/* An entry in force. */
struct zr_export_entry {
	uint32_t number;
	struct zr_entry entry;
	struct zr_rule rule;
};

/* The next entry in force at or behind *number, which is stepped on; false at the end. */
bool zr_export_next(const struct zr_export *export, uint32_t *number, struct zr_export_entry *out);

/*
 * What the list says of the names right below a name (of at most ZR_NAME_MAX octets) that has no entries there: an entry, or
 * ZR_MATCH_NONE.
 */
struct zr_match zr_export_below(const struct zr_export *export, const char *name);

/* The name without its first label; NULL when it has one only. */
const char *zr_export_parent(const char *name);

/*
 * Write a response policy zone, or the JSON of TS 29.122. What is left out or refused is told on standard error. False when what
 * was written is of no use.
 */
bool zr_export_rpz(const struct zr_export *export, FILE *out);
bool zr_export_pfd(const struct zr_export *export, FILE *out);

#endif
