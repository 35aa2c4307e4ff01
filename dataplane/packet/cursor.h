/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bounded cursor over hostile bytes with a sticky error: a read past the end yields zero, moves nothing and sets short_,
 * and so does every later read. A parser reads a whole structure and asks once at the end.
 */
#ifndef DATAPLANE_PACKET_CURSOR_H
#define DATAPLANE_PACKET_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zr_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool short_; /* some read did not fit */
};

static inline struct zr_cursor zr_cursor_of(const uint8_t *data, size_t len)
{
	return (struct zr_cursor){.at = data, .end = data + len, .short_ = false};
}

/* Bytes still to read; 0 after an error. */
static inline size_t zr_cursor_left(const struct zr_cursor *c)
{
	return c->short_ ? 0 : (size_t)(c->end - c->at);
}

/* Step over n bytes and return where they begin, or NULL. */
static inline const uint8_t *zr_cursor_take(struct zr_cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (zr_cursor_left(c) < n || c->short_) {
		c->short_ = true;
		return NULL;
	}
	c->at += n;
	return at;
}

static inline uint8_t zr_cursor_u8(struct zr_cursor *c)
{
	const uint8_t *p = zr_cursor_take(c, 1);

	return p ? p[0] : 0;
}

static inline uint16_t zr_cursor_u16(struct zr_cursor *c)
{
	const uint8_t *p = zr_cursor_take(c, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t zr_cursor_u24(struct zr_cursor *c)
{
	const uint8_t *p = zr_cursor_take(c, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t zr_cursor_u32(struct zr_cursor *c)
{
	const uint8_t *p = zr_cursor_take(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* A cursor over the next n bytes, which this one steps over; when they are not there both are short. */
static inline struct zr_cursor zr_cursor_sub(struct zr_cursor *c, size_t n)
{
	const uint8_t *p = zr_cursor_take(c, n);

	return p ? zr_cursor_of(p, n) : (struct zr_cursor){.short_ = true};
}

#endif
