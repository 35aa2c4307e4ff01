/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: what it means, and every error with its line. */
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
#include "tests/unit/rules/signed.h"

#define LEAST                                                                          \
	"gateway = \"gw\";\n"                                                          \
	"dataplane = { workers = \"1\"; ports = ( { device = \"net_null0\"; } ); };\n" \
	"list = { file = \"list.csv\"; };\n"

/* Where the shipped sample lies. */
static const char *sample;

static char path[] = "/tmp/zr-config-XXXXXX";

static int read_config(const char *text, size_t len, struct zr_config *config, struct zr_config_errors *errors)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return zr_config_read(path, config, errors);
}

/* The file has exactly these errors; each is given without the file's name: "LINE: text". */
static void has_errors(const char *text, const char *const *expected)
{
	struct zr_config_errors errors;
	struct zr_config config;
	size_t count = 0;

	assert_int_equal(read_config(text, strlen(text), &config, &errors), -EINVAL);
	for (; expected[count] != NULL && count < errors.count; count++) {
		assert_memory_equal(errors.lines[count], path, strlen(path));
		assert_string_equal(errors.lines[count] + strlen(path) + 1, expected[count]);
	}
	assert_null(expected[count]);
	assert_int_equal(errors.count, count);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

static void has_error(const char *text, const char *expected)
{
	const char *const all[] = {expected, NULL};

	has_errors(text, all);
}

static void test_least(void **state)
{
	struct zr_config_errors errors;
	struct zr_config config;
	struct zr_dataplane_config dataplane;

	(void)state;
	assert_int_equal(read_config(LEAST, strlen(LEAST), &config, &errors), 0);
	assert_string_equal(config.gateway, "gw");
	assert_string_equal(config.workers, "1");
	assert_string_equal(config.eal, "");
	assert_int_equal(config.port_count, 1);
	assert_string_equal(config.ports[0].device, "net_null0");
	assert_int_equal(config.ports[0].role, ZR_ROLE_BOTH);
	assert_string_equal(config.records.path, "/run/zerorate/records.sock");
	assert_string_equal(config.control.path, "/run/zerorate/control.sock");
	assert_string_equal(config.list.state, "/var/lib/zerorate/list");
	assert_int_equal(config.list.keys.count, 0);
	assert_int_equal(config.list.signatures_required, 0);
	assert_int_equal(config.list.shrink_percent, 10);
	assert_true(config.retro_credit);
	assert_null(config.state);
	assert_false(config.charged_flows);
	zr_config_dataplane(&config, &dataplane);
	assert_int_equal(dataplane.pipeline.flows, 1 << 20);
	assert_int_equal(dataplane.pipeline.interim_us, 900000000);
	assert_null(dataplane.pipeline.tariff_next_us);
	assert_int_equal(dataplane.pipeline.timeout_us[ZR_TIMEOUT_TCP], 7440000000);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

/* Nobody listens unless the group is there; the group alone means loopback. */
static void test_metrics(void **state)
{
	static const char *const cases[][2] = {
		{"", NULL},
		{"metrics = { };", "127.0.0.1:9469"},
		{"metrics = { listen = \"[::1]:80\"; };", "[::1]:80"},
		{"metrics = { listen = \"0.0.0.0:9469\"; };", "0.0.0.0:9469"},
	};
	struct zr_config_errors errors;
	struct zr_config config;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", LEAST, cases[i][0]);
		assert_int_equal(read_config(text, strlen(text), &config, &errors), 0);
		if (cases[i][1] == NULL)
			assert_null(config.metrics);
		else
			assert_string_equal(config.metrics, cases[i][1]);
		zr_config_errors_clear(&errors);
		zr_config_clear(&config);
	}
	has_error(LEAST "metrics = { listen = \"localhost:80\"; };\n",
		  "4: \"localhost:80\" is no address with a port: write listen = \"127.0.0.1:9469\" or \"[::1]:9469\"");
	has_error(LEAST "metrics = { listen = 9469; };\n",
		  "4: listen is a text in quotes: write listen = \"127.0.0.1:9469\" or \"[::1]:9469\"");
	has_error(LEAST "metrics = true;\n", "4: metrics is a group: write metrics = { listen = \"127.0.0.1:9469\"; }");
}

static void test_all(void **state)
{
	static const char text[] =
		"gateway = \"hn-gw-01\";\n"
		"dataplane = { mode = \"tap\"; workers = \"1-3,5\"; eal = \"--no-huge -m 1024 "
		"--log-level=lib.eal:4\";\n"
		"  ports = ( { device = \"a\"; role = \"access\"; domain = 65535; }, { device = \"b\"; role = "
		"\"core\"; } );\n"
		"  frame_max = \"1518B\"; flows = \"2M\"; reassembly_memory = \"32MiB\"; retro_credit = false; state = "
		"\"/run/zerorate/state\"; };\n"
		"subscribers = [ \"10.0.0.0/8\", \"2405:4800::/32\" ]; tunnel_endpoints = [ \"10.200.0.0/24\" ];\n"
		"timeouts = { tcp = \"1h\"; quic = \"5m\"; udp = \"1m\"; undecided = \"30s\"; linger = \"5s\"; };\n"
		"list = { file = \"l.csv\"; state = \"s\"; keys = [ \"" MOET_KEY "\", \"" MIC_KEY
		"\" ]; signatures_required = 2;\n"
		"  shrink_limit = 25; };\n"
		"records = { socket = \"r.sock\"; group = \"root\"; memory = \"8MiB\"; interim_interval = \"1m\";\n"
		"  charged_flows = true; tariff_switch = [ \"00:00\", \"06:30\" ]; };\n"
		"control = { socket = \"c.sock\"; group = \"root\"; };\n";
	struct zr_config_errors errors;
	struct zr_config config;
	struct zr_dataplane_config dataplane;

	(void)state;
	assert_int_equal(read_config(text, strlen(text), &config, &errors), 0);
	zr_config_dataplane(&config, &dataplane);
	assert_string_equal(dataplane.workers, "1-3,5");
	assert_string_equal(dataplane.eal, "--no-huge -m 1024 --log-level=lib.eal:4");
	assert_int_equal(dataplane.port_count, 2);
	assert_string_equal(dataplane.ports[1].device, "b");
	assert_int_equal(dataplane.ports[0].role, ZR_ROLE_ACCESS);
	assert_int_equal(dataplane.ports[0].domain, 65535);
	assert_int_equal(dataplane.ports[1].role, ZR_ROLE_CORE);
	assert_int_equal(dataplane.ports[1].domain, 0);
	assert_int_equal(dataplane.frame_max, 1518);
	assert_int_equal(dataplane.pipeline.flows, 2000000);
	assert_int_equal(dataplane.pipeline.reassembly_bytes, 32 << 20);
	assert_false(dataplane.pipeline.retro_credit);
	assert_string_equal(config.state, "/run/zerorate/state");
	assert_true(dataplane.keep_flows);
	assert_true(dataplane.pipeline.charged_records);
	assert_int_equal(config.tariff.count, 2);
	assert_int_equal(config.tariff.at_s[1], 6 * 3600 + 30 * 60);
	assert_ptr_equal(dataplane.pipeline.tariff_next_us, zr_tariff_next_us);
	assert_ptr_equal(dataplane.pipeline.tariff_arg, &config.tariff);
	assert_false(dataplane.pipeline.keep_names);
	assert_false(dataplane.pipeline.packets.open_all_tunnels);
	assert_int_equal(dataplane.pipeline.subscribers->count, 2);
	assert_int_equal(dataplane.pipeline.packets.tunnel_endpoints->count, 1);
	assert_int_equal(dataplane.pipeline.timeout_us[ZR_TIMEOUT_TCP], 3600000000);
	assert_int_equal(dataplane.pipeline.timeout_us[ZR_TIMEOUT_LINGER], 5000000);
	assert_string_equal(config.list.state, "s");
	assert_int_equal(config.list.keys.count, 2);
	assert_int_equal(config.list.signatures_required, 2);
	assert_int_equal(config.list.shrink_percent, 25);
	assert_int_equal(config.records_memory_bytes, 8 << 20);
	assert_string_equal(config.records.path, "r.sock");
	assert_int_equal(config.control.group, 0);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

static void test_sample(void **state)
{
	struct zr_config_errors errors;
	struct zr_config config;

	(void)state;
	assert_int_equal(zr_config_read(sample, &config, &errors), 0);
	assert_int_equal(errors.count, 0);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

/* All of them in one run, in the order of the file. */
static void test_many_errors(void **state)
{
	static const char text[] = "gatewai = \"gw\";\n"
				   "dataplane = {\n"
				   "  wrkers = \"1\";\n"
				   "  ports = ( { device = \"a\"; role = \"acces\"; },\n"
				   "            { device = \"a\"; } );\n"
				   "  flows = 1000;\n"
				   "  reassembly_memory = \"64\";\n"
				   "};\n"
				   "subscribers = [ \"10.0.0.1/8\", \"ten\" ];\n"
				   "timeouts = { tcp = \"25h\"; icmp = \"1s\"; };\n"
				   "list = { };\n";
	static const char *const expected[] = {
		"1: there is no key \"gatewai\" here: did you mean \"gateway\"?",
		"3: there is no key \"wrkers\" here: did you mean \"workers\"?",
		"4: there is no role \"acces\": write role = \"access\", \"core\" or \"both\"",
		"5: device \"a\" is a port already: name each once",
		"6: flows is a number, thousands as K, M, G, in quotes: write flows = \"1M\", up to 1G",
		"7: reassembly_memory is a size with its unit (B, KiB, MiB, GiB, KB, MB, GB), in quotes: write "
		"reassembly_memory = \"64MiB\", 1MiB to 1TiB",
		"2: workers is missing: write workers = \"1-3\"",
		"9: \"10.0.0.1/8\" has address bits behind its length: write \"10.0.0.0/8\"",
		"9: subscribers holds \"ten\", which is no address prefix: write subscribers = [ \"10.0.0.0/8\", "
		"\"2405:4800::/32\" ]",
		"10: tcp is out of bounds: write tcp = \"60s\", 1ms to 24h",
		"10: there is no key \"icmp\" here: did you mean \"tcp\"?",
		"11: file is missing: write file = \"/var/lib/zerorate/list.csv\"",
		"0: gateway is missing: write gateway = \"hn-gw-01\"",
		NULL,
	};

	(void)state;
	has_errors(text, expected);
}

static void test_refused(void **state)
{
	static const char *const cases[][2] = {
		{"records = { tariff_switch = \"00:00\"; };\n", "4: tariff_switch is an array of times of the day: "
								"write tariff_switch = [ \"00:00\", \"06:30\" ], local "
								"times"},
		{"records = { tariff_switch = [ \"24:00\" ]; };\n",
		 "4: tariff_switch holds \"24:00\", which is no time of the day: write tariff_switch = [ \"00:00\", "
		 "\"06:30\" ], local times"},
		{"records = { tariff_switch = [ 600 ]; };\n",
		 "4: tariff_switch holds \"a number\", which is no time of the day: write tariff_switch = [ \"00:00\", "
		 "\"06:30\" ], local times"},
		{"records = { tariff_switch = [ \"06:30\", \"06:30\" ]; };\n",
		 "4: tariff_switch holds \"06:30\" twice: name each time once"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[1024];

		snprintf(text, sizeof(text), LEAST "%s", cases[i][0]);
		has_error(text, cases[i][1]);
	}
}

/* Line 3 of a configuration whose other lines are in order. */
#define LIST_LINE(text)                                                        \
	"gateway = \"gw\";\n"                                                  \
	"dataplane = { workers = \"1\"; ports = ( { device = \"a\"; } ); };\n" \
	"list = { file = \"l\"; " text " };\n"

static void test_list_keys(void **state)
{
	static const char *const two[] = {
		"3: key \"RWQshort\": a public key is 56 characters of base64; copy the second line of the .pub file "
		"that minisign -G made",
		"3: signatures_required is a number without quotes: write signatures_required = 2, 0 to 16",
		NULL,
	};

	(void)state;
	has_error(LIST_LINE("signatures_required = 1;"), "3: signatures_required is 1, and there are 0 keys: no list "
							 "could ever be accepted; add keys, or require "
							 "fewer");
	has_error(LIST_LINE("keys = [ \"" MOET_KEY "\", \"" MIC_KEY "\" ]; signatures_required = 3;"),
		  "3: signatures_required is 3, and there are 2 keys: no list could ever be accepted; add keys, or "
		  "require "
		  "fewer");
	has_error(LIST_LINE("keys = [ \"" MOET_KEY "\", \"" MOET_KEY "\" ]; signatures_required = 1;"),
		  "3: key \"" MOET_KEY "\": the key is there twice; name every key once");
	has_errors(LIST_LINE("keys = [ \"RWQshort\" ]; signatures_required = \"1\";"), two);
	has_error(LIST_LINE("keys = \"" MOET_KEY "\";"),
		  "3: keys is an array of minisign public keys: write keys = [ \"RWQ…\", \"RWQ…\" ]");
	has_error(LIST_LINE("keys = [ 1 ];"), "3: keys is a text in quotes: write keys = [ \"RWQ…\", \"RWQ…\" ]");
	has_error(LIST_LINE("signatures_required = -1;"),
		  "3: signatures_required is a number without quotes: write signatures_required = 2, 0 to 16");
	has_error(LIST_LINE("shrink_limit = 101;"), "3: shrink_limit is a number without quotes: write shrink_limit = "
						    "10, 0 to 100 (percent; 100 switches it "
						    "off)");
	has_error(LIST_LINE("state = \"\";"), "3: state has 1 to 4095 bytes of UTF-8 and no control characters: write "
					      "state = \"/var/lib/zerorate/list\"");
}

#define RESOLVERS "trusted_resolvers = [ \"10.0.0.53/32\" ];\n"

static void test_evidence(void **state)
{
	static const char text[] = LEAST RESOLVERS "evidence = { verify = \"require\"; ttl_min = \"2m\"; ttl_max = "
						   "\"2m\"; grace = \"0s\"; memory = \"2MiB\";\n"
						   "  network_memory = \"3MiB\"; bind_grace = \"3s\"; dns_free = "
						   "\"listed\"; dns_free_bytes = \"7B\"; };\n";
	struct zr_config_errors errors;
	struct zr_config config;
	struct zr_dataplane_config dataplane;

	(void)state;
	assert_int_equal(read_config(text, strlen(text), &config, &errors), 0);
	zr_config_dataplane(&config, &dataplane);
	assert_int_equal(dataplane.pipeline.trusted_resolvers->count, 1);
	assert_int_equal(dataplane.pipeline.verify, ZR_VERIFY_REQUIRE);
	assert_int_equal(dataplane.pipeline.learned_ttl_min_us, 120000000);
	assert_int_equal(dataplane.pipeline.learned_ttl_max_us, 120000000);
	assert_int_equal(dataplane.pipeline.learned_grace_us, 0);
	assert_int_equal(dataplane.pipeline.learned_bytes, 2 << 20);
	assert_int_equal(config.evidence.network_bytes, 3 << 20);
	assert_int_equal(dataplane.pipeline.bind_grace_us, 3000000);
	assert_true(dataplane.pipeline.dns_free);
	assert_int_equal(dataplane.pipeline.dns_free_bytes, 7);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
	assert_int_equal(read_config(LEAST, strlen(LEAST), &config, &errors), 0);
	zr_config_dataplane(&config, &dataplane);
	assert_int_equal(dataplane.pipeline.trusted_resolvers->count, 0);
	assert_int_equal(dataplane.pipeline.verify, ZR_VERIFY_OFF);
	assert_false(dataplane.pipeline.dns_free);
	assert_int_equal(config.evidence.network_bytes, 64 << 20);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

/* What does not fit together, and what would wait for answers of nobody. */
static void test_evidence_refused(void **state)
{
	static const char *const two[] = {
		"4: dns_free is for questions to trusted resolvers, and there are none: write trusted_resolvers = [ "
		"\"10.0.0.53/32\" ], or dns_free = \"off\"",
		"4: verify asks for answers of trusted resolvers, and there are none: write trusted_resolvers = [ "
		"\"10.0.0.53/32\" ], or verify = \"off\"",
		NULL,
	};

	(void)state;
	has_errors(LEAST "evidence = { verify = \"flag\"; dns_free = \"listed\"; };\n", two);
	has_errors(LEAST "evidence = { verify = \"require\"; dns_free = \"listed\"; }; trusted_resolvers = [ ];\n",
		   two);
	has_error(LEAST RESOLVERS "evidence = { ttl_max = \"59s\"; };\n",
		  "5: ttl_min (1m unless given) is more than ttl_max (24h unless given): write ttl_min = \"1m\"; "
		  "ttl_max = \"24h\";");
	has_error(
		LEAST RESOLVERS "evidence = { verify = \"learn\"; };\n",
		"5: learn is never a default: write it into the list, for servers that belong to one entry alone; here "
		"write verify = \"off\", \"flag\" or \"require\"");
	has_error(LEAST RESOLVERS "evidence = { verify = \"\"; };\n",
		  "5: there is no verify \"\": write verify = \"off\", \"flag\" or \"require\"");
	has_error(LEAST RESOLVERS "evidence = { dns_free = \"on\"; };\n",
		  "5: dns_free is no \"on\": write dns_free = \"off\" or \"listed\"");
	has_error(LEAST RESOLVERS "evidence = { dns_free = true; };\n",
		  "5: dns_free is a text in quotes: write dns_free = \"off\" or \"listed\"");
	has_error(LEAST "evidence = true;\n", "4: evidence is a group: write evidence = { verify = \"flag\"; }");
	/* Resolvers that are wrong are told once. */
	has_error(LEAST "evidence = { verify = \"require\"; }; trusted_resolvers = [ \"10.0.0.53/8\" ];\n",
		  "4: \"10.0.0.53/8\" has address bits behind its length: write \"10.0.0.0/8\"");
}

static void test_wrong_types(void **state)
{
	(void)state;
	has_error("gateway = 7;\n"
		  "dataplane = { workers = \"1\"; ports = ( { device = \"a\"; } ); }; list = { file = \"l\"; };\n",
		  "1: gateway is a text in quotes: write gateway = \"hn-gw-01\"");
	/* No control message could tell it. */
	has_error("gateway = \"a\xff\";\n"
		  "dataplane = { workers = \"1\"; ports = ( { device = \"a\"; } ); }; list = { file = \"l\"; };\n",
		  "1: gateway has 1 to 64 bytes of UTF-8 and no control characters: write gateway = \"hn-gw-01\"");
	has_error("gateway = \"\";\n"
		  "dataplane = { workers = \"1\"; ports = ( { device = \"a\"; } ); }; list = { file = \"l\"; };\n",
		  "1: gateway has 1 to 64 bytes of UTF-8 and no control characters: write gateway = \"hn-gw-01\"");
	has_error("gateway = \"gw\"; list = \"l\";\n"
		  "dataplane = { workers = \"1\"; ports = ( { device = \"a\"; } ); };\n",
		  "1: list is a group: write list = { file = \"/var/lib/zerorate/list.csv\"; }");
	has_error("gateway = \"gw\"; list = { file = \"l\"; };\n"
		  "dataplane = { workers = \"all\"; ports = ( { device = \"a\"; } ); };\n",
		  "2: workers \"all\" is no list of lcores: write workers = \"1-3\"");
	has_error("gateway = \"gw\"; list = { file = \"l\"; };\n"
		  "dataplane = { workers = \"1\"; eal = \"--no-huge -l 1-3\"; ports = ( { device = \"a\"; } ); };\n",
		  "2: eal must not name cores: write them into workers");
	has_error("gateway = \"gw\"; list = { file = \"l\"; };\n"
		  "dataplane = { workers = \"1\"; ports = ( ); };\n",
		  "2: ports is a list of 1 to 32 ports in ( ): write ports = ( { device = \"0000:03:00.0\"; role = "
		  "\"both\"; } )");
	has_error("gateway = \"gw\"; list = { file = \"l\"; };\n"
		  "dataplane = { workers = \"1\"; retro_credit = 1; ports = ( { device = \"a\"; } ); };\n",
		  "2: retro_credit is yes or no: write retro_credit = true");
	has_error("gateway = \"gw\"; list = { file = \"l\"; };\n"
		  "dataplane = { workers = \"1\"; ports = ( { device = \"a\"; domain = 65536; } ); };\n",
		  "2: domain is a number without quotes: write domain = 0, up to 65535");
}

static void test_syntax(void **state)
{
	(void)state;
	has_error("gateway = \"gw\n",
		  "2: syntax error: write KEY = VALUE; with texts in quotes, groups in { }, arrays in "
		  "[ ] and lists in ( )");
}

static void test_unreadable(void **state)
{
	struct zr_config_errors errors;
	struct zr_config config;

	(void)state;
	assert_int_equal(zr_config_read("/nowhere/zerorated.conf", &config, &errors), -EINVAL);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.lines[0],
			    "/nowhere/zerorated.conf:0: cannot be read: No such file or directory; name "
			    "the configuration with -c");
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
	assert_int_equal(zr_config_read("/tmp", &config, &errors), -EINVAL);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
	assert_int_equal(read_config("a\0b", 3, &config, &errors), -EINVAL);
	assert_non_null(strstr(errors.lines[0], ":1: holds zero bytes"));
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

/* Whatever a file holds, it is refused or read: every beginning of a good one. */
static void test_cut(void **state)
{
	struct zr_config_errors errors;
	struct zr_config config;

	(void)state;
	for (size_t len = 0; len < strlen(LEAST); len++) {
		int err = read_config(LEAST, len, &config, &errors);

		assert_true(err == 0 || (err == -EINVAL && errors.count > 0));
		zr_config_errors_clear(&errors);
		zr_config_clear(&config);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_list_keys),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_evidence_refused),
	};
	int failed;

	sample = argc > 1 ? argv[1] : "";
	if (mkstemp(path) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
