/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/json_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/terminal.h"

const char *zr_json_member(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "-";
}

void zr_json_cell_text(struct zr_table *t, const json_t *object, const char *member)
{
	zr_table_cell(t, zr_json_member(object, member));
}

static void put_number(struct zr_table *t, json_int_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, (int64_t)number);
	zr_table_cell(t, text);
}

void zr_json_cell_number(struct zr_table *t, const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	if (json_is_integer(value))
		put_number(t, json_integer_value(value));
	else
		zr_table_cell(t, "-");
}

void zr_json_cell_sum(struct zr_table *t, const json_t *object, const char *a, const char *b)
{
	uint64_t sum = (uint64_t)json_integer_value(json_object_get(object, a)) +
		       (uint64_t)json_integer_value(json_object_get(object, b));

	zr_table_cell_number(t, sum);
}

void zr_json_cell_time(struct zr_table *t, const json_t *object, const char *member)
{
	char text[32];

	snprintf(text, sizeof(text), "%.19s", zr_json_member(object, member));
	zr_table_cell(t, text);
}

static void add_rows(const struct zr_json_table *table, struct zr_table *t, struct zr_output *out,
		     const json_t *objects)
{
	const json_t *object;
	size_t i;

	json_array_foreach(objects, i, object)
	{
		if (zr_table_full(t))
			zr_table_write(t, out);
		table->add_row(t, object);
	}
}

int zr_json_table_print(const struct zr_json_table *table, const json_t *objects, const json_t *more)
{
	struct zr_output *out = malloc(sizeof(*out));
	struct zr_table *t = malloc(sizeof(*t));
	bool printed = out != NULL && t != NULL && fflush(stdout) == 0;
	int error = errno;

	if (printed) {
		zr_output_init(out, STDOUT_FILENO);
		zr_table_init(t, table->columns, table->column_count, zr_terminal_width(STDOUT_FILENO));
		add_rows(table, t, out, objects);
		add_rows(table, t, out, more);
		zr_table_write(t, out);
		printed = zr_output_flush(out);
		error = out->error;
	}
	if (!printed)
		zr_command_output_failed(table->command, error);
	free(t);
	free(out);
	return printed ? ZR_EXIT_OK : ZR_EXIT_FAILED;
}
