/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/image.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "rules/hash.h"
#include "rules/image_view.h"

/* Does the block have the outer form of an image: header, checksum, sections that fill it? NULL or what is wrong. */
static const char *check_frame(const void *block, size_t len)
{
	const struct zr_image_header *header = block;
	struct zr_image_section sections[ZR_SECTION_COUNT];

	if ((uintptr_t)block % alignof(struct zr_image_header) != 0)
		return "the block is not aligned to 8 bytes";
	if (len < sizeof(*header) || len % ZR_IMAGE_ALIGN != 0)
		return "the block is too short or cut";
	if (memcmp(header->magic, ZR_IMAGE_MAGIC, sizeof(header->magic)) != 0)
		return "the block is no compiled list";
	if (header->version != ZR_IMAGE_VERSION)
		return "the block was compiled for another version";
	if (header->len_bytes != len)
		return "the block's length is not the one it was compiled with";
	if (header->checksum != zr_image_checksum(block, len))
		return "the block's checksum is wrong";
	memcpy(sections, header->sections, sizeof(sections));
	if (zr_image_layout(sections) != len || memcmp(sections, header->sections, sizeof(sections)) != 0)
		return "the sections do not fill the block";
	return NULL;
}

static const void *section_at(const struct zr_image_header *header, enum zr_image_section_id id)
{
	return (const char *)header + header->sections[id].offset_bytes;
}

static uint32_t section_count(const struct zr_image_header *header, enum zr_image_section_id id)
{
	return (uint32_t)header->sections[id].count;
}

static void view_sections(struct zr_image *image, const struct zr_image_header *header)
{
	*image = (struct zr_image){
		.header = header,
		.texts = section_at(header, ZR_SECTION_TEXTS),
		.tariffs = section_at(header, ZR_SECTION_TARIFFS),
		.windows = section_at(header, ZR_SECTION_WINDOWS),
		.entries = section_at(header, ZR_SECTION_ENTRIES),
		.blocks = section_at(header, ZR_SECTION_BLOCKS),
		.edges = section_at(header, ZR_SECTION_EDGES),
		.name_buckets.at = section_at(header, ZR_SECTION_NAME_BUCKETS),
		.name_buckets.count = section_count(header, ZR_SECTION_NAME_BUCKETS),
		.block_buckets.at = section_at(header, ZR_SECTION_BLOCK_BUCKETS),
		.block_buckets.count = section_count(header, ZR_SECTION_BLOCK_BUCKETS),
		.text_bytes = section_count(header, ZR_SECTION_TEXTS),
		.tariff_count = section_count(header, ZR_SECTION_TARIFFS),
		.window_count = section_count(header, ZR_SECTION_WINDOWS),
		.entry_count = section_count(header, ZR_SECTION_ENTRIES),
		.block_count = section_count(header, ZR_SECTION_BLOCKS),
		.edge_count = section_count(header, ZR_SECTION_EDGES),
	};
	image->name_count = image->entry_count - image->block_count;
	for (unsigned int labels = 1; labels < 128; labels++)
		if (zr_bit_test(header->label_counts, labels))
			image->most_labels = labels;
}

/* Find the groups of names that lookups do not look through one by one, and what entries ask for. */
static int collect_groups(struct zr_image *image)
{
	size_t count = 0;

	for (uint32_t i = 0; i < image->entry_count; i++)
		image->verifies |= 1U << image->entries[i].verify;
	for (uint32_t first = 0, i = 0; i < image->name_count; i++) {
		if (!image->entries[i].last)
			continue;
		count += i + 1 - first > ZR_GROUP_SMALL;
		first = i + 1;
	}
	image->groups = calloc(count + 1, sizeof(*image->groups));
	if (image->groups == NULL)
		return -ENOMEM;
	for (uint32_t first = 0, i = 0; i < image->name_count; i++) {
		if (!image->entries[i].last)
			continue;
		if (i + 1 - first > ZR_GROUP_SMALL)
			image->groups[image->group_count++] = (struct zr_group){.first = first, .end = i + 1};
		first = i + 1;
	}
	return 0;
}

int zr_image_load(const void *block, size_t len, struct zr_image **out, const char **reason)
{
	const char *wrong = check_frame(block, len);
	struct zr_image *image;

	if (wrong == NULL) {
		image = malloc(sizeof(*image));
		if (image == NULL)
			return -ENOMEM;
		view_sections(image, block);
		wrong = zr_image_check(image);
		if (wrong == NULL && collect_groups(image) == 0) {
			*out = image;
			return 0;
		}
		free(image);
		if (wrong == NULL)
			return -ENOMEM;
	}
	if (reason != NULL)
		*reason = wrong;
	return -EINVAL;
}

void zr_image_free(struct zr_image *image)
{
	if (image == NULL)
		return;
	free(image->groups);
	free(image);
}

bool zr_image_has_addresses(const struct zr_image *image)
{
	return image->block_count > 0;
}

bool zr_image_has_verify(const struct zr_image *image, enum zr_verify verify)
{
	return (image->verifies & 1U << verify) != 0;
}

const char *zr_verify_word(enum zr_verify verify)
{
	static const char *const words[] = {
#define X(id, word) word,
		ZR_VERIFIES(X)
#undef X
	};

	return words[verify];
}

void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out)
{
	const struct zr_image_entry *e = &image->entries[entry];
	const struct zr_tariff *tariff = &image->tariffs[e->tariff];
	const struct zr_window *window = &image->windows[e->window];

	*out = (struct zr_entry){
		.rule = image->texts + e->rule,
		.service = image->texts + tariff->service,
		.bind = image->texts + tariff->bind,
		.rating_group = tariff->rating_group,
		.verify = e->verify,
		.shared_intended = e->shared != 0,
		.binds = tariff->binds != 0,
		.from_s = window->from_s,
		.until_s = window->until_s,
	};
}

uint32_t zr_image_entry_count(const struct zr_image *image)
{
	return image->entry_count;
}

uint64_t zr_image_serial(const struct zr_image *image)
{
	return image->header->serial;
}

uint64_t zr_image_identity(const struct zr_image *image)
{
	return image->header->checksum | 1;
}

uint64_t zr_image_entry_identity(const struct zr_image *image, uint32_t entry)
{
	struct zr_entry e;
	uint64_t parts[3];

	zr_image_entry(image, entry, &e);
	parts[0] = zr_hash_bytes(e.rule, strlen(e.rule));
	parts[1] = zr_hash_bytes(e.service, strlen(e.service));
	parts[2] = e.rating_group;
	return zr_hash_bytes(parts, sizeof(parts)) | 1;
}

size_t zr_image_len_bytes(const struct zr_image *image)
{
	return image->header->len_bytes;
}

const char *zr_image_issuer(const struct zr_image *image)
{
	return image->texts + image->header->issuer;
}

int64_t zr_image_issued_s(const struct zr_image *image)
{
	return image->header->issued_s;
}

int64_t zr_image_expires_s(const struct zr_image *image)
{
	return image->header->expires_s;
}

int64_t zr_image_next_edge_s(const struct zr_image *image, int64_t now_s)
{
	uint32_t low = 0, high = image->edge_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (image->edges[middle] <= now_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low < image->edge_count ? image->edges[low] : INT64_MAX;
}
