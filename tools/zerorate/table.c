/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/record/address.h"
#include "control/record/record.h"
#include "tools/zerorate/text.h"

/* Bytes of one cell, terminator included: a name of ZR_NAME_MAX fits, a longer rule is cut. */
#define CELL_BYTES 320

#define GAP 2 /* spaces between columns */

/* The last column is cut to no less. */
#define LAST_WIDTH_MIN 12

enum column {
	FIRST,
	SECONDS,
	CLIENT,
	SERVER,
	PROTO,
	VERDICT,
	REASON,
	CAUSE,
	SERVICE,
	GROUP,
	UP,
	DOWN,
	RULE,
	NAME,
};

_Static_assert(NAME + 1 == ZR_TABLE_COLUMNS, "a title for each");

/* leave: the order in which columns make room on a narrow terminal; 0 stays. */
static const struct {
	const char *title;
	bool right;
	unsigned int leave;
} columns[ZR_TABLE_COLUMNS] = {
	[FIRST] = {"FIRST (UTC)", false, 6}, [SECONDS] = {"SECONDS", true, 3}, [CLIENT] = {"CLIENT", false, 8},
	[SERVER] = {"SERVER", false, 9},     [PROTO] = {"PROTO", false, 4},    [VERDICT] = {"VERDICT", false, 5},
	[REASON] = {"REASON", false, 10},    [CAUSE] = {"CAUSE", false, 2},    [SERVICE] = {"SERVICE", false, 11},
	[GROUP] = {"RATING GROUP", true, 1}, [UP] = {"UP BYTES", true, 0},     [DOWN] = {"DOWN BYTES", true, 0},
	[RULE] = {"RULE", false, 7},         [NAME] = {"NAME", false, 0},
};

void zr_table_init(struct zr_table *t, unsigned int width)
{
	t->width = width;
	t->rows = 0;
	t->used = 0;
	for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++)
		t->widths[i] = (unsigned int)strlen(columns[i].title);
}

static void add_cell(struct zr_table *t, enum column column, const char *text)
{
	char *cell = t->cells + t->used;
	unsigned int width;

	t->used += zr_text_clean(cell, CELL_BYTES, text) + 1;
	width = zr_text_width(cell);
	if (width > t->widths[column])
		t->widths[column] = width;
}

static void add_number(struct zr_table *t, enum column column, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add_cell(t, column, text);
}

/* A part without packets has no time. */
static void add_time(struct zr_table *t, const struct zr_usage *usage)
{
	char text[ZR_TIME_TEXT];

	if (usage->up_pkts == 0 && usage->down_pkts == 0) {
		add_cell(t, FIRST, "-");
		return;
	}
	zr_time_format(usage->first_us, text);
	text[10] = ' ';
	text[19] = '\0'; /* whole seconds are enough for eyes */
	add_cell(t, FIRST, text);
}

static void add_seconds(struct zr_table *t, const struct zr_usage *usage)
{
	uint64_t ms = usage->last_us > usage->first_us ? (usage->last_us - usage->first_us) / 1000 : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
	add_cell(t, SECONDS, text);
}

static void add_endpoint(struct zr_table *t, enum column column, uint8_t family, const union zr_ip *ip, uint16_t port)
{
	char address[ZR_ADDRESS_TEXT_MAX + 1], text[ZR_ADDRESS_TEXT_MAX + 16];

	*zr_address_format(address, family, ip) = '\0';
	snprintf(text, sizeof(text), family == 4 ? "%s:%u" : "[%s]:%u", address, port);
	add_cell(t, column, text);
}

static void add_proto(struct zr_table *t, uint8_t proto)
{
	if (proto == ZR_PROTO_TCP)
		add_cell(t, PROTO, "tcp");
	else if (proto == ZR_PROTO_UDP)
		add_cell(t, PROTO, "udp");
	else
		add_number(t, PROTO, proto);
}

static struct zr_entry entry_of(const struct zr_usage *usage)
{
	struct zr_entry entry = {.rule = "-", .service = ""};

