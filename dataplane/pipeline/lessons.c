/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/lessons.h"

#include <string.h>

#include "dataplane/flow/flow.h"
#include "dataplane/packet/keyed_hash.h"

/* Sixteenths of the memory. */
enum { SHARE_LESSONS = 7, SHARE_PUPILS = 4, SHARE_NAMES = 3, SHARE_OTHERS = 2, SHARES = 16 };

struct zr_lesson {
	struct zr_server server;
	uint64_t until_us;
	uint32_t pupil;
	uint32_t name;         /* interned */
	uint32_t next;         /* in its chain, or in the free list */
	uint32_t older, newer; /* of all */
	uint32_t own_older, own_newer;
	uint32_t zero;
};

/* A subscriber. */
struct zr_pupil {
	struct zr_learner learner;
	uint64_t spent_bytes;
	uint32_t day; /* of spent_bytes */
	uint32_t next;
	uint32_t older, newer;
	uint32_t own_oldest, own_newest;
	uint32_t count; /* lessons */
	uint32_t zero;
};

_Static_assert(sizeof(struct zr_lesson) == 64 && sizeof(struct zr_pupil) == 56, "what memory is divided by");

struct layout {
	size_t lessons_at, pupils_at, lesson_heads_at, pupil_heads_at, others_at, names_at, total;
	size_t names_bytes;
	uint32_t lessons, pupils, lesson_heads, pupil_heads, others;
};

static size_t carve(size_t *total, size_t bytes)
{
	size_t at = *total;

	*total = (at + bytes + 63) & ~(size_t)63;
	return at;
}

static uint32_t power_of_two(uint32_t most)
{
	uint32_t n = 1;

	while (n <= most / 2)
		n *= 2;
	return n;
}

