/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/utf8.h"

static void make_printable(char *text)
{
	size_t len = strlen(text), to = 0;

	for (size_t at = 0, octets; at < len; at += octets) {
		uint32_t code;

		octets = zr_utf8_read(text + at, len - at, &code);
		if (octets > 0 && zr_utf8_is_printable(text + at, octets)) {
			memmove(text + to, text + at, octets);
			to += octets;
		} else {
			text[to++] = '?';
			octets = octets > 0 ? octets : 1;
		}
	}
	text[to] = '\0';
}

void zr_report(struct zr_report *report, struct zr_place place, const char *format, ...)
{
	struct zr_findings *findings = report->findings;
	va_list arguments;
	char *text;
	int len;

	report->count++;
	if (findings->count == ZR_FINDINGS_MAX) {
		findings->more++;
		return;
	}
	if (findings->count == findings->room) {
		size_t room = findings->room == 0 ? 16 : findings->room * 2;
		struct zr_finding_at *at = reallocarray(findings->at, room, sizeof(*at));

		if (at == NULL) {
			report->no_memory = true;
			return;
		}
		findings->at = at;
		findings->room = room;
	}
	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0) {
		report->no_memory = true;
		return;
	}
	make_printable(text);
	findings->at[findings->count++] = (struct zr_finding_at){
		.line = place.line, .column = place.column, .text = text};
}

bool zr_report_is_full(const struct zr_report *report)
{
	return report->findings->count == ZR_FINDINGS_MAX;
}

int zr_report_excerpt(const char *text, size_t len)
{
	int shown = 60;

	if (len <= (size_t)shown)
		return (int)len;
	while (shown > 57 &&
	       ((unsigned char)text[shown] & 0xc0) == 0x80) /* RFC 3629, section 3: an octet that continues */
		shown--;
	return shown;
}

static int compare_places(const void *a, const void *b)
{
	const struct zr_finding_at *x = a, *y = b;
	int order = (x->line > y->line) - (x->line < y->line);

	if (order == 0)
		order = (x->column > y->column) - (x->column < y->column);
	return order != 0 ? order : strcmp(x->text, y->text);
}

void zr_report_sort(struct zr_report *report)
{
	struct zr_findings *findings = report->findings;

	if (findings->count > report->begin)
		qsort(findings->at + report->begin, findings->count - report->begin, sizeof(*findings->at),
		      compare_places);
}

void zr_findings_clear(struct zr_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->at[i].text);
	free(findings->at);
	*findings = (struct zr_findings){0};
}
