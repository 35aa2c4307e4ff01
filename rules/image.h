/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compiled list: one position-independent, checksummed, byte-reproducible block, checked in full when it is loaded,
 * whoever made it, and immutable from then on. Lookups are const, allocation-free and may run in any number of threads.
 */
#ifndef RULES_IMAGE_H
#define RULES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A loaded image: a view of the block, which the caller owns and keeps, unchanged, while the view is used. */
struct zr_image;

#define ZR_ENTRY_NONE UINT32_MAX

/* What a lookup found. */
enum zr_match_kind {
	ZR_MATCH_NONE,     /* nothing in force covers it */
	ZR_MATCH_LISTED,   /* entry frees it */
	ZR_MATCH_EXCLUDED, /* an exclusion (entry) covers it */
};

struct zr_match {
	uint8_t kind;   /* enum zr_match_kind */
	uint32_t entry; /* number of the entry in the image, ZR_ENTRY_NONE with ZR_MATCH_NONE */
};

/* A canonical host name (rules/name.h), not terminated. */
struct zr_name_ref {
	const char *text;
	uint8_t len;
};

/* Most names one bulk lookup takes. */
#define ZR_MATCH_BULK 32

/*
 * Longest texts in octets: the match column as written, whose letters outside ASCII take several each; a service; who issued
 * the list. All are well-formed UTF-8 without control characters.
 */
#define ZR_RULE_MAX    512
#define ZR_SERVICE_MAX 128
#define ZR_ISSUER_MAX  256

/* How much a name must be backed by evidence, and the word of the list for it. */
#define ZR_VERIFIES(X)                                                                   \
	X(DEFAULT, "")        /* the list does not say: what the gateway's default is */ \
	X(OFF, "off")         /* the name is enough */                                   \
	X(FLAG, "flag")       /* … but a flow that nothing backs is marked */          \
	X(REQUIRE, "require") /* without evidence it is charged */                       \
	X(LEARN, "learn")     /* its addresses are enough, without a name */

enum zr_verify {
#define X(id, word) ZR_VERIFY_##id,
	ZR_VERIFIES(X)
#undef X
		ZR_VERIFY_COUNT
};

const char *zr_verify_word(enum zr_verify verify);

/* An entry as the list wrote it. Texts lie in the image, terminated. */
struct zr_entry {
	const char *rule;    /* the match column as written */
	const char *service; /* empty for exclusions */
	const char *bind;    /* address entries: the service without whose flows they are not free; empty: none */
	uint32_t rating_group;
	uint8_t verify;       /* enum zr_verify; of address entries DEFAULT or OFF */
	bool shared_intended; /* with LEARN: shared addresses count too */
	bool binds;           /* some other entry's bind names its service */
	int64_t from_s;       /* first second in force, Unix time; INT64_MIN: always */
	int64_t until_s;      /* first second no longer in force; INT64_MAX: for ever */
};

/*
 * Check a block in full and make a view of it. The view is allocated; free it with zr_image_free before the block goes.
 * Returns 0, or -EINVAL (reason, if not NULL, then points to a constant sentence), -ENOMEM.
 */
int zr_image_load(const void *block, size_t len, struct zr_image **out, const char **reason);
void zr_image_free(struct zr_image *image);

/*
 * Longest match by whole labels among the entries in force at now_s (Unix seconds); exact beats a subtree of the same name.
 * names: up to ZR_MATCH_BULK canonical names; out: as many results. Expiry of the list is not looked at.
 */
void zr_image_match_names(const struct zr_image *image, const struct zr_name_ref *names, unsigned int count,
			  int64_t now_s, struct zr_match *out);

/*
 * Address entries: the longest prefix, then the one with ports, in force at now_s. family 4 or 6, addr 4 or 16 bytes in
 * network order, proto an IP protocol number, port the server's port in host order (0 when the protocol has none).
 */
struct zr_match zr_image_match_address(const struct zr_image *image, uint8_t family, const uint8_t *addr, uint8_t proto,
				       uint16_t port, int64_t now_s);

/* Does the image hold any address entry? When not, zr_image_match_address need not be asked. */
bool zr_image_has_addresses(const struct zr_image *image);

/* Does any entry say this? When none says LEARN, addresses that were learned free nothing by themselves. */
bool zr_image_has_verify(const struct zr_image *image, enum zr_verify verify);

/* The entry with that number (below zr_image_entry_count). */
void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out);
uint32_t zr_image_entry_count(const struct zr_image *image);
uint64_t zr_image_serial(const struct zr_image *image);
/*
 * Numbers, never 0, that tell images of different content, and entries of different rule, service or rating group, apart. The
 * same in every process; not for telling what somebody made collide on purpose.
 */
uint64_t zr_image_identity(const struct zr_image *image);
uint64_t zr_image_entry_identity(const struct zr_image *image, uint32_t entry);
/* Length of the block. */
size_t zr_image_len_bytes(const struct zr_image *image);
/* Who issued the list, as its directive says; terminated, lies in the image. */
const char *zr_image_issuer(const struct zr_image *image);
/* When it was issued, Unix time. */
int64_t zr_image_issued_s(const struct zr_image *image);
/* First second at which the list is expired: everything is charged then. */
int64_t zr_image_expires_s(const struct zr_image *image);

/*
 * The next moment after now_s at which any answer may change: an entry's from or until, or the expiry. INT64_MAX when none.
 */
int64_t zr_image_next_edge_s(const struct zr_image *image, int64_t now_s);

/*
 * Matching without text. A flow that was charged for its name may not keep that name (personal data), yet a later window
 * or list may free it: it keeps keyed hashes of the name's suffixes. The hashes of two processes differ (random key), and
 * an index from those hashes to the image's names is built once per image, beside it.
 */
#define ZR_SUFFIXES_MAX 6

struct zr_suffixes {
	uint8_t count; /* 0: no name */
	bool cut;      /* suffixes between the whole name and hash[1] were left out: the name has too many labels */
	uint64_t hash
		[ZR_SUFFIXES_MAX]; /* the whole name first, then the longest of its suffixes of at most five labels, and on */
};

/* Hash a canonical name's suffixes with a 128-bit key. Pure. */
void zr_suffixes_make(const uint64_t key[2], const char *name, size_t len, struct zr_suffixes *out);

struct zr_suffix_index;
/* Build the index for one image and key; 0 or -ENOMEM. The image must outlive it. */
int zr_suffix_index_make(const struct zr_image *image, const uint64_t key[2], struct zr_suffix_index **out);
void zr_suffix_index_free(struct zr_suffix_index *index);
/*
 * Same answer as zr_image_match_names gives for the name the hashes were made of, but for one case: a cut name that an
 * entry of more than five labels might cover, other than exactly, has no match (and so stays charged). Const, any thread.
 */
struct zr_match zr_suffix_index_match(const struct zr_suffix_index *index, const struct zr_suffixes *suffixes,
				      int64_t now_s);

#endif
