/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/ties.h"

#define NO_FLOW UINT32_MAX

struct zr_bond {
	uint64_t key;
	uint64_t until_us;     /* when none holds it */
	uint32_t next;         /* in its chain, or in the free list */
	uint32_t first;        /* of the ties that wait */
	uint32_t older, newer; /* lapsing */
	uint32_t holding, waiting;
};

struct zr_tie {
	uint32_t flow; /* NO_FLOW: not used */
	uint32_t bond;
	uint32_t next;         /* in the chain of its flow, or in the free list */
	uint32_t ahead, after; /* waiting on the same bond */
	uint32_t role;         /* enum zr_tie_role */
};

struct layout {
	size_t bonds_at, ties_at, bond_heads_at, tie_heads_at, total;
	uint32_t count, heads;
};

static struct layout layout_of(size_t bytes)
{
	size_t each = sizeof(struct zr_bond) + sizeof(struct zr_tie) + 2 * sizeof(uint32_t), count = bytes / each;
	struct layout l;

	l.count = count < INT32_MAX ? (uint32_t)count : INT32_MAX;
	l.heads = 1;
	while (l.heads <= l.count / 2)
		l.heads *= 2;
	l.bonds_at = 0;
	l.ties_at = l.count * sizeof(struct zr_bond);
	l.bond_heads_at = l.ties_at + l.count * sizeof(struct zr_tie);
	l.tie_heads_at = l.bond_heads_at + l.heads * sizeof(uint32_t);
	l.total = l.tie_heads_at + l.heads * sizeof(uint32_t);
	return l;
}

size_t zr_ties_memory(size_t bytes)
{
	return layout_of(bytes).total;
}

void zr_ties_init(struct zr_ties *t, void *memory, size_t bytes)
{
	struct layout l = layout_of(bytes);
	uint8_t *base = memory;

	*t = (struct zr_ties){
		.bonds = (struct zr_bond *)(void *)(base + l.bonds_at),
		.ties = (struct zr_tie *)(void *)(base + l.ties_at),
		.bond_heads = (uint32_t *)(void *)(base + l.bond_heads_at),
		.tie_heads = (uint32_t *)(void *)(base + l.tie_heads_at),
		.bond_mask = l.heads - 1,
		.tie_mask = l.heads - 1,
		.count = l.count,
	};
}

static struct zr_bond *bond_at(const struct zr_ties *t, uint32_t number)
{
	return &t->bonds[number - 1];
}

static struct zr_tie *tie_at(const struct zr_ties *t, uint32_t number)
{
	return &t->ties[number - 1];
}

static uint32_t *bond_head(const struct zr_ties *t, uint64_t key)
{
	return &t->bond_heads[key & t->bond_mask];
}

/* Numbers of flows are not chosen by senders of packets. */
static uint32_t *tie_head(const struct zr_ties *t, uint32_t flow)
{
	return &t->tie_heads[flow & t->tie_mask];
}

static uint32_t bond_find(const struct zr_ties *t, uint64_t key)
{
	uint32_t number = *bond_head(t, key);

	while (number != 0 && bond_at(t, number)->key != key)
		number = bond_at(t, number)->next;
	return number;
}

static uint32_t tie_find(const struct zr_ties *t, uint32_t flow)
{
	uint32_t number = *tie_head(t, flow);

	while (number != 0 && tie_at(t, number)->flow != flow)
		number = tie_at(t, number)->next;
	return number;
}

static bool is_idle(const struct zr_bond *bond)
{
	return bond->holding == 0 && bond->waiting == 0;
}

static void lapsing_unlink(struct zr_ties *t, const struct zr_bond *bond)
{
	*(bond->older != 0 ? &bond_at(t, bond->older)->newer : &t->lapsing_oldest) = bond->newer;
	*(bond->newer != 0 ? &bond_at(t, bond->newer)->older : &t->lapsing_newest) = bond->older;
}

static void lapsing_append(struct zr_ties *t, uint32_t number)
{
	struct zr_bond *bond = bond_at(t, number);

	bond->older = t->lapsing_newest;
	bond->newer = 0;
	*(t->lapsing_newest != 0 ? &bond_at(t, t->lapsing_newest)->newer : &t->lapsing_oldest) = number;
	t->lapsing_newest = number;
}

static void bond_release(struct zr_ties *t, uint32_t number)
{
	struct zr_bond *bond = bond_at(t, number);
	uint32_t *link = bond_head(t, bond->key);

	while (*link != number)
		link = &bond_at(t, *link)->next;
	*link = bond->next;
	bond->next = t->bonds_free;
	t->bonds_free = number;
}

/* A new bond, for which the one that no flow is tied to for longest may have to go. There are as many as ties. */
static uint32_t bond_make(struct zr_ties *t, uint64_t key)
{
	uint32_t number, *head;

	if (t->bonds_free == 0 && t->bonds_fresh == t->count) {
		number = t->lapsing_oldest;
		lapsing_unlink(t, bond_at(t, number));
		bond_release(t, number);
	}
	number = t->bonds_free;
	if (number != 0)
		t->bonds_free = bond_at(t, number)->next;
	else
		number = ++t->bonds_fresh;
	head = bond_head(t, key);
	*bond_at(t, number) = (struct zr_bond){.key = key, .next = *head};
	*head = number;
	return number;
}

