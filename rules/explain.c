/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/explain.h"

#include <string.h>

#include "rules/image_view.h"
#include "rules/name.h"
#include "rules/public_suffix.h"
#include "rules/spelling.h"

/* Blocks are neighbours when so many bits agree: a provider's usual allocation. */
#define NEIGHBOUR_V4_BITS 16
#define NEIGHBOUR_V6_BITS 32

/* Texts up to this length are similar within one character, longer ones within two. */
#define SHORT_TEXT 8

struct name {
	const char *text;
	size_t len;
};

struct name_question {
	struct name name;
	struct name parent; /* of len 0 when it is a public suffix or none: siblings there have nothing in common */
	int64_t now_s;
	bool is_excluded;
};

static const char *const words[] = {
#define X(id, word) word,
	ZR_NEAR_REASONS(X)
#undef X
};

const char *zr_near_word(enum zr_near_reason reason)
{
	return words[reason];
}

/* Keep the nearest ones. detail orders those of one reason, then the image's order does. */
static void add_near(struct zr_explanation *out, uint32_t entry, enum zr_near_reason reason, uint8_t detail,
		     uint8_t distance)
{
	/* Of one name the window that opens next, or closed last, is the nearest. */
	uint32_t order = reason == ZR_NEAR_PAST ? UINT32_MAX - entry : entry;
	struct zr_near near = {.entry = entry,
			       .reason = (uint8_t)reason,
			       .distance = distance,
			       .rank = (uint64_t)reason << 40 | (uint64_t)detail << 32 | order};
	unsigned int at = out->count;

	while (at > 0 && out->near[at - 1].rank > near.rank)
		at--;
	if (out->count == ZR_NEAR_MAX) {
		out->left_out++;
		if (at == ZR_NEAR_MAX)
			return;
		out->count--;
	}
	memmove(&out->near[at + 1], &out->near[at], (out->count - at) * sizeof(near));
	out->near[at] = near;
	out->count++;
}

