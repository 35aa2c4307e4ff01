/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a fuzz target over every file of the folders it is given: corpora and past crashes as
 * ordinary tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	struct guard guard;
	uint8_t *bytes;
	long size;
	FILE *f = fopen(path, "rb");

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0) {
		perror(path);
		if (f != NULL)
			fclose(f);
		return -1;
	}
	bytes = malloc((size_t)size + 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(bytes);
		fclose(f);
		return -1;
	}
	fclose(f);
	LLVMFuzzerTestOneInput(guard_copy(&guard, bytes, (size_t)size), (size_t)size);
	guard_free(&guard);
	free(bytes);
	return 0;
}

static int replay_folder(const char *folder, unsigned int *count)
{
	struct dirent *entry;
	char path[4096];
	int failed = 0;
	DIR *dir = opendir(folder);

	if (dir == NULL) {
		perror(folder);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		failed |= replay_file(path);
		(*count)++;
	}
	closedir(dir);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i], &count);
	printf("%u inputs replayed\n", count);
	return failed != 0 || count == 0;
}
