/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many windows of one name: what is found by halving is what looking at one after the other finds. Time is cut into slots; in
 * each the name is excluded, or has an exact entry, one for its subdomains, both, or none.
 */
#include "tests/unit/rules/lists.h"

#include "rules/image_format.h"
#include "rules/image_view.h"
#include "tests/support/random.h"

#define SLOT_S 10

/* What a slot holds; SUBTREE and BELOW exclude each other, and EXCLUDED excludes all. */
enum { EXCLUDED = 1, EXACT = 2, SUBTREE = 4, BELOW = 8 };

static const uint64_t key[2] = {1, 2};

/* The last second in force of a slot; every third slot reaches to the next one, the others leave a gap. */
static int slot_end(unsigned int slot)
{
	return (int)slot * SLOT_S + (slot % 3 == 0 ? SLOT_S - 1 : 4);
}

static void put_row(FILE *file, const char *mark, unsigned int slot)
{
	int from = (int)slot * SLOT_S, until = slot_end(slot);

	fprintf(file, "%sa.vn,%s,1970-01-01T%02d:%02d:%02dZ,1970-01-01T%02d:%02d:%02dZ\n", mark,
		mark[0] == '!' ? "," : "s,1", from / 3600, from / 60 % 60, from % 60, until / 3600, until / 60 % 60,
		until % 60);
}

/* The rows of all slots, from the last to the first, so that the reader has to sort them. */
static struct made make_slots(const uint8_t *slots, unsigned int count)
{
	struct made made;
	char *rows = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&rows, &len);

	assert_non_null(file);
	fprintf(file, ".vn,s,1,,,,,public-suffix-intended\n");
	for (unsigned int i = count; i-- > 0;) {
		if ((slots[i] & EXCLUDED) != 0)
			put_row(file, "!", i);
		if ((slots[i] & EXACT) != 0)
			put_row(file, "", i);
		if ((slots[i] & SUBTREE) != 0)
			put_row(file, ".", i);
		if ((slots[i] & BELOW) != 0)
			put_row(file, "*.", i);
	}
	fclose(file);
	made = make_rows(rows);
	free(rows);
	return made;
}

/* What is wanted of a.vn (whole) or of x.a.vn at a second, by the slot that it lies in. */
static const char *wanted(const uint8_t *slots, unsigned int count, bool whole, int at)
{
	unsigned int slot = (unsigned int)at / SLOT_S;
	uint8_t here = at >= 0 && slot < count && at <= slot_end(slot) ? slots[slot] : 0;

	if ((here & EXCLUDED) != 0)
		return "!a.vn";
	if ((here & EXACT) != 0 && whole)
		return "a.vn";
	if ((here & SUBTREE) != 0)
		return ".a.vn";
	return (here & BELOW) != 0 && !whole ? "*.a.vn" : ".vn";
}

static void ask_both_ways(const struct made *made, const struct zr_suffix_index *index, const char *name, int at,
			  const char *rule)
{
	struct zr_suffixes suffixes;
	struct zr_entry entry;

	assert_string_equal(ask_name(made->image, name, at), rule);
	zr_suffixes_make(key, name, strlen(name), &suffixes);
	assert_string_equal(rule_of(made->image, zr_suffix_index_match(index, &suffixes, at)), rule);
	if (strcmp(rule, ".vn") != 0) {
		zr_image_entry(made->image, zr_suffix_index_match(index, &suffixes, at).entry, &entry);
		assert_true(at >= entry.from_s && at < entry.until_s);
	}
}

static void compare(const uint8_t *slots, unsigned int count)
{
	struct made made = make_slots(slots, count);
	struct zr_suffix_index *index;

	assert_int_equal(zr_suffix_index_make(made.image, key, &index), 0);
	for (int at = -1; at <= (int)count * SLOT_S; at++) {
		ask_both_ways(&made, index, "a.vn", at, wanted(slots, count, true, at));
		ask_both_ways(&made, index, "x.a.vn", at, wanted(slots, count, false, at));
	}
	zr_suffix_index_free(index);
	unmake(&made);
}

