/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640

static int append(struct zr_list_audit *audit, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t written = write(audit->fd, text + at, len - at);

		if (written < 0)
			return -errno;
		at += (size_t)written;
		audit->is_torn = text[at - 1] != '\n';
	}
	return fdatasync(audit->fd) == 0 ? 0 : -errno;
}

/* Can it be written, and will somebody find what is? 0 or -errno. */
static int check_file(const struct zr_list_audit *audit)
{
	struct stat st;

	if (audit->is_read_only)
		return -EROFS;
	if (fstat(audit->fd, &st) != 0)
		return -errno;
	return st.st_nlink > 0 ? 0 : -ENOENT;
}

/* Has the last line no end? 0 or -errno. */
static int find_end(struct zr_list_audit *audit)
{
	struct stat st;
	char last;

	if (fstat(audit->fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size == 0)
		return 0;
	if (pread(audit->fd, &last, 1, st.st_size - 1) != 1)
		return -EIO;
	audit->is_torn = last != '\n';
	return 0;
}

int zr_list_audit_open(int folder, struct zr_list_audit *out)
{
	const int flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int err;

	*out = (struct zr_list_audit){.fd = openat(folder, "audit.jsonl", O_RDWR | O_CREAT | flags, FILE_MODE)};
	if (out->fd < 0 && errno == EROFS) {
		out->is_read_only = true;
		out->fd = openat(folder, "audit.jsonl", O_RDONLY | flags);
	}
	if (out->fd < 0)
		return -errno;
	err = find_end(out);
	if (err == 0 && fsync(folder) != 0)
		err = -errno;
	if (err != 0)
		zr_list_audit_close(out);
	return err;
}

void zr_list_audit_close(struct zr_list_audit *audit)
{
	if (audit->fd >= 0)
		close(audit->fd);
	audit->fd = -1;
}

int zr_list_audit_append(struct zr_list_audit *audit, const json_t *entry)
{
	char *line = json_dumps(entry, JSON_COMPACT);
	size_t len = line != NULL ? strlen(line) : 0;
	int err;

	if (line == NULL)
		return -ENOMEM;
	if (len >= ZR_LIST_AUDIT_LINE) {
		free(line);
		return -EMSGSIZE;
	}
	line[len] = '\n'; /* in place of the terminator */
	err = check_file(audit);
	if (err == 0 && audit->is_torn)
		err = append(audit, "\n", 1);
	if (err == 0)
		err = append(audit, line, len + 1);
	free(line);
	return err;
}

const char *zr_list_audit_error(int err)
{
	return err == -ENOENT ? "audit.jsonl was removed; a restart of the daemon begins a new one" : strerror(-err);
}

static json_t *read_line(const char *line, size_t len)
{
	json_t *entry = len < ZR_LIST_AUDIT_LINE ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(entry))
		return entry;
	json_decref(entry);
	return json_pack("{s:s}", "event", "damaged");
}

/* Where the last lines begin: as many as are asked for, or fewer. */
static const char *find_begin(const char *text, const char *end, unsigned int most)
{
	const char *begin = end;

	while (begin > text && most > 0) {
		const char *before = memrchr(text, '\n', (size_t)(begin - 1 - text));

		begin = before != NULL ? before + 1 : text;
		most--;
	}
	return begin;
}

/* The last whole lines of a text whose first line may be cut. */
static int read_lines(const char *text, size_t len, bool is_cut, unsigned int most, json_t **out)
{
	const char *end = memrchr(text, '\n', len), *first = is_cut ? memchr(text, '\n', len) : NULL;
	json_t *entries = json_array();

	if (entries == NULL)
		return -ENOMEM;
	text = first != NULL ? first + 1 : text;
	end = end != NULL ? end + 1 : text;
	for (const char *line = find_begin(text, end, most), *next; line < end; line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (json_array_append_new(entries, read_line(line, (size_t)(next - line))) != 0) {
			json_decref(entries);
			return -ENOMEM;
		}
		next++;
	}
	*out = entries;
	return 0;
}

int zr_list_audit_tail(const struct zr_list_audit *audit, unsigned int most, json_t **out)
{
	struct stat st;
	size_t len;
	ssize_t got;
	char *text;
	int err;

	if (fstat(audit->fd, &st) != 0)
		return -errno;
	len = (uint64_t)st.st_size < ZR_LIST_AUDIT_BYTES ? (size_t)st.st_size : ZR_LIST_AUDIT_BYTES;
	text = malloc(len + 1);
	if (text == NULL)
		return -ENOMEM;
	got = pread(audit->fd, text, len, st.st_size - (off_t)len);
	err = got < 0 ? -errno : read_lines(text, (size_t)got, (uint64_t)st.st_size > len, most, out);
	free(text);
	return err;
}
