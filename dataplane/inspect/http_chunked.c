/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/http.h"

/* Where the next byte of a chunked body stands. */
enum position {
	SIZE_START, /* first digit of a chunk's size */
	SIZE,
	EXTENSION, /* behind the size, up to the line's end */
	DATA,
	DATA_END,     /* the line end behind a chunk's data */
	TRAILER,      /* start of a trailer line; an empty one ends the body */
	TRAILER_LINE, /* inside one */
	END,
	BROKEN,
};

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a chunk's size or of what follows it on its line. */
static enum position step_size(enum position at, uint64_t *left_bytes, uint8_t c)
{
	int digit = at == EXTENSION ? -1 : hex_digit(c);

	if (digit >= 0) {
		if (*left_bytes >> 60 != 0)
			return BROKEN;
		*left_bytes = *left_bytes << 4 | (unsigned int)digit;
		return SIZE;
	}
	if (at == SIZE_START)
		return BROKEN;
	if (c == '\n')
		return *left_bytes == 0 ? TRAILER : DATA;
	return at == EXTENSION || c == ';' || c == ' ' || c == '\t' || c == '\r' ? EXTENSION : BROKEN;
}

/* One byte that is not a chunk's data. */
static enum position step(enum position at, uint64_t *left_bytes, uint8_t c)
{
	switch (at) {
	case DATA_END:
		return c == '\n' ? SIZE_START : c == '\r' ? DATA_END : BROKEN;
	case TRAILER:
		return c == '\n' ? END : c == '\r' ? TRAILER : TRAILER_LINE;
	case TRAILER_LINE:
		return c == '\n' ? TRAILER : TRAILER_LINE;
	default:
		return step_size(at, left_bytes, c);
	}
}

enum zr_result zr_http_chunked_skip(uint8_t *position, uint64_t *left_bytes, const uint8_t *data, size_t len,
				    size_t *used)
{
	enum position at = *position;
	size_t n = 0;

	while (n < len && at != END && at != BROKEN) {
		if (at == DATA) {
			size_t part = len - n < *left_bytes ? len - n : (size_t)*left_bytes;

			n += part;
			*left_bytes -= part;
			if (*left_bytes == 0)
				at = DATA_END;
			continue;
		}
		at = step(at, left_bytes, data[n++]);
	}
	*position = (uint8_t)at;
	*used = n;
	return at == END ? ZR_OK : at == BROKEN ? ZR_BAD : ZR_MORE;
}

bool zr_http_chunked_in_data(uint8_t position)
{
	return position == DATA;
}
