/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/name.h"

#include <errno.h>
#include <string.h>

/* The canonical form of one octet of a label, 0 when it cannot stand in one. */
static char label_octet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return 0;
}

int zr_name_canonical(const uint8_t *in, size_t in_len, char *out)
{
	char name[ZR_NAME_MAX + 1];
	size_t label_len = 0;

	if (in_len > 0 && in[in_len - 1] == '.')
		in_len--;
	if (in_len == 0 || in_len > ZR_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < in_len; i++) {
		if (in[i] == '.') {
			if (label_len == 0)
				return -EINVAL;
			label_len = 0;
			name[i] = '.';
			continue;
		}
		name[i] = label_octet(in[i]);
		if (name[i] == 0 || ++label_len > ZR_LABEL_MAX)
			return -EINVAL;
	}
	if (label_len == 0)
		return -EINVAL;
	name[in_len] = '\0';
	memcpy(out, name, in_len + 1);
	return (int)in_len;
}
