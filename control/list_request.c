/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_request.h"

#include <string.h>

#include "control/list_audit.h"
#include "control/list_judge.h"

/* Are the members among these, ended by NULL? */
static bool has_only(const json_t *request, const char *const *names)
{
	size_t count = 0;

	for (; *names != NULL; names++)
		count += json_object_get(request, *names) != NULL;
	return count == json_object_size(request);
}

/* A text of at least one byte, all of it text. */
static bool is_text(const json_t *value)
{
	return json_string_length(value) > 0 && strlen(json_string_value(value)) == json_string_length(value);
}

/* The bit of an override; 0 when there is none of that name. */
static unsigned int override_of(const json_t *value)
{
	const char *text = json_string_value(value);

	for (unsigned int i = 0; text != NULL && i < ZR_LIST_OVERRIDE_COUNT; i++)
		if (strcmp(text, zr_list_override_name(i)) == 0)
			return 1U << i;
	return 0;
}

static const char *read_overrides(const json_t *values, unsigned int *out)
{
	const json_t *value;
	size_t i;

	*out = 0;
	if (values != NULL && !json_is_array(values))
		return "override is an array of names";
	json_array_foreach(values, i, value)
	{
		unsigned int bit = override_of(value);

		if (bit == 0)
			return "there is no such override: shrink and expired are known";
		*out |= bit;
	}
	return NULL;
}

const char *zr_list_push_request_read(const json_t *request, unsigned int file_count, struct zr_list_push_request *out)
{
	static const char *const names[] = {"op", "file", "signatures", "override", NULL};
	const json_t *name;
	size_t i;

	*out = (struct zr_list_push_request){.signatures = json_object_get(request, "signatures")};
	if (!has_only(request, names))
		return "list_push has the members file, signatures and override, and no others";
	if (!is_text(json_object_get(request, "file")))
		return "list_push needs file, the name of the list";
	out->file = json_string_value(json_object_get(request, "file"));
	if (!json_is_array(out->signatures) || json_array_size(out->signatures) > ZR_SIGNATURE_FILES_MAX)
		return "list_push needs signatures, an array of the names of at most 16 signature files";
	json_array_foreach(out->signatures, i,
			   name) if (!is_text(name)) return "the name of a signature file is a text";
	if (file_count != json_array_size(out->signatures) + 1)
		return "list_push needs descriptors sent with it: of the list, then of each signature file";
	return read_overrides(json_object_get(request, "override"), &out->overrides);
}

const char *zr_list_log_request_read(const json_t *request, unsigned int *last)
{
	static const char *const names[] = {"op", "last", NULL};
	json_int_t most = json_integer_value(json_object_get(request, "last"));

	if (!has_only(request, names))
		return "list_log has the member last, and no others";
	if (most < 1 || most > ZR_LIST_AUDIT_ENTRIES)
		return "list_log needs last, how many entries: 1 to 1000";
	*last = (unsigned int)most;
	return NULL;
}
