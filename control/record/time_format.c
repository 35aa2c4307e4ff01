/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

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

static char *put_digits(char *at, uint32_t value, unsigned int digits, char after)
{
	for (unsigned int i = digits; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	at[digits] = after;
	return at + digits + 1;
}

size_t zr_time_format(uint64_t us, char *out)
{
	uint64_t seconds = (us > LAST_US ? LAST_US : us) / US_PER_S;
	uint32_t fraction = (uint32_t)((us > LAST_US ? LAST_US : us) % US_PER_S);
	uint32_t of_day = (uint32_t)(seconds % S_PER_DAY);
	struct date date = date_of((uint32_t)(seconds / S_PER_DAY));
	char *at = out;

	at = put_digits(at, date.year, 4, '-');
	at = put_digits(at, date.month, 2, '-');
	at = put_digits(at, date.day, 2, 'T');
	at = put_digits(at, of_day / 3600, 2, ':');
	at = put_digits(at, of_day / 60 % 60, 2, ':');
	at = put_digits(at, of_day % 60, 2, '.');
	at = put_digits(at, fraction, 6, 'Z');
	*at = '\0';
	return (size_t)(at - out);
}
