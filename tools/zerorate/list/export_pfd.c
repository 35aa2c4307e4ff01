/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet flow descriptions for an exposure function: PfdManagement of 3GPP TS 29.122, section 5.11.2. One application a
 * service; in it one PFD with the names and one with the flow descriptions, since the kinds within a PFD must all fit.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/json_writer.h"
#include "tools/zerorate/list/export.h"
#include "tools/zerorate/list/flow.h"
#include "tools/zerorate/list/pattern.h"

/* The longest text, a pattern or a service, with escapes and quotes. */
#define STRING_MAX 4096

struct item {
	uint32_t number;
	bool is_block, is_excluded;
};

struct entries {
	const struct zr_export *export;
	struct item *items;
	size_t count, room;
	uint64_t overlaps; /* names under a domain of another service */
};

static const char *service_of(const struct zr_image *image, const struct item *item)
{
	struct zr_entry entry;

	zr_image_entry(image, item->number, &entry);
	return item->is_excluded ? ZR_EXPORT_EXCLUDED : entry.service;
}

/* By service, the names first, then as they are written. */
static int compare_items(const void *x, const void *y, void *arg)
{
	const struct item *item_a = x, *item_b = y;
	const struct zr_image *image = arg;
	struct zr_entry a, b;
	int order;

	zr_image_entry(image, item_a->number, &a);
	zr_image_entry(image, item_b->number, &b);
	order = strcmp(service_of(image, item_a), service_of(image, item_b));
	if (order == 0)
		order = item_a->is_block - item_b->is_block;
	return order != 0 ? order : strcmp(a.rule, b.rule);
}

/* Is the name also covered by a domain that is accounted otherwise? Which of the two counts is then the network's choice. */
static bool overlaps(const struct zr_export *export, const struct zr_export_entry *e)
{
	const char *above = e->rule.kind == ZR_RULE_EXACT ? e->rule.name : zr_export_parent(e->rule.name);
	struct zr_match match = {.kind = ZR_MATCH_NONE};
	struct zr_entry other;

	if (above != NULL)
		match = zr_export_below(export, above);
	if (match.kind != ZR_MATCH_LISTED)
		return false;
	zr_image_entry(export->image, match.entry, &other);
	return strcmp(other.service, e->entry.service) != 0;
}

static int collect(struct entries *entries)
{
	const struct zr_export *export = entries->export;
	struct zr_export_entry e;

	for (uint32_t number = 0; zr_export_next(export, &number, &e);) {
		if (entries->count == entries->room) {
			size_t room = entries->room == 0 ? 1024 : entries->room * 2;
			struct item *items = reallocarray(entries->items, room, sizeof(*items));

			if (items == NULL)
				return -ENOMEM;
			entries->items = items;
			entries->room = room;
		}
		entries->items[entries->count++] = (struct item){.number = e.number,
								 .is_block = e.rule.kind == ZR_RULE_BLOCK,
								 .is_excluded = e.rule.kind == ZR_RULE_EXCLUDED};
		if (e.rule.kind != ZR_RULE_BLOCK && e.rule.kind != ZR_RULE_EXCLUDED)
			entries->overlaps += overlaps(export, &e);
		if (strcmp(e.entry.service, ZR_EXPORT_EXCLUDED) == 0) {
			fprintf(stderr,
				"%s: \"%s\" has the service " ZR_EXPORT_EXCLUDED
				", which stands for exclusions: name the service otherwise\n",
				export->path, e.entry.rule);
			return -EINVAL;
		}
	}
	if (entries->count > 0)
		qsort_r(entries->items, entries->count, sizeof(*entries->items), compare_items,
			(void *)(uintptr_t) export->image);
	return 0;
}

static void put_string(FILE *out, const char *text)
{
	char json[STRING_MAX];

	fwrite(json, 1, (size_t)(zr_json_string(json, text, STRING_MAX - 2) - json), out);
}

static void put_match(FILE *out, struct zr_rule *rule)
{
	char text[ZR_PATTERN_MAX > ZR_FLOW_MAX ? ZR_PATTERN_MAX : ZR_FLOW_MAX];

	/* An exclusion covers what a subtree does. */
	if (rule->kind == ZR_RULE_EXCLUDED)
		rule->kind = ZR_RULE_SUBTREE;
	if (rule->kind == ZR_RULE_BLOCK)
		zr_flow_write(&rule->block, text);
	else
		zr_pattern_write(rule, text);
	put_string(out, text);
}

/* Entries of one service and sort, from number first on, as one PFD. Returns the number behind them. */
static size_t put_one_pfd(const struct entries *entries, size_t first, FILE *out)
{
	const struct zr_image *image = entries->export->image;
	const struct item *items = entries->items;
	const char *service = service_of(image, &items[first]);
	struct zr_rule rule;
	size_t i;

	fputs(items[first].is_block
		      ? "\"addresses\": {\"pfdId\": \"addresses\", \"flowDescriptions\": [\n"
		      : "\"names\": {\"pfdId\": \"names\", \"dnProtocol\": \"TLS_SNI\", \"domainNames\": [\n",
	      out);
	for (i = first; i < entries->count && items[i].is_block == items[first].is_block &&
			strcmp(service_of(image, &items[i]), service) == 0;
	     i++) {
		fputs(i > first ? ",\n" : "", out);
		zr_image_rule(image, items[i].number, &rule);
		put_match(out, &rule);
	}
	fputs("\n]}", out);
	return i;
}

static void put_applications(const struct entries *entries, FILE *out)
{
	const char *before = NULL;

	fputs("{\"pfdDatas\": {\n", out);
	for (size_t i = 0; i < entries->count;) {
		const char *service = service_of(entries->export->image, &entries->items[i]);

		if (before != NULL && strcmp(service, before) == 0) {
			fputs(",\n", out);
		} else {
			fputs(before != NULL ? "}},\n" : "", out);
			put_string(out, service);
			fputs(": {\"externalAppId\": ", out);
			put_string(out, service);
			fputs(", \"pfds\": {\n", out);
		}
		before = service;
		i = put_one_pfd(entries, i, out);
	}
	fputs("}}\n}}\n", out);
}

bool zr_export_pfd(const struct zr_export *export, FILE *out)
{
	struct entries entries = {.export = export};
	int error = collect(&entries);

	if (error == 0 && entries.count == 0)
		fprintf(stderr,
			"%s: no entry is in force at that time, and TS 29.122 wants one: name another with --at\n",
			export->path);
	else if (error == -ENOMEM)
		fprintf(stderr, "%s: no memory for its entries\n", export->path);
	else if (error == 0)
		put_applications(&entries, out);
	if (error == 0 && entries.overlaps > 0)
		fprintf(stderr,
			"%s: %" PRIu64
			" names lie under a domain of another service: give their applications the higher "
			"precedence\n",
			export->path, entries.overlaps);
	free(entries.items);
	return error == 0 && entries.count > 0;
}
