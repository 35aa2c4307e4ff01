/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one worker learned from answers: which address stands for which listed name, towards which subscriber and until when; which
 * addresses stand for names that are not listed; and how much free DNS a subscriber had. Bounded, in the caller's memory,
 * nothing allocated later. Names are kept as keyed hashes of their suffixes. One thread.
 */
#ifndef DATAPLANE_PIPELINE_LESSONS_H
#define DATAPLANE_PIPELINE_LESSONS_H

#include "dataplane/packet/packet.h"
#include "dataplane/pipeline/intern.h"
#include "rules/image.h"

/* Most lessons of one subscriber; he takes his own oldest for more. */
#define ZR_LESSONS_EACH 64
/* Most names that a look-up tells: all that there can be. */
#define ZR_LESSONS_NAMES ZR_LESSONS_EACH

/* Who learned. No padding: it is hashed and compared as bytes. */
struct zr_learner {
	uint64_t address; /* all of an IPv4 address, a /64 of IPv6 */
	uint16_t domain;
	uint8_t family, zero[5];
};

/* What was learned of: an address in a domain. */
struct zr_server {
	union zr_ip ip;
	uint16_t domain;
	uint8_t family, zero[5];
};

_Static_assert(sizeof(struct zr_learner) == 16 && sizeof(struct zr_server) == 24, "no padding");

static inline struct zr_learner zr_learner_of(const union zr_ip *ip, uint8_t family, uint16_t domain)
{
	return (struct zr_learner){.address = ip->half[0], .domain = domain, .family = family};
}

struct zr_lesson;
struct zr_pupil;

/* Numbers are positions plus 1; 0: none. */
struct zr_lessons {
	struct zr_lesson *lessons;
	struct zr_pupil *pupils;
	uint32_t *lesson_heads, *pupil_heads; /* chains; powers of two of them */
	uint64_t *others; /* a place for each keyed hash of an address: part of it, and until when */
	struct zr_intern *names;
	uint32_t lesson_count, pupil_count, other_count;
	uint32_t lesson_mask, pupil_mask;
	uint32_t lessons_fresh, pupils_fresh; /* from here on never used */
	uint32_t lessons_free;                /* list of released ones */
	uint32_t oldest, newest;              /* lessons, by when they were taught last */
	uint32_t pupil_oldest, pupil_newest;  /* by when they learned or were counted last */
	uint32_t used;                        /* lessons */
	uint64_t evicted; /* lessons that went for want of memory, but for a subscriber's own oldest */
	uint64_t key[2];
};

/* Bytes of memory for as much as that many hold; and making it there (zeroed, aligned to 64). */
size_t zr_lessons_memory(size_t bytes);
void zr_lessons_init(struct zr_lessons *l, void *memory, size_t bytes, const uint64_t key[2]);

/*
 * The learner was told that the server's address stands for a name, until until_us at least. False: there is no memory for another
 * name. now_us never goes back; until_us lies behind it.
 */
bool zr_lessons_teach(struct zr_lessons *l, const struct zr_learner *learner, const struct zr_server *server,
		      const struct zr_suffixes *name, uint64_t until_us);

/* The names that the address stands for, by what this learner was told, at a time. Returns how many; out: ZR_LESSONS_NAMES. */
unsigned int zr_lessons_find(const struct zr_lessons *l, const struct zr_learner *learner,
			     const struct zr_server *server, uint64_t at_us, struct zr_suffixes *out);

/* The address stands for a name that is not listed, too, until until_us. False: that was known. */
bool zr_lessons_other(struct zr_lessons *l, const struct zr_server *server, uint64_t now_us, uint64_t until_us);
/* Does it? */
bool zr_lessons_is_other(const struct zr_lessons *l, const struct zr_server *server, uint64_t at_us);

/*
 * So many bytes of free DNS on a day, whose number never is 0. False, and nothing is noted, when with them it would be more than
 * most_bytes.
 */
bool zr_lessons_spend(struct zr_lessons *l, const struct zr_learner *learner, uint32_t day, uint64_t bytes,
		      uint64_t most_bytes);

#endif
