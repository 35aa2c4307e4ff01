/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an image, any name as a question: what is loaded can be asked everything. The first byte is the length of
 * the question, which follows; the rest is the image. Its checksum is set right, since no fuzzer would guess it.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/image_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct zr_image *image, const char *name, uint8_t len, int64_t now_s)
{
	static const uint64_t key[2] = {1, 2};
	struct zr_name_ref names[ZR_MATCH_BULK];
	struct zr_match out[ZR_MATCH_BULK], match;
	struct zr_suffix_index *index;
	struct zr_suffixes suffixes;
	uint8_t addr[16] = {0};

	memcpy(addr, name, len < sizeof(addr) ? len : sizeof(addr));
	for (unsigned int i = 0; i < ZR_MATCH_BULK; i++)
		names[i] = (struct zr_name_ref){.text = name + (i < len ? i : len),
						.len = (uint8_t)(i < len ? len - i : 0)};
	zr_image_match_names(image, names, ZR_MATCH_BULK, now_s, out);
	zr_image_match_address(image, 4, addr, 17, 8801, now_s);
	zr_image_match_address(image, 6, addr, 6, 443, now_s);
	zr_suffixes_make(key, name, len, &suffixes);
	if (zr_suffix_index_make(image, key, &index) != 0)
		return;
	match = zr_suffix_index_match(index, &suffixes, now_s);
	if (match.kind != ZR_MATCH_NONE && (match.kind != out[0].kind || match.entry != out[0].entry))
		abort();
	zr_suffix_index_free(index);
}

static void look_at_entries(const struct zr_image *image, const char *name, uint8_t len)
{
	struct zr_entry entry;

	if (strlen(zr_image_issuer(image)) > ZR_ISSUER_MAX)
		abort();
	for (uint32_t i = 0; i < zr_image_entry_count(image); i++) {
		zr_image_entry(image, i, &entry);
		if (strlen(entry.rule) > ZR_RULE_MAX || strlen(entry.service) > ZR_SERVICE_MAX)
			abort();
		ask(image, entry.rule, (uint8_t)strnlen(entry.rule, UINT8_MAX), entry.from_s);
	}
	ask(image, name, len, zr_image_next_edge_s(image, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t question_len = size > 0 ? data[0] : 0;
	struct zr_image_header *header;
	struct zr_image *image;
	size_t len;
	char *block;

	if (size < 1 + (size_t)question_len + sizeof(*header))
		return 0;
	len = (size - 1 - question_len + ZR_IMAGE_ALIGN - 1) / ZR_IMAGE_ALIGN * ZR_IMAGE_ALIGN;
	block = aligned_alloc(ZR_IMAGE_ALIGN, len);
	if (block == NULL)
		return 0;
	memset(block, 0, len);
	memcpy(block, data + 1 + question_len, size - 1 - question_len);
	header = (void *)block;
	header->checksum = zr_image_checksum(block, len);
	if (zr_image_load(block, len, &image, NULL) == 0) {
		look_at_entries(image, (const char *)data + 1, question_len);
		zr_image_free(image);
	}
	free(block);
	return 0;
}
