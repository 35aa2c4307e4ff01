/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/lookup_query.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rules/decimal.h"
#include "rules/name_text.h"

/* Read an address without port; a block is none. */
static bool read_address(const char *text, size_t len, struct zr_query *out)
{
	return memchr(text, '/', len) == NULL && zr_prefix_parse(text, len, &out->address) == 0;
}

static bool read_port(const char *text, struct zr_query *out)
{
	uint64_t port;

	if (!zr_decimal_parse(text, strlen(text), UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	return true;
}

/* ADDRESS, ADDRESS:PORT with IPv4, [ADDRESS], [ADDRESS]:PORT. */
static bool read_address_and_port(const char *text, struct zr_query *out)
{
	size_t len = strlen(text);
	const char *end;

	if (read_address(text, len, out))
		return true;
	if (*text == '[') {
		end = strchr(text, ']');
		return end != NULL && read_address(text + 1, (size_t)(end - text - 1), out) &&
		       (end[1] == '\0' || (end[1] == ':' && read_port(end + 2, out)));
	}
	end = strchr(text, ':');
	return end != NULL && read_address(text, (size_t)(end - text), out) && read_port(end + 1, out);
}

/* What may be asked, where the fault of a host name would lead astray. */
static const char *advice(const char *text)
{
	if (*text != '\0' && strchr(".*!", *text) != NULL)
		return "; ask for a host like www.olm.vn, not for an entry of the list";
	if (strchr(text, '/') != NULL)
		return "; of a URL ask for the host alone";
	if (strpbrk(text, ":[]") != NULL)
		return "; addresses are asked for as 203.162.10.5, 203.162.10.5:443 or [2001:db8::1]:443";
	return "";
}

void zr_query_read(const char *text, uint8_t proto, uint16_t port, struct zr_query *out)
{
	struct zr_prefix block;
	struct zr_fault fault;
	int len;

	*out = (struct zr_query){.text = text, .kind = ZR_QUERY_ADDRESS, .proto = proto, .port = port};
	if (read_address_and_port(text, out))
		return;
	if (zr_prefix_parse(text, strlen(text), &block) != -EINVAL) {
		out->kind = ZR_QUERY_BAD;
		snprintf(out->fault, sizeof(out->fault), "it is a block: ask for one address of it");
		return;
	}
	len = zr_name_from_text(text, strlen(text), out->name, &fault);
	if (len > 0) {
		out->kind = ZR_QUERY_NAME;
		out->name_len = (unsigned int)len;
		return;
	}
	out->kind = ZR_QUERY_BAD;
	snprintf(out->fault, sizeof(out->fault), "%s%s", len == -ENOMEM ? "there is no memory for it" : fault.text,
		 advice(text));
}
