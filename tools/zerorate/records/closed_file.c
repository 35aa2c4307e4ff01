/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/records/closed_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "control/record/record.h"

#define TRAILER      ".trailer"
#define PART         ".part"
#define DIGITS       "12" /* of a number in a file's name */
#define NAME_MAX_LEN 64

/* Most epochs that a trailer looks back on: they change with damage only. */
#define EPOCHS_MAX 1000

struct zr_closed_files {
	int folder; /* a descriptor */
	const char *path, *suffix;
	uint64_t number; /* of the file at hand, or the next one */
	FILE *file;      /* at hand; NULL: none */
	uint64_t count, records, bytes;
	crypto_hash_sha256_state hash;
	json_t *ranges, *gaps;   /* of the file at hand: [{"epoch":…,"from":…,"to":…}] */
	char last[NAME_MAX_LEN]; /* name of the last trailer; empty: there is none */
	json_t *until;           /* how far the closed files come: [{"epoch":…,"seq":…}] */
};

static bool failed(const struct zr_closed_files *files, const char *name)
{
	fprintf(stderr, "zerorate records files: %s/%s: %s\n", files->path, name, strerror(errno));
	return false;
}

static void name_of(const struct zr_closed_files *files, const char *ending, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "records-%0" DIGITS PRIu64 ".%s%s", files->number, files->suffix, ending);
}

/* The number in a trailer's name, whatever the format of its file; 0 for any other name. */
static uint64_t number_of(const char *name)
{
	uint64_t number = 0;
	int read = 0;

	if (strlen(name) >= NAME_MAX_LEN ||
	    sscanf(name, "records-%" SCNu64 ".%*[a-z]" TRAILER "%n", &number, &read) != 1)
		return 0;
	return read > 0 && name[read] == '\0' ? number : 0;
}

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), ending_len = strlen(ending);

	return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

/* Find the last number that has a trailer, and remove what was not finished. */
static bool scan(struct zr_closed_files *files)
{
	int fd = dup(files->folder);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (folder == NULL)
		return failed(files, "");
	while ((entry = readdir(folder)) != NULL) {
		uint64_t number = number_of(entry->d_name);

		if (number >= files->number) {
			files->number = number + 1;
			strcpy(files->last, entry->d_name);
		}
		if (strncmp(entry->d_name, "records-", 8) == 0 && ends_with(entry->d_name, PART))
			unlinkat(files->folder, entry->d_name, 0);
	}
	closedir(folder);
	return true;
}

/* How far the last trailer says that all files come: what is before that need not be written again. */
static bool read_last(struct zr_closed_files *files)
{
	json_t *trailer;
	int fd;

	if (files->last[0] == '\0')
		return true;
	fd = openat(files->folder, files->last, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(files, files->last);
	trailer = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	close(fd);
	files->until = json_incref(json_object_get(trailer, "until"));
	json_decref(trailer);
	if (json_is_array(files->until))
		return true;
	fprintf(stderr,
		"zerorate records files: %s/%s is no trailer of this program: move it away, and compare the file it "
		"belongs to with the next one, which may hold the same records\n",
		files->path, files->last);
	return false;
}

bool zr_closed_files_open(const char *folder, const char *suffix, struct zr_closed_files **out)
{
	struct zr_closed_files *files = calloc(1, sizeof(*files));

	if (files == NULL || sodium_init() < 0) {
		free(files);
		return false;
	}
	files->path = folder;
	files->suffix = suffix;
	files->number = 1;
	files->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->folder < 0)
		failed(files, "");
	else if (flock(files->folder, LOCK_EX | LOCK_NB) != 0)
		fprintf(stderr, "zerorate records files: another one writes into %s: end it, or name another folder\n",
			folder);
	else if (scan(files) && read_last(files)) {
		*out = files;
		return true;
	}
	zr_closed_files_free(files);
	return false;
}

static void forget(struct zr_closed_files *files)
{
	char name[NAME_MAX_LEN];

	if (files->file != NULL) {
		fclose(files->file);
		name_of(files, PART, name);
		unlinkat(files->folder, name, 0);
	}
	files->file = NULL;
	json_decref(files->ranges);
	json_decref(files->gaps);
	files->ranges = files->gaps = NULL;
}

void zr_closed_files_free(struct zr_closed_files *files)
{
	forget(files);
	json_decref(files->until);
	if (files->folder >= 0)
		close(files->folder);
	free(files);
}

/* How far an epoch has come; NULL: nothing of it is known. */
static json_t *find_until(const json_t *until, const char *epoch)
{
	json_t *one;
	size_t i;

	json_array_foreach(until, i, one)
	{
		const char *of = json_string_value(json_object_get(one, "epoch"));

		if (of != NULL && strcmp(of, epoch) == 0)
			return json_object_get(one, "seq");
	}
	return NULL;
}

bool zr_closed_files_has(const struct zr_closed_files *files, const char *epoch, uint64_t seq)
{
	const json_t *last = find_until(files->until, epoch);

	return last != NULL && seq <= (uint64_t)json_integer_value(last);
}

/* Ranges bring their epochs further. */
static bool go_further(json_t *until, const json_t *ranges)
{
	const json_t *range;
	size_t i;

	json_array_foreach(ranges, i, range)
	{
		const char *epoch = json_string_value(json_object_get(range, "epoch"));
		json_int_t to = json_integer_value(json_object_get(range, "to"));
		json_t *last = find_until(until, epoch);

		if (last != NULL && json_integer_value(last) < to)
			json_integer_set(last, to);
		if (last == NULL &&
		    json_array_append_new(until, json_pack("{s:s, s:I}", "epoch", epoch, "seq", to)) != 0)
			return false;
	}
	while (json_array_size(until) > EPOCHS_MAX)
		json_array_remove(until, 0);
	return true;
}

