/* SPDX-License-Identifier: BSD-3-Clause */
/* A text that is whole or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tools/zerorate/text_stream.h"

static void nothing_is_an_empty_text(void **state)
{
	struct zr_text_stream stream;
	size_t len = 1;
	char *text;

	(void)state;
	assert_true(zr_text_stream_open(&stream));
	text = zr_text_stream_close(&stream, &len);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	free(text);
}

static void pieces_of_every_length_come_in_their_order(void **state)
{
	struct zr_text_stream stream;
	size_t len, at = 0;
	char *text;

	(void)state;
	assert_true(zr_text_stream_open(&stream));
	for (unsigned int i = 0; i < 3000; i++)
		for (unsigned int k = 0; k < i; k++)
			putc('a' + (int)(i % 26), stream.file);
	text = zr_text_stream_close(&stream, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	for (unsigned int i = 0; i < 3000; i++)
		for (unsigned int k = 0; k < i; k++)
			assert_int_equal(text[at++], 'a' + (int)(i % 26));
	assert_int_equal(at, len);
	free(text);
}

static void a_text_that_found_no_memory_once_is_lost_whole(void **state)
{
	struct zr_text_stream stream;
	size_t len;

	(void)state;
	assert_true(zr_text_stream_open(&stream));
	fputs("first", stream.file);
	fflush(stream.file);
	/* A failure in the middle; what comes behind it would find room. */
	stream.failed = true;
	fputs("second", stream.file);
	fflush(stream.file);
	clearerr(stream.file);
	fputs("third", stream.file);
	assert_null(zr_text_stream_close(&stream, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_an_empty_text),
		cmocka_unit_test(pieces_of_every_length_come_in_their_order),
		cmocka_unit_test(a_text_that_found_no_memory_once_is_lost_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
