/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A response policy zone (draft-vixie-dnsop-dns-rpz-00): owners are what queries and answers are compared with, CNAMEs say
 * what becomes of them.
 *
 * A wildcard of DNS does not reach below a name that exists in the zone (RFC 4592, section 2.2.2), and servers differ in
 * whether that holds for policies. So that all read the zone alike, nothing that a wildcard covers already is written below
 * it, and where an exclusion must stand below one, the names between the two have records of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/zerorate/list/export.h"

/* Owners below the origin: "*." and a name, or the longest address, reversed. */
#define OWNER_MAX (ZR_NAME_MAX + 3)

enum action { ACTION_PASSTHRU, ACTION_EXCLUDE };

struct record {
	size_t owner; /* offset in the texts */
	enum action action;
};

struct zone {
	const struct zr_export *export;
	char *texts;
	size_t text_len, text_room;
	struct record *records;
	size_t count, room;
	bool failed; /* no memory */
	uint64_t ports, reserved, mapped, too_long, lost_exclusions;
};

static bool grow(void **array, size_t *room, size_t wanted, size_t size)
{
	size_t larger = *room == 0 ? 1024 : *room;
	void *grown;

	while (larger < wanted)
		larger *= 2;
	if (larger == *room)
		return true;
	grown = reallocarray(*array, larger, size);
	if (grown == NULL)
		return false;
	*array = grown;
	*room = larger;
	return true;
}

static void add_record(struct zone *z, const char *prefix, const char *owner, enum action action)
{
	size_t len = strlen(prefix) + strlen(owner);
	void *texts = z->texts, *records = z->records;

	if (!grow(&texts, &z->text_room, z->text_len + len + 1, 1) ||
	    !grow(&records, &z->room, z->count + 1, sizeof(*z->records)))
		z->failed = true;
	z->texts = texts;
	z->records = records;
	if (z->failed)
		return;
	z->records[z->count++] = (struct record){.owner = z->text_len, .action = action};
	stpcpy(stpcpy(z->texts + z->text_len, prefix), owner);
	z->text_len += len + 1;
}

/* Does "*." and the name fit below the origin (RFC 1035, section 2.3.4)? */
static bool fits(const struct zone *z, const char *name)
{
	return 2 + strlen(name) + 1 + strlen(z->export->origin) <= ZR_NAME_MAX;
}

/* Would a server take the name for a trigger of another kind, like rpz-ip? */
static bool is_reserved(const char *name)
{
	const char *label = strrchr(name, '.');

	return strncmp(label != NULL ? label + 1 : name, "rpz-", 4) == 0;
}

/* Does a listed domain above the name cover it and all below it? */
static bool is_covered(const struct zone *z, const char *name)
{
	const char *parent = zr_export_parent(name);

	return parent != NULL && zr_export_below(z->export, parent).kind == ZR_MATCH_LISTED;
}

/* Does .name, beside an entry of exactly the name, cover it? */
static bool is_covered_by_own_subtree(const struct zone *z, const char *name)
{
	struct zr_match match = zr_export_below(z->export, name);
	struct zr_rule rule;

	if (match.kind != ZR_MATCH_LISTED)
		return false;
	zr_image_rule(z->export->image, match.entry, &rule);
	return rule.kind == ZR_RULE_SUBTREE;
}

static void add_name(struct zone *z, const struct zr_rule *rule)
{
	if (is_covered(z, rule->name) || (rule->kind == ZR_RULE_EXACT && is_covered_by_own_subtree(z, rule->name)))
		return;
	if (is_reserved(rule->name)) {
		z->reserved++;
	} else if (!fits(z, rule->name)) {
		z->too_long++;
	} else {
		if (rule->kind != ZR_RULE_BELOW)
			add_record(z, "", rule->name, ACTION_PASSTHRU);
		if (rule->kind != ZR_RULE_EXACT)
			add_record(z, "*.", rule->name, ACTION_PASSTHRU);
	}
}

static void add_exclusion(struct zone *z, const struct zr_rule *rule)
{
	const char *parent = zr_export_parent(rule->name);

	if (parent != NULL && zr_export_below(z->export, parent).kind == ZR_MATCH_EXCLUDED)
		return;
	if (is_reserved(rule->name) || !fits(z, rule->name)) {
		z->lost_exclusions++;
		fprintf(stderr, "%s: %s does not fit into the zone: give a shorter --origin, or remove it\n",
			z->export->path, rule->name);
		return;
	}
	add_record(z, "", rule->name, ACTION_EXCLUDE);
	add_record(z, "*.", rule->name, ACTION_EXCLUDE);
	for (; parent != NULL && is_covered(z, parent); parent = zr_export_parent(parent)) {
		add_record(z, "", parent, ACTION_PASSTHRU);
		add_record(z, "*.", parent, ACTION_PASSTHRU);
	}
}

