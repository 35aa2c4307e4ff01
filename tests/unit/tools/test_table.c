/* SPDX-License-Identifier: BSD-3-Clause */
/* The table: alignment, cuts on narrow terminals, blocks, and hostile texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/text.h"
#include "tools/zerorate/usage_table.h"

/* A table, what it is written to, and what came out. */
struct fixture {
	struct zr_table table;
	struct zr_output output;
	int fd;
	char text[4 << 20];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[] = "/tmp/zr_table_XXXXXX";

	if (f == NULL)
		return -1;
	f->fd = mkstemp(path);
	unlink(path);
	zr_output_init(&f->output, f->fd);
	*state = f;
	return f->fd < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	free(f);
	return 0;
}

static const char *written(struct fixture *f)
{
	ssize_t len;

	assert_true(zr_output_flush(&f->output));
	len = pread(f->fd, f->text, sizeof(f->text) - 1, 0);
	assert_true(len >= 0);
	f->text[len] = '\0';
	return f->text;
}

static struct zr_usage usage_of(const char *name)
{
	struct zr_usage usage = {
		.type = ZR_USAGE_PART,
		.verdict = ZR_FREE,
		.reason = ZR_REASON_SNI,
		.cause = ZR_CAUSE_FIN,
		.rule = ZR_ENTRY_NONE,
		.name = name,
		.family = 4,
		.proto = 6,
		.client_port = 50123,
		.server_port = 443,
		.up_bytes = 1500,
		.down_bytes = 250000,
		.up_pkts = 3,
		.first_us = 1795305600000000,
		.last_us = 1795305661500999,
	};

	inet_pton(AF_INET, "10.1.2.3", usage.client.b);
	inet_pton(AF_INET, "203.0.113.80", usage.server.b);
	return usage;
}

static void test_whole(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("static.olm.vn");

	zr_usage_table_init(&f->table, 0);
	zr_usage_table_add(&f->table, &usage);
	usage.family = 6;
	usage.proto = 50;
	usage.up_bytes = 0;
	usage.name = NULL;
	usage.last_us = usage.first_us;
	usage.client = usage.server = (union zr_ip){.b = {[15] = 1}};
	usage.client_port = usage.server_port = 0;
	zr_usage_table_add(&f->table, &usage);
	zr_table_write(&f->table, &f->output);
	assert_string_equal(written(f), "FIRST (UTC)          SECONDS  CLIENT          SERVER            PROTO  "
					"VERDICT  REASON  CAUSE  SERVICE  "
					"RATING GROUP  UP BYTES  DOWN BYTES  RULE  NAME\n"
					"2026-11-22 00:00:00   61.500  10.1.2.3:50123  203.0.113.80:443  tcp    free   "
					"  sni     fin    -        "
					"           -      1500      250000  -     static.olm.vn\n"
					"2026-11-22 00:00:00    0.000  [::1]:0         [::1]:0           50     free   "
					"  sni     fin    -        "
					"           -         0      250000  -     -\n");
}

static void test_no_packets(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("olm.vn");

	usage.up_pkts = 0;
	usage.first_us = usage.last_us = 0;
	zr_usage_table_init(&f->table, 0);
	zr_usage_table_add(&f->table, &usage);
	zr_table_write(&f->table, &f->output);
	assert_non_null(strstr(written(f), "\n-              0.000  10.1.2.3:50123"));
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	zr_usage_table_init(&f->table, 80);
	zr_table_write(&f->table, &f->output);
	assert_string_equal(written(f), "");
}

/* Whatever the terminal's width, lines keep to it as far as volumes and a piece of the name can be shown. */
static void test_narrow(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("a-rather-long-name.that-does-not-fit.static.olm.vn");

	for (unsigned int width = 36; width <= 200; width++) {
		char *line, *rest;

		zr_usage_table_init(&f->table, width);
		zr_usage_table_add(&f->table, &usage);
		assert_int_equal(ftruncate(f->fd, 0), 0);
		assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
		zr_table_write(&f->table, &f->output);
		written(f);
		assert_non_null(strstr(f->text, "250000"));
		assert_non_null(strstr(f->text, "a-rather-lo"));
		for (line = strtok_r(f->text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
			assert_in_range(zr_text_width(line), 1, width);
	}
}

static void test_80_columns(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("static.olm.vn");

	zr_usage_table_init(&f->table, 80);
	zr_usage_table_add(&f->table, &usage);
	zr_table_write(&f->table, &f->output);
	assert_string_equal(written(f), "SERVER            REASON  SERVICE  UP BYTES  DOWN BYTES  NAME\n"
					"203.0.113.80:443  sni     -            1500      250000  static.olm.vn\n");
}

/* A name with what a terminal would obey, what is no UTF-8, and letters of several bytes. */
static void test_hostile_name(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("h\xe1\xbb\x8d\x63\x1b[2J\xff");

	zr_usage_table_init(&f->table, 0);
	zr_usage_table_add(&f->table, &usage);
	zr_table_write(&f->table, &f->output);
	assert_non_null(strstr(written(f), "  h\xe1\xbb\x8d\x63?[2J\xef\xbf\xbd\n"));
}

/* More rows than a block holds: each block has a header, no row is lost. */
static void test_blocks(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage = usage_of("static.olm.vn");
	unsigned int rows = 0, headers = 0;
	char *line, *rest;

	zr_usage_table_init(&f->table, 0);
	for (unsigned int i = 0; i < 2 * ZR_TABLE_ROWS + 1; i++) {
		usage.up_bytes = i;
		if (zr_table_full(&f->table))
			zr_table_write(&f->table, &f->output);
		zr_usage_table_add(&f->table, &usage);
	}
	zr_table_write(&f->table, &f->output);
	written(f);
	for (line = strtok_r(f->text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "FIRST", 5) == 0)
			headers++;
		else
			rows++;
	}
	assert_int_equal(rows, 2 * ZR_TABLE_ROWS + 1);
	assert_int_equal(headers, 3);
}

/* The longest rows that there can be: a block is full before its memory is. */
static void test_longest_rows(void **state)
{
	struct fixture *f = *state;
	struct zr_usage usage;
	char name[2001];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	usage = usage_of(name);
	usage.family = 6;
	memset(&usage.client, 0xff, sizeof(usage.client));
	zr_usage_table_init(&f->table, 0);
	for (unsigned int i = 0; i < 2 * ZR_TABLE_ROWS && !zr_table_full(&f->table); i++)
		zr_usage_table_add(&f->table, &usage);
	assert_true(zr_table_full(&f->table));
	assert_in_range(f->table.used, 1, sizeof(f->table.cells));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_80_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_rows, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