static uint8_t random_slot(struct random *random)
{
	static const uint8_t kinds[] = {0, EXCLUDED, EXACT, SUBTREE, BELOW, EXCLUDED, EXACT | SUBTREE, EXACT | BELOW};

	return kinds[random_below(random, sizeof(kinds))];
}

static void groups_of_every_small_size_answer_alike(void **state)
{
	struct random random = {.state = 5};
	uint8_t slots[2 * ZR_GROUP_SMALL + 2];

	(void)state;
	for (unsigned int count = 1; count <= sizeof(slots); count++)
		for (unsigned int i = 0; i < 30; i++) {
			for (unsigned int k = 0; k < count; k++)
				slots[k] = random_slot(&random);
			compare(slots, count);
		}
}

static void groups_of_one_kind_answer_alike(void **state)
{
	static const uint8_t kinds[] = {EXCLUDED, EXACT, SUBTREE, BELOW};
	uint8_t slots[40];

	(void)state;
	for (unsigned int i = 0; i < sizeof(kinds); i++) {
		memset(slots, kinds[i], sizeof(slots));
		compare(slots, sizeof(slots));
	}
}

static void a_group_of_thousands_answers_alike(void **state)
{
	struct random random = {.state = 11};
	static uint8_t slots[2000];

	(void)state;
	for (unsigned int i = 0; i < sizeof(slots); i++)
		slots[i] = random_slot(&random);
	compare(slots, sizeof(slots));
}

/* Several large groups, so that the right one is looked for. */
static void every_large_group_is_found(void **state)
{
	struct made made;
	char *rows = NULL, name[16];
	size_t len = 0;
	FILE *file = open_memstream(&rows, &len);

	(void)state;
	for (unsigned int n = 0; n < 50; n++)
		for (unsigned int i = 0; i < 5 + n % 9; i++)
			fprintf(file, "n%u.vn,s%u,1,1970-01-01T00:%02u:00Z,1970-01-01T00:%02u:59Z\n", n, n, i, i);
	fclose(file);
	made = make_rows(rows);
	free(rows);
	for (unsigned int n = 0; n < 50; n++) {
		snprintf(name, sizeof(name), "n%u.vn", n);
		for (unsigned int i = 0; i < 20; i++)
			assert_string_equal(ask_name(made.image, name, (int)i * 60 + 30), i < 5 + n % 9 ? name : "");
	}
	unmake(&made);
}

static void windows_out_of_order_are_refused_in_an_image(void **state)
{
	struct made made = make_rows("a.vn,s,1,1970-01-01T00:00:10Z,1970-01-01T00:00:19Z\n"
				     "a.vn,s,1,1970-01-01T00:00:20Z,1970-01-01T00:00:29Z\n");
	struct zr_image_header *header = made.block;
	struct zr_image_entry *entries = (void *)((char *)made.block +
						  header->sections[ZR_SECTION_ENTRIES].offset_bytes);
	uint32_t window = entries[0].window;
	const char *reason = NULL;
	struct zr_image *image;

	(void)state;
	entries[0].window = entries[1].window;
	entries[1].window = window;
	header->checksum = zr_image_checksum(made.block, made.len);
	assert_int_not_equal(zr_image_load(made.block, made.len, &image, &reason), 0);
	assert_string_equal(reason, "a group of entries is not in order");
	entries[1].window = entries[0].window;
	header->checksum = zr_image_checksum(made.block, made.len);
	assert_int_not_equal(zr_image_load(made.block, made.len, &image, &reason), 0);
	assert_string_equal(reason, "a group of entries is not in order");
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_of_every_small_size_answer_alike),
		cmocka_unit_test(groups_of_one_kind_answer_alike),
		cmocka_unit_test(a_group_of_thousands_answers_alike),
		cmocka_unit_test(every_large_group_is_found),
		cmocka_unit_test(windows_out_of_order_are_refused_in_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
