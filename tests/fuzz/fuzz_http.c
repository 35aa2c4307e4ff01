/* SPDX-License-Identifier: BSD-3-Clause */
/* A request head, its prefixes, and the same bytes as a chunked body cut in two. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dataplane/inspect/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* Does the head hold this word, in whatever case? */
static bool says(const uint8_t *data, const struct zr_http_head *head, const char *word)
{
	size_t len = strlen(word);

	for (size_t at = 0; at + len <= head->head_len; at++)
		if (strncasecmp((const char *)data + at, word, len) == 0)
			return true;
	return false;
}

static void check_head(const uint8_t *data, size_t size, const struct zr_http_head *head)
{
	require(head->head_len > 0 && head->head_len <= size && head->head_len <= ZR_HTTP_HEAD_MAX);
	require(data[head->head_len - 1] == '\n');
	require(head->body <= ZR_HTTP_BODY_UNKNOWN);
	require((head->body == ZR_HTTP_BODY_LENGTH) == (head->length_bytes > 0));
	require(!head->connect || head->body == ZR_HTTP_BODY_TUNNEL);
	if (head->body == ZR_HTTP_BODY_LENGTH)
		require(says(data, head, "content-length"));
	else if (head->body == ZR_HTTP_BODY_CHUNKED)
		require(says(data, head, "transfer-encoding") && says(data, head, "chunked"));
	else if (head->body == ZR_HTTP_BODY_UNKNOWN)
		require(says(data, head, "content-length") || says(data, head, "transfer-encoding"));
	else if (head->body == ZR_HTTP_BODY_TUNNEL)
		require(head->connect || (says(data, head, "upgrade") && says(data, head, "websocket")));
	if (head->host.len > 0)
		require(head->host.at > data && head->host.at + head->host.len < data + head->head_len);
}

static void check_request(const uint8_t *data, size_t size)
{
	struct zr_http_head head, shorter;
	enum zr_result result = zr_http_request(data, size, &head);
	size_t cuts[] = {0, 1, 2, size / 2, size / 4 * 3, size - 2, size - 1, head.head_len - 1};

	require(result != ZR_BAD);
	if (result == ZR_OK)
		check_head(data, size, &head);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]) - (result != ZR_OK); i++) {
		enum zr_result before;

		if (cuts[i] > size)
			continue;
		before = zr_http_request(data, cuts[i], &shorter);
		if (before != ZR_MORE)
			require(before == result && (result != ZR_OK || shorter.head_len == head.head_len));
		else if (size <= ZR_HTTP_HEAD_MAX && cuts[i] > 0 && !zr_http_request_ripe(data, cuts[i], size))
			require(result != ZR_OK);
	}
}

static void check_chunked(const uint8_t *data, size_t size)
{
	uint8_t position = 0, position_cut = 0;
	uint64_t left = 0, left_cut = 0;
	size_t used, used_first, used_second = 0;
	enum zr_result whole = zr_http_chunked_skip(&position, &left, data, size, &used);
	enum zr_result cut = zr_http_chunked_skip(&position_cut, &left_cut, data, size / 2, &used_first);

	require(used <= size && (whole != ZR_MORE || used == size));
	if (cut == ZR_MORE) {
		cut = zr_http_chunked_skip(&position_cut, &left_cut, data + size / 2, size - size / 2, &used_second);
	}
	require(cut == whole && used == used_first + used_second);
	require(position == position_cut && left == left_cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_chunked(data, size);
	return 0;
}