static bool is_same(struct name a, struct name b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool ends_with(struct name name, struct name end)
{
	return name.len > end.len && memcmp(name.text + name.len - end.len, end.text, end.len) == 0;
}

static bool is_below(struct name name, struct name domain)
{
	return ends_with(name, domain) && name.text[name.len - domain.len - 1] == '.';
}

static struct name parent_of(struct name name)
{
	const char *dot = memchr(name.text, '.', name.len);

	if (dot == NULL)
		return (struct name){.text = name.text + name.len};
	return (struct name){.text = dot + 1, .len = name.len - (size_t)(dot + 1 - name.text)};
}

/* The end of name that has as many labels as like has; all of it when it has fewer. */
static struct name same_labels(struct name name, struct name like)
{
	size_t start = name.len, dots = 0;

	for (size_t i = 0; i < like.len; i++)
		dots += like.text[i] == '.';
	while (start > 0 && (name.text[start - 1] != '.' || dots-- > 0))
		start--;
	return (struct name){.text = name.text + start, .len = name.len - start};
}

/* Characters in which the name, or for entries with subdomains its end, differs from the entry's; 0: too many. */
static unsigned int similar_by(struct name asked, struct name listed, uint8_t kind)
{
	struct name end = kind == ZR_RULE_EXACT ? asked : same_labels(asked, listed);
	unsigned int most = listed.len <= SHORT_TEXT ? 1 : 2;
	unsigned int distance = zr_spelling_distance(end.text, end.len, listed.text, listed.len, most);

	return distance <= most ? distance : 0;
}

static void consider_name(const struct zr_image *image, uint32_t i, const struct name_question *question,
			  struct zr_explanation *out)
{
	const struct zr_image_entry *entry = &image->entries[i];
	struct name listed = {.text = zr_image_entry_name(image, entry), .len = entry->name_len};
	bool whole = is_same(question->name, listed), below = is_below(question->name, listed);
	uint8_t shortness = (uint8_t)(UINT8_MAX - listed.len); /* what covers more labels is nearer */
	unsigned int distance;

	if (entry->kind == ZR_RULE_EXCLUDED)
		return;
	if ((whole && entry->kind != ZR_RULE_BELOW) || (below && entry->kind != ZR_RULE_EXACT)) {
		if (zr_image_in_force(image, entry, question->now_s))
			add_near(out, i, ZR_NEAR_OVERRULED, shortness, 0);
		else if (image->windows[entry->window].from_s > question->now_s)
			add_near(out, i, ZR_NEAR_NOT_YET, shortness, 0);
		else
			add_near(out, i, ZR_NEAR_PAST, shortness, 0);
		return;
	}
	/* Nothing else would free what an exclusion covers. */
	if (question->is_excluded)
		return;
	if (below)
		add_near(out, i, ZR_NEAR_EXACT_ONLY, shortness, 0);
	else if (whole)
		add_near(out, i, ZR_NEAR_BELOW_ONLY, 0, 0);
	else if (is_below(listed, question->name))
		add_near(out, i, ZR_NEAR_SUBDOMAIN, (uint8_t)listed.len, 0);
	else if (ends_with(question->name, listed))
		add_near(out, i, ZR_NEAR_INSIDE_LABEL, shortness, 0);
	else if ((distance = similar_by(question->name, listed, entry->kind)) > 0)
		add_near(out, i, ZR_NEAR_SPELLING, (uint8_t)distance, (uint8_t)distance);
	else if (question->parent.len > 0 && is_same(question->parent, parent_of(listed)))
		add_near(out, i, ZR_NEAR_SIBLING, 0, 0);
}

void zr_explain_name(const struct zr_image *image, const char *name, size_t len, int64_t now_s,
		     struct zr_explanation *out)
{
	const struct zr_name_ref ref = {.text = name, .len = (uint8_t)len};
	struct name_question question = {.name = {.text = name, .len = len}, .now_s = now_s};
	char parent[ZR_NAME_MAX + 1];

	*out = (struct zr_explanation){0};
	zr_image_match_names(image, &ref, 1, now_s, &out->match);
	if (out->match.kind == ZR_MATCH_LISTED)
		return;
	question.is_excluded = out->match.kind == ZR_MATCH_EXCLUDED;
	question.parent = parent_of(question.name);
	memcpy(parent, question.parent.text, question.parent.len);
	parent[question.parent.len] = '\0';
	if (question.parent.len > 0 && zr_public_suffix_is(parent))
		question.parent.len = 0;
	for (uint32_t i = 0; i < image->name_count; i++)
		consider_name(image, i, &question, out);
}

/* Leading bits in which two addresses agree. */
static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int same = 0;

	while (same < bits && ((a[same / 8] ^ b[same / 8]) & 0x80 >> same % 8) == 0)
		same++;
	return same;
}

void zr_explain_address(const struct zr_image *image, uint8_t family, const uint8_t *addr, uint8_t proto, uint16_t port,
			int64_t now_s, struct zr_explanation *out)
{
	unsigned int neighbour_bits = family == 4 ? NEIGHBOUR_V4_BITS : NEIGHBOUR_V6_BITS;

	*out = (struct zr_explanation){.match = zr_image_match_address(image, family, addr, proto, port, now_s)};
	if (out->match.kind == ZR_MATCH_LISTED)
		return;
	for (uint32_t i = image->name_count; i < image->entry_count; i++) {
		const struct zr_block *block = &image->blocks[i - image->name_count];
		const struct zr_window *window = &image->windows[image->entries[i].window];
		unsigned int same;
		uint8_t shortness;

		if (block->family != family)
			continue;
		same = common_bits(block->addr, addr, block->len);
		shortness = (uint8_t)(128 - same);
		if (same < block->len) {
			if (same >= neighbour_bits)
				add_near(out, i, ZR_NEAR_NEIGHBOUR, shortness, 0);
		} else if (block->proto != 0 && block->proto != proto) {
			add_near(out, i, ZR_NEAR_OTHER_PROTO, shortness, 0);
		} else if (block->proto != 0 && (port < block->port_from || port > block->port_to)) {
			add_near(out, i, ZR_NEAR_OTHER_PORTS, shortness, 0);
		} else {
			add_near(out, i, window->from_s > now_s ? ZR_NEAR_NOT_YET : ZR_NEAR_PAST, shortness, 0);
		}
	}
}
