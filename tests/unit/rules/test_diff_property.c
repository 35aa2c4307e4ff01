/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random small lists compared by the simplest means: what an entry covers is a set of points (part of the name, protocol,
 * port, second), every entry is tried with every other one, and sets are compared point by point.
 */
#include "tests/unit/rules/lists.h"

#include "rules/diff.h"
#include "tests/support/random.h"

#define ROWS_MAX 10
#define PAIRS    1500
#define SECONDS  12
#define PORTS    6
#define PROTOS   3
#define PARTS    3
#define POINTS   (PARTS * PROTOS * PORTS * SECONDS)

enum { EXCLUDED, EXACT, SUBTREE, BELOW, BLOCK };

static const unsigned int protos[PROTOS] = {1, 6, 17};

struct row {
	char rule[40];
	const char *subject;
	unsigned int kind, proto, port_from, port_to, from, until; /* until is included */
	unsigned int rating_group;
	bool paired;
};

struct list {
	struct row rows[ROWS_MAX];
	unsigned int count;
	struct made made;
};

static struct random generator = {.state = 7};

static unsigned int pick(unsigned int below)
{
	return random_below(&generator, below);
}

/* Fill in row; text: its line in a list. */
static void random_row(struct row *row, char text[160])
{
	static const char *const names[] = {"a.vn", "b.a.vn"}, *const blocks[] = {"10.0.0.0/24", "10.0.0.0/23"};
	static const char *const marks[] = {"!", "", ".", "*."};
	char window[64] = ",";

	*row = (struct row){.kind = pick(5), .until = SECONDS - 1, .port_to = PORTS - 1, .rating_group = 1 + pick(2)};
	row->subject = row->kind == BLOCK ? blocks[pick(2)] : names[pick(2)];
	if (row->kind != BLOCK) {
		snprintf(row->rule, sizeof(row->rule), "%s%s", marks[row->kind], row->subject);
	} else {
		row->proto = pick(3) == 0 ? 0 : protos[1 + pick(2)];
		snprintf(row->rule, sizeof(row->rule), "%s%s", row->subject,
			 row->proto == 0   ? ""
			 : row->proto == 6 ? " tcp"
					   : " udp");
		if (row->proto != 0 && pick(2) == 0) {
			row->port_from = 1 + pick(PORTS - 2);
			row->port_to = row->port_from + pick(PORTS - row->port_from);
			snprintf(row->rule + strlen(row->rule), 16, " %u-%u", row->port_from, row->port_to);
		}
	}
	if (pick(2) == 0) {
		row->from = pick(SECONDS - 1);
		row->until = row->from + pick(SECONDS - 1 - row->from);
		/* The first and the last second stand for always, which no window of a row reaches. */
		row->from++;
		row->until++;
		if (row->until == SECONDS - 1)
			row->until--;
		if (row->from > row->until)
			row->from = row->until;
		snprintf(window, sizeof(window), "1970-01-01T00:00:%02uZ,1970-01-01T00:00:%02uZ", row->from,
			 row->until);
	}
	if (row->kind == EXCLUDED) {
		row->rating_group = 0;
		snprintf(text, 160, "%s,,,%s\n", row->rule, window);
	} else {
		snprintf(text, 160, "%s,s,%u,%s\n", row->rule, row->rating_group, window);
	}
}

/* Is the list without errors? */
static bool reads(const char *text)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	bool good = zr_list_read(text, strlen(text), &list, &errors) == 0;

	zr_findings_clear(&errors);
	zr_list_free(list);
	return good;
}

/* Rows that the reader takes together. */
static void random_list(struct list *list)
{
	char text[4096] = HEAD, line[160];
	unsigned int wanted = pick(ROWS_MAX + 1);

	list->count = 0;
	while (wanted-- > 0) {
		size_t len = strlen(text);

		random_row(&list->rows[list->count], line);
		strcat(text, line);
		if (reads(text))
			list->count++;
		else
			text[len] = '\0';
	}
	list->made = make_image(text, strlen(text));
}

static void points_of(const struct row *row, bool *points)
{
	for (unsigned int i = 0; i < POINTS; i++) {
		unsigned int second = i % SECONDS, port = i / SECONDS % PORTS, proto = i / SECONDS / PORTS % PROTOS;
		unsigned int part = i / SECONDS / PORTS / PROTOS;
		bool has_part = row->kind == EXCLUDED  ? part == 2
				: row->kind == SUBTREE ? part < 2
				: row->kind == BELOW   ? part == 1
						       : part == 0;

		points[i] = has_part && second >= row->from && second <= row->until &&
			    (row->proto == 0 ||
			     (row->proto == protos[proto] && port >= row->port_from && port <= row->port_to));
	}
}

struct relation {
	bool meet, grew, shrank;
};

static struct relation relate(const struct row *before, const struct row *after)
{
	static bool a[POINTS], b[POINTS];
	struct relation relation = {.grew = true, .shrank = true};

	points_of(before, a);
	points_of(after, b);
	for (unsigned int i = 0; i < POINTS; i++) {
		relation.meet |= a[i] && b[i];
		relation.grew &= !a[i] || b[i];
		relation.shrank &= !b[i] || a[i];
	}
	return relation;
}

static bool same_traffic(const struct row *a, const struct row *b)
{
	return a->kind == b->kind && a->proto == b->proto && a->port_from == b->port_from && a->port_to == b->port_to;
}

