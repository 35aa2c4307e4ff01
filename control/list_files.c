/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/file.h"
#include "rules/list.h"

const char *zr_list_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *zr_list_folder(const char *path)
{
	size_t len = (size_t)(zr_list_base_name(path) - path);

	if (len == 0)
		return strdup(".");
	return strndup(path, len > 1 ? len - 1 : len);
}

void zr_sha256_format(const uint8_t sha256[ZR_SHA256_OCTETS], char out[ZR_SHA256_TEXT])
{
	sodium_bin2hex(out, ZR_SHA256_TEXT, sha256, ZR_SHA256_OCTETS);
}

/* Take up one signature file. One of more than the longest size is kept by its size alone. 0 or -ENOMEM. */
static int add_signature(struct zr_list_files *files, const char *name, int fd)
{
	struct zr_signature_file *at = &files->signatures[files->signature_count];
	char *text = NULL;
	size_t len = 0;
	int err;

	*at = (struct zr_signature_file){.name = strdup(name)};
	if (at->name == NULL)
		return -ENOMEM;
	files->signature_count++;
	err = fd < 0 ? fd : zr_file_read_open(fd, ZR_SIGNATURE_FILE_MAX, &text, &len);
	at->text = text;
	at->len = err == -EFBIG ? (size_t)ZR_SIGNATURE_FILE_MAX + 1 : len;
	if (err != 0 && err != -EFBIG)
		at->unreadable = err == -ENOMEM ? "there is no memory for it" : zr_file_error(err);
	return 0;
}

/* The first names of a list's signature files, in order. */
struct names {
	char *at[ZR_SIGNATURE_FILES_MAX + 1];
	unsigned int count;
	bool has_more;
};

/* Put a name among the first ones; the last goes when there are too many. 0 or -ENOMEM. */
static int keep_name(struct names *names, const char *list_name, const char *name)
{
	unsigned int at = names->count;
	char *copy = strdup(name);

	if (copy == NULL)
		return -ENOMEM;
	for (; at > 0 && zr_signature_file_is_before(list_name, copy, names->at[at - 1]); at--)
		names->at[at] = names->at[at - 1];
	names->at[at] = copy;
	if (++names->count > ZR_SIGNATURE_FILES_MAX) {
		free(names->at[--names->count]);
		names->has_more = true;
	}
	return 0;
}

/* Look for a list's signature files in an open folder. 0 or -ENOMEM. */
static int find_signatures(DIR *folder, const char *list_name, struct names *names)
{
	const struct dirent *entry;
	int err = 0;

	while (err == 0 && (entry = readdir(folder)) != NULL)
		if (zr_signature_file_is_of(list_name, entry->d_name))
			err = keep_name(names, list_name, entry->d_name);
	return err;
}

/* The signature files beside a list; a folder that cannot be listed has none. 0 or -ENOMEM. */
static int read_signatures(const char *path, struct zr_list_files *files)
{
	struct names names = {.count = 0};
	char *folder_path = zr_list_folder(path);
	DIR *folder = folder_path != NULL ? opendir(folder_path) : NULL;
	int err = folder_path != NULL ? 0 : -ENOMEM;

	free(folder_path);
	if (folder == NULL)
		return err;
	err = find_signatures(folder, zr_list_base_name(path), &names);
	files->has_more = names.has_more;
	for (unsigned int i = 0; i < names.count; i++) {
		int fd = openat(dirfd(folder), names.at[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (err == 0)
			err = add_signature(files, names.at[i], fd >= 0 ? fd : -errno);
		if (fd >= 0)
			close(fd);
		free(names.at[i]);
	}
	closedir(folder);
	return err;
}

static int read_list(int fd, struct zr_list_files *out)
{
	int err = zr_file_read_open(fd, ZR_LIST_BYTES_MAX, &out->text, &out->len);

	if (err == 0)
		crypto_hash_sha256(out->sha256, (const unsigned char *)out->text, out->len);
	return err;
}

int zr_list_files_read(const char *path, struct zr_list_files *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	*out = (struct zr_list_files){0};
	if (fd < 0)
		return -errno;
	err = read_list(fd, out);
	close(fd);
	return err == 0 ? read_signatures(path, out) : err;
}

int zr_list_files_read_open(int list, const int *signatures, char *const *names, unsigned int count,
			    struct zr_list_files *out)
{
	int err;

	*out = (struct zr_list_files){0};
	err = read_list(list, out);
	for (unsigned int i = 0; err == 0 && i < count; i++)
		err = add_signature(out, names[i], signatures[i]);
	return err;
}

void zr_list_files_clear(struct zr_list_files *files)
{
	for (unsigned int i = 0; i < files->signature_count; i++) {
		free((char *)(uintptr_t)files->signatures[i].name);
		free((char *)(uintptr_t)files->signatures[i].text);
	}
	free(files->text);
	*files = (struct zr_list_files){0};
}
