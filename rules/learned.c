/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/learned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/buckets.h"
#include "rules/hash.h"

/* What a lookup compares; hashed and compared as bytes. */
struct subject {
	uint8_t addr[16];
	uint16_t domain;
	uint8_t family, zero;
};

struct address {
	struct subject subject;
	uint32_t first; /* of its names */
	uint32_t count, total;
	int64_t other_until_s; /* INT64_MIN: it stands for no name that is not listed; INT64_MAX: it has more than are kept */
};

struct name {
	int64_t until_s;
	uint32_t text; /* offset in the texts */
	uint32_t len;
};

_Static_assert(sizeof(struct subject) == 20, "no padding that could differ");

/* The block: this, then buckets, addresses, names, texts, each at its offset. */
struct zr_learned_table {
	uint64_t len_bytes;
	uint64_t buckets_at, addresses_at, names_at, texts_at;
	uint32_t bucket_count, address_count;
};

/* A row while the table is built. */
struct item {
	struct subject subject;
	const struct zr_learned_row *row;
};

static struct subject subject_of(uint8_t family, const uint8_t *addr, uint16_t domain)
{
	struct subject subject = {.family = family, .domain = domain};

	memcpy(subject.addr, addr, family == 4 ? 4 : 16);
	return subject;
}

static int compare_names(const struct zr_learned_row *a, const struct zr_learned_row *b)
{
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return a->name_len == 0 ? 0 : memcmp(a->name, b->name, a->name_len);
}

/* By address, then by name, then the one that holds longest. */
static int compare_items(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int order = memcmp(&a->subject, &b->subject, sizeof(a->subject));

	if (order == 0)
		order = compare_names(a->row, b->row);
	return order != 0 ? order : (a->row->until_s < b->row->until_s) - (a->row->until_s > b->row->until_s);
}

static int compare_untils(const void *x, const void *y)
{
	const struct zr_learned_row *a = ((const struct item *)x)->row, *b = ((const struct item *)y)->row;

	if (a->until_s != b->until_s)
		return a->until_s > b->until_s ? -1 : 1;
	return compare_names(a, b);
}

/* Sort the rows, and leave one of each address and name. Returns how many are left. */
static size_t sort(struct item *items, size_t count)
{
	size_t kept = 0;

	qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || memcmp(&items[kept - 1].subject, &items[i].subject, sizeof(items[i].subject)) != 0 ||
		    compare_names(items[kept - 1].row, items[i].row) != 0)
			items[kept++] = items[i];
	return kept;
}

/* How many items from begin on are of its address. */
static size_t run(const struct item *items, size_t begin, size_t count)
{
	size_t end = begin + 1;

	while (end < count && memcmp(&items[begin].subject, &items[end].subject, sizeof(items[end].subject)) == 0)
		end++;
	return end - begin;
}

/* What the table will hold, and of how many octets its texts are. */
struct size {
	uint64_t addresses, names, texts;
};

static struct size size_of(const struct item *items, size_t count)
{
	struct size size = {0};

	for (size_t i = 0; i < count; i += run(items, i, count))
		size.addresses++;
	for (size_t i = 0; i < count; i++) {
		size.names += items[i].row->name_len > 0;
		size.texts += items[i].row->name_len;
	}
	return size;
}

static uint64_t place(uint64_t *len, uint64_t bytes)
{
	uint64_t at = *len;

	*len = (at + bytes + 63) & ~UINT64_C(63);
	return at;
}

static struct zr_learned_table *alloc_table(const struct size *size)
{
	struct zr_learned_table head = {.bucket_count = (uint32_t)zr_buckets_for(size->addresses),
					.address_count = (uint32_t)size->addresses};
	struct zr_learned_table *table;
	uint64_t len = 0;

	place(&len, sizeof(head));
	head.buckets_at = place(&len, (uint64_t)head.bucket_count * sizeof(struct zr_hash_bucket));
	head.addresses_at = place(&len, size->addresses * sizeof(struct address));
	head.names_at = place(&len, size->names * sizeof(struct name));
	head.texts_at = place(&len, size->texts);
	head.len_bytes = len;
	table = aligned_alloc(64, len);
	if (table == NULL)
		return NULL;
	memset(table, 0, len);
	*table = head;
	return table;
}

static void *at(const struct zr_learned_table *table, uint64_t offset)
{
	return (char *)(uintptr_t)table + offset;
}

