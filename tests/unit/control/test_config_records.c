/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of `records` and `ledger`: defaults, values, bounds, and names that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/config.h"

#define LEAST                                                                          \
	"gateway = \"gw\";\n"                                                          \
	"dataplane = { workers = \"1\"; ports = ( { device = \"net_null0\"; } ); };\n" \
	"list = { file = \"list.csv\"; };\n"

#define DAY_US UINT64_C(86400000000)

static char path[] = "/tmp/zr-config-XXXXXX";

static int read_config(const char *text, struct zr_config *config, struct zr_config_errors *errors)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(LEAST, file) >= 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return zr_config_read(path, config, errors);
}

/* What stands in the file's fourth line is read without errors. */
static void reads(const char *text, struct zr_config *config)
{
	struct zr_config_errors errors;

	assert_int_equal(read_config(text, config, &errors), 0);
	zr_config_errors_clear(&errors);
}

static void has_error(const char *text, const char *expected)
{
	struct zr_config_errors errors;
	struct zr_config config;

	assert_int_equal(read_config(text, &config, &errors), -EINVAL);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0] + strlen(path), expected);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

static void test_defaults(void **state)
{
	struct zr_config config;

	(void)state;
	reads("", &config);
	assert_int_equal(config.consumers.count, 0);
	assert_int_equal(config.records.user_count, 0);
	assert_int_equal(config.totals_us, 3600000000);
	assert_false(config.totals_subscribers);
	assert_string_equal(config.ledger.folder, "/var/lib/zerorate/ledger");
	assert_int_equal(config.ledger.batch_us, 200000);
	assert_int_equal(config.ledger.retention_us, 30 * DAY_US);
	assert_int_equal(config.ledger.disk_limit_bytes, UINT64_C(50) << 30);
	assert_true(config.ledger.synchronous_full);
	zr_config_clear(&config);
}

static void test_all(void **state)
{
	struct zr_config config;

	(void)state;
	reads("records = { consumers = [ \"billing\", \"archive\" ]; users = [ \"root\" ]; totals_interval = \"5m\";\n"
	      "  totals_subscribers = true; };\n"
	      "ledger = { folder = \"l\"; batch_interval = \"1ms\"; retention = \"0s\"; disk_limit = \"1MiB\";\n"
	      "  synchronous = \"normal\"; };\n",
	      &config);
	assert_int_equal(config.consumers.count, 2);
	assert_string_equal(config.consumers.at[0], "billing");
	assert_string_equal(config.consumers.at[1], "archive");
	assert_int_equal(config.records.user_count, 1);
	assert_int_equal(config.records.users[0], 0);
	assert_int_equal(config.totals_us, 300000000);
	assert_true(config.totals_subscribers);
	assert_string_equal(config.ledger.folder, "l");
	assert_int_equal(config.ledger.batch_us, 1000);
	assert_int_equal(config.ledger.retention_us, 0);
	assert_int_equal(config.ledger.disk_limit_bytes, 1 << 20);
	assert_false(config.ledger.synchronous_full);
	zr_config_clear(&config);
}

/* A name of 64 bytes is one, one of 65 is none; 16 of them are allowed, 17 are not. */
static void test_consumers(void **state)
{
	char text[2048], name[ZR_CONSUMER_MAX + 2];
	struct zr_config config;
	size_t len = 0;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[ZR_CONSUMER_MAX] = '\0';
	snprintf(text, sizeof(text), "records = { consumers = [ \"%s\" ]; };\n", name);
	reads(text, &config);
	assert_string_equal(config.consumers.at[0], name);
	zr_config_clear(&config);
	name[ZR_CONSUMER_MAX] = 'n';
	name[ZR_CONSUMER_MAX + 1] = '\0';
	snprintf(text, sizeof(text), "records = { consumers = [ \"%s\" ]; };\n", name);
	has_error(text, ":4: a consumer has 1 to 64 bytes of UTF-8 and no control characters: write consumers = [ "
			"\"billing\" ]");
	has_error("records = { consumers = [ \"\" ]; };\n", ":4: a consumer has 1 to 64 bytes of UTF-8 and no control "
							    "characters: write consumers = [ \"billing\" ]");
	has_error("records = { consumers = [ \"a\", \"b\", \"a\" ]; };\n",
		  ":4: \"a\" is a consumer already: name each once");
	has_error("records = { consumers = \"billing\"; };\n",
		  ":4: consumers is an array of at most 16 names: write consumers = [ \"billing\" ]");
	has_error("records = { consumers = [ 7 ]; };\n",
		  ":4: consumers is a text in quotes: write consumers = [ \"billing\" ]");
	for (unsigned int i = 0; i < 17; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\"c%u\"",
					i == 0 ? "records = { consumers = [ " : ", ", i);
	strcpy(text + len, " ]; };\n");
	has_error(text, ":4: consumers is an array of at most 16 names: write consumers = [ \"billing\" ]");
}

static void test_wrong(void **state)
{
	(void)state;
	has_error("records = { users = [ \"nobody knows\" ]; };\n",
		  ":4: there is no user \"nobody knows\" on this machine: write one of /etc/passwd");
	has_error("records = { users = 0; };\n",
		  ":4: users is an array of at most 16 names: write users = [ \"billing\" ]");
	has_error("records = { totals_interval = \"999ms\"; };\n",
		  ":4: totals_interval is out of bounds: write totals_interval = \"1h\", 1s to 24h");
	has_error("ledger = { batch_interval = \"11s\"; };\n",
		  ":4: batch_interval is out of bounds: write batch_interval = \"200ms\", 1ms to 10s");
	has_error("ledger = { retention = \"3651d\"; };\n",
		  ":4: retention is out of bounds: write retention = \"30d\", 0s to 3650d");
	has_error("ledger = { disk_limit = \"1023KiB\"; };\n",
		  ":4: disk_limit is out of bounds: write disk_limit = \"50GiB\", 1MiB to 1024TiB");
	has_error("ledger = { synchronous = \"off\"; };\n",
		  ":4: there is no way \"off\" to be synchronous: write synchronous = \"full\" or \"normal\"");
	has_error("ledger = { folders = \"l\"; };\n", ":4: there is no key \"folders\" here: did you mean \"folder\"?");
	has_error("ledger = { folder = \"\"; };\n",
		  ":4: folder has 1 to 3840 bytes of UTF-8 and no control characters: write "
		  "folder = \"/var/lib/zerorate/ledger\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_consumers),
		cmocka_unit_test(test_wrong),
	};
	int failed;

	if (mkstemp(path) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
