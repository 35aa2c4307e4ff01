/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of any script: what people write, the A-labels that packets carry, and what is refused with which advice. */
#include "tests/unit/rules/findings.h"

#include "rules/name_text.h"

static int convert(const char *text, char *out, struct zr_fault *fault)
{
	struct guard guard;
	size_t len = strlen(text);
	int result = zr_name_from_text((const char *)guard_copy(&guard, text, len), len, out, fault);

	guard_free(&guard);
	return result;
}

static void expect(const char *text, const char *name)
{
	char out[ZR_NAME_MAX + 1];
	struct zr_fault fault = {.text = ""};
	int len = convert(text, out, &fault);

	if (len < 0)
		fail_msg("%s: %zu: %s", text, fault.at, fault.text);
	assert_string_equal(out, name);
	assert_int_equal(len, strlen(name));
	assert_int_equal(convert(text, out, NULL), len);
}

static void refuse(const char *text, size_t at, const char *wanted)
{
	char out[ZR_NAME_MAX + 1] = "untouched";
	struct zr_fault fault;

	if (convert(text, out, &fault) != -EINVAL)
		fail_msg("%s is accepted as %s", text, out);
	assert_string_equal(out, "untouched");
	assert_string_equal(fault.text, wanted);
	assert_int_equal(fault.at, at);
	assert_int_equal(convert(text, out, NULL), -EINVAL);
}

static void plain_names_stay_as_they_are(void **state)
{
	(void)state;
	expect("olm.vn", "olm.vn");
	expect("OLM.vn.", "olm.vn");
	expect("_dmarc._tcp.r4---sn-a.vn", "_dmarc._tcp.r4---sn-a.vn");
	expect("a", "a");
	refuse("", 0, "a host name is missing: write it like olm.vn");
	refuse("。", 0, "a host name is missing: write it like olm.vn");
	refuse("10.0.0.1", 0, "\"10.0.0.1\" is neither an address nor a host name, whose last label is never a number");
	refuse("olm.vn..", 7, "a label is empty: write one dot between labels");
	refuse("a\tb.vn", 1, "a control character cannot stand here: remove it");
}

static void letters_outside_ascii_become_a_labels(void **state)
{
	(void)state;
	expect("học.vn", "xn--hc-68s.vn");
	expect("HỌC.VN", "xn--hc-68s.vn");
	expect("www.trường-học.vn.", "www.xn--trng-hc-t8b5918dpea.vn");
	expect("faß.de", "xn--fa-hia.de");
	expect("_a.học._b", "_a.xn--hc-68s._b");
	expect("例え.jp", "xn--r8jz45g.jp");
	expect("l·l.cat", "xn--ll-0ea.cat");
	expect("क्\342\200\215ष.in", "xn--11b2ezcw70k.in");
	expect("אב1.il", "xn--1-zhcd.il");
}

/* What macOS and input methods write: decomposed letters, wide letters and dots. */
static void other_spellings_are_the_same_name(void **state)
{
	(void)state;
	expect("ho\314\243c.vn", "xn--hc-68s.vn");
	expect("ti\303\252\314\201ng.vn", "xn--ting-hv5a.vn");
	expect("tie\314\202\314\201ng.vn", "xn--ting-hv5a.vn");
	expect("tiếng.vn", "xn--ting-hv5a.vn");
	expect("học。vn", "xn--hc-68s.vn");
	expect("học．vn｡", "xn--hc-68s.vn");
	expect("ｏｌｍ．ｖｎ", "olm.vn");
}