/* Where the next name and its text go. */
struct filling {
	struct zr_learned_table *table;
	uint32_t names, texts;
};

static void put_name(struct filling *f, const struct zr_learned_row *row)
{
	struct name *name = (struct name *)at(f->table, f->table->names_at) + f->names++;

	*name = (struct name){.until_s = row->until_s, .text = f->texts, .len = row->name_len};
	memcpy((char *)at(f->table, f->table->texts_at) + f->texts, row->name, row->name_len);
	f->texts += row->name_len;
}

/* The items of one address; the one without a name, if it is there, stands first. */
static void put_address(struct filling *f, uint32_t number, struct item *items, size_t count)
{
	struct address *address = (struct address *)at(f->table, f->table->addresses_at) + number;
	struct zr_hash_bucket *buckets = at(f->table, f->table->buckets_at);
	bool other = items[0].row->name_len == 0;

	*address = (struct address){.subject = items[0].subject, .first = f->names, .other_until_s = INT64_MIN};
	if (other) {
		address->other_until_s = items[0].row->until_s;
		items++;
		count--;
	}
	address->total = (uint32_t)count;
	if (count > ZR_LEARNED_NAMES) {
		address->other_until_s = INT64_MAX;
		qsort(items, count, sizeof(*items), compare_untils);
		count = ZR_LEARNED_NAMES;
	}
	address->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		put_name(f, items[i].row);
	zr_buckets_insert(buckets, f->table->bucket_count, zr_hash_bytes(&address->subject, sizeof(address->subject)),
			  number);
}

int zr_learned_make(const struct zr_learned_row *rows, size_t count, struct zr_learned_table **out)
{
	struct item *items = calloc(count + 1, sizeof(*items));
	struct filling f = {0};
	uint32_t number = 0;
	struct size size;
	int error = 0;

	if (items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct item){.subject = subject_of(rows[i].family, rows[i].addr, rows[i].domain),
					 .row = &rows[i]};
	count = sort(items, count);
	size = size_of(items, count);
	if (size.addresses > ZR_BUCKETS_MAX || size.names > UINT32_MAX || size.texts > UINT32_MAX)
		error = -E2BIG;
	else if ((f.table = alloc_table(&size)) == NULL)
		error = -ENOMEM;
	if (error == 0) {
		zr_buckets_clear(at(f.table, f.table->buckets_at), f.table->bucket_count);
		for (size_t i = 0, n; i < count; i += n) {
			n = run(items, i, count);
			put_address(&f, number++, &items[i], n);
		}
		*out = f.table;
	}
	free(items);
	return error;
}

void zr_learned_free(struct zr_learned_table *table)
{
	free(table);
}

size_t zr_learned_len_bytes(const struct zr_learned_table *table)
{
	return table->len_bytes;
}

uint32_t zr_learned_addresses(const struct zr_learned_table *table)
{
	return table->address_count;
}

static const struct address *find(const struct zr_learned_table *table, const struct subject *subject)
{
	struct zr_buckets buckets = {.at = at(table, table->buckets_at), .count = table->bucket_count};
	const struct address *addresses = at(table, table->addresses_at);
	uint64_t hash = zr_hash_bytes(subject, sizeof(*subject));
	uint32_t slot = zr_buckets_first(&buckets, hash);

	while (slot != ZR_SLOT_NONE) {
		const struct address *address = &addresses[zr_buckets_value(&buckets, slot)];

		if (memcmp(&address->subject, subject, sizeof(*subject)) == 0)
			return address;
		slot = zr_buckets_next(&buckets, hash, slot);
	}
	return NULL;
}

bool zr_learned_find(const struct zr_learned_table *table, uint8_t family, const uint8_t *addr, uint16_t domain,
		     int64_t now_s, struct zr_learned_names *out)
{
	struct subject subject = subject_of(family, addr, domain);
	const struct address *address = find(table, &subject);
	const struct name *names;

	if (address == NULL)
		return false;
	names = (const struct name *)at(table, table->names_at) + address->first;
	out->count = 0;
	out->other = address->other_until_s > now_s;
	out->names_total = address->total;
	for (uint32_t i = 0; i < address->count; i++) {
		if (names[i].until_s <= now_s)
			continue;
		out->names[out->count] = (struct zr_name_ref){
			.text = (const char *)at(table, table->texts_at) + names[i].text, .len = (uint8_t)names[i].len};
		out->until_s[out->count++] = names[i].until_s;
	}
	return true;
}
