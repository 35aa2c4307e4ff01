/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/record/record.h"
#include "tools/zerorate/text.h"

#define GAP 2 /* spaces between columns */

/* The last column is cut to no less. */
#define LAST_WIDTH_MIN 12

void zr_table_init(struct zr_table *t, const struct zr_table_column *columns, unsigned int count, unsigned int width)
{
	t->columns = columns;
	t->count = count;
	t->width = width;
	t->at = 0;
	t->rows = 0;
	t->used = 0;
	t->below_header = 0;
	memset(t->header_widths, 0, sizeof(t->header_widths));
	for (unsigned int i = 0; i < count; i++)
		t->widths[i] = (unsigned int)strlen(columns[i].title);
}

void zr_table_cell(struct zr_table *t, const char *text)
{
	char *cell = t->cells + t->used;
	unsigned int width;

	t->used += zr_text_clean(cell, ZR_TABLE_CELL, text) + 1;
	width = zr_text_width(cell);
	if (width > t->widths[t->at])
		t->widths[t->at] = width;
	if (++t->at == t->count) {
		t->at = 0;
		t->rows++;
	}
}

void zr_table_cell_number(struct zr_table *t, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	zr_table_cell(t, text);
}

void zr_table_cell_time(struct zr_table *t, uint64_t us)
{
	char text[ZR_TIME_TEXT];

	zr_time_format(us, text);
	text[10] = ' ';
	text[19] = '\0'; /* whole seconds are enough for eyes */
	zr_table_cell(t, text);
}

bool zr_table_full(const struct zr_table *t)
{
	return t->rows == ZR_TABLE_ROWS || sizeof(t->cells) - t->used < (size_t)t->count * ZR_TABLE_CELL;
}

/* How wide each column is shown; 0: left out. */
static void layout(const struct zr_table *t, unsigned int *widths)
{
	unsigned int total = GAP * (t->count - 1), leave = 1, last = t->count - 1;

	for (unsigned int i = 0; i < t->count; i++)
		total += widths[i] = t->widths[i];
	for (; t->width > 0 && total > t->width && leave < t->count; leave++) {
		for (unsigned int i = 0; i < t->count; i++) {
			if (t->columns[i].leave != leave)
				continue;
			total -= widths[i] + GAP;
			widths[i] = 0;
		}
	}
	if (t->width > 0 && total > t->width) {
		unsigned int over = total - t->width;

		widths[last] = widths[last] > over + LAST_WIDTH_MIN ? widths[last] - over : LAST_WIDTH_MIN;
	}
}

static void put_spaces(struct zr_output *out, unsigned int count)
{
	memset(zr_output_room(out, count), ' ', count);
	zr_output_add(out, count);
}

static void put_cell(const struct zr_table *t, struct zr_output *out, unsigned int column, unsigned int width,
		     const char *text)
{
	bool right = t->columns[column].right;
	unsigned int shown = zr_text_width(text);
	size_t len = strlen(text);

	if (shown > width) {
		len = zr_text_fit(text, width - 1);
		zr_output_put(out, text, len);
		zr_output_put(out, "\xe2\x80\xa6", 3); /* an ellipsis for what is cut */
		return;
	}
	if (right)
		put_spaces(out, width - shown);
	zr_output_put(out, text, len);
	if (!right && column != t->count - 1)
		put_spaces(out, width - shown);
}

static void put_line(const struct zr_table *t, struct zr_output *out, const unsigned int *widths,
		     const char *const *cells)
{
	bool any = false;

	for (unsigned int i = 0; i < t->count; i++) {
		if (widths[i] == 0)
			continue;
		if (any)
			put_spaces(out, GAP);
		put_cell(t, out, i, widths[i], cells[i]);
		any = true;
	}
	zr_output_put(out, "\n", 1);
}

static void put_header(struct zr_table *t, struct zr_output *out, const unsigned int *widths)
{
	const char *titles[ZR_TABLE_COLUMNS_MAX];
	size_t len = t->count * sizeof(*widths);

	if (t->below_header + t->rows <= ZR_TABLE_ROWS && memcmp(widths, t->header_widths, len) == 0)
		return;
	for (unsigned int i = 0; i < t->count; i++)
		titles[i] = t->columns[i].title;
	put_line(t, out, widths, titles);
	memcpy(t->header_widths, widths, len);
	t->below_header = 0;
}

void zr_table_write(struct zr_table *t, struct zr_output *out)
{
	unsigned int widths[ZR_TABLE_COLUMNS_MAX];
	const char *cells[ZR_TABLE_COLUMNS_MAX], *cell = t->cells;

	if (t->rows == 0)
		return;
	layout(t, widths);
	put_header(t, out, widths);
	for (unsigned int row = 0; row < t->rows; row++) {
		for (unsigned int i = 0; i < t->count; i++) {
			cells[i] = cell;
			cell += strlen(cell) + 1;
		}
		put_line(t, out, widths, cells);
	}
	t->below_header += t->rows;
	t->rows = 0;
	t->used = 0;
}