static void a_labels_are_checked(void **state)
{
	(void)state;
	expect("XN--HC-68S.vn", "xn--hc-68s.vn");
	expect("xn--fa-hia.de", "xn--fa-hia.de");
	refuse("a.xn--abc.vn", 2,
	       "\"xn--abc\" begins like an A-label, but it encodes no name: write the name in its own letters");
	refuse("xn--.vn", 0, "a label cannot begin or end with a hyphen: write it without");
	refuse("xn--olm-.vn", 0, "a label cannot begin or end with a hyphen: write it without");
	refuse("xn--99999999.vn", 0,
	       "\"xn--99999999\" begins like an A-label, but it encodes no name: write the name in its own letters");
	refuse("xn--hc-yxs.vn", 0,
	       "\"xn--hc-yxs\" stands for \"hṊc\", which is not written as IDNA 2008 asks: write xn--hc-1xs");
	refuse("xn--ls8h.la", 0,
	       "\"xn--ls8h\" stands for \"💩\", which cannot be a label: U+1F4A9 in it cannot stand in a host name "
	       "(IDNA "
	       "2008): write the letters that the site itself writes");
	refuse("xn---hc-ulz.vn", 0,
	       "\"xn---hc-ulz\" stands for \"-học\", which cannot be a label: a label cannot begin or end with a "
	       "hyphen: "
	       "write it without");
	refuse("xn--a-zhcd.vn", 0,
	       "\"xn--a-zhcd\" stands for \"אבa\", which cannot be a label: it mixes letters written from the right "
	       "with "
	       "others, or begins with a digit (RFC 5893): write letters of one direction, and digits behind them");
	refuse("xn--l-fda.vn", 0,
	       "\"xn--l-fda\" stands for \"·l\", which cannot be a label: a mark stands where it may not (U+00B7 only "
	       "between two l, U+0375 before a Greek, U+05F3 and U+05F4 behind a Hebrew, U+30FB beside a Japanese "
	       "letter, digits of one script alone): remove it");
}

static void every_fault_says_what_to_write(void **state)
{
	(void)state;
	refuse("☃.vn", 0,
	       "U+2603 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("a.họ☃c.vn", 6,
	       "U+2603 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("h_ọc.vn", 1,
	       "'_' cannot stand in a label with letters outside ASCII: write letters, digits and hyphens");
	refuse("họ,c.vn", 4,
	       "',' cannot stand in a label with letters outside ASCII: write letters, digits and hyphens");
	refuse("-học.vn", 0, "\"-học\" cannot be a label: a label cannot begin or end with a hyphen: write it without");
	refuse("họ--c.vn", 0,
	       "\"họ--c\" cannot be a label: its third and fourth characters are hyphens, which only xn-- may have: "
	       "remove one of them");
}

