/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of a compiled list, little-endian: a header, then the sections of ZR_IMAGE_SECTIONS in that order, each at the
 * next multiple of 64 bytes. Entries come in groups of one name or one block; the last of a group is marked. Names come
 * first, then as many block entries as there are blocks. Within a group the entry that wins comes first: names by
 * exclusion, exact, subtree; blocks by ports, protocol, neither; then by the beginning of the window. Windows of names that
 * are equal in all but this do not overlap.
 */
#ifndef RULES_IMAGE_FORMAT_H
#define RULES_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/buckets.h"

#define ZR_IMAGE_MAGIC   "ZRLIST\r\n"
#define ZR_IMAGE_VERSION 3
#define ZR_IMAGE_ALIGN   64

/* Forms of the match column. For names in the order in which they win. */
enum zr_rule_kind {
	ZR_RULE_EXCLUDED, /* !name */
	ZR_RULE_EXACT,    /* name */
	ZR_RULE_SUBTREE,  /* .name */
	ZR_RULE_BELOW,    /* *.name */
	ZR_RULE_BLOCK,    /* prefix [tcp|udp [ports]] */
};

/* The service, rating group and bind of entries, kept once for all that share them. */
struct zr_tariff {
	uint32_t service; /* offset in the texts */
	uint32_t rating_group;
	uint32_t bind;  /* offset in the texts, of an empty one when there is none */
	uint32_t binds; /* 1: some tariff's bind is this service; else 0 */
};

struct zr_window {
	int64_t from_s;  /* first second in force, INT64_MIN: always */
	int64_t until_s; /* first second no longer in force, INT64_MAX: for ever */
};

struct zr_image_entry {
	uint32_t rule;      /* offset in the texts */
	uint32_t tariff;    /* index */
	uint32_t window;    /* index */
	uint16_t name_skip; /* the canonical name begins so many octets behind the beginning of the rule */
	uint8_t name_len;   /* 0 for blocks */
	uint8_t kind : 3;   /* enum zr_rule_kind */
	uint8_t verify : 3; /* enum zr_verify */
	uint8_t shared : 1; /* … and its note says that shared addresses are intended */
	uint8_t last : 1;   /* of its group */
};

/* What an address entry covers. Bits behind len, and octets behind an IPv4 address, are zero. */
struct zr_block {
	uint8_t addr[16];
	uint8_t family; /* 4 or 6 */
	uint8_t len;
	uint8_t proto; /* 0: every protocol, and every port */
	uint8_t zero;
	uint16_t port_from, port_to; /* both included; 0 to 65535 when the entry names no ports */
};

/* What the sections hold, and of how many bytes. */
#define ZR_IMAGE_SECTIONS(X)                                                             \
	X(TEXTS, 1)                                     /* terminated strings */         \
	X(TARIFFS, sizeof(struct zr_tariff))            /* each once */                  \
	X(WINDOWS, sizeof(struct zr_window))            /* each once */                  \
	X(ENTRIES, sizeof(struct zr_image_entry))       /* names, then blocks */         \
	X(BLOCKS, sizeof(struct zr_block))              /* of the last entries */        \
	X(NAME_BUCKETS, sizeof(struct zr_hash_bucket))  /* the first entry of a name */  \
	X(BLOCK_BUCKETS, sizeof(struct zr_hash_bucket)) /* the first entry of a block */ \
	X(EDGES, sizeof(int64_t))                       /* ascending, each once */

enum zr_image_section_id {
#define X(id, size) ZR_SECTION_##id,
	ZR_IMAGE_SECTIONS(X)
#undef X
		ZR_SECTION_COUNT
};

struct zr_image_section {
	uint64_t offset_bytes;
	uint64_t count;
};

struct zr_image_header {
	char magic[8];
	uint32_t version;
	uint32_t issuer; /* offset in the texts */
	uint64_t len_bytes;
	uint64_t checksum; /* of all bytes but these */
	uint64_t serial;
	int64_t expires_s; /* first second of expiry */
	int64_t issued_s;
	uint64_t label_counts[2];   /* bit n: some name has n labels */
	uint64_t prefix_lens[2][3]; /* IPv4, IPv6; bit n: some block has that length */
	struct zr_image_section sections[ZR_SECTION_COUNT];
};

_Static_assert(sizeof(struct zr_image_entry) == 16, "four entries a cache line");
_Static_assert(sizeof(struct zr_block) == 24, "no padding that could differ");
_Static_assert(sizeof(struct zr_image_header) == 120 + ZR_SECTION_COUNT * 16, "no padding that could differ");

static inline void zr_bit_set(uint64_t *bits, unsigned int bit)
{
	bits[bit / 64] |= 1ULL << bit % 64;
}

static inline bool zr_bit_test(const uint64_t *bits, unsigned int bit)
{
	return bits[bit / 64] >> bit % 64 & 1;
}

/*
 * Fill in the sections' offsets from their counts. Returns the length of the whole block, or 0 when a count is beyond
 * what 32-bit indexes reach.
 */
uint64_t zr_image_layout(struct zr_image_section sections[ZR_SECTION_COUNT]);

/* The checksum of a block of len bytes (a multiple of 8, header included). A change within any one 64-bit word changes it. */
uint64_t zr_image_checksum(const void *block, size_t len);

/* Among names of one text: exclusions win over exact names, those over subtrees of either kind. The lower wins. */
static inline unsigned int zr_rule_rank(unsigned int kind)
{
	return kind == ZR_RULE_BELOW ? ZR_RULE_SUBTREE : kind;
}

/* The hash of what a block covers, ports and protocol aside. */
uint64_t zr_block_hash(const struct zr_block *block);
/* Do both cover the same addresses? */
bool zr_block_same_addresses(const struct zr_block *a, const struct zr_block *b);
/* How exact it is: 0 with ports, 1 with a protocol, 2 with neither. The lower wins. */
unsigned int zr_block_rank(const struct zr_block *block);

#endif
