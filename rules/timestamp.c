/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/timestamp.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "rules/decimal.h"

/* Two or four digits at text, no more than max. */
static bool read_digits(const char *text, size_t digits, int max, int *out)
{
	uint64_t value;

	if (!zr_decimal_parse(text, digits, (uint64_t)max, &value))
		return false;
	*out = (int)value;
	return true;
}

/* "Z", or "+07:00" and its like, as seconds east of UTC (RFC 3339, section 5.6: time-offset). */
static bool read_offset(const char *text, size_t len, int *out_s)
{
	int hours, minutes;

	*out_s = 0;
	if (len == 1)
		return text[0] == 'Z' || text[0] == 'z';
	if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !read_digits(text + 1, 2, 23, &hours) ||
	    !read_digits(text + 4, 2, 59, &minutes))
		return false;
	*out_s = (hours * 60 + minutes) * 60;
	if (text[0] == '-')
		*out_s = -*out_s;
	return true;
}

int zr_timestamp_parse(const char *text, size_t len, int64_t *out_s)
{
	struct tm tm = {0};
	int month, day, offset_s;
	time_t utc_s;

	/* 19 characters of date and time, then the offset. */
	if (len < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
	    text[16] != ':')
		return -EINVAL;
	if (!read_digits(text, 4, 9999, &tm.tm_year) || !read_digits(text + 5, 2, 12, &month) ||
	    !read_digits(text + 8, 2, 31, &day) || !read_digits(text + 11, 2, 23, &tm.tm_hour) ||
	    !read_digits(text + 14, 2, 59, &tm.tm_min) || !read_digits(text + 17, 2, 59, &tm.tm_sec) ||
	    !read_offset(text + 19, len - 19, &offset_s))
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	utc_s = timegm(&tm);
	/* timegm carries 31 June over to 1 July: such a day does not exist. */
	if (tm.tm_mon != month - 1 || tm.tm_mday != day)
		return -EINVAL;
	*out_s = (int64_t)utc_s - offset_s;
	return 0;
}
