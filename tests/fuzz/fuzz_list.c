/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a list: what is accepted compiles into an image that loads and knows every name of the list, what is refused says
 * why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/list.h"
#include "rules/name_text.h"
#include "rules/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that the entry covers is found while the entry is in force. */
static void ask(const struct zr_image *image, const struct zr_entry *entry)
{
	size_t mark = strspn(entry->rule, "!.*");
	char name[ZR_NAME_MAX + 3] = "x.";
	int len = zr_name_from_text(entry->rule + mark, strlen(entry->rule + mark), name + 2, NULL);
	bool below = entry->rule[0] == '*';
	struct zr_name_ref ref = {.text = below ? name : name + 2, .len = (uint8_t)(below ? len + 2 : len)};
	struct zr_match match;

	if (len <= 0)
		abort();
	if (below && len + 2 > ZR_NAME_MAX)
		return;
	zr_image_match_names(image, &ref, 1, entry->from_s, &match);
	/* A subdomain may be excluded although the entry covers it. */
	if (match.kind == ZR_MATCH_NONE || (!below && (entry->rule[0] == '!') != (match.kind == ZR_MATCH_EXCLUDED)))
		abort();
}

static void ask_all(const struct zr_image *image)
{
	struct zr_prefix prefix;
	struct zr_entry entry;

	for (uint32_t i = 0; i < zr_image_entry_count(image); i++) {
		zr_image_entry(image, i, &entry);
		if (zr_prefix_parse(entry.rule, strcspn(entry.rule, " "), &prefix) != 0)
			ask(image, &entry);
	}
}

static void compile(const struct zr_list *list)
{
	struct zr_image *image;
	void *block;
	size_t len;

	if (zr_list_compile(list, &block, &len) != 0 || zr_image_load(block, len, &image, NULL) != 0)
		abort();
	ask_all(image);
	zr_image_free(image);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_findings errors = {0};
	struct zr_list *list;
	int error = zr_list_read((const char *)data, size, &list, &errors);

	if (error == 0) {
		compile(list);
		zr_list_free(list);
	}
	if ((error == 0) != (errors.count == 0) || errors.count > ZR_FINDINGS_MAX || (error != 0 && error != -EINVAL))
		abort();
	for (size_t i = 0; i < errors.count; i++)
		if (errors.at[i].line == 0 || errors.at[i].column == 0 || errors.at[i].text[0] == '\0' ||
		    (i > 0 && errors.at[i].line < errors.at[i - 1].line))
			abort();
	zr_findings_clear(&errors);
	return 0;
}
