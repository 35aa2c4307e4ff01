/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/units.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{"B", 1},
	{"KB", 1000},
	{"MB", 1000 * 1000},
	{"GB", 1000 * 1000 * 1000},
	{"TB", 1000ULL * 1000 * 1000 * 1000},
	{"KiB", 1ULL << 10},
	{"MiB", 1ULL << 20},
	{"GiB", 1ULL << 30},
	{"TiB", 1ULL << 40},
	{NULL, 0},
};

static const struct unit counts[] = {
	{"", 1}, {"K", 1000}, {"M", 1000 * 1000}, {"G", 1000 * 1000 * 1000}, {NULL, 0},
};

static const struct unit times[] = {
	{"us", 1},
	{"ms", 1000},
	{"s", 1000 * 1000},
	{"m", 60ULL * 1000 * 1000},
	{"h", 3600ULL * 1000 * 1000},
	{"d", 24 * 3600ULL * 1000 * 1000},
	{NULL, 0},
};

/* Read a number at *text and step over it. */
static int take_number(const char **text, uint64_t *number)
{
	if (**text < '0' || **text > '9')
		return -EINVAL;
	for (*number = 0; **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(**text - '0'), number))
			return -ERANGE;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *text, size_t len)
{
	for (; units->name != NULL; units++)
		if (strlen(units->name) == len && memcmp(units->name, text, len) == 0)
			return units;
	return NULL;
}

/* One number with its unit, which ends where the next digit begins. */
static int take_part(const struct unit *units, const char **text, uint64_t *value, uint64_t *factor)
{
	const struct unit *unit;
	uint64_t number;
	size_t len;
	int err = take_number(text, &number);

	if (err != 0)
		return err;
	len = strcspn(*text, "0123456789");
	unit = find_unit(units, *text, len);
	if (unit == NULL)
		return -EINVAL;
	*text += len;
	*factor = unit->factor;
	return __builtin_mul_overflow(number, unit->factor, value) ? -ERANGE : 0;
}

static int take_whole(const struct unit *units, const char *text, uint64_t *value)
{
	uint64_t factor;
	int err = take_part(units, &text, value, &factor);

	return err != 0 ? err : *text == '\0' ? 0 : -EINVAL;
}

int zr_units_size(const char *text, uint64_t *bytes)
{
	return take_whole(sizes, text, bytes);
}

int zr_units_count(const char *text, uint64_t *count)
{
	return take_whole(counts, text, count);
}

int zr_units_time(const char *text, uint64_t *us)
{
	uint64_t before = UINT64_MAX, factor, part;

	*us = 0;
	do {
		int err = take_part(times, &text, &part, &factor);

		if (err != 0)
			return err;
		if (factor >= before)
			return -EINVAL;
		if (__builtin_add_overflow(*us, part, us))
			return -ERANGE;
		before = factor;
	} while (*text != '\0');
	return 0;
}