static void letters_in_the_wrong_place_are_told(void **state)
{
	(void)state;
	refuse("\314\243hoc.vn", 0,
	       "\"\314\243hoc\" cannot be a label: it begins with a mark that belongs to the letter before it: write "
	       "that "
	       "letter first");
	refuse("a.·l.vn", 2,
	       "\"·l\" cannot be a label: a mark stands where it may not (U+00B7 only between two l, U+0375 before a "
	       "Greek, U+05F3 and U+05F4 behind a Hebrew, U+30FB beside a Japanese letter, digits of one script "
	       "alone): "
	       "remove it");
	refuse("אבa.vn", 0,
	       "\"אבa\" cannot be a label: it mixes letters written from the right with others, or begins with a digit "
	       "(RFC 5893): write letters of one direction, and digits behind them");
	refuse("a\315\270.vn", 1,
	       "U+0378 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("a.h\303.vn", 3, "an octet is not UTF-8: write the name in UTF-8");
}

/* The A-label of letters that are not composed: libidn2 would decode it, and encode it to the same. */
static void a_labels_of_decomposed_letters_are_refused(void **state)
{
	(void)state;
	refuse("xn--hoc-hhc.vn", 0,
	       "\"xn--hoc-hhc\" stands for \"ho\314\243c\", which is not written as IDNA 2008 asks: write xn--hc-68s");
}

static void what_nobody_sees_is_told_by_its_number(void **state)
{
	(void)state;
	refuse("h\342\200\213ọc.vn", 1, "U+200B is invisible: remove it");
	refuse("olm\302\255.vn", 3, "U+00AD is invisible: remove it");
	refuse("olm.\357\273\277vn", 4, "U+FEFF is invisible: remove it");
	refuse("\342\200\256olm.vn", 0, "U+202E is invisible: remove it");
	refuse("olm\302\240.vn", 3, "U+00A0 is a blank: remove it");
	refuse("olm\343\200\200.vn", 3, "U+3000 is a blank: remove it");
	refuse("a–b.vn", 1, "U+2013 is a dash: write a hyphen, '-'");
	refuse("a‑b.vn", 1, "U+2011 is a dash: write a hyphen, '-'");
	refuse("“olm.vn", 0, "U+201C is a quotation mark: remove it");
	refuse("olm…vn", 3, "U+2026 is an ellipsis: write the label that it stands for");
	refuse("a\342\200\215b.vn", 0,
	       "\"a\342\200\215b\" cannot be a label: an invisible joiner (U+200C or U+200D) stands where its script "
	       "has "
	       "no use for it: remove it");
}

static void mapped_characters_never_bring_in_others(void **state)
{
	(void)state;
	refuse("a⒈b.vn", 1,
	       "U+2488 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("a℀.vn", 1,
	       "U+2100 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("a＿b.vn", 1,
	       "U+FF3F cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site itself "
	       "writes");
	refuse("－ab.vn", 0, "\"－ab\" cannot be a label: a label cannot begin or end with a hyphen: write it without");
	refuse("ｘｎ－－abc.vn", 0,
	       "\"ｘｎ－－abc\" cannot be a label: a character in it cannot stand in a host name (IDNA 2008): write "
	       "the name as its site does");
}

/* Nobody who reads such a label sees what it is. The A-label says that it is meant. */
static void scripts_that_look_alike_do_not_mix(void **state)
{
	static const char advice[] =
		"\"%s\" mixes scripts whose letters look alike: U+%s letter: write all letters in one "
		"script, or %s if the site is really called so";
	/* Cyrillic o, Latin, the last letter only, Greek, letters that are mapped to them, two scripts without Latin. */
	static const struct {
		const char *label, *letter, *a_label;
	} mixed[] = {
		{"\320\276lm", "043E in it is a Cyrillic", "xn--lm-emc"},
		{"olm\320\260", "0430 in it is a Cyrillic", "xn--olm-8cd"},
		{"\316\277lm", "03BF in it is a Greek", "xn--lm-ibc"},
		{"\342\223\236\320\264", "0434 in it is a Cyrillic", "xn--o-htb"},
		{"a\302\265", "03BC in it is a Greek", "xn--a-mmb"},
		{"\316\261\320\264", "0434 in it is a Cyrillic", "xn--mxa6x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		char name[64], wanted[512];

		snprintf(name, sizeof(name), "a.%s.vn", mixed[i].label);
		snprintf(wanted, sizeof(wanted), advice, mixed[i].label, mixed[i].letter, mixed[i].a_label);
		refuse(name, 2, wanted);
		snprintf(name, sizeof(name), "%s.vn", mixed[i].a_label);
		expect(name, name);
	}
	expect("\320\264\320\276\320\274-1.vn", "xn---1-jlc6aj.vn");
	expect("olm.\321\200\321\204", "olm.xn--p1ai");
	expect("it\346\225\231\350\202\262.cn", "xn--it-7h7d631h.cn");
}

static void lengths_count_in_a_labels(void **state)
{
	char name[1024] = "", label[256] = "";

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(label, "ọ");
	snprintf(name, sizeof(name), "%s.vn", label);
	refuse(name, 0,
	       "\"ọọọọọọọọọọọọọọọọọọọọ\" cannot be a label: its A-label (xn--...) is longer than 63 octets: write a "
	       "shorter label");
	memset(name, 'a', 300);
	strcpy(name + 300, "ọ");
	refuse(name, 0,
	       "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" cannot be a label: its A-label "
	       "(xn--...) is "
	       "longer than 63 octets: write a shorter label");
	name[0] = '\0';
	for (int i = 0; i < 20; i++)
		strcat(name, "trường-học.");
	refuse(name, 0, "the name is longer than 253 octets in A-labels (xn--...): write a shorter one");
}

static void every_beginning_of_a_name_is_read_within_its_bytes(void **state)
{
	static const char name[] = "xn--hc-68s.tie\314\202\314\201ng。ｏｌｍ．h\342\200\213c.\360\222\200\200.vn";

	(void)state;
	for (size_t len = 0; len < sizeof(name); len++) {
		char out[ZR_NAME_MAX + 1];
		struct zr_fault fault;
		struct guard guard;
		const char *text = (const char *)guard_copy(&guard, name, len);

		assert_in_range(zr_name_from_text(text, len, out, &fault) + EINVAL, 0, EINVAL + ZR_NAME_MAX);
		guard_free(&guard);
	}
}

/* The list: found by the A-label, told as it was written. */
static void entries_keep_their_letters(void **state)
{
	struct made made = make_rows(".học.vn,a,1\n!Quảng.học.vn,,\n*.ho\314\243c.com,b,1\nxn--hc-68s.org,c,1\n"
				     "tiếng。vn.,d,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "xn--hc-68s.vn", NOW_S), ".học.vn");
	assert_string_equal(ask_name(made.image, "a.xn--hc-68s.vn", NOW_S), ".học.vn");
	assert_string_equal(ask_name(made.image, "xn--qung-hr5a.xn--hc-68s.vn", NOW_S), "!Quảng.học.vn");
	assert_string_equal(ask_name(made.image, "a.xn--hc-68s.com", NOW_S), "*.ho\314\243c.com");
	assert_string_equal(ask_name(made.image, "xn--hc-68s.org", NOW_S), "xn--hc-68s.org");
	assert_string_equal(ask_name(made.image, "xn--ting-hv5a.vn", NOW_S), "tiếng。vn.");
	unmake(&made);
}

static void two_spellings_of_one_name_contradict_each_other(void **state)
{
	(void)state;
	expect_errors(
		HEAD ".học.vn,a,1\n"
		     ".xn--hc-68s.vn,a,1\n"
		     "!ho\314\243c.com,,\n"
		     "a.HỌC.com,a,1\n",
		"7:1: \".xn--hc-68s.vn\" and \".học.vn\" in line 6 are the same name at the same time: remove one of "
		"them, or give them from and until that do not overlap\n"
		"9:1: \"a.HỌC.com\" is excluded by \"!ho\314\243c.com\" in line 8 at the same time: remove one of "
		"them, or give them from and until that do not overlap\n");
}

static void faults_have_their_column_in_the_list(void **state)
{
	(void)state;
	expect_errors(
		HEAD "*.học.☃.vn,a,1\n"
		     "!a.xn--abc.vn,,\n",
		"6:7: U+2603 cannot stand in a host name (IDNA 2008): remove it, or write the letters that the site "
		"itself writes\n"
		"7:4: \"xn--abc\" begins like an A-label, but it encodes no name: write the name in its own "
		"letters\n");
}

static void the_longest_rule_fits_and_a_longer_one_is_refused(void **state)
{
	char row[ZR_RULE_MAX + 64] = "*.", *text;
	struct zr_entry entry;
	struct made made;

	(void)state;
	/* Four labels of 42 letters of three octets; then a plain one that fills the rule. */
	for (int label = 0; label < 4; label++) {
		for (int i = 0; i < 40; i++)
			strcat(row, "ọ");
		strcat(row, ".");
	}
	memset(row + strlen(row), 'a', ZR_RULE_MAX - strlen(row));
	memcpy(row + ZR_RULE_MAX - 3, ".vn", 3);
	assert_int_equal(strlen(row), ZR_RULE_MAX);
	strcpy(row + ZR_RULE_MAX, ",a,1\n");
	made = make_rows(row);
	zr_image_entry(made.image, 0, &entry);
	assert_int_equal(strlen(entry.rule), ZR_RULE_MAX);
	unmake(&made);
	assert_true(asprintf(&text, HEAD "%.*sn,a,1\n", ZR_RULE_MAX, row) > 0);
	expect_errors(text, "6:1: the match has 513 octets, and at most 512 are allowed: write a shorter one, or "
			    "A-labels (xn--...)\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names_stay_as_they_are),
		cmocka_unit_test(letters_outside_ascii_become_a_labels),
		cmocka_unit_test(other_spellings_are_the_same_name),
		cmocka_unit_test(a_labels_are_checked),
		cmocka_unit_test(every_fault_says_what_to_write),
		cmocka_unit_test(letters_in_the_wrong_place_are_told),
		cmocka_unit_test(a_labels_of_decomposed_letters_are_refused),
		cmocka_unit_test(what_nobody_sees_is_told_by_its_number),
		cmocka_unit_test(mapped_characters_never_bring_in_others),
		cmocka_unit_test(scripts_that_look_alike_do_not_mix),
		cmocka_unit_test(lengths_count_in_a_labels),
		cmocka_unit_test(every_beginning_of_a_name_is_read_within_its_bytes),
		cmocka_unit_test(entries_keep_their_letters),
		cmocka_unit_test(two_spellings_of_one_name_contradict_each_other),
		cmocka_unit_test(faults_have_their_column_in_the_list),
		cmocka_unit_test(the_longest_rule_fits_and_a_longer_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
