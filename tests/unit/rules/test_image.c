/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are no good image, whoever made them, are refused. */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/image_format.h"
#include "tests/support/guard.h"

#define ROWS                                                                                                  \
	".olm.vn,olm,90001\nA.olm.vn,olm,90001,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z\nolm.vn,olm,90001\n" \
	"!x.olm.vn,,\n10.0.0.0/24 udp 5-9,live,2\n10.0.0.0/24,live,2\n2001:db8::/32,live,2\n"

static int load(const void *block, size_t len, const char **reason)
{
	struct guard guard;
	struct zr_image *image = NULL;
	int result = zr_image_load(guard_copy(&guard, block, len), len, &image, reason);

	zr_image_free(image);
	guard_free(&guard);
	return result;
}

static void every_flipped_byte_is_noticed(void **state)
{
	struct made made = make_rows(ROWS);
	uint8_t *bytes = made.block;

	(void)state;
	for (size_t i = 0; i < made.len; i++) {
		const char *reason = NULL;

		bytes[i] ^= (uint8_t)(1 + i % 255);
		assert_int_equal(load(bytes, made.len, &reason), -EINVAL);
		assert_non_null(reason);
		bytes[i] ^= (uint8_t)(1 + i % 255);
	}
	assert_int_equal(load(bytes, made.len, NULL), 0);
	unmake(&made);
}

static void every_shorter_block_is_refused(void **state)
{
	struct made made = make_rows(ROWS);

	(void)state;
	for (size_t len = 0; len < made.len; len += len < 512 ? 8 : 64)
		assert_int_equal(load(made.block, len, NULL), -EINVAL);
	unmake(&made);
}

static void a_block_that_is_not_aligned_is_refused(void **state)
{
	struct made made = make_rows(ROWS);
	char *moved = malloc(made.len + 1);
	struct zr_image *image;

	(void)state;
	memcpy(moved + 1, made.block, made.len);
	assert_int_equal(zr_image_load(moved + 1, made.len, &image, NULL), -EINVAL);
	free(moved);
	unmake(&made);
}

/* Whoever writes a wrong value may compute the checksum as well. */
static void expect_refused(struct made *made, void *at, const void *value, size_t len, const char *wanted)
{
	struct zr_image_header *header = made->block;
	const char *reason = "accepted";
	uint8_t before[sizeof(struct zr_hash_bucket)];

	memcpy(before, at, len);
	memcpy(at, value, len);
	header->checksum = zr_image_checksum(made->block, made->len);
	load(made->block, made->len, &reason);
	assert_string_equal(reason, wanted);
	memcpy(at, before, len);
	header->checksum = zr_image_checksum(made->block, made->len);
	assert_int_equal(load(made->block, made->len, NULL), 0);
}

#define EXPECT_REFUSED(field, wrong, wanted)                                      \
	do {                                                                      \
		__typeof__(field) value_ = (wrong);                               \
		expect_refused(&made, &(field), &value_, sizeof(value_), wanted); \
	} while (0)

static void *section(const struct made *made, enum zr_image_section_id id)
{
	const struct zr_image_header *header = made->block;

	return (char *)made->block + header->sections[id].offset_bytes;
}

static void wrong_headers_are_refused_behind_a_right_checksum(void **state)
{
	struct made made = make_rows(ROWS);
	struct zr_image_header *header = made.block;

	(void)state;
	EXPECT_REFUSED(header->version, 1, "the block was compiled for another version");
	EXPECT_REFUSED(header->len_bytes, made.len + 64, "the block's length is not the one it was compiled with");
	for (unsigned int i = 0; i < ZR_SECTION_COUNT; i++) {
		EXPECT_REFUSED(header->sections[i].offset_bytes, header->sections[i].offset_bytes + 64,
			       "the sections do not fill the block");
		EXPECT_REFUSED(header->sections[i].count, UINT64_MAX / 8, "the sections do not fill the block");
		EXPECT_REFUSED(header->sections[i].count, UINT32_MAX, "the sections do not fill the block");
	}
	EXPECT_REFUSED(header->sections[ZR_SECTION_BLOCK_BUCKETS].count, 0, "the sections do not fill the block");
	EXPECT_REFUSED(header->expires_s, header->expires_s + 1, "the expiry is no edge");
	EXPECT_REFUSED(header->expires_s, INT64_MIN, "the expiry is no edge");
	EXPECT_REFUSED(header->issuer, (uint32_t)header->sections[ZR_SECTION_TEXTS].count, "the issuer is no text");
	EXPECT_REFUSED(header->label_counts[0], 0, "an entry's name is not canonical");
	EXPECT_REFUSED(header->prefix_lens[1][0], 0, "an entry's block is no prefix");
	unmake(&made);
}