static uint32_t fitting(size_t bytes, size_t each)
{
	size_t n = bytes / each;

	return n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

static struct layout layout_of(size_t bytes)
{
	struct layout l = {.names_bytes = bytes / SHARES * SHARE_NAMES};

	l.lessons = fitting(bytes / SHARES * SHARE_LESSONS, sizeof(struct zr_lesson) + sizeof(uint32_t));
	l.pupils = fitting(bytes / SHARES * SHARE_PUPILS, sizeof(struct zr_pupil) + sizeof(uint32_t));
	l.others = fitting(bytes / SHARES * SHARE_OTHERS, sizeof(uint64_t));
	l.lesson_heads = power_of_two(l.lessons);
	l.pupil_heads = power_of_two(l.pupils);
	l.lessons_at = carve(&l.total, l.lessons * sizeof(struct zr_lesson));
	l.pupils_at = carve(&l.total, l.pupils * sizeof(struct zr_pupil));
	l.lesson_heads_at = carve(&l.total, l.lesson_heads * sizeof(uint32_t));
	l.pupil_heads_at = carve(&l.total, l.pupil_heads * sizeof(uint32_t));
	l.others_at = carve(&l.total, l.others * sizeof(uint64_t));
	l.names_at = carve(&l.total, zr_intern_memory(l.names_bytes));
	return l;
}

size_t zr_lessons_memory(size_t bytes)
{
	return layout_of(bytes).total;
}

void zr_lessons_init(struct zr_lessons *l, void *memory, size_t bytes, const uint64_t key[2])
{
	struct layout y = layout_of(bytes);
	uint8_t *base = memory;

	*l = (struct zr_lessons){
		.lessons = (struct zr_lesson *)(void *)(base + y.lessons_at),
		.pupils = (struct zr_pupil *)(void *)(base + y.pupils_at),
		.lesson_heads = (uint32_t *)(void *)(base + y.lesson_heads_at),
		.pupil_heads = (uint32_t *)(void *)(base + y.pupil_heads_at),
		.others = (uint64_t *)(void *)(base + y.others_at),
		.names = zr_intern_init(base + y.names_at, y.names_bytes, key),
		.lesson_count = y.lessons,
		.pupil_count = y.pupils,
		.other_count = y.others,
		.lesson_mask = y.lesson_heads - 1,
		.pupil_mask = y.pupil_heads - 1,
		.key = {key[0] | 1, key[1] | 1},
	};
}

static struct zr_lesson *lesson_at(const struct zr_lessons *l, uint32_t number)
{
	return &l->lessons[number - 1];
}

static struct zr_pupil *pupil_at(const struct zr_lessons *l, uint32_t number)
{
	return &l->pupils[number - 1];
}

static uint32_t *pupil_head(const struct zr_lessons *l, const struct zr_learner *learner)
{
	return &l->pupil_heads[zr_keyed_hash(l->key, 1, learner, sizeof(*learner)) & l->pupil_mask];
}

static uint32_t *lesson_head(const struct zr_lessons *l, uint32_t pupil, const struct zr_server *server)
{
	return &l->lesson_heads[zr_keyed_hash(l->key, pupil, server, sizeof(*server)) & l->lesson_mask];
}

static uint32_t pupil_find(const struct zr_lessons *l, const struct zr_learner *learner)
{
	uint32_t number = *pupil_head(l, learner);

	while (number != 0 && memcmp(&pupil_at(l, number)->learner, learner, sizeof(*learner)) != 0)
		number = pupil_at(l, number)->next;
	return number;
}

/* Of all lessons by age. */
static void age_unlink(struct zr_lessons *l, const struct zr_lesson *lesson)
{
	*(lesson->older != 0 ? &lesson_at(l, lesson->older)->newer : &l->oldest) = lesson->newer;
	*(lesson->newer != 0 ? &lesson_at(l, lesson->newer)->older : &l->newest) = lesson->older;
}

static void age_append(struct zr_lessons *l, uint32_t number)
{
	struct zr_lesson *lesson = lesson_at(l, number);

	lesson->older = l->newest;
	lesson->newer = 0;
	*(l->newest != 0 ? &lesson_at(l, l->newest)->newer : &l->oldest) = number;
	l->newest = number;
}

/* Of one subscriber's by age. */
static void own_unlink(const struct zr_lessons *l, const struct zr_lesson *lesson)
{
	struct zr_pupil *pupil = pupil_at(l, lesson->pupil);

	*(lesson->own_older != 0 ? &lesson_at(l, lesson->own_older)->own_newer
				 : &pupil->own_oldest) = lesson->own_newer;
	*(lesson->own_newer != 0 ? &lesson_at(l, lesson->own_newer)->own_older
				 : &pupil->own_newest) = lesson->own_older;
	pupil->count--;
}

static void own_append(const struct zr_lessons *l, uint32_t number)
{
	struct zr_lesson *lesson = lesson_at(l, number);
	struct zr_pupil *pupil = pupil_at(l, lesson->pupil);

	lesson->own_older = pupil->own_newest;
	lesson->own_newer = 0;
	*(pupil->own_newest != 0 ? &lesson_at(l, pupil->own_newest)->own_newer : &pupil->own_oldest) = number;
	pupil->own_newest = number;
	pupil->count++;
}

static void forget(struct zr_lessons *l, uint32_t number)
{
	struct zr_lesson *lesson = lesson_at(l, number);
	uint32_t *link = lesson_head(l, lesson->pupil, &lesson->server);

	while (*link != number)
		link = &lesson_at(l, *link)->next;
	*link = lesson->next;
	age_unlink(l, lesson);
	own_unlink(l, lesson);
	zr_intern_release(l->names, lesson->name);
	lesson->next = l->lessons_free;
	l->lessons_free = number;
	l->used--;
}

static void pupil_unlink(struct zr_lessons *l, const struct zr_pupil *pupil)
{
	*(pupil->older != 0 ? &pupil_at(l, pupil->older)->newer : &l->pupil_oldest) = pupil->newer;
	*(pupil->newer != 0 ? &pupil_at(l, pupil->newer)->older : &l->pupil_newest) = pupil->older;
}

static void pupil_append(struct zr_lessons *l, uint32_t number)
{
	struct zr_pupil *pupil = pupil_at(l, number);

	pupil->older = l->pupil_newest;
	pupil->newer = 0;
	*(l->pupil_newest != 0 ? &pupil_at(l, l->pupil_newest)->newer : &l->pupil_oldest) = number;
	l->pupil_newest = number;
}

/* The place of the subscriber who was heard of least lately, with all that he learned. */
static uint32_t pupil_evict(struct zr_lessons *l)
{
	uint32_t number = l->pupil_oldest;
	struct zr_pupil *pupil = pupil_at(l, number);
	uint32_t *link = pupil_head(l, &pupil->learner);

	l->evicted += pupil->count;
	while (pupil->own_oldest != 0)
		forget(l, pupil->own_oldest);
	while (*link != number)
		link = &pupil_at(l, *link)->next;
	*link = pupil->next;
	pupil_unlink(l, pupil);
	return number;
}

/* The subscriber, who is heard of now. */
static uint32_t pupil_of(struct zr_lessons *l, const struct zr_learner *learner)
{
	uint32_t number = pupil_find(l, learner);
	uint32_t *head;

	if (number != 0) {
		pupil_unlink(l, pupil_at(l, number));
		pupil_append(l, number);
		return number;
	}
	number = l->pupils_fresh < l->pupil_count ? ++l->pupils_fresh : pupil_evict(l);
	head = pupil_head(l, learner);
	*pupil_at(l, number) = (struct zr_pupil){.learner = *learner, .next = *head};
	*head = number;
	pupil_append(l, number);
	return number;
}

/* A place for one more lesson of a subscriber's. */
static uint32_t lesson_take(struct zr_lessons *l, const struct zr_pupil *pupil)
{
	uint32_t number;

	if (pupil->count == ZR_LESSONS_EACH) {
		forget(l, pupil->own_oldest);
	} else if (l->lessons_free == 0 && l->lessons_fresh == l->lesson_count) {
		l->evicted++;
		forget(l, l->oldest);
	}
	number = l->lessons_free;
	if (number == 0)
		return ++l->lessons_fresh;
	l->lessons_free = lesson_at(l, number)->next;
	return number;
}

static uint32_t name_hold(struct zr_lessons *l, const struct zr_suffixes *name)
{
	uint8_t kept[sizeof(name->hash) + 1];
	size_t len = name->count * sizeof(name->hash[0]);

	memcpy(kept, name->hash, len);
	kept[len] = name->cut;
	return zr_intern_hold(l->names, ZR_INTERN_SUFFIXES, kept, len + 1);
}

bool zr_lessons_teach(struct zr_lessons *l, const struct zr_learner *learner, const struct zr_server *server,
		      const struct zr_suffixes *name, uint64_t until_us)
{
	uint32_t pupil = pupil_of(l, learner), held = name_hold(l, name), number;
	struct zr_lesson *lesson;
	uint32_t *head;

	if (held == 0)
		return false;
	head = lesson_head(l, pupil, server);
	for (number = *head; number != 0; number = lesson_at(l, number)->next) {
		lesson = lesson_at(l, number);
		if (lesson->pupil == pupil && lesson->name == held &&
		    memcmp(&lesson->server, server, sizeof(*server)) == 0)
			break;
	}
	if (number != 0) {
		zr_intern_release(l->names, held);
		age_unlink(l, lesson);
		own_unlink(l, lesson);
		if (until_us > lesson->until_us)
			lesson->until_us = until_us;
	} else {
		number = lesson_take(l, pupil_at(l, pupil));
		*lesson_at(l, number) = (struct zr_lesson){
			.server = *server, .until_us = until_us, .pupil = pupil, .name = held, .next = *head};
		*head = number;
		l->used++;
	}
	age_append(l, number);
	own_append(l, number);
	return true;
}

static void suffixes_of(const struct zr_lessons *l, uint32_t name, struct zr_suffixes *out)
{
	enum zr_intern_kind kind;
	size_t len;
	const uint8_t *value = zr_intern_value(l->names, name, &kind, &len);

	memset(out, 0, sizeof(*out));
	out->count = (uint8_t)((len - 1) / sizeof(out->hash[0]));
	out->cut = value[len - 1] != 0;
	memcpy(out->hash, value, len - 1);
}

unsigned int zr_lessons_find(const struct zr_lessons *l, const struct zr_learner *learner,
			     const struct zr_server *server, uint64_t at_us, struct zr_suffixes *out)
{
	uint32_t pupil = pupil_find(l, learner), number;
	unsigned int count = 0;

	if (pupil == 0)
		return 0;
	number = *lesson_head(l, pupil, server);
	for (; number != 0 && count < ZR_LESSONS_NAMES; number = lesson_at(l, number)->next) {
		const struct zr_lesson *lesson = lesson_at(l, number);

		if (lesson->pupil == pupil && lesson->until_us > at_us &&
		    memcmp(&lesson->server, server, sizeof(*server)) == 0)
			suffixes_of(l, lesson->name, &out[count++]);
	}
	return count;
}

/* An address's place: the upper half is what tells it from others of the place, the lower one the tick until which it counts. */
static uint64_t *other_place(const struct zr_lessons *l, const struct zr_server *server, uint64_t *mark)
{
	uint64_t hash = zr_keyed_hash(l->key, 2, server, sizeof(*server)) * UINT64_C(0x9e3779b97f4a7c15);

	/* Both halves are of use, whatever the key. */
	hash ^= hash >> 29;
	*mark = hash & UINT64_C(0xffffffff00000000);
	return &l->others[(hash & UINT32_MAX) * l->other_count >> 32];
}

bool zr_lessons_other(struct zr_lessons *l, const struct zr_server *server, uint64_t now_us, uint64_t until_us)
{
	uint64_t mark, *place = other_place(l, server, &mark);
	bool known = (*place & UINT64_C(0xffffffff00000000)) == mark && (uint32_t)*place > zr_tick(now_us);
	uint32_t until = zr_tick(until_us) + 1;

	if (known && (uint32_t)*place > until)
		until = (uint32_t)*place;
	*place = mark | until;
	return !known;
}

bool zr_lessons_is_other(const struct zr_lessons *l, const struct zr_server *server, uint64_t at_us)
{
	uint64_t mark, *place = other_place(l, server, &mark);

	return (*place & UINT64_C(0xffffffff00000000)) == mark && (uint32_t)*place > zr_tick(at_us);
}

bool zr_lessons_spend(struct zr_lessons *l, const struct zr_learner *learner, uint32_t day, uint64_t bytes,
		      uint64_t most_bytes)
{
	struct zr_pupil *pupil = pupil_at(l, pupil_of(l, learner));

	if (pupil->day != day) {
		pupil->day = day;
		pupil->spent_bytes = 0;
	}
	if (bytes > most_bytes || pupil->spent_bytes > most_bytes - bytes)
		return false;
	pupil->spent_bytes += bytes;
	return true;
}
