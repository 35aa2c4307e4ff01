/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PfdManagement of 3GPP TS 29.122, section 5.11.2, as an exposure function gives it. Members that do not say what an
 * application is recognised by are passed over; any other unknown one is refused, since it may narrow what is meant.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/zerorate/list/export.h"
#include "tools/zerorate/list/flow.h"
#include "tools/zerorate/list/imported.h"
#include "tools/zerorate/list/pattern.h"

/* Most memory for the values of a document: an array of nothing takes forty times its text. */
#define MEMORY_MAX ((size_t)512 << 20)
/* A JSON pointer (RFC 6901), cut when it is longer, behind ": ". */
#define WHERE_MAX 1024
/* Most of a text that a message quotes. */
#define QUOTE_MAX 200

/* Where the reader is. */
struct where {
	char text[WHERE_MAX];
	size_t len;
};

/* What the allocator of JSON values has given out. A document is read at a time. */
static size_t memory_used;

static void *bounded_malloc(size_t size)
{
	size_t *block;

	if (size > MEMORY_MAX || memory_used + size > MEMORY_MAX)
		return NULL;
	block = malloc(size + 16);
	if (block == NULL)
		return NULL;
	*block = size;
	memory_used += size;
	return (char *)block + 16;
}

static void bounded_free(void *pointer)
{
	size_t *block;

	if (pointer == NULL)
		return;
	block = (void *)((char *)pointer - 16);
	memory_used -= *block;
	free(block);
}

/* Go down to a member; the way back is the length before. */
static size_t enter(struct where *where, const char *member)
{
	size_t before = where->len;

	if (where->len + 1 < WHERE_MAX)
		where->text[where->len++] = '/';
	for (; *member != '\0' && where->len + 2 < WHERE_MAX; member++) {
		if (*member == '~' || *member == '/') {
			where->text[where->len++] = '~';
			where->text[where->len++] = *member == '~' ? '0' : '1';
		} else {
			where->text[where->len++] = *member;
		}
	}
	where->text[where->len] = '\0';
	return before;
}

static size_t enter_index(struct where *where, size_t index)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", index);
	return enter(where, text);
}

static void leave(struct where *where, size_t before)
{
	where->len = before;
	where->text[before] = '\0';
}

static void refuse_member(struct zr_imported *list, struct where *where, const char *member, const char *why)
{
	size_t before = enter(where, member);

	zr_imported_refuse(list, where->text, "%s", why);
	leave(where, before);
}

/* Refuse members that are not among the known ones (names with blanks around them). */
static void check_members(struct zr_imported *list, struct where *where, json_t *object, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const char *const *at = known;

		while (*at != NULL && strcmp(*at, name) != 0)
			at++;
		if (*at == NULL)
			refuse_member(list, where, name,
				      "an unknown member, which may say what else must fit: remove it if it does not");
	}
}

/* The member that says what the object is called, which is also the key that it stands under. NULL, refused, when not. */
static const char *read_id(struct zr_imported *list, struct where *where, json_t *object, const char *member,
			   const char *key)
{
	const char *id = json_string_value(json_object_get(object, member));

	if (id == NULL)
		refuse_member(list, where, member, "is missing, or no text");
	else if (strcmp(id, key) != 0)
		refuse_member(list, where, member, "is not the key that it stands under");
	else
		return id;
	return NULL;
}

static void refuse_text(struct zr_imported *list, const struct where *where, const char *text, const char *why)
{
	size_t len = strlen(text);

	zr_imported_refuse(list, where->text, "\"%.*s\"%s %s", QUOTE_MAX, text, len > QUOTE_MAX ? "…" : "", why);
}

static void read_name(struct zr_imported *list, const struct where *where, const char *text, const char *service)
{
	bool excluded = strcmp(service, ZR_EXPORT_EXCLUDED) == 0;
	char rule[1 + ZR_RULE_MAX + 1];
	const char *wrong = zr_pattern_read(text, strlen(text), rule + 1);
	char *match = rule + 1;

	if (wrong == NULL && excluded && rule[1] != '.') {
		wrong = "is no domain with its subdomains, as an exclusion always is";
	} else if (wrong == NULL && excluded) {
		*match = '!';
	}
	if (wrong != NULL)
		refuse_text(list, where, text, wrong);
	else
		zr_imported_add_name(list, match, strlen(match), service, where->text);
}

static void read_flow(struct zr_imported *list, const struct where *where, const char *text, const char *service)
{
	const char *wrong;
	struct zr_flow flow;

	wrong = zr_flow_read(text, strlen(text), &flow);
	if (wrong == NULL && strcmp(service, ZR_EXPORT_EXCLUDED) == 0)
		wrong = "has addresses, which cannot be excluded";
	if (wrong != NULL) {
		refuse_text(list, where, text, wrong);
		return;
	}
	for (unsigned int i = 0; i < flow.count; i++)
		zr_imported_add_block(list, flow.rules[i], strlen(flow.rules[i]), service, where->text);
}

static void read_url(struct zr_imported *list, const struct where *where, const char *text, const char *service)
{
	(void)service;
	refuse_text(list, where, text, "is a URL, which cannot be matched: list the host name if all of it is meant");
}

