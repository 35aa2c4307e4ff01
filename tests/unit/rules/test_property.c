/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random lists against a matcher that is as simple as can be: it looks at every entry for every question. Labels and
 * addresses are few, so that entries meet; rows that contradict each other are left out by the same simple means.
 */
#include "tests/unit/rules/lists.h"

#include <stdio.h>

#define ENTRIES_MAX 60
#define LISTS       300
#define QUESTIONS   150
#define TIMES       20

enum form { EXCLUDED, EXACT, SUBTREE, BELOW, BLOCK };

struct entry {
	enum form form;
	char rule[300];
	const char *name; /* in rule */
	uint8_t family, len, addr[16];
	uint8_t proto; /* 0: all */
	bool has_ports;
	uint16_t port_from, port_to;
	int64_t from, until; /* until is included */
};

struct reference {
	struct entry entries[ENTRIES_MAX];
	unsigned int count;
};

static uint64_t random_state;

static unsigned int below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state >> 20) % limit;
}

static void random_name(char *out, unsigned int most_labels)
{
	unsigned int labels = 1 + below(most_labels);

	out[0] = '\0';
	for (unsigned int i = 0; i < labels; i++) {
		strcat(out, i > 0 ? "." : "");
		strcat(out, (const char *const[]){"a", "b", "aa"}[below(3)]);
	}
}

static void random_address(uint8_t family, uint8_t *addr)
{
	memset(addr, 0, 16);
	addr[0] = 32;
	addr[2] = (uint8_t)(below(2) << 7);
	addr[family == 4 ? 3 : 15] = (uint8_t)below(4);
}

