/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/intern.h"

#define BYTES 65536

static const uint64_t key[2] = {11, 22};

static struct zr_intern *pool_new(void)
{
	size_t size = zr_intern_memory(BYTES);
	void *memory = aligned_alloc(64, size);

	assert_non_null(memory);
	memset(memory, 0, size);
	return zr_intern_init(memory, BYTES, key);
}

static void same_value_is_held_once(void **state)
{
	struct zr_intern *pool = pool_new();
	enum zr_intern_kind kind;
	uint32_t a, b;
	size_t len;

	(void)state;
	a = zr_intern_hold(pool, ZR_INTERN_TEXT, "olm.vn", 7);
	b = zr_intern_hold(pool, ZR_INTERN_TEXT, "olm.vn", 7);
	assert_int_not_equal(a, 0);
	assert_int_equal(a, b);
	zr_intern_release(pool, a);
	assert_string_equal(zr_intern_value(pool, b, &kind, &len), "olm.vn");
	assert_int_equal(kind, ZR_INTERN_TEXT);
	assert_int_equal(len, 7);
	free(pool);
}

static void kinds_never_mix(void **state)
{
	struct zr_intern *pool = pool_new();

	(void)state;
	assert_int_not_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, "12345678", 8),
			     zr_intern_hold(pool, ZR_INTERN_SUFFIXES, "12345678", 8));
	free(pool);
}

static void lengths_at_the_edges(void **state)
{
	struct zr_intern *pool = pool_new();
	uint8_t data[ZR_INTERN_MAX + 1];
	enum zr_intern_kind kind;
	size_t len;

	(void)state;
	memset(data, 'x', sizeof(data));
	assert_int_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, data, 0), 0);
	assert_int_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, data, ZR_INTERN_MAX + 1), 0);
	for (size_t n = 1; n <= ZR_INTERN_MAX; n++) {
		uint32_t id = zr_intern_hold(pool, ZR_INTERN_TEXT, data, n);

		if (id == 0)
			continue; /* room for long values is small */
		assert_memory_equal(zr_intern_value(pool, id, &kind, &len), data, n);
		assert_int_equal(len, n);
		zr_intern_release(pool, id);
	}
	assert_int_not_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, data, ZR_INTERN_MAX), 0);
	free(pool);
}

static void full_memory_says_so_and_room_comes_back(void **state)
{
	struct zr_intern *pool = pool_new();
	uint32_t ids[2000], n = 0, again;
	char text[16];

	(void)state;
	for (;; n++) {
		ids[n] = zr_intern_hold(pool, ZR_INTERN_TEXT, text, (size_t)snprintf(text, sizeof(text), "n%u", n) + 1);
		if (ids[n] == 0)
			break;
		assert_true(n < 1999);
	}
	assert_true(n > 800);
	assert_int_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, "another", 8), 0);
	for (uint32_t i = 0; i < n; i += 2)
		zr_intern_release(pool, ids[i]);
	for (uint32_t i = 1; i < n; i += 2) {
		again = zr_intern_hold(pool, ZR_INTERN_TEXT, text, (size_t)snprintf(text, sizeof(text), "n%u", i) + 1);
		assert_int_equal(again, ids[i]);
	}
	assert_int_not_equal(zr_intern_hold(pool, ZR_INTERN_TEXT, "another", 8), 0);
	free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_value_is_held_once),
		cmocka_unit_test(kinds_never_mix),
		cmocka_unit_test(lengths_at_the_edges),
		cmocka_unit_test(full_memory_says_so_and_room_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