static void wrong_tables_are_refused_behind_a_right_checksum(void **state)
{
	struct made made = make_rows(ROWS);
	struct zr_image_header *header = made.block;
	char *texts = section(&made, ZR_SECTION_TEXTS);
	struct zr_tariff *tariffs = section(&made, ZR_SECTION_TARIFFS);
	struct zr_window *windows = section(&made, ZR_SECTION_WINDOWS);
	int64_t *edges = section(&made, ZR_SECTION_EDGES);
	uint64_t text_bytes = header->sections[ZR_SECTION_TEXTS].count;

	(void)state;
	EXPECT_REFUSED(texts[text_bytes - 1], 'x', "the texts are not terminated");
	EXPECT_REFUSED(tariffs[0].service, (uint32_t)text_bytes, "a service is no text");
	EXPECT_REFUSED(texts[tariffs[0].service], '\n', "a service is no text");
	EXPECT_REFUSED(texts[tariffs[0].service], '\xff', "a service is no text");
	EXPECT_REFUSED(edges[0], edges[1], "the edges are not in order");
	EXPECT_REFUSED(windows[1].from_s, windows[1].until_s, "a window ends before it begins");
	EXPECT_REFUSED(windows[1].from_s, windows[1].from_s + 1, "a window's end is no edge");
	unmake(&made);
}

static void wrong_entries_are_refused_behind_a_right_checksum(void **state)
{
	struct made made = make_rows(ROWS);
	struct zr_image_entry *entries = section(&made, ZR_SECTION_ENTRIES);
	struct zr_block *blocks = section(&made, ZR_SECTION_BLOCKS);
	struct zr_image_entry wrong;
	struct zr_block crossed;

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		EXPECT_REFUSED(entries[i].rule, UINT32_MAX, "an entry refers to nothing");
		EXPECT_REFUSED(entries[i].tariff, 3, "an entry refers to nothing");
		EXPECT_REFUSED(entries[i].window, 2, "an entry refers to nothing");
		wrong = entries[i];
		wrong.kind = ZR_RULE_BLOCK + 1;
		EXPECT_REFUSED(entries[i], wrong,
			       i < 4 ? "an entry's name is not canonical" : "an entry's block is no prefix");
	}
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_REFUSED(entries[i].name_skip, UINT16_MAX, "an entry's name is not canonical");
		EXPECT_REFUSED(entries[i].name_len, 0, "an entry's name is not canonical");
		EXPECT_REFUSED(entries[i].name_len, 255, "an entry's name is not canonical");
	}
	wrong = entries[6];
	wrong.last = 0;
	EXPECT_REFUSED(entries[6], wrong, "a group of entries does not end");
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_REFUSED(blocks[i].family, 5, "an entry's block is no prefix");
		EXPECT_REFUSED(blocks[i].len, 200, "an entry's block is no prefix");
		EXPECT_REFUSED(blocks[i].addr[15], 1, "an entry's block is no prefix");
		crossed = blocks[i];
		crossed.port_from = 2;
		crossed.port_to = 1;
		EXPECT_REFUSED(blocks[i], crossed, "an entry's block is no prefix");
	}
	unmake(&made);
}

/* Of the groups of one name in ROWS only olm.vn has two entries, exact before subtree. */
static void wrong_order_is_refused_behind_a_right_checksum(void **state)
{
	struct made made = make_rows(ROWS);
	struct zr_image_entry *entries = section(&made, ZR_SECTION_ENTRIES), pair[2], wrong;
	unsigned int first = 0;

	(void)state;
	while (entries[first].last)
		first++;
	assert_int_equal(entries[first].kind, ZR_RULE_EXACT);
	assert_int_equal(entries[first + 1].kind, ZR_RULE_SUBTREE);
	memcpy(pair, &entries[first], sizeof(pair));
	pair[0].kind = ZR_RULE_SUBTREE;
	pair[1].kind = ZR_RULE_EXACT;
	expect_refused(&made, &entries[first], pair, sizeof(pair), "a group of entries is not in order");
	wrong = entries[first];
	wrong.last = 1;
	EXPECT_REFUSED(entries[first], wrong, "a hash table is not filled as it should be");
	unmake(&made);
}

