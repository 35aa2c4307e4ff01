/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/known.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define US_PER_S 1000000U

/*
 * Of the memory, one in so many is for addresses that stand for names that are not listed: whoever has a domain of his own can
 * teach any number of those, and they push out no others.
 */
#define OTHERS_SHARE 4

/* What makes rows different, compared and hashed as bytes: no padding. */
struct subject {
	uint8_t address[16];
	uint16_t domain;
	uint8_t family, zero;
};

_Static_assert(sizeof(struct subject) == 20, "no padding that could differ");

struct row {
	struct row *chain;         /* of the same place in the index */
	struct row *newer, *older; /* on its shelf */
	struct zr_known_row row;
	struct subject subject;
	uint32_t walked[ZR_KNOWN_WALKS]; /* number of the walk that came by last */
	uint8_t len;
	char name[];
};

/* Rows in the order in which they were learned last. */
struct shelf {
	struct row *newest, *oldest;
	uint64_t count, bytes, most;
};

/* Where somebody is who looks at all rows, the others first. */
struct walk {
	struct shelf *shelf; /* NULL: nowhere */
	struct row *next;    /* NULL: the shelf's end */
	uint32_t number;
};

struct zr_known {
	struct row **index;
	size_t places; /* a power of two */
	struct shelf named, others;
	struct walk walks[ZR_KNOWN_WALKS];
	struct zr_known_status status;
	uint8_t secret[crypto_shorthash_KEYBYTES];
};

