/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_learned.h"

#include <string.h>

#include "control/control_socket.h"
#include "control/list_report.h"
#include "control/record/address.h"
#include "rules/name.h"
#include "rules/prefix.h"

#define US_PER_S UINT64_C(1000000)

/* What is looked for, and what was found. */
struct search {
	char name[ZR_NAME_MAX + 1]; /* empty: address is looked for */
	size_t name_len;
	struct zr_prefix address;
	json_t *rows;
	json_int_t matched;
};

static json_t *address_json(uint8_t family, const union zr_ip *ip)
{
	char text[ZR_ADDRESS_TEXT_MAX + 1];

	*zr_address_format(text, family, ip) = '\0';
	return json_string(text);
}

static json_t *row_json(const struct zr_known_row *row)
{
	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o}", "name",
			 *row->name != '\0' ? json_string(row->name) : json_null(), "address",
			 address_json(row->family, &row->address), "domain", (int)row->domain, "type", (int)row->type,
			 "aliases", (int)row->aliases, "resolver", address_json(row->resolver_family, &row->resolver),
			 "learned", zr_list_report_time((uint64_t)row->learned_s * US_PER_S), "until",
			 zr_list_report_time((uint64_t)row->until_s * US_PER_S));
}

/* Is it the name, or below it? */
static bool names(const struct search *search, const char *name)
{
	size_t len = strlen(name);

	return len >= search->name_len && strcmp(name + len - search->name_len, search->name) == 0 &&
	       (len == search->name_len || name[len - search->name_len - 1] == '.');
}

static bool take(void *arg, const struct zr_known_row *row)
{
	struct search *search = arg;
	bool fits = search->name_len > 0
			    ? names(search, row->name)
			    : row->family == search->address.family &&
				      memcmp(row->address.b, search->address.addr, row->family == 4 ? 4 : 16) == 0;

	if (!fits)
		return true;
	if (search->matched++ < ZR_ASK_LEARNED_MAX)
		json_array_append_new(search->rows, row_json(row));
	return true;
}

/* NULL, or what is wrong. */
static const char *read_request(const json_t *request, struct search *search)
{
	const json_t *name = json_object_get(request, "name"), *address = json_object_get(request, "address");
	const char *text = json_string_value(name != NULL ? name : address);
	size_t len = json_string_length(name != NULL ? name : address);
	int name_len;

	if (json_object_size(request) != 2 || (name == NULL) == (address == NULL))
		return "learned has one member, name or address";
	if (name != NULL) {
		name_len = text != NULL ? zr_name_canonical((const uint8_t *)text, len, search->name) : -1;
		search->name_len = name_len > 0 ? (size_t)name_len : 0;
		return name_len > 0 ? NULL : "name is a host name: \"www.olm.vn\"";
	}
	if (text == NULL || zr_prefix_parse(text, len, &search->address) != 0 ||
	    search->address.len != (search->address.family == 4 ? 32 : 128))
		return "address is one address: \"192.0.2.1\", \"2001:db8::1\"";
	return NULL;
}

json_t *zr_ask_learned(const struct zr_learning *learning, const json_t *request)
{
	struct search search = {0};
	const char *wrong = read_request(request, &search);

	if (wrong != NULL)
		return zr_control_error(wrong);
	if (learning->known == NULL)
		return zr_control_error("nothing is learned: trusted_resolvers of zerorated.conf names nobody");
	search.rows = json_array();
	zr_known_each(learning->known, take, &search);
	return json_pack("{s:s, s:o, s:I}", "op", "learned", "rows", search.rows, "matched", search.matched);
}