/* The eight groups of an IPv6 address, the last first; the longest run of zero groups, of two at least, is "zz". */
static size_t write_v6(const struct zr_block *block, char *out)
{
	unsigned int groups[8], best = 8, best_len = 1;
	size_t len = (size_t)sprintf(out, "%u", block->len);

	for (unsigned int i = 0; i < 8; i++)
		groups[i] = (unsigned int)block->addr[14 - 2 * i] << 8 | block->addr[15 - 2 * i];
	for (unsigned int i = 0, run = 0; i < 8; i++) {
		run = groups[i] == 0 ? run + 1 : 0;
		/* Of equal runs the one that an address writes first, as BIND has it. */
		if (run > 1 && run >= best_len) {
			best_len = run;
			best = i + 1 - run;
		}
	}
	for (unsigned int i = 0; i < 8; i++) {
		if (i == best) {
			len += (size_t)sprintf(out + len, ".zz");
			i += best_len - 1;
		} else {
			len += (size_t)sprintf(out + len, ".%x", groups[i]);
		}
	}
	return len;
}

/* Does an IPv6 block hold IPv4 addresses in IPv6 form (::ffff:0:0/96; RFC 4291, section 2.5.5.2), or a part of them? */
static bool meets_mapped(const struct zr_block *block)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned int bytes = block->len < 96 ? block->len / 8 : 12, bits = block->len < 96 ? block->len % 8 : 0;

	if (block->family != 6 || memcmp(block->addr, mapped, bytes) != 0)
		return false;
	return bits == 0 || ((block->addr[bytes] ^ mapped[bytes]) & (0xff00U >> bits) & 0xff) == 0;
}

static void add_block(struct zone *z, const struct zr_block *block)
{
	char owner[OWNER_MAX];
	size_t len;

	if (block->proto != 0) {
		z->ports++;
		return;
	}
	/* BIND keeps both families in one tree, where these would stand above or among all IPv4 addresses. */
	if (meets_mapped(block)) {
		z->mapped++;
		return;
	}
	if (block->family == 4)
		len = (size_t)sprintf(owner, "%u.%u.%u.%u.%u", block->len, block->addr[3], block->addr[2],
				      block->addr[1], block->addr[0]);
	else
		len = write_v6(block, owner);
	strcpy(owner + len, ".rpz-ip");
	if (len + strlen(".rpz-ip") + 1 + strlen(z->export->origin) > ZR_NAME_MAX)
		z->too_long++;
	else
		add_record(z, "", owner, ACTION_PASSTHRU);
}

/* By owner. Of an image that nobody's list made, one may have both: the first is written, and exclusions win. */
static int compare_records(const void *x, const void *y, void *arg)
{
	const struct record *a = x, *b = y;
	const char *texts = arg;
	int order = strcmp(texts + a->owner, texts + b->owner);

	return order != 0 ? order : (b->action > a->action) - (b->action < a->action);
}

static void write_zone(const struct zone *z, FILE *out)
{
	const char *targets[] = {
		[ACTION_PASSTHRU] = "rpz-passthru.",
		[ACTION_EXCLUDE] = z->export->exclusions == ZR_EXCLUSIONS_NODATA ? "*." : ".",
	};

	fprintf(out, "; list %" PRIu64 "\n$ORIGIN %s.\n$TTL 300\n", zr_image_serial(z->export->image),
		z->export->origin);
	fprintf(out, "@ SOA localhost. nobody.invalid. %" PRIu32 " 3600 600 604800 300\n@ NS localhost.\n",
		z->export->soa_serial);
	for (size_t i = 0; i < z->count; i++) {
		const char *owner = z->texts + z->records[i].owner;

		if (i == 0 || strcmp(owner, z->texts + z->records[i - 1].owner) != 0)
			fprintf(out, "%s CNAME %s\n", owner, targets[z->records[i].action]);
	}
}

static void tell_left_out(const struct zone *z)
{
	const char *path = z->export->path;

	if (z->ports > 0)
		fprintf(stderr,
			"%s: left out %" PRIu64
			" address entries with a protocol or ports: a zone knows addresses only\n",
			path, z->ports);
	if (z->mapped > 0)
		fprintf(stderr,
			"%s: left out %" PRIu64
			" IPv6 blocks that hold ::ffff:0:0/96: servers take them for IPv4 addresses\n",
			path, z->mapped);
	if (z->reserved > 0)
		fprintf(stderr,
			"%s: left out %" PRIu64 " names that end in rpz-…: servers take them for something else\n",
			path, z->reserved);
	if (z->too_long > 0)
		fprintf(stderr,
			"%s: left out %" PRIu64 " entries too long to stand below %s: give a shorter --origin\n", path,
			z->too_long, z->export->origin);
}

bool zr_export_rpz(const struct zr_export *export, FILE *out)
{
	struct zone z = {.export = export};
	struct zr_export_entry entry;
	bool good;

	for (uint32_t number = 0; zr_export_next(export, &number, &entry);) {
		if (entry.rule.kind == ZR_RULE_BLOCK)
			add_block(&z, &entry.rule.block);
		else if (entry.rule.kind == ZR_RULE_EXCLUDED)
			add_exclusion(&z, &entry.rule);
		else
			add_name(&z, &entry.rule);
	}
	good = !z.failed && z.lost_exclusions == 0;
	if (z.failed)
		fprintf(stderr, "%s: no memory for the zone\n", export->path);
	if (good) {
		if (z.count > 0)
			qsort_r(z.records, z.count, sizeof(*z.records), compare_records, z.texts);
		write_zone(&z, out);
		tell_left_out(&z);
	}
	free(z.texts);
	free(z.records);
	return good;
}
