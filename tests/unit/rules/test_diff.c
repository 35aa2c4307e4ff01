/* SPDX-License-Identifier: BSD-3-Clause */
/* What two lists have in common, and which change each difference is. */
#include "tests/unit/rules/lists.h"

#include "rules/diff.h"

static const char *const words[ZR_CHANGE_COUNT] = {"added", "removed", "changed", "widened", "narrowed"};

struct telling {
	const struct zr_image *before, *after;
	FILE *out;
	uint64_t counts[ZR_CHANGE_COUNT];
};

static void print_rule(FILE *out, const struct zr_image *image, uint32_t entry)
{
	struct zr_entry e;

	if (entry == ZR_ENTRY_NONE)
		return;
	zr_image_entry(image, entry, &e);
	fprintf(out, " %s", e.rule);
	if (e.from_s != INT64_MIN || e.until_s != INT64_MAX)
		fprintf(out, "@%lld", (long long)e.from_s);
}

static void tell(void *arg, enum zr_change change, uint32_t before, uint32_t after)
{
	struct telling *t = arg;

	t->counts[change]++;
	fprintf(t->out, "%s", words[change]);
	print_rule(t->out, t->before, before);
	if (before != ZR_ENTRY_NONE && after != ZR_ENTRY_NONE)
		fprintf(t->out, " ->");
	print_rule(t->out, t->after, after);
	fprintf(t->out, "\n");
}

/* Compare two lists of rows: wanted holds a line per difference. */
static void expect(const char *before_rows, const char *after_rows, const char *wanted)
{
	struct made before = make_rows(before_rows), after = make_rows(after_rows);
	uint64_t counts[ZR_CHANGE_COUNT], silent[ZR_CHANGE_COUNT];
	char *found = NULL;
	size_t found_len = 0;
	struct telling t = {.before = before.image, .after = after.image, .out = open_memstream(&found, &found_len)};

	assert_non_null(t.out);
	assert_int_equal(zr_list_diff(before.image, after.image, tell, &t, counts), 0);
	fclose(t.out);
	assert_string_equal(found, wanted);
	assert_memory_equal(counts, t.counts, sizeof(counts));
	assert_int_equal(zr_list_diff(before.image, after.image, NULL, NULL, silent), 0);
	assert_memory_equal(counts, silent, sizeof(counts));
	free(found);
	unmake(&before);
	unmake(&after);
}

static void equal_lists_have_no_difference(void **state)
{
	(void)state;
	expect("", "", "");
	expect(".olm.vn,olm,1\n10.0.0.0/24 udp 5,a,1\n!x.olm.vn,,\n",
	       "!x.olm.vn,,\n10.0.0.0/24 udp 5,a,1\n.olm.vn,olm,1\n", "");
}

static void spelling_is_no_difference(void **state)
{
	(void)state;
	expect(".olm.vn,olm,1\n10.0.0.7,a,1\n10.0.0.8 udp 5,a,1\n",
	       ".OLM.vn.,olm,1\n10.0.0.7/32,a,1\n10.0.0.8/32 UDP 5-5,a,1\n", "");
}

static void entries_come_and_go(void **state)
{
	(void)state;
	expect("", "b.vn,s,1\n10.0.0.0/24,s,1\n.a.vn,s,1\n", "added .a.vn\nadded 10.0.0.0/24\nadded b.vn\n");
	expect("b.vn,s,1\n10.0.0.0/24,s,1\n!a.vn,,\n", "", "removed !a.vn\nremoved 10.0.0.0/24\nremoved b.vn\n");
	expect("a.vn,s,1\n", "b.vn,s,1\n", "removed a.vn\nadded b.vn\n");
}

static void another_tariff_is_a_change(void **state)
{
	(void)state;
	expect("a.vn,s,1\nb.vn,s,1\nc.vn,s,1\n", "a.vn,s,2\nb.vn,t,1\nc.vn,s,1\n",
	       "changed a.vn -> a.vn\nchanged b.vn -> b.vn\n");
}

