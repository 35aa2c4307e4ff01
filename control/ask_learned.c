/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_learned.h"

#include <stdlib.h>
#include <string.h>

#include "control/list_report.h"
#include "control/record/address.h"

#define US_PER_S UINT64_C(1000000)

/* A row that was found; its name is kept beside it. */
struct zr_ask_found {
	struct zr_known_row row;
	char name[ZR_NAME_MAX + 1];
};

static json_t *address_json(uint8_t family, const union zr_ip *ip)
{
	char text[ZR_ADDRESS_TEXT_MAX + 1];

	*zr_address_format(text, family, ip) = '\0';
	return json_string(text);
}

static json_t *row_json(const struct zr_ask_found *found)
{
	const struct zr_known_row *row = &found->row;

	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o}", "name",
			 *found->name != '\0' ? json_string(found->name) : json_null(), "address",
			 address_json(row->family, &row->address), "domain", (int)row->domain, "type", (int)row->type,
			 "aliases", (int)row->aliases, "resolver", address_json(row->resolver_family, &row->resolver),
			 "learned", zr_list_report_time((uint64_t)row->learned_s * US_PER_S), "until",
			 zr_list_report_time((uint64_t)row->until_s * US_PER_S));
}

/* Is it the name, or below it? */
static bool names(const struct zr_ask_learned *ask, const char *name)
{
	size_t len = strlen(name);

	return len >= ask->name_len && strcmp(name + len - ask->name_len, ask->name) == 0 &&
	       (len == ask->name_len || name[len - ask->name_len - 1] == '.');
}

static void take(void *arg, const struct zr_known_row *row)
{
	struct zr_ask_learned *ask = arg;
	bool fits = ask->name_len > 0 ? names(ask, row->name)
				      : row->family == ask->address.family && memcmp(row->address.b, ask->address.addr,
										     row->family == 4 ? 4 : 16) == 0;
	struct zr_ask_found *found;

	if (!fits)
		return;
	found = &ask->found[ask->matched++ % ZR_ASK_LEARNED_MAX];
	found->row = *row;
	strcpy(found->name, row->name);
}

const char *zr_ask_learned_read(struct zr_ask_learned *ask, const json_t *request)
{
	const json_t *name = json_object_get(request, "name"), *address = json_object_get(request, "address");
	const char *text = json_string_value(name != NULL ? name : address);
	size_t len = json_string_length(name != NULL ? name : address);
	int name_len;

	*ask = (struct zr_ask_learned){0};
	if (json_object_size(request) != 2 || (name == NULL) == (address == NULL))
		return "learned has one member, name or address";
	if (name != NULL) {
		name_len = text != NULL ? zr_name_canonical((const uint8_t *)text, len, ask->name) : -1;
		ask->name_len = name_len > 0 ? (size_t)name_len : 0;
		return name_len > 0 ? NULL : "name is a host name: \"www.olm.vn\"";
	}
	if (text == NULL || zr_prefix_parse(text, len, &ask->address) != 0 ||
	    ask->address.len != (ask->address.family == 4 ? 32 : 128))
		return "address is one address: \"192.0.2.1\", \"2001:db8::1\"";
	return NULL;
}

bool zr_ask_learned_begin(struct zr_ask_learned *ask, struct zr_known *known)
{
	ask->found = calloc(ZR_ASK_LEARNED_MAX, sizeof(*ask->found));
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	return ask->found != NULL;
}

bool zr_ask_learned_step(struct zr_ask_learned *ask, struct zr_known *known, int64_t now_s, unsigned int rows)
{
	return zr_known_step(known, ZR_KNOWN_ANSWER, now_s, rows, take, ask);
}

json_t *zr_ask_learned_json(const struct zr_ask_learned *ask)
{
	uint64_t count = ask->matched < ZR_ASK_LEARNED_MAX ? ask->matched : ZR_ASK_LEARNED_MAX;
	json_t *rows = json_array();

	for (uint64_t i = 1; i <= count; i++)
		json_array_append_new(rows, row_json(&ask->found[(ask->matched - i) % ZR_ASK_LEARNED_MAX]));
	return json_pack("{s:s, s:o, s:I}", "op", "learned", "rows", rows, "matched", (json_int_t)ask->matched);
}

void zr_ask_learned_clear(struct zr_ask_learned *ask)
{
	free(ask->found);
}
