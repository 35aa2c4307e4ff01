/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a host name: what is canonical stays as it is, and hashing its suffixes needs no more than its bytes. */
#include <stdlib.h>
#include <string.h>

#include "rules/image.h"
#include "rules/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t key[2] = {1, 2};
	char once[ZR_NAME_MAX + 1], twice[ZR_NAME_MAX + 1];
	struct zr_suffixes suffixes;
	int len = zr_name_canonical(data, size, once);

	zr_suffixes_make(key, (const char *)data, size, &suffixes);
	if (len < 0)
		return 0;
	if (len == 0 || len > ZR_NAME_MAX || strlen(once) != (size_t)len ||
	    zr_name_canonical((const uint8_t *)once, (size_t)len, twice) != len || strcmp(once, twice) != 0)
		abort();
	return 0;
}