static void names_widen_and_narrow(void **state)
{
	(void)state;
	expect("a.vn,s,1\n*.b.vn,s,1\n", ".a.vn,s,1\n.b.vn,s,2\n", "widened *.b.vn -> .b.vn\nwidened a.vn -> .a.vn\n");
	expect(".a.vn,s,1\n.b.vn,s,1\n", "a.vn,s,1\n*.b.vn,s,1\n",
	       "narrowed .a.vn -> a.vn\nnarrowed .b.vn -> *.b.vn\n");
}

static void what_has_nothing_in_common_is_no_pair(void **state)
{
	(void)state;
	expect("a.vn,s,1\n!b.vn,,\n10.0.0.0/24 udp,s,1\n10.0.1.0/24 udp 5,s,1\n",
	       "*.a.vn,s,1\n.b.vn,s,1\n10.0.0.0/24 tcp,s,1\n10.0.1.0/24 udp 6,s,1\n",
	       "removed !b.vn\nadded *.a.vn\nadded .b.vn\nadded 10.0.0.0/24 tcp\nremoved 10.0.0.0/24 udp\n"
	       "removed 10.0.1.0/24 udp 5\nadded 10.0.1.0/24 udp 6\nremoved a.vn\n");
}

static void another_prefix_is_another_subject(void **state)
{
	(void)state;
	expect("10.0.0.0/24,s,1\na.olm.vn,s,1\n", "10.0.0.0/23,s,1\n.olm.vn,s,1\n",
	       "added .olm.vn\nadded 10.0.0.0/23\nremoved 10.0.0.0/24\nremoved a.olm.vn\n");
}

static void ports_and_protocols_widen_and_narrow(void **state)
{
	(void)state;
	expect("10.0.0.0/24 udp 5,s,1\n10.0.1.0/24 udp,s,1\n10.0.2.0/24 udp 5,s,1\n",
	       "10.0.0.0/24 udp 5-9,s,1\n10.0.1.0/24,s,1\n10.0.2.0/24 udp,s,1\n",
	       "widened 10.0.0.0/24 udp 5 -> 10.0.0.0/24 udp 5-9\nwidened 10.0.1.0/24 udp -> 10.0.1.0/24\n"
	       "widened 10.0.2.0/24 udp 5 -> 10.0.2.0/24 udp\n");
	expect("10.0.0.0/24 udp 5-9,s,1\n10.0.1.0/24,s,1\n", "10.0.0.0/24 udp 9,s,1\n10.0.1.0/24 tcp 1,s,1\n",
	       "narrowed 10.0.0.0/24 udp 5-9 -> 10.0.0.0/24 udp 9\nnarrowed 10.0.1.0/24 -> 10.0.1.0/24 tcp 1\n");
	expect("10.0.0.0/24 udp 5-9,s,1\n", "10.0.0.0/24 udp 6-10,s,1\n",
	       "changed 10.0.0.0/24 udp 5-9 -> 10.0.0.0/24 udp 6-10\n");
}

#define S(second) "1970-01-01T00:00:" #second "Z"

static void windows_widen_and_narrow(void **state)
{
	(void)state;
	expect("a.vn,s,1," S(10) "," S(19) "\n", "a.vn,s,1," S(10) "," S(20) "\n", "widened a.vn@10 -> a.vn@10\n");
	expect("a.vn,s,1," S(10) "," S(19) "\n", "a.vn,s,1\n", "widened a.vn@10 -> a.vn\n");
	expect("a.vn,s,1\n", "a.vn,s,1," S(10) ",\n", "narrowed a.vn -> a.vn@10\n");
	expect("a.vn,s,1," S(10) "," S(19) "\n", "a.vn,s,1," S(15) "," S(30) "\n", "changed a.vn@10 -> a.vn@15\n");
	expect("a.vn,s,1," S(10) "," S(19) "\n", "a.vn,s,1," S(40) "," S(50) "\n", "changed a.vn@10 -> a.vn@40\n");
	/* A wider name for a shorter time: each covers what the other does not. */
	expect("a.vn,s,1," S(10) "," S(19) "\n", ".a.vn,s,1," S(10) "," S(15) "\n", "changed a.vn@10 -> .a.vn@10\n");
	/* … and at another time they have nothing in common. */
	expect("a.vn,s,1," S(10) "," S(19) "\n", ".a.vn,s,1," S(30) "," S(35) "\n",
	       "added .a.vn@30\nremoved a.vn@10\n");
}