static bool fits(unsigned int step, const struct row *a, const struct row *b)
{
	struct relation r = relate(a, b);

	switch (step) {
	case 0:
		return r.grew && r.shrank;
	case 1:
		return same_traffic(a, b) && r.meet;
	case 2:
		return r.meet;
	default:
		return same_traffic(a, b);
	}
}

/* The order in which rows choose: self, below, both, exclusions; protocol; ports; window. */
static int compare_rows(const void *x, const void *y)
{
	static const unsigned int ranks[] = {[EXACT] = 0, [BLOCK] = 0, [BELOW] = 1, [SUBTREE] = 2, [EXCLUDED] = 3};
	const struct row *a = x, *b = y;
	const unsigned int p[] = {ranks[a->kind], a->proto, a->port_from, a->port_to, a->from, a->until};
	const unsigned int q[] = {ranks[b->kind], b->proto, b->port_from, b->port_to, b->from, b->until};

	for (unsigned int i = 0; i < 6; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return 0;
}

/* A difference as text, so that differences can be sorted and compared. */
struct lines {
	char at[ROWS_MAX * 2][160];
	unsigned int count;
};

static void add_line(struct lines *lines, enum zr_change change, const char *before, long long before_from,
		     const char *after, long long after_from)
{
	assert_true(lines->count < ROWS_MAX * 2);
	snprintf(lines->at[lines->count++], 160, "%s@%lld -> %s@%lld: %u", before, before_from, after, after_from,
		 (unsigned int)change);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void reference_pair(struct lines *out, struct row *before, struct row *after)
{
	struct relation r = relate(before, after);
	enum zr_change change = ZR_CHANGE_CHANGED;

	before->paired = after->paired = true;
	if (r.grew && r.shrank && before->rating_group == after->rating_group)
		return;
	if (r.grew != r.shrank)
		change = r.grew != (before->kind == EXCLUDED) ? ZR_CHANGE_WIDENED : ZR_CHANGE_NARROWED;
	add_line(out, change, before->rule, before->from, after->rule, after->from);
}

static void reference_diff(struct list *before, struct list *after, struct lines *out)
{
	out->count = 0;
	qsort(before->rows, before->count, sizeof(struct row), compare_rows);
	qsort(after->rows, after->count, sizeof(struct row), compare_rows);
	for (unsigned int step = 0; step < 4; step++)
		for (unsigned int i = 0; i < before->count; i++)
			for (unsigned int k = 0; k < after->count && !before->rows[i].paired; k++)
				if (!after->rows[k].paired && before->rows[i].subject == after->rows[k].subject &&
				    fits(step, &before->rows[i], &after->rows[k]))
					reference_pair(out, &before->rows[i], &after->rows[k]);
	for (unsigned int i = 0; i < before->count; i++)
		if (!before->rows[i].paired)
			add_line(out, ZR_CHANGE_REMOVED, before->rows[i].rule, before->rows[i].from, "", 0);
	for (unsigned int i = 0; i < after->count; i++)
		if (!after->rows[i].paired)
			add_line(out, ZR_CHANGE_ADDED, "", 0, after->rows[i].rule, after->rows[i].from);
	qsort(out->at, out->count, sizeof(out->at[0]), compare_lines);
}

struct telling {
	const struct list *before, *after;
	struct lines lines;
	uint64_t counts[ZR_CHANGE_COUNT];
	char last_rule[40];
};

static void tell(void *arg, enum zr_change change, uint32_t before, uint32_t after)
{
	struct telling *t = arg;
	struct zr_entry a = {.rule = ""}, b = {.rule = ""};

	if (before != ZR_ENTRY_NONE)
		zr_image_entry(t->before->made.image, before, &a);
	if (after != ZR_ENTRY_NONE)
		zr_image_entry(t->after->made.image, after, &b);
	add_line(&t->lines, change, a.rule, a.from_s == INT64_MIN ? 0 : a.from_s, b.rule,
		 b.from_s == INT64_MIN ? 0 : b.from_s);
	t->counts[change]++;
	assert_true(strcmp(t->last_rule, a.rule[0] != '\0' ? a.rule : b.rule) <= 0);
	snprintf(t->last_rule, sizeof(t->last_rule), "%s", a.rule[0] != '\0' ? a.rule : b.rule);
}

static void random_lists_differ_as_by_the_simplest_means(void **state)
{
	static struct list before, after;
	uint64_t seen[ZR_CHANGE_COUNT] = {0};

	(void)state;
	for (unsigned int i = 0; i < PAIRS; i++) {
		struct telling t = {.before = &before, .after = &after};
		uint64_t counts[ZR_CHANGE_COUNT];
		struct lines wanted;

		random_list(&before);
		random_list(&after);
		reference_diff(&before, &after, &wanted);
		assert_int_equal(zr_list_diff(before.made.image, after.made.image, tell, &t, counts), 0);
		qsort(t.lines.at, t.lines.count, sizeof(t.lines.at[0]), compare_lines);
		assert_int_equal(t.lines.count, wanted.count);
		for (unsigned int k = 0; k < wanted.count; k++)
			assert_string_equal(t.lines.at[k], wanted.at[k]);
		assert_memory_equal(counts, t.counts, sizeof(counts));
		for (unsigned int k = 0; k < ZR_CHANGE_COUNT; k++)
			seen[k] += counts[k];
		unmake(&before.made);
		unmake(&after.made);
	}
	for (unsigned int k = 0; k < ZR_CHANGE_COUNT; k++)
		assert_true(seen[k] > PAIRS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lists_differ_as_by_the_simplest_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
