/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include "rules/explain.h"
#include "rules/name.h"
#include "rules/spelling.h"
#include "tests/support/guard.h"

static const char rows[] = ".olm.vn,olm,1,,,,,\n"
			   "!quangcao.olm.vn,,,,,,,\n"
			   "*.hocmai.vn,hocmai,2,,,,,\n"
			   "thi.moet.gov.vn,moet,3,2027-01-01T00:00:00Z,2027-02-01T00:00:00Z,,,\n"
			   "thi.moet.gov.vn,moet,3,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,,,\n"
			   "thi.moet.gov.vn,moet,3,2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,,,\n"
			   "thi.moet.gov.vn,moet,3,2027-05-01T00:00:00Z,2027-06-01T00:00:00Z,,,\n"
			   "www.onluyen.vn,onluyen,4,,,,,\n"
			   "api.onluyen.vn,onluyen,4,,,,,\n"
			   ".truong.edu.vn,truong,5,,,,,\n"
			   "203.162.10.0/24 udp 8801-8810,live,6,,,,,\n"
			   "203.162.10.0/24 tcp,live,6,,,,,\n"
			   "203.162.0.0/16 udp 443,live,6,,,,,\n"
			   "203.162.10.8,live,6,2027-01-01T00:00:00Z,,,,\n"
			   "2401:d800:10::/48,live,6,,,,,\n";

/* The answer and the near entries as "RULE reason[distance]" with ", " between them. */
static void expect(const struct zr_image *image, const struct zr_explanation *explanation, const char *match,
		   const char *wanted)
{
	char text[2048] = "";
	size_t used = 0;

	assert_string_equal(rule_of(image, explanation->match), match);
	for (unsigned int i = 0; i < explanation->count; i++) {
		const struct zr_near *near = &explanation->near[i];
		struct zr_entry entry;

		zr_image_entry(image, near->entry, &entry);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", i > 0 ? ", " : "", entry.rule,
					 zr_near_word(near->reason));
		if (near->reason == ZR_NEAR_SPELLING)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", near->distance);
		if (entry.from_s != INT64_MIN)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " @%lld", (long long)entry.from_s);
	}
	assert_string_equal(text, wanted);
}

static void expect_name(const struct zr_image *image, const char *name, const char *match, const char *wanted)
{
	struct zr_explanation explanation;
	struct guard guard;
	size_t len = strlen(name);

	zr_explain_name(image, (const char *)guard_copy(&guard, name, len), len, NOW_S, &explanation);
	guard_free(&guard);
	expect(image, &explanation, match, wanted);
	assert_int_equal(explanation.left_out, 0);
}

static void expect_address(const struct zr_image *image, const char *addr, uint8_t proto, uint16_t port,
			   const char *match, const char *wanted)
{
	struct zr_explanation explanation;
	struct zr_prefix prefix;

	assert_int_equal(zr_prefix_parse(addr, strlen(addr), &prefix), 0);
	zr_explain_address(image, prefix.family, prefix.addr, proto, port, NOW_S, &explanation);
	expect(image, &explanation, match, wanted);
}

static void says_nothing_more_of_what_is_free(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "www.olm.vn", ".olm.vn", "");
	expect_name(made.image, "a.hocmai.vn", "*.hocmai.vn", "");
	expect_address(made.image, "203.162.10.1", 17, 8801, "203.162.10.0/24 udp 8801-8810", "");
	unmake(&made);
}

static void names_what_an_exclusion_overrules(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "quangcao.olm.vn", "!quangcao.olm.vn", ".olm.vn overruled");
	expect_name(made.image, "x.quangcao.olm.vn", "!quangcao.olm.vn", ".olm.vn overruled");
	unmake(&made);
}

static void orders_windows_by_what_comes_next(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "thi.moet.gov.vn", "",
		    "thi.moet.gov.vn not_yet @1798761600, thi.moet.gov.vn not_yet @1809129600, "
		    "thi.moet.gov.vn past @1772323200, thi.moet.gov.vn past @1767225600");
	unmake(&made);
}

static void tells_forms_of_names_apart(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "hocmai.vn", "", "*.hocmai.vn below_only");
	expect_name(made.image, "a.www.onluyen.vn", "", "www.onluyen.vn exact_only");
	expect_name(made.image, "onluyen.vn", "", "www.onluyen.vn subdomain_listed, api.onluyen.vn subdomain_listed");
	expect_name(made.image, "m.onluyen.vn", "", "www.onluyen.vn sibling_listed, api.onluyen.vn sibling_listed");
	expect_name(made.image, "badolm.vn", "", ".olm.vn inside_a_label");
	unmake(&made);
}

static void finds_near_spellings(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "www.oml.vn", "", ".olm.vn similar_spelling 1");
	expect_name(made.image, "cdn.hocmia.vn", "", "*.hocmai.vn similar_spelling 1");
	expect_name(made.image, "wwwonluyen.vn", "", "www.onluyen.vn similar_spelling 1");
	expect_name(made.image, "wwww.onlyen.vn", "", "www.onluyen.vn similar_spelling 2");
	expect_name(made.image, "o", "", "");
	unmake(&made);
}

static void takes_no_siblings_below_a_public_suffix(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_name(made.image, "dai-hoc.edu.vn", "", "");
	expect_name(made.image, "edu.vn", "", ".truong.edu.vn subdomain_listed");
	unmake(&made);
}

