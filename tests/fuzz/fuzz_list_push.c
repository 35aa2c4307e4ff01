/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody asks for about lists, and the mark of the highest list: any bytes, read or refused. */
#include <stdlib.h>

#include "control/list_judge.h"
#include "control/list_report.h"
#include "control/list_request.h"
#include "rules/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is said of a name holds nothing that a terminal obeys. */
static void show(const char *name)
{
	json_t *text = zr_list_report_text(name);

	if (text == NULL || !zr_utf8_is_printable(json_string_value(text), json_string_length(text)))
		abort();
	json_decref(text);
}

static void ask(const uint8_t *data, size_t size, unsigned int file_count)
{
	json_t *request = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct zr_list_push_request push;
	unsigned int last;

	if (json_is_object(request) && zr_list_push_request_read(request, file_count, &push) == NULL &&
	    (push.file == NULL || *push.file == '\0' || json_array_size(push.signatures) + 1 != file_count ||
	     push.overrides >= 1U << ZR_LIST_OVERRIDE_COUNT))
		abort();
	if (json_is_string(json_object_get(request, "file")))
		show(json_string_value(json_object_get(request, "file")));
	if (json_is_object(request) && zr_list_log_request_read(request, &last) == NULL && (last < 1 || last > 1000))
		abort();
	json_decref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_list_mark mark;

	if (zr_list_mark_parse((const char *)data, size, &mark) && mark.serial == 0)
		abort();
	if (size > 0)
		ask(data + 1, size - 1, data[0] & 31);
	return 0;
}
