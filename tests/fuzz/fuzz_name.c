/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a host name, of a packet and of a person: what is canonical stays as it is, and hashing its suffixes needs no
 * more than its bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/name.h"
#include "rules/name_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const char *once, int len)
{
	char twice[ZR_NAME_MAX + 1];

	if (len == 0 || len > ZR_NAME_MAX || strlen(once) != (size_t)len ||
	    zr_name_canonical((const uint8_t *)once, (size_t)len, twice) != len || strcmp(once, twice) != 0)
		abort();
}

/* As a person writes it: the answer does not depend on whether its reason is wanted, and is its own answer. */
static void check_text(const char *text, size_t size)
{
	struct zr_fault fault = {.text = ""};
	char once[ZR_NAME_MAX + 1], twice[ZR_NAME_MAX + 1];
	int len = zr_name_from_text(text, size, once, &fault);

	if (zr_name_from_text(text, size, twice, NULL) != len)
		abort();
	if (len < 0) {
		if (len != -EINVAL || fault.text[0] == '\0' || fault.at > size)
			abort();
		return;
	}
	check_canonical(once, len);
	if (zr_name_from_text(once, (size_t)len, twice, &fault) != len || strcmp(once, twice) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t key[2] = {1, 2};
	char once[ZR_NAME_MAX + 1];
	struct zr_suffixes suffixes;
	int len = zr_name_canonical(data, size, once);

	zr_suffixes_make(key, (const char *)data, size, &suffixes);
	check_text((const char *)data, size);
	if (len >= 0)
		check_canonical(once, len);
	return 0;
}