static uint32_t *value_of(struct zr_hash_bucket *buckets, uint64_t count, uint32_t value)
{
	for (uint64_t i = 0; i < count * ZR_HASH_BUCKET_SLOTS; i++)
		if (buckets[i / ZR_HASH_BUCKET_SLOTS].value[i % ZR_HASH_BUCKET_SLOTS] == value)
			return &buckets[i / ZR_HASH_BUCKET_SLOTS].value[i % ZR_HASH_BUCKET_SLOTS];
	fail_msg("%u is in no bucket", value);
	return NULL;
}

/* Two groups change places, and so do their numbers in the hash table: every lookup still finds what it should. */
static void groups_out_of_the_order_of_their_hashes_are_refused(void **state)
{
	struct made made = make_rows("a.vn,a,1\nb.vn,a,1\n");
	struct zr_image_header *header = made.block;
	struct zr_image_entry *entries = section(&made, ZR_SECTION_ENTRIES), first = entries[0];
	struct zr_hash_bucket *buckets = section(&made, ZR_SECTION_NAME_BUCKETS);
	uint64_t count = header->sections[ZR_SECTION_NAME_BUCKETS].count;
	uint32_t *zero = value_of(buckets, count, 0), *one = value_of(buckets, count, 1);
	const char *reason = NULL;

	(void)state;
	entries[0] = entries[1];
	entries[1] = first;
	*zero = 1;
	*one = 0;
	header->checksum = zr_image_checksum(made.block, made.len);
	assert_int_equal(load(made.block, made.len, &reason), -EINVAL);
	assert_string_equal(reason, "the groups of entries are not in order");
	unmake(&made);
}

static void wrong_hash_tables_are_refused_behind_a_right_checksum(void **state)
{
	struct made made = make_rows(ROWS);
	struct zr_hash_bucket *names = section(&made, ZR_SECTION_NAME_BUCKETS);
	struct zr_hash_bucket *blocks = section(&made, ZR_SECTION_BLOCK_BUCKETS);
	struct zr_hash_bucket wrong;

	(void)state;
	EXPECT_REFUSED(names[0].value[7], 0, "a hash table is not filled as it should be");
	EXPECT_REFUSED(names[0].value[0], ZR_SLOT_NONE, "a hash table is not filled as it should be");
	EXPECT_REFUSED(names[0].value[0], 1000000, "an entry is not in its hash table");
	EXPECT_REFUSED(names[0].tag[0], names[0].tag[0] + 1, "an entry is not in its hash table");
	EXPECT_REFUSED(blocks[0].value[0], 0, "an entry is not in its hash table");
	/* With the last slot of every bucket in use no search would end. */
	for (unsigned int slot = 3; slot < ZR_HASH_BUCKET_SLOTS; slot += 4) {
		wrong = blocks[0];
		wrong.value[slot] = wrong.value[0];
		wrong.tag[slot] = wrong.tag[0];
		wrong.value[0] = ZR_SLOT_NONE;
		expect_refused(&made, &blocks[0], &wrong, sizeof(wrong), "a hash table is not filled as it should be");
	}
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_byte_is_noticed),
		cmocka_unit_test(every_shorter_block_is_refused),
		cmocka_unit_test(a_block_that_is_not_aligned_is_refused),
		cmocka_unit_test(wrong_headers_are_refused_behind_a_right_checksum),
		cmocka_unit_test(wrong_tables_are_refused_behind_a_right_checksum),
		cmocka_unit_test(wrong_entries_are_refused_behind_a_right_checksum),
		cmocka_unit_test(wrong_order_is_refused_behind_a_right_checksum),
		cmocka_unit_test(groups_out_of_the_order_of_their_hashes_are_refused),
		cmocka_unit_test(wrong_hash_tables_are_refused_behind_a_right_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