int zr_known_make(size_t most_bytes, struct zr_known **out)
{
	struct zr_known *known;
	void *index;

	if (most_bytes / OTHERS_SHARE < ZR_KNOWN_ROW_BYTES(ZR_NAME_MAX))
		return -EINVAL;
	if (sodium_init() < 0) /* no source of random numbers */
		return -EIO;
	known = calloc(1, sizeof(*known));
	if (known == NULL)
		return -ENOMEM;
	for (known->places = 1; known->places < most_bytes / ZR_KNOWN_ROW_BYTES(0);)
		known->places *= 2;
	/* Its pages are taken when they are written. */
	index = mmap(NULL, known->places * sizeof(*known->index), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (index == MAP_FAILED) {
		free(known);
		return -ENOMEM;
	}
	known->index = index;
	known->others.most = most_bytes / OTHERS_SHARE;
	known->named.most = most_bytes - known->others.most;
	known->status.most = most_bytes;
	crypto_shorthash_keygen(known->secret);
	*out = known;
	return 0;
}

static struct row **place_of(const struct zr_known *known, const struct subject *subject, const char *name, uint8_t len)
{
	uint8_t key[sizeof(*subject) + UINT8_MAX];
	uint64_t hash;

	memcpy(key, subject, sizeof(*subject));
	memcpy(key + sizeof(*subject), name, len);
	crypto_shorthash((unsigned char *)&hash, key, sizeof(*subject) + len, known->secret);
	return &known->index[hash & (known->places - 1)];
}

static struct row *find(struct row *chain, const struct subject *subject, const char *name, uint8_t len)
{
	while (chain != NULL && (chain->len != len || memcmp(&chain->subject, subject, sizeof(*subject)) != 0 ||
				 memcmp(chain->name, name, len) != 0))
		chain = chain->chain;
	return chain;
}

static struct shelf *shelf_of(struct zr_known *known, uint8_t len)
{
	return len > 0 ? &known->named : &known->others;
}

static void shelf_take(struct zr_known *known, struct row *row)
{
	struct shelf *shelf = shelf_of(known, row->len);

	for (unsigned int i = 0; i < ZR_KNOWN_WALKS; i++)
		if (known->walks[i].next == row)
			known->walks[i].next = row->newer;
	*(row->newer != NULL ? &row->newer->older : &shelf->newest) = row->older;
	*(row->older != NULL ? &row->older->newer : &shelf->oldest) = row->newer;
	shelf->count--;
	shelf->bytes -= ZR_KNOWN_ROW_BYTES(row->len);
}

static void shelf_put(struct zr_known *known, struct row *row)
{
	struct shelf *shelf = shelf_of(known, row->len);

	/* Who is at the end has not seen what was taken from there to be put back. */
	for (unsigned int i = 0; i < ZR_KNOWN_WALKS; i++)
		if (known->walks[i].shelf == shelf && known->walks[i].next == NULL)
			known->walks[i].next = row;
	row->newer = NULL;
	row->older = shelf->newest;
	*(row->older != NULL ? &row->older->newer : &shelf->oldest) = row;
	shelf->newest = row;
	shelf->count++;
	shelf->bytes += ZR_KNOWN_ROW_BYTES(row->len);
}

static void forget(struct zr_known *known, struct row *row)
{
	struct row **at = place_of(known, &row->subject, row->name, row->len);

	while (*at != row)
		at = &(*at)->chain;
	*at = row->chain;
	shelf_take(known, row);
	free(row);
}

void zr_known_free(struct zr_known *known)
{
	if (known == NULL)
		return;
	while (known->named.oldest != NULL)
		forget(known, known->named.oldest);
	while (known->others.oldest != NULL)
		forget(known, known->others.oldest);
	munmap(known->index, known->places * sizeof(*known->index));
	free(known);
}

/* A new row with its place in the index, on no shelf yet. */
static struct row *row_make(struct zr_known *known, const struct subject *subject, const char *name, uint8_t len)
{
	struct row **place = place_of(known, subject, name, len);
	struct row *row = calloc(1, sizeof(*row) + len + 1);

	if (row == NULL)
		return NULL;
	row->subject = *subject;
	row->len = len;
	memcpy(row->name, name, len);
	row->row.name = row->name;
	row->chain = *place;
	*place = row;
	return row;
}

static void row_fill(struct zr_known_row *row, const struct zr_learned *learned)
{
	int64_t until_s = (int64_t)(learned->until_us / US_PER_S);

	row->address = learned->address;
	row->resolver = learned->resolver;
	row->domain = learned->domain;
	row->family = learned->family;
	row->resolver_family = learned->resolver_family;
	row->type = learned->type;
	row->aliases = learned->aliases;
	row->learned_s = (int64_t)(learned->time_us / US_PER_S);
	if (row->until_s < until_s)
		row->until_s = until_s;
}

static struct subject subject_of(const struct zr_learned *learned)
{
	struct subject subject = {.domain = learned->domain, .family = learned->family};

	memcpy(subject.address, learned->address.b, learned->family == 4 ? 4 : sizeof(subject.address));
	return subject;
}

bool zr_known_add(struct zr_known *known, const struct zr_learned *learned)
{
	const char *name = learned->name != NULL ? learned->name : "";
	uint8_t len = (uint8_t)strnlen(name, ZR_NAME_MAX);
	struct subject subject = subject_of(learned);
	struct shelf *shelf = shelf_of(known, len);
	struct row *row = find(*place_of(known, &subject, name, len), &subject, name, len);
	int64_t before_s = row != NULL ? row->row.until_s : 0;

	if (row != NULL) {
		shelf_take(known, row);
		known->status.renewed++;
	} else {
		while (shelf->bytes + ZR_KNOWN_ROW_BYTES(len) > shelf->most) {
			forget(known, shelf->oldest);
			known->status.evicted++;
		}
		row = row_make(known, &subject, name, len);
		if (row == NULL) {
			known->status.refused++;
			return false;
		}
		known->status.added++;
	}
	row_fill(&row->row, learned);
	shelf_put(known, row);
	return row->row.until_s != before_s;
}

void zr_known_walk(struct zr_known *known, enum zr_known_walk walk)
{
	struct walk *w = &known->walks[walk];

	w->number++;
	w->shelf = &known->others;
	w->next = known->others.oldest;
}

/* The next row, or NULL: there is none. */
static struct row *walk_on(struct zr_known *known, struct walk *w)
{
	struct row *row;

	if (w->next == NULL && w->shelf == &known->others) {
		w->shelf = &known->named;
		w->next = known->named.oldest;
	}
	row = w->next;
	if (row != NULL)
		w->next = row->newer;
	else
		w->shelf = NULL;
	return row;
}

bool zr_known_step(struct zr_known *known, enum zr_known_walk walk, int64_t now_s, unsigned int rows,
		   void (*take)(void *arg, const struct zr_known_row *row), void *arg)
{
	struct walk *w = &known->walks[walk];

	for (unsigned int i = 0; i < rows && w->shelf != NULL; i++) {
		struct row *row = walk_on(known, w);

		if (row == NULL)
			break;
		if (row->row.until_s <= now_s) {
			forget(known, row);
		} else if (row->walked[walk] != w->number) {
			row->walked[walk] = w->number;
			take(arg, &row->row);
		}
	}
	return w->shelf != NULL;
}

void zr_known_status(const struct zr_known *known, struct zr_known_status *out)
{
	*out = known->status;
	out->rows = known->named.count;
	out->others = known->others.count;
	out->bytes = known->named.bytes + known->others.bytes;
}
