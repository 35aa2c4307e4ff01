/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/signature_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keep the first names, in their order. */
static int add_name(struct zr_signature_files *files, const char *list_name, const char *name)
{
	unsigned int at = files->count;
	char *copy;

	while (at > 0 && zr_signature_file_is_before(list_name, name, files->names[at - 1]))
		at--;
	if (files->count == ZR_SIGNATURE_FILES_MAX) {
		files->left_out++;
		if (at == ZR_SIGNATURE_FILES_MAX)
			return 0;
	}
	copy = strdup(name);
	if (copy == NULL)
		return -ENOMEM;
	if (files->count == ZR_SIGNATURE_FILES_MAX)
		free(files->names[--files->count]);
	memmove(&files->names[at + 1], &files->names[at], (files->count - at) * sizeof(files->names[0]));
	files->names[at] = copy;
	files->count++;
	return 0;
}

static int find_names(const char *folder, const char *list_name, struct zr_signature_files *files)
{
	DIR *open_folder = opendir(folder);
	const struct dirent *item;
	int err = 0;

	if (open_folder == NULL)
		return -errno;
	errno = 0;
	while (err == 0 && (item = readdir(open_folder)) != NULL) {
		if (zr_signature_file_is_of(list_name, item->d_name))
			err = add_name(files, list_name, item->d_name);
		errno = 0;
	}
	if (err == 0)
		err = -errno;
	closedir(open_folder);
	return err;
}

static void read_file(const char *folder, unsigned int i, struct zr_signature_files *files)
{
	struct zr_signature_file *file = &files->files[i];
	char path[PATH_MAX];

	file->name = files->names[i];
	if (snprintf(path, sizeof(path), "%s/%s", folder, file->name) >= (int)sizeof(path)) {
		file->unreadable = "its path is too long";
		return;
	}
	files->texts[i] = zr_regular_file_read(path, ZR_SIGNATURE_FILE_MAX, &file->len, files->reasons[i]);
	file->text = files->texts[i];
	if (file->text == NULL)
		file->unreadable = files->reasons[i];
}

int zr_signature_files_read(const char *list_path, struct zr_signature_files *out)
{
	const char *slash = strrchr(list_path, '/');
	char *folder = slash == NULL ? strdup(".") : strndup(list_path, (size_t)(slash - list_path) + 1);
	int err;

	*out = (struct zr_signature_files){0};
	if (folder == NULL)
		return -ENOMEM;
	err = find_names(folder, slash == NULL ? list_path : slash + 1, out);
	for (unsigned int i = 0; err == 0 && i < out->count; i++)
		read_file(folder, i, out);
	free(folder);
	return err;
}

void zr_signature_files_clear(struct zr_signature_files *files)
{
	for (unsigned int i = 0; i < files->count; i++) {
		free(files->names[i]);
		free(files->texts[i]);
	}
	*files = (struct zr_signature_files){0};
}
