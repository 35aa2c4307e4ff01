/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/imported.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/list.h"
#include "rules/match.h"
#include "rules/prefix.h"
#include "rules/utf8.h"
#include "tools/zerorate/text.h"
#include "tools/zerorate/text_stream.h"

/* A message: a rule's fault, a place, and what stands around them. */
#define MESSAGE_MAX 4096
/* Lines of the list before its first row. */
#define HEAD_LINES 5
/* Most octets that are kept of all entries: a million of them take a tenth. */
#define TEXTS_MAX ((size_t)1 << 30)

struct zr_imported_row {
	size_t match, service, where; /* offsets in the texts */
	uint32_t number;              /* in the order in which they came */
	bool repeats;
};

static void tell(struct zr_imported *list, const char *where, const char *text)
{
	char clean[MESSAGE_MAX], place[MESSAGE_MAX];

	if (list->refused++ >= ZR_IMPORTED_MESSAGES_MAX)
		return;
	zr_text_clean(clean, sizeof(clean), text);
	zr_text_clean(place, sizeof(place), where);
	fprintf(list->messages, "%s%s: %s\n", list->path, place, clean);
}

void zr_imported_refuse(struct zr_imported *list, const char *where, const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(list, where, text);
}

/* Keep a text; its offset, or 0 with no_memory. */
static size_t keep(struct zr_imported *list, const char *text)
{
	size_t len = strlen(text) + 1, at = list->text_len;

	if (list->text_room - list->text_len < len) {
		size_t room = list->text_room * 2 + len + 4096;
		char *texts = room <= TEXTS_MAX ? realloc(list->texts, room) : NULL;

		if (texts == NULL) {
			list->no_memory = true;
			return 0;
		}
		list->texts = texts;
		list->text_room = room;
	}
	memcpy(list->texts + at, text, len);
	list->text_len += len;
	return at;
}

/* A match column in one spelling, so that what came twice is known. */
static void spell(const struct zr_rule *rule, char out[ZR_RULE_MAX + 1])
{
	static const char *const marks[] = {
		[ZR_RULE_EXCLUDED] = "!", [ZR_RULE_EXACT] = "", [ZR_RULE_SUBTREE] = ".", [ZR_RULE_BELOW] = "*."};
	const struct zr_block *block = &rule->block;
	struct zr_prefix prefix = {.family = block->family, .len = block->len};
	size_t len;

	if (rule->kind != ZR_RULE_BLOCK) {
		snprintf(out, ZR_RULE_MAX + 1, "%s%s", marks[rule->kind], rule->name);
		return;
	}
	memcpy(prefix.addr, block->addr, sizeof(prefix.addr));
	len = zr_prefix_format(&prefix, out);
	if (block->proto != 0)
		len += (size_t)snprintf(out + len, ZR_RULE_MAX + 1 - len, " %s", block->proto == 6 ? "tcp" : "udp");
	if (block->proto != 0 && (block->port_from != 0 || block->port_to != UINT16_MAX))
		snprintf(out + len, ZR_RULE_MAX + 1 - len, block->port_from == block->port_to ? " %u" : " %u-%u",
			 block->port_from, block->port_to);
}

/* Why a service cannot stand in a list, or NULL. */
static const char *service_fault(const struct zr_imported *list, const char *service)
{
	/* A newline in it would be one in the list, and findings would have other places. */
	if (!zr_utf8_is_printable(service, strlen(service)))
		return "the service holds control characters: give another one with --service";
	/* What others wrote must not run where the list is edited. */
	if (list->settings->service == NULL && service[0] != '\0' && strchr("=+-@", service[0]) != NULL)
		return "the service begins like a formula of a spreadsheet: give another one with --service";
	return NULL;
}

static void add(struct zr_imported *list, bool is_block, const char *match, size_t len, const char *service,
		const char *where)
{
	const char *wrong;
	char spelled[ZR_RULE_MAX + 1];
	struct zr_fault fault;
	struct zr_rule rule;
	int error = zr_rule_parse(match, len, &rule, &fault);

	if (list->settings->service != NULL)
		service = list->settings->service;
	if (error == -ENOMEM) {
		list->no_memory = true;
		return;
	}
	if (error != 0) {
		zr_imported_refuse(list, where, "%s", fault.text);
		return;
	}
	if ((rule.kind == ZR_RULE_BLOCK) != is_block) {
		zr_imported_refuse(list, where, "\"%.*s\" is %s", (int)len, match,
				   is_block ? "no address or block of addresses"
					    : "an address, and a host name is expected: a name says less than all that "
					      "an address serves");
		return;
	}
	wrong = service_fault(list, service);
	if (wrong != NULL) {
		zr_imported_refuse(list, where, "%s", wrong);
		return;
	}
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 256 : list->room * 2;
		struct zr_imported_row *rows = reallocarray(list->rows, room, sizeof(*rows));

		if (rows == NULL) {
			list->no_memory = true;
			return;
		}
		list->rows = rows;
		list->room = room;
	}
	spell(&rule, spelled);
	list->rows[list->count] = (struct zr_imported_row){
		.match = keep(list, spelled),
		.service = keep(list, rule.kind == ZR_RULE_EXCLUDED ? "" : service),
		.where = keep(list, where),
		.number = (uint32_t)list->count,
	};
	list->count++;
}

