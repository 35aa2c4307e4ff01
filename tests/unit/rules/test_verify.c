/* SPDX-License-Identifier: BSD-3-Clause */
/* What entries ask for: the columns verify and bind, from the list to the image and from image to image. */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/diff.h"
#include "rules/image_format.h"

#define COLUMNS DIRECTIVES "bind,match,service,rating_group,verify,note\n"

static struct made make(const char *rows)
{
	char text[2048];

	return make_image(text, (size_t)snprintf(text, sizeof(text), "%s%s", COLUMNS, rows));
}

/* "verify[ shared][ bind=…][ binds]" of the entry with this rule. */
static const char *asks(const struct zr_image *image, const char *rule)
{
	static char text[256];
	struct zr_entry entry;

	for (uint32_t i = 0; i < zr_image_entry_count(image); i++) {
		zr_image_entry(image, i, &entry);
		if (strcmp(entry.rule, rule) != 0)
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s%s", zr_verify_word(entry.verify),
			 entry.shared_intended ? " shared" : "", entry.bind[0] != '\0' ? " bind=" : "", entry.bind,
			 entry.binds ? " binds" : "");
		return text;
	}
	return NULL;
}

static void entries_say_what_the_list_says(void **state)
{
	struct made made = make(",a.vn,a,1,,\n,b.vn,b,1,OFF,\n,c.vn,c,1,flag,\n,d.vn,d,1,require,shared-intended\n"
				",e.vn,e,1,learn,not-shared-intended\n,f.vn,f,1,learn,\"so: Shared-Intended, really\"\n"
				",!x.a.vn,,,off,\nc,10.0.0.0/24 udp,live,1,off,\n,10.0.1.0/24,live,1,,\n");

	(void)state;
	assert_string_equal(asks(made.image, "a.vn"), "");
	assert_string_equal(asks(made.image, "b.vn"), "off");
	assert_string_equal(asks(made.image, "c.vn"), "flag binds");
	assert_string_equal(asks(made.image, "d.vn"), "require");
	assert_string_equal(asks(made.image, "e.vn"), "learn");
	assert_string_equal(asks(made.image, "f.vn"), "learn shared");
	assert_string_equal(asks(made.image, "!x.a.vn"), "");
	assert_string_equal(asks(made.image, "10.0.0.0/24 udp"), "off bind=c");
	assert_string_equal(asks(made.image, "10.0.1.0/24"), "");
	for (unsigned int verify = 0; verify < ZR_VERIFY_COUNT; verify++)
		assert_true(zr_image_has_verify(made.image, (enum zr_verify)verify));
	unmake(&made);
	made = make(",a.vn,a,1,,\n");
	assert_true(zr_image_has_verify(made.image, ZR_VERIFY_DEFAULT));
	assert_false(zr_image_has_verify(made.image, ZR_VERIFY_LEARN));
	unmake(&made);
}

static void expect_changed(const char *before, const char *after, uint64_t changed)
{
	struct made a = make(before), b = make(after);
	uint64_t counts[ZR_CHANGE_COUNT];

	assert_int_equal(zr_list_diff(a.image, b.image, NULL, NULL, counts), 0);
	for (unsigned int change = 0; change < ZR_CHANGE_COUNT; change++)
		assert_int_equal(counts[change], change == ZR_CHANGE_CHANGED ? changed : 0);
	unmake(&a);
	unmake(&b);
}

static void asking_for_something_else_is_a_change(void **state)
{
	(void)state;
	expect_changed(",a.vn,a,1,,\n", ",a.vn,a,1,off,\n", 1);
	expect_changed(",a.vn,a,1,flag,\n", ",a.vn,a,1,require,\n", 1);
	expect_changed(",a.vn,a,1,learn,\n", ",a.vn,a,1,learn,shared-intended\n", 1);
	expect_changed(",a.vn,a,1,,\na,10.0.0.1,b,1,,\n", ",a.vn,a,1,,\n,10.0.0.1,b,1,,\n", 1);
	expect_changed(",a.vn,a,1,flag,x\n", ",a.vn,a,1,flag,y\n", 0);
	/* Being named by others changes nothing of an entry's own. */
	expect_changed(",a.vn,a,1,,\n,b.vn,b,1,,\na,10.0.0.1,c,1,,\n", ",a.vn,a,1,,\n,b.vn,b,1,,\nb,10.0.0.1,c,1,,\n",
		       1);
}

static void *section(const struct made *made, enum zr_image_section_id id)
{
	const struct zr_image_header *header = made->block;

	return (char *)made->block + header->sections[id].offset_bytes;
}

static void expect_refused(struct made *made, const char *wanted)
{
	struct zr_image_header *header = made->block;
	struct zr_image *image = NULL;
	const char *reason = NULL;

	header->checksum = zr_image_checksum(made->block, made->len);
	assert_int_equal(zr_image_load(made->block, made->len, &image, &reason), -EINVAL);
	assert_string_equal(reason, wanted);
}

static void images_that_ask_for_what_cannot_be_are_refused(void **state)
{
	static const char wrong[] = "an entry asks for what it cannot have";
	struct made made = make(",a.vn,a,1,learn,shared-intended\n,!b.vn,,,,\na,10.0.0.1,c,1,,\n");
	struct zr_image_entry *entries = section(&made, ZR_SECTION_ENTRIES);
	struct zr_tariff *tariffs = section(&made, ZR_SECTION_TARIFFS);
	uint64_t texts = ((struct zr_image_header *)made.block)->sections[ZR_SECTION_TEXTS].count;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		const struct zr_image_entry right = entries[i];
		struct zr_tariff *tariff = &tariffs[right.tariff];
		const struct zr_tariff right_tariff = *tariff;

		for (unsigned int verify = 0; verify < 8; verify++) {
			bool of_name = right.kind == ZR_RULE_EXACT;
			unsigned int most = of_name ? ZR_VERIFY_LEARN : right.kind == ZR_RULE_BLOCK ? ZR_VERIFY_OFF : 0;

			entries[i].verify = verify & 7;
			entries[i].shared = 0;
			if (verify > most)
				expect_refused(&made, wrong);
			entries[i].shared = 1;
			if (!of_name || verify != ZR_VERIFY_LEARN)
				expect_refused(&made, wrong);
		}
		entries[i] = right;
		tariff->binds = 2;
		expect_refused(&made, "a service is no text");
		*tariff = right_tariff;
		tariff->bind = (uint32_t)texts;
		expect_refused(&made, "a service is no text");
		tariff->bind = entries[0].rule;
		if (right.kind != ZR_RULE_BLOCK)
			expect_refused(&made, wrong);
		*tariff = right_tariff;
	}
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_say_what_the_list_says),
		cmocka_unit_test(asking_for_something_else_is_a_change),
		cmocka_unit_test(images_that_ask_for_what_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
