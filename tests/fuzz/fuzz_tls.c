/* SPDX-License-Identifier: BSD-3-Clause */
/* A TCP stream, and the same bytes as a message: results must agree with those of every shorter prefix tried. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

struct reading {
	enum zr_result result;
	struct zr_hello hello;
	size_t used, need;
};

/* Read len bytes from memory that holds nothing else. */
static struct reading read_bytes(const uint8_t *data, size_t len, bool stream)
{
	struct reading r = {.used = 0};
	uint8_t *copy = malloc(len + 1), *scratch = malloc(ZR_HELLO_MAX);

	require(copy != NULL && scratch != NULL);
	memcpy(copy + 1, data, len);
	if (stream) {
		r.result = zr_tls_hello_stream(copy + 1, len, scratch, &r.hello, &r.used, &r.need);
	} else {
		r.result = zr_tls_hello_message(copy + 1, len, &r.hello, &r.need);
		r.used = r.need;
	}
	free(copy);
	free(scratch);
	return r;
}

static void check_hello(const struct zr_hello *hello)
{
	char name[ZR_NAME_MAX + 1];

	require(!hello->malformed_name || hello->name_len == 0);
	if (hello->name_len == 0)
		return;
	require(zr_name_canonical((const uint8_t *)hello->name, hello->name_len, name) == hello->name_len);
	require(strcmp(name, hello->name) == 0);
}

static void check_prefix(const struct reading *whole, const struct reading *prefix, size_t len)
{
	if (prefix->result == ZR_MORE) {
		require(prefix->need > len);
		return;
	}
	require(prefix->result == whole->result);
	if (prefix->result == ZR_OK)
		require(prefix->used == whole->used && strcmp(prefix->hello.name, whole->hello.name) == 0);
}

static void check(const uint8_t *data, size_t size, bool stream)
{
	struct reading whole = read_bytes(data, size, stream);
	size_t cuts[] = {0, 1, 5, 6, 9, size / 2, size - 1, whole.used, whole.used - 1};

	if (whole.result == ZR_MORE)
		require(whole.need > size);
	if (whole.result == ZR_OK) {
		require(whole.used <= size);
		check_hello(&whole.hello);
	}
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct reading prefix;

		if (cuts[i] > size)
			continue;
		prefix = read_bytes(data, cuts[i], stream);
		check_prefix(&whole, &prefix, cuts[i]);
		/* what was said to be needed is no more than was needed */
		if (whole.result == ZR_OK)
			require(cuts[i] >= whole.used ? prefix.result == ZR_OK : prefix.need <= whole.used);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, true);
	check(data, size, false);
	return 0;
}
