/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/approval.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/utf8.h"

static const char suffix[] = ".minisig";

int zr_keys_add(struct zr_keys *keys, const char *text, size_t len, const char **reason)
{
	struct zr_public_key key;
	int err = zr_public_key_parse(text, len, &key, reason);

	if (err != 0)
		return err;
	for (unsigned int i = 0; i < keys->count; i++) {
		if (memcmp(keys->keys[i].key, key.key, sizeof(key.key)) == 0) {
			*reason = "the key is there twice; name every key once";
			return -EEXIST;
		}
		if (memcmp(keys->keys[i].id, key.id, sizeof(key.id)) == 0) {
			*reason = "another key has the same id; keep the one that its owner confirms";
			return -EEXIST;
		}
	}
	if (keys->count == ZR_KEYS_MAX) {
		*reason = "there are 16 keys already, the most that can be; remove one";
		return -E2BIG;
	}
	keys->keys[keys->count++] = key;
	return 0;
}

bool zr_signature_file_is_of(const char *list_name, const char *name)
{
	size_t list_len = strlen(list_name), len = strlen(name), suffix_len = strlen(suffix), own_len;

	if (list_len == 0 || len < list_len + suffix_len || strncmp(name, list_name, list_len) != 0 ||
	    strcmp(name + len - suffix_len, suffix) != 0 || strchr(name, '/') != NULL)
		return false;
	own_len = len - list_len - suffix_len;
	if (own_len == 0)
		return true;
	/* The dot before NAME, and at least one character. */
	return name[list_len] == '.' && own_len > 1 &&
	       zr_utf8_count(name + list_len + 1, own_len - 1) <= ZR_SIGNATURE_NAME_MAX;
}

bool zr_signature_file_is_before(const char *list_name, const char *a, const char *b)
{
	size_t shortest = strlen(list_name) + strlen(suffix);

	if (strlen(a) == shortest || strlen(b) == shortest)
		return strlen(a) < strlen(b);
	return strcmp(a, b) < 0;
}

/* What of a trusted comment is shown to people. */
static void clean_comment(const char *text, size_t len, char out[ZR_APPROVAL_COMMENT])
{
	static const char cut[] = "…";
	size_t used = 0, most = ZR_APPROVAL_COMMENT - 1;

	for (size_t at = 0, octets; at < len; at += octets) {
		uint32_t code;
		bool is_shown;

		octets = zr_utf8_read(text + at, len - at, &code);
		is_shown = octets > 0 && zr_utf8_is_printable(text + at, octets) && text[at] != '"';
		octets = octets > 0 ? octets : 1;
		if (used + octets > most - strlen(cut) && at + octets < len) {
			memcpy(out + used, cut, strlen(cut));
			used += strlen(cut);
			break;
		}
		if (is_shown) {
			memcpy(out + used, text + at, octets);
			used += octets;
		} else {
			out[used++] = text[at] == '\t' ? ' ' : '?'; /* minisign puts tabs into its own comments */
		}
	}
	out[used] = '\0';
}

static const struct zr_public_key *find_key(const struct zr_keys *keys, const uint8_t id[ZR_KEY_ID_OCTETS])
{
	for (unsigned int i = 0; i < keys->count; i++)
		if (memcmp(keys->keys[i].id, id, ZR_KEY_ID_OCTETS) == 0)
			return &keys->keys[i];
	return NULL;
}

static void judge_file(const struct zr_keys *keys, const void *message, size_t len,
		       const struct zr_signature_file *file, struct zr_approval_file *out)
{
	const struct zr_public_key *key;
	struct zr_signature signature;

	*out = (struct zr_approval_file){.wrong = file->unreadable};
	if (out->wrong != NULL || zr_signature_parse(file->text, file->len, &signature, &out->wrong) != 0)
		return;
	out->has_key_id = true;
	memcpy(out->key_id, signature.key_id, sizeof(out->key_id));
	key = find_key(keys, signature.key_id);
	if (key == NULL) {
		out->wrong = "none of the keys that may approve the list has this id";
		return;
	}
	out->wrong = zr_signature_verify(&signature, key, message, len);
	if (out->wrong != NULL)
		return;
	out->key = (unsigned int)(key - keys->keys);
	clean_comment(signature.trusted_comment, signature.trusted_comment_len, out->comment);
}

void zr_approval_judge(const struct zr_keys *keys, const void *message, size_t len,
		       const struct zr_signature_file *files, unsigned int file_count, struct zr_approval *out)
{
	*out = (struct zr_approval){0};
	out->file_count = file_count < ZR_SIGNATURE_FILES_MAX ? file_count : ZR_SIGNATURE_FILES_MAX;
	for (unsigned int i = 0; i < out->file_count; i++) {
		struct zr_approval_file *file = &out->files[i];

		judge_file(keys, message, len, &files[i], file);
		if (file->wrong != NULL)
			continue;
		file->is_repeated = out->signed_by[file->key];
		if (file->is_repeated)
			continue;
		out->signed_by[file->key] = true;
		out->signed_in[file->key] = i;
		out->count++;
	}
}

/* The key's id, and the comment it signed, behind the used octets of out (room for ZR_APPROVAL_TEXT). Returns the new length. */
static size_t add_signer(char *out, size_t used, const char *before, const struct zr_public_key *key,
			 const char *comment)
{
	char id[ZR_KEY_ID_TEXT];

	zr_public_key_format(key, id);
	return used + (size_t)snprintf(out + used, ZR_APPROVAL_TEXT - used, "%s%s (\"%s\")", before, id, comment);
}

size_t zr_approval_format(const struct zr_approval *approval, const struct zr_keys *keys, unsigned int required,
			  char *out)
{
	const char *before = ": ";
	size_t used;

	if (approval->count > required)
		used = (size_t)snprintf(out, ZR_APPROVAL_TEXT, "%u signature%s, %u required", approval->count,
					approval->count == 1 ? "" : "s", required);
	else
		used = (size_t)snprintf(out, ZR_APPROVAL_TEXT, "%u of %u required signature%s", approval->count,
					required, required == 1 ? "" : "s");
	for (unsigned int i = 0; i < keys->count; i++) {
		if (!approval->signed_by[i])
			continue;
		used = add_signer(out, used, before, &keys->keys[i], approval->files[approval->signed_in[i]].comment);
		before = ", ";
	}
	return used;
}

size_t zr_approval_finding(const struct zr_approval *approval, unsigned int i, char *out)
{
	const struct zr_approval_file *file = &approval->files[i];
	char id[ZR_KEY_ID_TEXT];
	int len;

	if (file->has_key_id)
		zr_key_id_format(file->key_id, id);
	if (file->wrong == NULL && !file->is_repeated)
		len = snprintf(out, ZR_APPROVAL_FINDING, "signed by %s (\"%s\")", id, file->comment);
	else if (file->wrong == NULL)
		len = snprintf(out, ZR_APPROVAL_FINDING, "signed by %s, which another file counts already", id);
	else if (file->has_key_id)
		len = snprintf(out, ZR_APPROVAL_FINDING, "does not count: signature of %s: %s", id, file->wrong);
	else
		len = snprintf(out, ZR_APPROVAL_FINDING, "does not count: %s", file->wrong);
	return len < ZR_APPROVAL_FINDING ? (size_t)len : ZR_APPROVAL_FINDING - 1;
}