void zr_imported_add_name(struct zr_imported *list, const char *match, size_t len, const char *service,
			  const char *where)
{
	add(list, false, match, len, service, where);
}

void zr_imported_add_block(struct zr_imported *list, const char *match, size_t len, const char *service,
			   const char *where)
{
	add(list, true, match, len, service, where);
}

static int compare_rows(const void *x, const void *y, void *arg)
{
	const struct zr_imported_row *a = x, *b = y;
	const char *texts = arg;
	int order = strcmp(texts + a->match, texts + b->match);

	if (order == 0)
		order = strcmp(texts + a->service, texts + b->service);
	return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static int compare_numbers(const void *x, const void *y)
{
	const struct zr_imported_row *a = x, *b = y;

	return (a->number > b->number) - (a->number < b->number);
}

/* Drop rows that came before, and keep the others in their order. */
static void drop_repeated(struct zr_imported *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort_r(list->rows, list->count, sizeof(*list->rows), compare_rows, list->texts);
	for (size_t i = 1; i < list->count; i++)
		list->rows[i].repeats = strcmp(list->texts + list->rows[i].match,
					       list->texts + list->rows[i - 1].match) == 0 &&
					strcmp(list->texts + list->rows[i].service,
					       list->texts + list->rows[i - 1].service) == 0;
	for (size_t i = 0; i < list->count; i++)
		if (!list->rows[i].repeats)
			list->rows[kept++] = list->rows[i];
	list->repeated += list->count - kept;
	list->count = kept;
	qsort(list->rows, list->count, sizeof(*list->rows), compare_numbers);
}

/* A field in quotes. */
static void put_field(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static char *write_rows(const struct zr_imported *list, size_t *len)
{
	const struct zr_imported_settings *settings = list->settings;
	struct zr_text_stream stream;
	FILE *out;

	if (!zr_text_stream_open(&stream))
		return NULL;
	out = stream.file;
	fprintf(out, "#! serial: %s\n#! issuer: %s\n#! issued: %s\n#! expires: %s\n", settings->serial,
		settings->issuer, settings->issued, settings->expires);
	fputs("match,service,rating_group,from,until,verify,owner,note\n", out);
	for (size_t i = 0; i < list->count; i++) {
		const char *service = list->texts + list->rows[i].service;

		fputs(list->texts + list->rows[i].match, out);
		putc(',', out);
		if (service[0] == '\0') {
			fputs(",,,,,,\n", out);
		} else {
			put_field(out, service);
			fprintf(out, ",%" PRIu32 ",,,,,\n", settings->rating_group);
		}
	}
	return zr_text_stream_close(&stream, len);
}

/* A finding of the reader, at the place that its row came from. */
static void tell_finding(struct zr_imported *list, const struct zr_finding_at *finding)
{
	static const char *const directives[] = {"--serial", "--issuer", "--issued", "--expires"};
	size_t row = finding->line - HEAD_LINES - 1;

	if (finding->line > HEAD_LINES && row < list->count) {
		tell(list, list->texts + list->rows[row].where, finding->text);
		return;
	}
	list->refused++;
	if (finding->line >= 1 && finding->line <= 4) {
		list->bad_directive = true;
		fprintf(list->messages, "%s: %s\n", directives[finding->line - 1], finding->text);
	} else {
		fprintf(list->messages, "%s: the list made of it is refused: %s\n", list->path, finding->text);
	}
}

char *zr_imported_text(struct zr_imported *list)
{
	struct zr_findings findings = {0};
	struct zr_list *read = NULL;
	char *text = NULL;
	size_t len = 0;
	int error;

	if (list->no_memory)
		return NULL;
	drop_repeated(list);
	text = write_rows(list, &len);
	if (text == NULL) {
		list->no_memory = true;
		return NULL;
	}
	error = zr_list_read(text, len, &read, &findings);
	for (size_t i = 0; i < findings.count; i++)
		tell_finding(list, &findings.at[i]);
	list->refused += findings.more;
	zr_findings_clear(&findings);
	zr_list_free(read);
	if (error != 0 && error != -EINVAL)
		list->no_memory = true;
	if (error == 0 && list->refused == 0)
		return text;
	free(text);
	return NULL;
}

void zr_imported_clear(struct zr_imported *list)
{
	free(list->rows);
	free(list->texts);
	list->rows = NULL;
	list->texts = NULL;
	list->count = list->room = list->text_len = list->text_room = 0;
}