/* What is true when the file at hand is closed; NULL: no memory. */
static json_t *next_until(const struct zr_closed_files *files)
{
	json_t *until = files->until != NULL ? json_deep_copy(files->until) : json_array();

	if (until != NULL && go_further(until, files->ranges) && go_further(until, files->gaps))
		return until;
	json_decref(until);
	return NULL;
}

static bool begin(struct zr_closed_files *files)
{
	char name[NAME_MAX_LEN];
	int fd;

	name_of(files, PART, name);
	fd = openat(files->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	files->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (files->file == NULL)
		return failed(files, name);
	crypto_hash_sha256_init(&files->hash);
	files->count = files->records = files->bytes = 0;
	files->ranges = json_array();
	files->gaps = json_array();
	return files->ranges != NULL && files->gaps != NULL;
}

bool zr_closed_files_put(struct zr_closed_files *files, const char *bytes, size_t len)
{
	if (files->file == NULL && !begin(files))
		return false;
	crypto_hash_sha256_update(&files->hash, (const unsigned char *)bytes, len);
	files->bytes += len;
	if (fwrite(bytes, 1, len, files->file) == len)
		return true;
	return failed(files, "the file at hand");
}

/* Add a number to the last range, or begin another one. */
static bool extend(json_t *ranges, const char *epoch, uint64_t from, uint64_t to)
{
	json_t *last = json_array_get(ranges, json_array_size(ranges) - 1);
	const char *of = json_string_value(json_object_get(last, "epoch"));

	if (of != NULL && strcmp(of, epoch) == 0 &&
	    (uint64_t)json_integer_value(json_object_get(last, "to")) + 1 == from)
		return json_integer_set(json_object_get(last, "to"), (json_int_t)to) == 0;
	return json_array_append_new(ranges, json_pack("{s:s, s:I, s:I}", "epoch", epoch, "from", (json_int_t)from,
						       "to", (json_int_t)to)) == 0;
}

bool zr_closed_files_add(struct zr_closed_files *files, const char *epoch, uint64_t seq, const char *bytes, size_t len)
{
	if (!zr_closed_files_put(files, bytes, len))
		return false;
	files->count++;
	files->records++;
	return extend(files->ranges, epoch, seq, seq);
}

bool zr_closed_files_add_gap(struct zr_closed_files *files, const char *epoch, uint64_t from, uint64_t to)
{
	if (files->file == NULL && !begin(files))
		return false;
	files->count++;
	return extend(files->gaps, epoch, from, to);
}

uint64_t zr_closed_files_count(const struct zr_closed_files *files)
{
	return files->file != NULL ? files->count : 0;
}

/* Put what was written under its name, for good. */
static bool place(const struct zr_closed_files *files, FILE *file, const char *part, const char *name)
{
	bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;

	if (fclose(file) != 0 || !good)
		return failed(files, part);
	if (renameat(files->folder, part, files->folder, name) != 0)
		return failed(files, name);
	return fsync(files->folder) == 0 || failed(files, "");
}

static json_t *trailer_of(struct zr_closed_files *files, const char *gateway, const char *name, json_t *until)
{
	char hash_text[2 * crypto_hash_sha256_BYTES + 1], closed[ZR_TIME_TEXT];
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct timespec now;

	crypto_hash_sha256_final(&files->hash, hash);
	sodium_bin2hex(hash_text, sizeof(hash_text), hash, sizeof(hash));
	clock_gettime(CLOCK_REALTIME, &now);
	zr_time_format((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000, closed);
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:s, s:O, s:O, s:O}", "file", name, "number",
			 (json_int_t)files->number, "gateway", gateway, "closed", closed, "records",
			 (json_int_t)files->records, "bytes", (json_int_t)files->bytes, "sha256", hash_text, "ranges",
			 files->ranges, "gaps", files->gaps, "until", until);
}

static bool write_trailer(struct zr_closed_files *files, const json_t *trailer)
{
	char part[NAME_MAX_LEN], name[NAME_MAX_LEN];
	FILE *file;
	int fd;

	name_of(files, TRAILER PART, part);
	name_of(files, TRAILER, name);
	fd = openat(files->folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL)
		return failed(files, part);
	if (json_dumpf(trailer, file, JSON_INDENT(2)) != 0 || putc('\n', file) == EOF) {
		fclose(file);
		return failed(files, part);
	}
	return place(files, file, part, name);
}

bool zr_closed_files_close(struct zr_closed_files *files, const char *gateway)
{
	char part[NAME_MAX_LEN], name[NAME_MAX_LEN];
	json_t *trailer = NULL, *until = next_until(files);
	FILE *file = files->file;
	bool good;

	name_of(files, PART, part);
	name_of(files, "", name);
	if (until != NULL)
		trailer = trailer_of(files, gateway, name, until);
	files->file = NULL;
	good = trailer != NULL && place(files, file, part, name) && write_trailer(files, trailer);
	json_decref(trailer);
	if (good) {
		json_decref(files->until);
		files->until = json_incref(until);
		files->number++;
	}
	json_decref(until);
	forget(files);
	return good;
}