	if (usage->image != NULL && usage->rule != ZR_ENTRY_NONE)
		zr_image_entry(usage->image, usage->rule, &entry);
	return entry;
}

void zr_table_add(struct zr_table *t, const struct zr_usage *usage)
{
	struct zr_entry entry = entry_of(usage);

	add_time(t, usage);
	add_seconds(t, usage);
	add_endpoint(t, CLIENT, usage->family, &usage->client, usage->client_port);
	add_endpoint(t, SERVER, usage->family, &usage->server, usage->server_port);
	add_proto(t, usage->proto);
	add_cell(t, VERDICT, zr_verdict_name(usage->verdict));
	add_cell(t, REASON, zr_reason_name(usage->reason));
	add_cell(t, CAUSE, zr_cause_name(usage->cause));
	if (*entry.service != '\0') {
		add_cell(t, SERVICE, entry.service);
		add_number(t, GROUP, entry.rating_group);
	} else {
		add_cell(t, SERVICE, "-");
		add_cell(t, GROUP, "-");
	}
	add_number(t, UP, usage->up_bytes);
	add_number(t, DOWN, usage->down_bytes);
	add_cell(t, RULE, entry.rule);
	add_cell(t, NAME, usage->name != NULL ? usage->name : "-");
	t->rows++;
}

bool zr_table_full(const struct zr_table *t)
{
	return t->rows == ZR_TABLE_ROWS || sizeof(t->cells) - t->used < (size_t)ZR_TABLE_COLUMNS * CELL_BYTES;
}

/* How wide each column is shown; 0: left out. */
static void layout(const struct zr_table *t, unsigned int *widths)
{
	unsigned int total = GAP * (ZR_TABLE_COLUMNS - 1), leave = 1;

	for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++)
		total += widths[i] = t->widths[i];
	for (; t->width > 0 && total > t->width && leave < ZR_TABLE_COLUMNS; leave++) {
		for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++) {
			if (columns[i].leave != leave)
				continue;
			total -= widths[i] + GAP;
			widths[i] = 0;
		}
	}
	if (t->width > 0 && total > t->width) {
		unsigned int over = total - t->width;

		widths[NAME] = widths[NAME] > over + LAST_WIDTH_MIN ? widths[NAME] - over : LAST_WIDTH_MIN;
	}
}

static void put_spaces(struct zr_output *out, unsigned int count)
{
	memset(zr_output_room(out, count), ' ', count);
	zr_output_add(out, count);
}

static void put_cell(struct zr_output *out, unsigned int column, unsigned int width, const char *text)
{
	unsigned int shown = zr_text_width(text);
	size_t len = strlen(text);

	if (shown > width) {
		len = zr_text_fit(text, width - 1);
		zr_output_put(out, text, len);
		zr_output_put(out, "\xe2\x80\xa6", 3); /* an ellipsis for what is cut */
		return;
	}
	if (columns[column].right)
		put_spaces(out, width - shown);
	zr_output_put(out, text, len);
	if (!columns[column].right && column != NAME)
		put_spaces(out, width - shown);
}

static void put_line(struct zr_output *out, const unsigned int *widths, const char *const *cells)
{
	bool any = false;

	for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++) {
		if (widths[i] == 0)
			continue;
		if (any)
			put_spaces(out, GAP);
		put_cell(out, i, widths[i], cells[i]);
		any = true;
	}
	zr_output_put(out, "\n", 1);
}

void zr_table_write(struct zr_table *t, struct zr_output *out)
{
	unsigned int widths[ZR_TABLE_COLUMNS];
	const char *cells[ZR_TABLE_COLUMNS], *cell = t->cells;

	if (t->rows == 0)
		return;
	layout(t, widths);
	for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++)
		cells[i] = columns[i].title;
	put_line(out, widths, cells);
	for (unsigned int row = 0; row < t->rows; row++) {
		for (unsigned int i = 0; i < ZR_TABLE_COLUMNS; i++) {
			cells[i] = cell;
			cell += strlen(cell) + 1;
		}
		put_line(out, widths, cells);
	}
	t->rows = 0;
	t->used = 0;
}
