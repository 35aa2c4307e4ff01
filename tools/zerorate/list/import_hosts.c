/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hosts files (hosts(5)) and plain lists of names: on a line an address and names, or one name; '#' at a line's beginning or
 * behind a blank begins a comment. Filter lists of browsers look alike and mean the contrary: they are refused.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rules/prefix.h"
#include "rules/utf8.h"
#include "tools/zerorate/list/imported.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* Room for ":LINE:COLUMN". */
#define WHERE_MAX 48

struct line {
	struct zr_imported *list;
	const char *text;
	size_t len;
	unsigned int number;
	size_t counted, characters; /* octets whose characters are counted */
};

struct field {
	const char *text;
	size_t len;
};

/* Places are asked for from left to right, so that a long line is counted through once. */
static const char *place(struct line *line, const char *at, char where[WHERE_MAX])
{
	size_t octets = (size_t)(at - line->text);

	if (octets < line->counted)
		line->counted = line->characters = 0;
	line->characters += zr_utf8_count(line->text + line->counted, octets - line->counted);
	line->counted = octets;
	snprintf(where, WHERE_MAX, ":%u:%zu", line->number, line->characters + 1);
	return where;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next field behind at; false at the end of the line or at a comment. */
static bool next_field(const struct line *line, size_t *at, struct field *out)
{
	size_t begin;

	while (*at < line->len && is_blank(line->text[*at]))
		++*at;
	if (*at == line->len || line->text[*at] == '#')
		return false;
	begin = *at;
	while (*at < line->len && !is_blank(line->text[*at]))
		++*at;
	*out = (struct field){line->text + begin, *at - begin};
	return true;
}

static bool is_address(struct field field)
{
	const char *zone = memchr(field.text, '%', field.len);
	struct zr_prefix prefix;

	if (memchr(field.text, '/', field.len) != NULL)
		return false;
	return zr_prefix_parse(field.text, zone != NULL ? (size_t)(zone - field.text) : field.len, &prefix) == 0;
}

/* Names that hosts files have for the machine itself. */
static bool is_boilerplate(struct field name)
{
	static const char *const known[] = {
		"localhost",     "localhost.localdomain",
		"localhost4",    "localhost4.localdomain4",
		"localhost6",    "localhost6.localdomain6",
		"local",         "broadcasthost",
		"ip6-localhost", "ip6-loopback",
		"ip6-localnet",  "ip6-mcastprefix",
		"ip6-allnodes",  "ip6-allrouters",
		"ip6-allhosts",  "0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (name.len == strlen(known[i]) && strncasecmp(name.text, known[i], name.len) == 0)
			return true;
	return false;
}

/* What makes a field a filter rule of a browser, or NULL. */
static const char *find_filter(struct field field)
{
	size_t begin = field.len >= 2 && memcmp(field.text, "*.", 2) == 0 ? 2 : 0;

	if (field.text[0] == '!' || field.text[0] == '[')
		return field.text;
	for (size_t i = begin; i < field.len; i++)
		if (strchr("|@^$*#~", field.text[i]) != NULL && field.text[i] != '\0')
			return field.text + i;
	return NULL;
}

static void add_name(struct line *line, struct field name, bool behind_address)
{
	const char *filter = find_filter(name);
	char where[WHERE_MAX];
	/* The root's dot makes neither another name nor another label of it. */
	struct field bare = {name.text, name.len - (name.len > 1 && name.text[name.len - 1] == '.')};

	if (behind_address && is_boilerplate(bare))
		line->list->skipped++;
	else if (filter != NULL)
		zr_imported_refuse(
			line->list, place(line, filter, where),
			"'%c' belongs to a filter rule, which cannot be imported: write host names, one a line, "
			"and a blank before a comment",
			*filter);
	else if (is_address(name))
		zr_imported_refuse(line->list, place(line, name.text, where),
				   "an address stands where a name is expected: write names behind an address");
	else if (memchr(bare.text, '.', bare.len) == NULL)
		zr_imported_refuse(
			line->list, place(line, name.text, where),
			"the name has one label only: remove a name that is this machine's own, or write it in full");
	else
		zr_imported_add_name(line->list, name.text, name.len, "", place(line, name.text, where));
}

static void read_line(struct line *line)
{
	struct field field;
	char where[WHERE_MAX];
	bool has_name = false;
	size_t at = 0;

	if (!next_field(line, &at, &field))
		return;
	if (is_address(field)) {
		const char *address = field.text;

		while (next_field(line, &at, &field)) {
			add_name(line, field, true);
			has_name = true;
		}
		if (!has_name)
			zr_imported_refuse(line->list, place(line, address, where),
					   "no name stands behind the address: addresses alone are not imported");
		return;
	}
	add_name(line, field, false);
	if (find_filter(field) == NULL && next_field(line, &at, &field))
		zr_imported_refuse(
			line->list, place(line, field.text, where),
			"a second field on a line that does not begin with an address: write one name a line");
}

void zr_import_hosts(struct zr_imported *list, const char *text, size_t len)
{
	struct line line = {.list = list};
	size_t at = 0;

	if (len >= strlen(BYTE_ORDER_MARK) && memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		at = strlen(BYTE_ORDER_MARK);
	if (len - at >= 2 && text[at] == '[' && memchr(text + at, ']', len - at < 80 ? len - at : 80) != NULL) {
		zr_imported_refuse(list, ":1:1",
				   "this is a filter list of a browser: hosts files and plain names are read");
		return;
	}
	while (at < len && !list->no_memory) {
		const char *end = memchr(text + at, '\n', len - at);

		line.text = text + at;
		line.len = end != NULL ? (size_t)(end - line.text) : len - at;
		line.number++;
		line.counted = line.characters = 0;
		at += line.len + 1;
		if (line.len > 0 && line.text[line.len - 1] == '\r')
			line.len--;
		read_line(&line);
	}
}