static void an_exclusion_that_grows_narrows(void **state)
{
	(void)state;
	expect("!a.vn,,," S(10) "," S(19) "\n!b.vn,,\n", "!a.vn,,," S(10) "," S(20) "\n!b.vn,,," S(10) ",\n",
	       "narrowed !a.vn@10 -> !a.vn@10\nwidened !b.vn -> !b.vn@10\n");
	expect("!a.vn,,," S(10) "," S(19) "\n", "!a.vn,,," S(12) "," S(29) "\n", "changed !a.vn@10 -> !a.vn@12\n");
}

static void several_windows_are_paired_with_what_they_meet(void **state)
{
	(void)state;
	/* The first window is gone, the second one is longer, the third one is as it was, a fourth one is new. */
	expect("a.vn,s,1," S(01) "," S(04) "\na.vn,s,1," S(20) "," S(25) "\na.vn,s,1," S(40) "," S(45) "\n",
	       "a.vn,s,1," S(20) "," S(27) "\na.vn,s,1," S(40) "," S(45) "\n",
	       "removed a.vn@1\nwidened a.vn@20 -> a.vn@20\n");
	expect("a.vn,s,1," S(20) "," S(25) "\n", "a.vn,s,1," S(01) "," S(04) "\na.vn,s,1," S(21) "," S(25) "\n",
	       "added a.vn@1\nnarrowed a.vn@20 -> a.vn@21\n");
	/* The same name goes before a wider one that would hold it. */
	expect("a.vn,s,1\n", "a.vn,s,1," S(01) "," S(04) "\n.a.vn,s,1\n", "added .a.vn\nnarrowed a.vn -> a.vn@1\n");
}

/* More entries of one subject than an entry looks at: those that agree are found all the same. */
static void of_many_entries_of_one_subject_equal_ones_are_found(void **state)
{
	enum { PORTS = 500 };
	char *before = malloc(PORTS * 40), *after = malloc(PORTS * 40), wanted[256];
	size_t before_len = 0, after_len = 0;

	(void)state;
	for (unsigned int i = 0; i < PORTS; i++) {
		before_len += (size_t)sprintf(before + before_len, "10.0.0.0/24 udp %u,s,1\n", 1000 + i * 2);
		after_len += (size_t)sprintf(after + after_len, "10.0.0.0/24 udp %u,s,1\n",
					     1000 + (PORTS - 1 - i) * 2 + (i == 0));
	}
	sprintf(wanted, "removed 10.0.0.0/24 udp %u\nadded 10.0.0.0/24 udp %u\n", 1000 + (PORTS - 1) * 2,
		1000 + (PORTS - 1) * 2 + 1);
	expect(before, after, wanted);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_lists_have_no_difference),
		cmocka_unit_test(spelling_is_no_difference),
		cmocka_unit_test(entries_come_and_go),
		cmocka_unit_test(another_tariff_is_a_change),
		cmocka_unit_test(names_widen_and_narrow),
		cmocka_unit_test(what_has_nothing_in_common_is_no_pair),
		cmocka_unit_test(another_prefix_is_another_subject),
		cmocka_unit_test(ports_and_protocols_widen_and_narrow),
		cmocka_unit_test(windows_widen_and_narrow),
		cmocka_unit_test(an_exclusion_that_grows_narrows),
		cmocka_unit_test(several_windows_are_paired_with_what_they_meet),
		cmocka_unit_test(of_many_entries_of_one_subject_equal_ones_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