static void explains_addresses(void **state)
{
	struct made made = make_rows(rows);

	(void)state;
	expect_address(made.image, "203.162.10.1", 0, 0, "",
		       "203.162.10.0/24 udp 8801-8810 other_protocol, 203.162.10.0/24 tcp other_protocol, "
		       "203.162.0.0/16 udp 443 other_protocol, 203.162.10.8 neighbouring_block @1798761600");
	expect_address(made.image, "203.162.10.8", 17, 8811, "",
		       "203.162.10.8 not_yet @1798761600, 203.162.10.0/24 tcp other_protocol, "
		       "203.162.10.0/24 udp 8801-8810 other_ports, 203.162.0.0/16 udp 443 other_ports");
	expect_address(made.image, "203.163.0.0", 6, 443, "", "");
	expect_address(made.image, "2401:d800:11::1", 6, 443, "", "2401:d800:10::/48 neighbouring_block");
	expect_address(made.image, "2402::1", 6, 443, "", "");
	unmake(&made);
}

/* More than can be told: the nearest stay, the others are counted. */
static void counts_what_it_leaves_out(void **state)
{
	struct zr_explanation explanation;
	struct made made;
	char text[8192] = "", row[64];

	(void)state;
	for (unsigned int i = 40; i > 0; i--) {
		snprintf(row, sizeof(row), "host%02u.truong.edu.vn,x,1,,,,,\n", i);
		strcat(text, row);
	}
	strcat(text, "*.host.truong.edu.vn,x,1,,,,,\n");
	made = make_rows(text);
	zr_explain_name(made.image, "host.truong.edu.vn", strlen("host.truong.edu.vn"), NOW_S, &explanation);
	assert_int_equal(explanation.count, ZR_NEAR_MAX);
	assert_int_equal(explanation.left_out, 41 - ZR_NEAR_MAX);
	assert_int_equal(explanation.near[0].reason, ZR_NEAR_BELOW_ONLY);
	for (unsigned int i = 1; i < ZR_NEAR_MAX; i++) {
		assert_int_equal(explanation.near[i].reason, ZR_NEAR_SPELLING);
		assert_true(explanation.near[i - 1].rank < explanation.near[i].rank);
	}
	unmake(&made);
}

/* By the definition of the distance, without its shortcuts. */
static unsigned int slow_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int best, other;

	if (a_len == 0 || b_len == 0)
		return (unsigned int)(a_len + b_len);
	best = slow_distance(a, a_len - 1, b, b_len - 1) + (a[a_len - 1] != b[b_len - 1]);
	other = slow_distance(a, a_len - 1, b, b_len) + 1;
	best = other < best ? other : best;
	other = slow_distance(a, a_len, b, b_len - 1) + 1;
	best = other < best ? other : best;
	if (a_len > 1 && b_len > 1 && a[a_len - 1] == b[b_len - 2] && a[a_len - 2] == b[b_len - 1]) {
		other = slow_distance(a, a_len - 2, b, b_len - 2) + 1;
		best = other < best ? other : best;
	}
	return best;
}

static void measures_spellings_as_defined(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		char a[6], b[6];
		size_t a_len, b_len;

		seed = seed * 1103515245 + 12345;
		a_len = (seed >> 16) % 7;
		b_len = (seed >> 20) % 7;
		for (size_t i = 0; i < sizeof(a); i++) {
			seed = seed * 1103515245 + 12345;
			a[i] = (char)('a' + (seed >> 16) % 3);
			b[i] = (char)('a' + (seed >> 20) % 3);
		}
		for (unsigned int most = 0; most < 8; most++) {
			unsigned int wanted = slow_distance(a, a_len, b, b_len);
			unsigned int got = zr_spelling_distance(a, a_len, b, b_len, most);

			if (wanted <= most)
				assert_int_equal(got, wanted);
			else
				assert_true(got > most);
		}
	}
}

/* Near the edge of what is compared: letters only put in, only left out, swapped, at either end. */
static void measures_long_names_as_defined_at_every_bound(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} pairs[] = {
		{"olm.example.vn", "olm.example.vn", 0},    {"xyolm.example.vn", "olm.example.vn", 2},
		{"olm.example.vn", "olm.example.vnxy", 2},  {"xolm.example.vn", "olm.example.vny", 2},
		{"lom.example.nv", "olm.example.vn", 2},    {"xyzolm.example.vn", "olm.example.vn", 3},
		{"xyolm.example.vn", "olm.example.vnz", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (unsigned int most = 0; most < 5; most++) {
			unsigned int got = zr_spelling_distance(pairs[i].a, strlen(pairs[i].a), pairs[i].b,
								strlen(pairs[i].b), most);

			if (pairs[i].distance <= most)
				assert_int_equal(got, pairs[i].distance);
			else
				assert_true(got > most);
		}
	}
}

static void measures_the_longest_names(void **state)
{
	char a[ZR_NAME_MAX], b[ZR_NAME_MAX];
	struct guard guard_a, guard_b;

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	b[0] = b[sizeof(b) - 1] = 'b';
	assert_int_equal(zr_spelling_distance((const char *)guard_copy(&guard_a, a, sizeof(a)), sizeof(a),
					      (const char *)guard_copy(&guard_b, b, sizeof(b)), sizeof(b), 2),
			 2);
	guard_free(&guard_a);
	guard_free(&guard_b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_more_of_what_is_free),
		cmocka_unit_test(names_what_an_exclusion_overrules),
		cmocka_unit_test(orders_windows_by_what_comes_next),
		cmocka_unit_test(tells_forms_of_names_apart),
		cmocka_unit_test(finds_near_spellings),
		cmocka_unit_test(takes_no_siblings_below_a_public_suffix),
		cmocka_unit_test(explains_addresses),
		cmocka_unit_test(counts_what_it_leaves_out),
		cmocka_unit_test(measures_spellings_as_defined),
		cmocka_unit_test(measures_long_names_as_defined_at_every_bound),
		cmocka_unit_test(measures_the_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
