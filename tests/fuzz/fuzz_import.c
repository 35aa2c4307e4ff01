/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as what a list is imported from; the first octet chooses the format. What is accepted is a list that the reader of
 * lists takes without a finding, and of names no address comes; what is refused says why.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/list.h"
#include "tools/zerorate/list/imported.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;

	if (zr_list_read(text, strlen(text), &list, &errors) != 0 || errors.count != 0)
		abort();
	zr_list_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct zr_imported_settings settings[] = {
		{.service = "s",
		 .rating_group = 1,
		 .serial = "1",
		 .issuer = "i",
		 .issued = "2026-01-01T00:00:00Z",
		 .expires = "2027-01-01T00:00:00Z"},
		{.rating_group = 1,
		 .serial = "1",
		 .issuer = "i",
		 .issued = "2026-01-01T00:00:00Z",
		 .expires = "2027-01-01T00:00:00Z"},
	};
	struct zr_imported list = {.path = "fuzz"};
	char *messages = NULL, *text;
	size_t messages_len = 0;

	if (size == 0)
		return 0;
	list.messages = open_memstream(&messages, &messages_len);
	if (list.messages == NULL)
		abort();
	list.settings = &settings[data[0] == 'p'];
	if (data[0] == 'p')
		zr_import_pfd(&list, (const char *)data + 1, size - 1);
	else
		zr_import_hosts(&list, (const char *)data + 1, size - 1);
	text = zr_imported_text(&list);
	fclose(list.messages);
	if (text != NULL)
		check(text);
	/* Nothing else in such a list has a slash. */
	if (text != NULL && data[0] != 'p' && strchr(text, '/') != NULL)
		abort();
	if (!list.no_memory && (text == NULL) != (messages_len > 0))
		abort();
	free(text);
	free(messages);
	zr_imported_clear(&list);
	return 0;
}