static bool has_room(const struct zr_ties *t, uint32_t bond, enum zr_tie_role role)
{
	if (t->ties_free == 0 && t->ties_fresh == t->count)
		return false;
	if (bond == 0)
		return true;
	return role == ZR_TIE_WAITS ? bond_at(t, bond)->waiting < ZR_TIES_WAITING
				    : bond_at(t, bond)->holding < ZR_TIES_HOLDING;
}

bool zr_ties_room(const struct zr_ties *t, uint64_t key)
{
	return has_room(t, bond_find(t, key), ZR_TIE_WAITS);
}

static void wait_link(struct zr_ties *t, uint32_t number)
{
	struct zr_tie *tie = tie_at(t, number);
	struct zr_bond *bond = bond_at(t, tie->bond);

	tie->ahead = 0;
	tie->after = bond->first;
	if (bond->first != 0)
		tie_at(t, bond->first)->ahead = number;
	bond->first = number;
	bond->waiting++;
	t->waiting++;
}

static void wait_unlink(struct zr_ties *t, const struct zr_tie *tie)
{
	struct zr_bond *bond = bond_at(t, tie->bond);

	*(tie->ahead != 0 ? &tie_at(t, tie->ahead)->after : &bond->first) = tie->after;
	if (tie->after != 0)
		tie_at(t, tie->after)->ahead = tie->ahead;
	bond->waiting--;
	t->waiting--;
}

bool zr_ties_tie(struct zr_ties *t, uint32_t flow, uint64_t key, enum zr_tie_role role, bool *first)
{
	uint32_t bond = bond_find(t, key), number, *head = tie_head(t, flow);

	*first = false;
	if (!has_room(t, bond, role))
		return false;
	if (bond == 0)
		bond = bond_make(t, key);
	else if (is_idle(bond_at(t, bond)))
		lapsing_unlink(t, bond_at(t, bond));
	number = t->ties_free;
	if (number != 0)
		t->ties_free = tie_at(t, number)->next;
	else
		number = ++t->ties_fresh;
	*tie_at(t, number) = (struct zr_tie){.flow = flow, .bond = bond, .next = *head, .role = role};
	*head = number;
	if (role == ZR_TIE_WAITS)
		wait_link(t, number);
	else
		*first = bond_at(t, bond)->holding++ == 0;
	return true;
}

bool zr_ties_is(const struct zr_ties *t, uint32_t flow, uint64_t key, enum zr_tie_role role)
{
	uint32_t number = tie_find(t, flow);

	return number != 0 && tie_at(t, number)->role == (uint32_t)role &&
	       bond_at(t, tie_at(t, number)->bond)->key == key;
}

bool zr_ties_holds(const struct zr_ties *t, uint32_t flow)
{
	uint32_t number = tie_find(t, flow);

	return number != 0 && tie_at(t, number)->role == ZR_TIE_HOLDS;
}

uint64_t zr_ties_untie(struct zr_ties *t, uint32_t flow, uint64_t until_us)
{
	uint32_t number = tie_find(t, flow), *link = tie_head(t, flow);
	struct zr_tie *tie = tie_at(t, number);
	struct zr_bond *bond = bond_at(t, tie->bond);
	bool last = tie->role == ZR_TIE_HOLDS && --bond->holding == 0;
	uint64_t key = bond->key;

	while (*link != number)
		link = &tie_at(t, *link)->next;
	*link = tie->next;
	if (tie->role == ZR_TIE_WAITS)
		wait_unlink(t, tie);
	if (last)
		bond->until_us = until_us;
	if (is_idle(bond) && bond->until_us != 0)
		lapsing_append(t, tie->bond);
	else if (is_idle(bond))
		bond_release(t, tie->bond);
	tie->flow = NO_FLOW;
	tie->next = t->ties_free;
	t->ties_free = number;
	return last ? key : 0;
}

static uint64_t until_of(const struct zr_bond *bond)
{
	return bond->holding > 0 ? UINT64_MAX : bond->until_us;
}

uint64_t zr_ties_until(const struct zr_ties *t, uint64_t key)
{
	uint32_t number = bond_find(t, key);

	return number != 0 ? until_of(bond_at(t, number)) : 0;
}

uint64_t zr_ties_until_of(const struct zr_ties *t, uint32_t flow)
{
	uint32_t number = tie_find(t, flow);

	return number != 0 ? until_of(bond_at(t, tie_at(t, number)->bond)) : 0;
}

unsigned int zr_ties_waiting(const struct zr_ties *t, uint64_t key, uint32_t *out)
{
	uint32_t bond = bond_find(t, key), number;
	unsigned int count = 0;

	if (bond == 0)
		return 0;
	for (number = bond_at(t, bond)->first; number != 0; number = tie_at(t, number)->after)
		out[count++] = tie_at(t, number)->flow;
	return count;
}

uint32_t zr_ties_at(const struct zr_ties *t, uint32_t place)
{
	const struct zr_tie *tie = &t->ties[place];

	return tie->role == ZR_TIE_WAITS ? tie->flow : NO_FLOW;
}