static bool lies_in(const uint8_t *addr, const struct entry *block)
{
	for (unsigned int bit = 0; bit < block->len; bit++)
		if (((addr[bit / 8] ^ block->addr[bit / 8]) >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

static void random_block(struct entry *e)
{
	static const uint8_t lens[2][4] = {{16, 17, 31, 32}, {28, 32, 126, 128}};
	struct zr_prefix prefix;
	char text[ZR_PREFIX_TEXT];

	e->form = BLOCK;
	e->family = below(2) == 0 ? 4 : 6;
	random_address(e->family, e->addr);
	e->len = lens[e->family == 6][below(4)];
	for (unsigned int bit = e->len; bit < 128; bit++)
		e->addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	e->proto = (uint8_t[]){0, 6, 17}[below(3)];
	e->has_ports = e->proto != 0 && below(2) == 0;
	e->port_from = e->has_ports ? (uint16_t)(1 + below(4)) : 0;
	e->port_to = e->has_ports ? (uint16_t)(e->port_from + below(2)) : UINT16_MAX;
	prefix = (struct zr_prefix){.family = e->family, .len = e->len};
	memcpy(prefix.addr, e->addr, 16);
	zr_prefix_format(&prefix, text);
	if (e->has_ports)
		sprintf(e->rule, "%s %s %u-%u", text, e->proto == 6 ? "tcp" : "udp", e->port_from, e->port_to);
	else
		sprintf(e->rule, "%s%s", text, e->proto == 0 ? "" : e->proto == 6 ? " tcp" : " udp");
}

static void random_entry(struct entry *e)
{
	static const char *const marks[] = {"!", "", ".", "*."};

	*e = (struct entry){.from = INT64_MIN, .until = INT64_MAX};
	if (below(3) == 0) {
		random_block(e);
	} else {
		e->form = (enum form)below(4);
		strcpy(e->rule, marks[e->form]);
		e->name = e->rule + strlen(e->rule);
		random_name(e->rule + strlen(e->rule), below(10) == 0 ? 8 : 4);
	}
	if (below(2) == 0)
		e->from = below(TIMES);
	if (below(2) == 0)
		e->until = (e->from == INT64_MIN ? 0 : e->from) + below(TIMES);
}

/* Is name the suffix, or does it end with it at a label? */
static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0 &&
	       (len == suffix_len || name[len - suffix_len - 1] == '.');
}

static bool contradict(const struct entry *a, const struct entry *b)
{
	if (a->from > b->until || b->from > a->until)
		return false;
	if (a->form == BLOCK || b->form == BLOCK)
		return a->form == b->form && a->family == b->family && a->len == b->len &&
		       memcmp(a->addr, b->addr, 16) == 0 && a->proto == b->proto && a->has_ports == b->has_ports &&
		       a->port_from <= b->port_to && b->port_from <= a->port_to;
	if (a->form == EXCLUDED && b->form != EXCLUDED)
		return ends_with(b->name, a->name);
	if (b->form == EXCLUDED && a->form != EXCLUDED)
		return ends_with(a->name, b->name);
	if (strcmp(a->name, b->name) != 0)
		return false;
	return a->form == b->form || (a->form >= SUBTREE && b->form >= SUBTREE);
}

static void random_reference(struct reference *r)
{
	unsigned int wanted = below(ENTRIES_MAX + 1);

	r->count = 0;
	while (wanted-- > 0) {
		struct entry *e = &r->entries[r->count];
		bool fits = true;

		random_entry(e);
		for (unsigned int i = 0; i < r->count; i++)
			fits = fits && !contradict(&r->entries[i], e);
		r->count += fits;
	}
}

static struct made compile(const struct reference *r)
{
	char *text = malloc(strlen(HEAD) + ENTRIES_MAX * 400);
	size_t len = (size_t)sprintf(text, "%s", HEAD);
	struct made made;

	for (unsigned int i = 0; i < r->count; i++) {
		const struct entry *e = &r->entries[i];

		len += (size_t)sprintf(text + len, "%s,%s", e->rule, e->form == EXCLUDED ? "," : "s,1");
		if (e->from == INT64_MIN)
			len += (size_t)sprintf(text + len, ",");
		else
			len += (size_t)sprintf(text + len, ",1970-01-01T00:00:%02dZ", (int)e->from);
		if (e->until == INT64_MAX)
			len += (size_t)sprintf(text + len, ",,,,public-suffix-intended\n");
		else
			len += (size_t)sprintf(text + len, ",1970-01-01T00:00:%02dZ,,,public-suffix-intended\n",
					       (int)e->until);
	}
	made = make_image(text, len);
	free(text);
	return made;
}

static bool in_force(const struct entry *e, int64_t now)
{
	return now >= e->from && now <= e->until;
}

static const char *reference_name(const struct reference *r, const char *name, int64_t now)
{
	const struct entry *best = NULL;

	for (unsigned int i = 0; i < r->count; i++) {
		const struct entry *e = &r->entries[i];
		bool same = e->form != BLOCK && strcmp(e->name, name) == 0;

		if (e->form == BLOCK || !in_force(e, now) || !ends_with(name, e->name) || (e->form == EXACT && !same) ||
		    (e->form == BELOW && same))
			continue;
		if (best == NULL || strlen(e->name) > strlen(best->name) ||
		    (strlen(e->name) == strlen(best->name) && e->form < best->form))
			best = e;
	}
	return best != NULL ? best->rule : "";
}

static unsigned int exactness(const struct entry *e)
{
	return (unsigned int)e->len * 4 + (e->has_ports ? 2 : e->proto != 0 ? 1 : 0);
}

static const char *reference_address(const struct reference *r, uint8_t family, const uint8_t *addr, uint8_t proto,
				     uint16_t port, int64_t now)
{
	const struct entry *best = NULL;

	for (unsigned int i = 0; i < r->count; i++) {
		const struct entry *e = &r->entries[i];

		if (e->form == BLOCK && e->family == family && in_force(e, now) && lies_in(addr, e) &&
		    (e->proto == 0 || (e->proto == proto && port >= e->port_from && port <= e->port_to)) &&
		    (best == NULL || exactness(e) > exactness(best)))
			best = e;
	}
	return best != NULL ? best->rule : "";
}

static void compare_names(const struct reference *r, const struct made *made, const struct zr_suffix_index *index,
			  const uint64_t key[2])
{
	char texts[ZR_MATCH_BULK][64];
	struct zr_name_ref names[ZR_MATCH_BULK];
	struct zr_match out[ZR_MATCH_BULK];
	unsigned int count = 1 + below(ZR_MATCH_BULK);
	int64_t now = (int64_t)below(2 * TIMES + 2) - 1;

	for (unsigned int i = 0; i < count; i++) {
		random_name(texts[i], below(8) == 0 ? 10 : 5);
		names[i] = (struct zr_name_ref){.text = texts[i], .len = (uint8_t)strlen(texts[i])};
	}
	zr_image_match_names(made->image, names, count, now, out);
	for (unsigned int i = 0; i < count; i++) {
		struct zr_suffixes suffixes;
		struct zr_match by_hash;

		assert_string_equal(rule_of(made->image, out[i]), reference_name(r, texts[i], now));
		zr_suffixes_make(key, names[i].text, names[i].len, &suffixes);
		by_hash = zr_suffix_index_match(index, &suffixes, now);
		if (!suffixes.cut || by_hash.kind != ZR_MATCH_NONE) {
			assert_int_equal(by_hash.kind, out[i].kind);
			assert_int_equal(by_hash.entry, out[i].entry);
		}
	}
}

static void compare_address(const struct reference *r, const struct made *made)
{
	uint8_t family = below(2) == 0 ? 4 : 6, proto = (uint8_t[]){1, 6, 17}[below(3)], addr[16];
	uint16_t port = proto == 1 ? 0 : (uint16_t)below(7);
	int64_t now = (int64_t)below(2 * TIMES + 2) - 1;

	random_address(family, addr);
	assert_string_equal(rule_of(made->image, zr_image_match_address(made->image, family, addr, proto, port, now)),
			    reference_address(r, family, addr, proto, port, now));
}

static void compare_edges(const struct reference *r, const struct made *made)
{
	for (int64_t now = -1; now < 2 * TIMES + 1; now++) {
		int64_t wanted = zr_image_expires_s(made->image);

		for (unsigned int i = 0; i < r->count; i++) {
			const struct entry *e = &r->entries[i];

			if (e->from > now && e->from < wanted)
				wanted = e->from;
			if (e->until != INT64_MAX && e->until + 1 > now && e->until + 1 < wanted)
				wanted = e->until + 1;
		}
		assert_true(zr_image_next_edge_s(made->image, now) == wanted);
	}
}

static void random_lists_answer_like_the_simplest_matcher(void **state)
{
	static struct reference r;

	(void)state;
	random_state = 0x9e3779b97f4a7c15;
	for (unsigned int i = 0; i < LISTS; i++) {
		const uint64_t key[2] = {below(1000), below(1000)};
		struct zr_suffix_index *index;
		struct made made;

		random_reference(&r);
		made = compile(&r);
		assert_int_equal(zr_suffix_index_make(made.image, key, &index), 0);
		assert_int_equal(zr_image_entry_count(made.image), r.count);
		for (unsigned int q = 0; q < QUESTIONS; q++) {
			compare_names(&r, &made, index, key);
			compare_address(&r, &made);
		}
		compare_edges(&r, &made);
		zr_suffix_index_free(index);
		unmake(&made);
	}
}

/* One row too many: the reader must refuse exactly the lists in which two entries contradict each other. */
static void random_contradictions_are_refused(void **state)
{
	static struct reference r;
	unsigned int refused = 0;

	(void)state;
	random_state = 0x2545f4914f6cdd1d;
	for (unsigned int i = 0; i < 2000; i++) {
		bool wanted = false;
		char text[2048];
		size_t len = (size_t)sprintf(text, "%s", HEAD);
		struct zr_findings errors = {0};
		struct zr_list *list = NULL;
		int result;

		r.count = 2 + below(3);
		for (unsigned int k = 0; k < r.count; k++) {
			struct entry *e = &r.entries[k];

			random_entry(e);
			for (unsigned int j = 0; j < k; j++)
				wanted = wanted || contradict(&r.entries[j], e);
			len += (size_t)sprintf(text + len, "%s,%s,", e->rule, e->form == EXCLUDED ? "," : "s,1");
			if (e->from != INT64_MIN)
				len += (size_t)sprintf(text + len, "1970-01-01T00:00:%02dZ", (int)e->from);
			len += (size_t)sprintf(text + len, ",");
			if (e->until != INT64_MAX)
				len += (size_t)sprintf(text + len, "1970-01-01T00:00:%02dZ", (int)e->until);
			len += (size_t)sprintf(text + len, ",,,public-suffix-intended\n");
		}
		result = zr_list_read(text, len, &list, &errors);
		if ((result != 0) != wanted)
			fail_msg("%s:\n%s", wanted ? "not refused" : "refused", text);
		refused += wanted;
		zr_findings_clear(&errors);
		if (result == 0)
			zr_list_free(list);
	}
	assert_in_range(refused, 100, 1900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lists_answer_like_the_simplest_matcher),
		cmocka_unit_test(random_contradictions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
