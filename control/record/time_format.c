/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/json_writer.h"
#include "control/record/record.h"

/* 9999-12-31T23:59:59.999999Z: RFC 3339 has four digits for the year. */
#define LAST_US 253402300799999999ULL

#define US_PER_S  1000000U
#define S_PER_DAY 86400U

#define DAYS_PER_YEAR  365U
#define DAYS_PER_4Y    1461U
#define DAYS_PER_100Y  36524U
#define DAYS_PER_400Y  146097U
#define DAYS_TO_1970_3 719468U /* from 0000-03-01 to 1970-01-01 */

struct date {
	uint32_t year, month, day;
};

/*
 * Gregorian date of a day counted from 1970-01-01. Years begin in March here, so that the leap day is the last one and the
 * months' lengths repeat every five (153 days).
 */
static struct date date_of(uint32_t days)
{
	uint32_t since = days + DAYS_TO_1970_3;
	uint32_t era = since / DAYS_PER_400Y;
	uint32_t day_of_era = since % DAYS_PER_400Y;
	uint32_t leap_days_off = day_of_era / (DAYS_PER_4Y - 1) - day_of_era / DAYS_PER_100Y +
				 day_of_era / (DAYS_PER_400Y - 1);
	uint32_t year_of_era = (day_of_era - leap_days_off) / DAYS_PER_YEAR;
	uint32_t day_of_year = day_of_era - (DAYS_PER_YEAR * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t month_from_march = (5 * day_of_year + 2) / 153;
	struct date date = {
		.year = era * 400 + year_of_era + (month_from_march >= 10),
		.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
		.day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
	};

	return date;
}

/* Two digits and what follows them. */
static char *put_pair(char *at, uint32_t value, char after)
{
	at = zr_json_pair(at, value);
	*at = after;
	return at + 1;
}

size_t zr_time_format(uint64_t us, char *out)
{
	uint64_t seconds = (us > LAST_US ? LAST_US : us) / US_PER_S;
	uint32_t fraction = (uint32_t)((us > LAST_US ? LAST_US : us) % US_PER_S);
	uint32_t of_day = (uint32_t)(seconds % S_PER_DAY);
	struct date date = date_of((uint32_t)(seconds / S_PER_DAY));
	char *at = zr_json_pair(out, date.year / 100);

	at = put_pair(at, date.year % 100, '-');
	at = put_pair(at, date.month, '-');
	at = put_pair(at, date.day, 'T');
	at = put_pair(at, of_day / 3600, ':');
	at = put_pair(at, of_day / 60 % 60, ':');
	at = put_pair(at, of_day % 60, '.');
	at = zr_json_pair(at, fraction / 10000);
	at = zr_json_pair(at, fraction / 100 % 100);
	at = put_pair(at, fraction % 100, 'Z');
	*at = '\0';
	return (size_t)(at - out);
}

/* Days from 1970-01-01 to a date: the inverse of date_of. */
static uint64_t days_of(const struct date *date)
{
	uint32_t year = date->month > 2 ? date->year : date->year - 1;
	uint32_t month_from_march = date->month > 2 ? date->month - 3 : date->month + 9;

	return (uint64_t)DAYS_PER_YEAR * year + year / 4 - year / 100 + year / 400 + (153 * month_from_march + 2) / 5 +
	       date->day - 1 - DAYS_TO_1970_3;
}

/* Digits of the text, which begin at `at`. What is no digit makes a number that is not written as it was read. */
static uint32_t digits(const char *text, unsigned int at, unsigned int count)
{
	uint32_t value = 0;

	for (unsigned int i = at; i < at + count; i++)
		value = value * 10 + ((uint8_t)text[i] - '0') % 10;
	return value;
}

bool zr_time_parse(const char *text, size_t len, uint64_t *us)
{
	char again[ZR_TIME_TEXT];
	struct date date;
	uint64_t value;

	if (len != ZR_TIME_TEXT - 1)
		return false;
	date = (struct date){.year = digits(text, 0, 4), .month = digits(text, 5, 2), .day = digits(text, 8, 2)};
	if (date.year < 1970 || date.month < 1)
		return false;
	value = days_of(&date) * S_PER_DAY + digits(text, 11, 2) * 3600 + digits(text, 14, 2) * 60 +
		digits(text, 17, 2);
	value = value * US_PER_S + digits(text, 20, 6);
	/* Only the text of that time is this text: one comparison for separators, ranges and days that do not exist. */
	zr_time_format(value, again);
	if (memcmp(again, text, len) != 0)
		return false;
	*us = value;
	return true;
}