/* The texts of an array, which is not there when member is not. */
static void
read_texts(struct zr_imported *list, struct where *where, json_t *pfd, const char *member, const char *service,
	   void (*read)(struct zr_imported *list, const struct where *where, const char *text, const char *service))
{
	json_t *array = json_object_get(pfd, member), *value;
	size_t before = enter(where, member), index;

	if (array != NULL && json_array_size(array) == 0)
		zr_imported_refuse(list, where->text, "is no array of texts, or an empty one");
	json_array_foreach(array, index, value)
	{
		size_t outer = enter_index(where, index);

		if (json_is_string(value))
			read(list, where, json_string_value(value), service);
		else
			zr_imported_refuse(list, where->text, "is no text");
		leave(where, outer);
	}
	leave(where, before);
}

static void read_protocol(struct zr_imported *list, struct where *where, json_t *pfd)
{
	/* The specification's table and its OpenAPI file differ in the last one's spelling. */
	static const char *const known[] = {"TLS_SNI", "DNS_QNAME", "TLS_SAN", "TLS_SCN", "TSL_SCN"};
	json_t *value = json_object_get(pfd, "dnProtocol");
	const char *protocol = json_string_value(value);
	unsigned int i = 0;

	if (value == NULL)
		return;
	while (i < sizeof(known) / sizeof(*known) && (protocol == NULL || strcmp(known[i], protocol) != 0))
		i++;
	if (i == sizeof(known) / sizeof(*known))
		refuse_member(list, where, "dnProtocol", "is none of TLS_SNI, DNS_QNAME, TLS_SAN and TLS_SCN");
	else if (json_object_get(pfd, "domainNames") == NULL)
		refuse_member(list, where, "dnProtocol", "stands without domainNames");
	else if (i > 0)
		list->other_protocols += json_array_size(json_object_get(pfd, "domainNames"));
}

static void read_pfd(struct zr_imported *list, struct where *where, json_t *pfd, const char *key, const char *service)
{
	static const char *const known[] = {"pfdId", "flowDescriptions", "urls", "domainNames", "dnProtocol", NULL};
	bool has_names = json_object_get(pfd, "domainNames") != NULL;
	bool has_flows = json_object_get(pfd, "flowDescriptions") != NULL;

	if (!json_is_object(pfd)) {
		zr_imported_refuse(list, where->text, "is no object");
		return;
	}
	check_members(list, where, pfd, known);
	read_id(list, where, pfd, "pfdId", key);
	if (has_names && has_flows)
		zr_imported_refuse(list, where->text,
				   "has domainNames and flowDescriptions, which must both fit: no entry says that");
	if (!has_names && !has_flows && json_object_get(pfd, "urls") == NULL)
		zr_imported_refuse(list, where->text, "has neither domainNames nor flowDescriptions");
	read_protocol(list, where, pfd);
	read_texts(list, where, pfd, "domainNames", service, read_name);
	read_texts(list, where, pfd, "flowDescriptions", service, read_flow);
	read_texts(list, where, pfd, "urls", service, read_url);
}

static void read_application(struct zr_imported *list, struct where *where, json_t *data, const char *key)
{
	static const char *const known[] = {"externalAppId", "pfds", "self", "allowedDelay", "cachingTime", NULL};
	json_t *pfds = json_object_get(data, "pfds"), *pfd;
	const char *service, *id;
	size_t before;

	if (!json_is_object(data)) {
		zr_imported_refuse(list, where->text, "is no object");
		return;
	}
	check_members(list, where, data, known);
	service = read_id(list, where, data, "externalAppId", key);
	if (json_object_size(pfds) == 0)
		refuse_member(list, where, "pfds", "is no object, or an empty one");
	before = enter(where, "pfds");
	json_object_foreach(pfds, id, pfd)
	{
		size_t outer = enter(where, id);

		read_pfd(list, where, pfd, id, service != NULL ? service : "");
		leave(where, outer);
	}
	leave(where, before);
}

static void read_document(struct zr_imported *list, json_t *root)
{
	static const char *const known[] = {"pfdDatas",
					    "self",
					    "supportedFeatures",
					    "pfdReports",
					    "notificationDestination",
					    "requestTestNotification",
					    "websockNotifConfig",
					    NULL};
	struct where where = {.text = ": ", .len = 2};
	json_t *datas = json_object_get(root, "pfdDatas"), *data;
	const char *key;
	size_t before;

	if (json_object_size(datas) == 0) {
		zr_imported_refuse(list, ": /pfdDatas",
				   "is missing, no object, or empty: PfdManagement of TS 29.122 is read");
		return;
	}
	check_members(list, &where, root, known);
	before = enter(&where, "pfdDatas");
	json_object_foreach(datas, key, data)
	{
		size_t outer = enter(&where, key);

		read_application(list, &where, data, key);
		leave(&where, outer);
	}
	leave(&where, before);
}

static void refuse_json(struct zr_imported *list, const json_error_t *error)
{
	char where[48];

	/* Jansson has a place and words for what is wrong with the text, and none for memory. */
	if (error->text[0] == '\0') {
		zr_imported_refuse(list, "", "the document takes more memory than is given to one: split it");
		return;
	}
	snprintf(where, sizeof(where), ":%d:%d", error->line, error->column);
	zr_imported_refuse(list, where, "%s", error->text);
}

void zr_import_pfd(struct zr_imported *list, const char *text, size_t len)
{
	json_malloc_t malloc_before;
	json_free_t free_before;
	json_error_t error;
	json_t *root;

	json_get_alloc_funcs(&malloc_before, &free_before);
	json_set_alloc_funcs(bounded_malloc, bounded_free);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (root != NULL)
		read_document(list, root);
	else
		refuse_json(list, &error);
	json_decref(root);
	json_set_alloc_funcs(malloc_before, free_before);
}
