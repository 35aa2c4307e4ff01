/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Approval of a list: how many distinct keys of those configured have signed it. The signatures of a list FILE lie beside it,
 * as FILE.minisig and FILE.NAME.minisig, so that several desks sign one file with the stock minisign:
 *
 *     minisign -Sm list.csv
 *     minisign -Sm list.csv -x list.csv.mic.minisig
 *
 * Pure: the caller reads the files; no clock, any thread.
 */
#ifndef RULES_APPROVAL_H
#define RULES_APPROVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/minisign.h"

#define ZR_KEYS_MAX            16
#define ZR_SIGNATURE_FILES_MAX 16 /* signature files of one list */
#define ZR_SIGNATURE_NAME_MAX  64 /* characters of NAME in FILE.NAME.minisig */

/* Octets of a trusted comment that are kept for people, and of the sentences below; each with its terminator. */
#define ZR_APPROVAL_COMMENT 257
#define ZR_APPROVAL_TEXT    (64 + ZR_KEYS_MAX * (ZR_KEY_ID_TEXT + ZR_APPROVAL_COMMENT + 8))
#define ZR_APPROVAL_FINDING 512

/* The keys that may approve a list; all zero: none yet. */
struct zr_keys {
	unsigned int count;
	struct zr_public_key keys[ZR_KEYS_MAX];
};

/*
 * Read a key as zr_public_key_parse does and add it. Returns 0; -EINVAL when it is no key, -EEXIST when a key with its id or
 * its octets is there already, since one desk would count twice, -E2BIG behind ZR_KEYS_MAX keys; *reason then is a constant
 * that says what is wrong and what to do.
 */
int zr_keys_add(struct zr_keys *keys, const char *text, size_t len, const char **reason);

/* Is name (of a file) the name of a signature file of the list whose file is called list_name? Neither holds a folder. */
bool zr_signature_file_is_of(const char *list_name, const char *name);

/*
 * Does the signature file a of a list come before b? LIST.minisig, what a desk that signs alone makes, comes first, then the others
 * by name: so that all look at the same ones when there are too many.
 */
bool zr_signature_file_is_before(const char *list_name, const char *a, const char *b);

/* A signature file as it was read. */
struct zr_signature_file {
	const char *name;
	const char *unreadable; /* why it could not be read, else NULL */
	const char *text;       /* need not be terminated */
	size_t len;             /* above ZR_SIGNATURE_FILE_MAX: it is too large, and text is not looked at */
};

/* What one signature file is worth. */
struct zr_approval_file {
	const char *wrong; /* why it does not count, constant or the caller's; NULL: its key has signed */
	bool has_key_id;   /* it could be read so far */
	bool is_repeated;  /* it is good, but its key had signed in an earlier file already */
	uint8_t key_id[ZR_KEY_ID_OCTETS];
	unsigned int key;                  /* which of the keys; only when wrong is NULL */
	char comment[ZR_APPROVAL_COMMENT]; /* its trusted comment; only when wrong is NULL */
};

struct zr_approval {
	unsigned int count;                  /* distinct keys that have signed */
	bool signed_by[ZR_KEYS_MAX];         /* by number of the key */
	unsigned int signed_in[ZR_KEYS_MAX]; /* the first file in which it did */
	unsigned int file_count;             /* at most ZR_SIGNATURE_FILES_MAX: more are not looked at */
	struct zr_approval_file files[ZR_SIGNATURE_FILES_MAX];
};

/*
 * Judge the signature files of a message in the order given. The same key counts once, however many files it signed. Trusted
 * comments are cleaned for people: tabs become blanks, control characters, ill-formed octets and quotation marks '?', long ones
 * are cut.
 * Costs one pass over the message for each file of a known key, and some 20 KB of stack.
 */
void zr_approval_judge(const struct zr_keys *keys, const void *message, size_t len,
		       const struct zr_signature_file *files, unsigned int file_count, struct zr_approval *out);

/*
 * The outcome in one sentence: `2 of 2 required signatures: 9A4DD53AB80B177C ("list of November"), 1E2E1842455D875F ("seen")`.
 * out: room for ZR_APPROVAL_TEXT; terminated. Returns its length.
 */
size_t zr_approval_format(const struct zr_approval *approval, const struct zr_keys *keys, unsigned int required,
			  char *out);

/*
 * What is to be said of file number i, without its name: by which key it is, or why it does not count.
 * out: room for ZR_APPROVAL_FINDING; terminated. Returns its length.
 */
size_t zr_approval_finding(const struct zr_approval *approval, unsigned int i, char *out);

#endif
