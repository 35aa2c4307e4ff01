/* SPDX-License-Identifier: BSD-3-Clause */
/* A list that is made from another format: rows, where each came from, and what cannot be read. */
#ifndef TOOLS_ZERORATE_LIST_IMPORTED_H
#define TOOLS_ZERORATE_LIST_IMPORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the whole list gets. */
struct zr_imported_settings {
	const char *service; /* of all entries; NULL: what the format says */
	uint32_t rating_group;
	const char *serial, *issuer, *issued, *expires; /* as directives have them, without control characters */
};

#define ZR_IMPORTED_MESSAGES_MAX 10000

struct zr_imported_row;

/* Zero but for path, settings and messages. */
struct zr_imported {
	const char *path; /* of what is read */
	const struct zr_imported_settings *settings;
	FILE *messages; /* what cannot be read, a line each */
	struct zr_imported_row *rows;
	size_t count, room;
	char *texts; /* of the rows */
	size_t text_len, text_room;
	uint64_t refused, repeated, skipped, other_protocols;
	bool bad_directive; /* … because of the settings */
	bool no_memory;
};

/*
 * Refuse something; where: behind the path, like ":12:5" or ": /pfdDatas". Control characters are replaced. The first
 * ZR_IMPORTED_MESSAGES_MAX are told, and more are counted.
 */
__attribute__((format(printf, 3, 4))) void zr_imported_refuse(struct zr_imported *list, const char *where,
							      const char *format, ...);

/*
 * Add an entry; match: a match column of so many octets, refused when it is none, or a block where a name is expected or the
 * other way round; service: unless the settings have one.
 */
void zr_imported_add_name(struct zr_imported *list, const char *match, size_t len, const char *service,
			  const char *where);
void zr_imported_add_block(struct zr_imported *list, const char *match, size_t len, const char *service,
			   const char *where);

/*
 * The list as text (malloc'ed, terminated), read by the reader of lists, whose findings are told with the place that an entry
 * came from. An entry that came twice is written once. NULL when anything was refused.
 */
char *zr_imported_text(struct zr_imported *list);

void zr_imported_clear(struct zr_imported *list);

/* Read what programs wrote: a hosts file or plain names; PfdManagement of 3GPP TS 29.122. */
void zr_import_hosts(struct zr_imported *list, const char *text, size_t len);
void zr_import_pfd(struct zr_imported *list, const char *text, size_t len);

#endif
