/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/gateway/endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/json_table.h"

void zr_endpoint_format(const json_t *flow, const char *ip, const char *port, char out[ZR_ENDPOINT_TEXT])
{
	const char *address = zr_json_member(flow, ip);
	json_int_t number = json_integer_value(json_object_get(flow, port));

	if (number == 0)
		snprintf(out, ZR_ENDPOINT_TEXT, "%s", address);
	else
		snprintf(out, ZR_ENDPOINT_TEXT, strchr(address, ':') != NULL ? "[%s]:%" PRId64 : "%s:%" PRId64, address,
			 (int64_t)number);
}

void zr_endpoint_proto(const json_t *flow, char out[ZR_ENDPOINT_TEXT])
{
	const json_t *proto = json_object_get(flow, "proto");

	if (json_is_integer(proto))
		snprintf(out, ZR_ENDPOINT_TEXT, "%" PRId64, (int64_t)json_integer_value(proto));
	else
		snprintf(out, ZR_ENDPOINT_TEXT, "%s", zr_json_member(flow, "proto"));
}
