/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config.h"

#define HEAD_LEN 16
#define TAIL_LEN 120
#define HASH_LEN 32
#define LEAST    (HEAD_LEN + TAIL_LEN + HASH_LEN)

/* Far more than memory holds flows for. */
#define FILE_MAX_BYTES (UINT64_C(1) << 36)

static const char magic[8] = {'Z', 'R', 'S', 'T', 'A', 'T', 'E', '\n'};

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned int len)
{
	while (len > 0)
		*at++ = (uint8_t)(number >> 8 * --len);
	return at;
}

static uint64_t take_number(const uint8_t **at, unsigned int len)
{
	uint64_t number = 0;

	for (; len > 0; len--)
		number = number << 8 | *(*at)++;
	return number;
}

/* Reading. */

static int refuse(int err, char *why, size_t why_len, const char *text)
{
	snprintf(why, why_len, "%s", text);
	return err;
}

/* Who may write the file decides what is free. */
static int check_owner(const struct stat *st, char *why, size_t why_len)
{
	if (!S_ISREG(st->st_mode))
		return refuse(-EPERM, why, why_len, "it is no regular file");
	if ((st->st_uid != geteuid() && st->st_uid != 0) || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return refuse(-EPERM, why, why_len, "others than the daemon's user may have written it");
	return 0;
}

static int read_bytes(int fd, uint64_t from, uint8_t *bytes, size_t len)
{
	ssize_t got;

	for (size_t at = 0; at < len; at += (size_t)got) {
		got = pread(fd, bytes + at, len - at, (off_t)(from + at));
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;
	}
	return 0;
}

static int refuse_size(char *why, size_t why_len)
{
	return refuse(-EBADMSG, why, why_len, "its size is wrong: it was cut off or damaged");
}

/* Is what stands at both ends of so many bytes a state file's? */
static int check_ends(const uint8_t *head, const uint8_t *tail, uint64_t len, char *why, size_t why_len)
{
	const uint8_t *at = head + sizeof(magic);
	uint64_t version;

	version = take_number(&at, 4);
	if (version != ZR_STATE_VERSION) {
		snprintf(why, why_len, "it is of version %" PRIu64 ", this program reads version %d", version,
			 ZR_STATE_VERSION);
		return -EPROTO;
	}
	return take_number(&tail, 8) != len - LEAST ? refuse_size(why, why_len) : 0;
}

/* Before memory is asked for: a file of any size may stand there. */
static int peek(int fd, uint64_t len, char *why, size_t why_len)
{
	uint8_t head[HEAD_LEN], tail[TAIL_LEN];
	int err;

	err = read_bytes(fd, 0, head, len < sizeof(head) ? (size_t)len : sizeof(head));
	if (err == 0 && len >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) != 0)
		return refuse(-EILSEQ, why, why_len, "it is no state file");
	if (err == 0 && (len < LEAST || len > FILE_MAX_BYTES))
		return refuse_size(why, why_len);
	if (err == 0)
		err = read_bytes(fd, len - HASH_LEN - TAIL_LEN, tail, sizeof(tail));
	if (err != 0)
		return refuse(err, why, why_len, strerror(-err));
	return check_ends(head, tail, len, why, why_len);
}

/* The whole file, from the same open file that was checked. */
static int load(const char *path, uint8_t **bytes, size_t *len, char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int err;

	*bytes = NULL;
	if (fd < 0)
		return refuse(-errno, why, why_len, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	err = fstat(fd, &st) == 0 ? check_owner(&st, why, why_len) : refuse(-errno, why, why_len, strerror(errno));
	if (err == 0)
		err = peek(fd, (uint64_t)st.st_size, why, why_len);
	if (err != 0)
		goto out;
	*len = (size_t)st.st_size;
	*bytes = malloc(*len);
	err = *bytes != NULL ? read_bytes(fd, 0, *bytes, *len) : -ENOMEM;
	if (err != 0)
		refuse(err, why, why_len, strerror(-err));
out:
	close(fd);
	return err;
}

static int check_frame(const uint8_t *bytes, size_t len, char *why, size_t why_len)
{
	uint8_t hash[HASH_LEN];
	int err = check_ends(bytes, bytes + len - HASH_LEN - TAIL_LEN, len, why, why_len);

	if (err != 0)
		return err;
	crypto_generichash(hash, sizeof(hash), bytes, len - HASH_LEN, NULL, 0);
	if (memcmp(hash, bytes + len - HASH_LEN, sizeof(hash)) != 0)
		return refuse(-EBADMSG, why, why_len, "its checksum is wrong: it was damaged");
	return 0;
}

/* What stands behind the flows. */
static int take_tail(const char *gateway, size_t len, struct zr_state *state, char *why, size_t why_len)
{
	const uint8_t *at = state->bytes + len - HASH_LEN - TAIL_LEN;
	char named[ZR_GATEWAY_MAX + 1] = "";
	uint64_t counted;

	at += 8;
	state->flows = take_number(&at, 8);
	state->epoch_us = take_number(&at, 8);
	state->run = (struct zr_saved_run){.flows = state->bytes + HEAD_LEN, .len = len - LEAST};
	state->run.saved_us = take_number(&at, 8);
	state->run.list = take_number(&at, 8);
	state->run.workers = (uint32_t)take_number(&at, 4);
	state->run.hardware = take_number(&at, 4) != 0;
	if (take_number(&at, 4) != ZR_SAVED_FLOW_VERSION)
		return refuse(-EPROTO, why, why_len, "its flows are of another version than this program's");
	memcpy(named, at, ZR_GATEWAY_MAX);
	if (strcmp(named, gateway) != 0) {
		snprintf(why, why_len, "it is of gateway \"%s\"", named);
		return -ESTALE;
	}
	if (!zr_saved_run_check(&state->run, &counted) || counted != state->flows)
		return refuse(-EBADMSG, why, why_len, "a flow in it cannot be read");
	return 0;
}

int zr_state_read(const char *path, const char *gateway, struct zr_state *state, char *why, size_t why_len)
{
	size_t len = 0;
	int err;

	*state = (struct zr_state){0};
	err = load(path, &state->bytes, &len, why, why_len);
	if (err == 0)
		err = check_frame(state->bytes, len, why, why_len);
	if (err == 0)
		err = take_tail(gateway, len, state, why, why_len);
	if (err == 0)
		return 0;
	free(state->bytes);
	*state = (struct zr_state){0};
	return err;
}

/* Writing. */

struct zr_state_writer {
	char *path, *beside;
	int fd, folder;
	uint64_t len;
	uint64_t flows;
	crypto_generichash_state hash;
};

static int write_bytes(struct zr_state_writer *w, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	crypto_generichash_update(&w->hash, bytes, len);
	while (len > 0) {
		ssize_t put = write(w->fd, at, len);

		if (put < 0 && errno != EINTR)
			return -errno;
		at += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
	}
	return 0;
}

static void writer_free(struct zr_state_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->folder >= 0)
		close(w->folder);
	free(w->path);
	free(w->beside);
	free(w);
}

void zr_state_abort(struct zr_state_writer *w)
{
	unlink(w->beside);
	writer_free(w);
}

static int folder_open(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (copy == NULL)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(copy);
	return fd;
}

static int writer_open(struct zr_state_writer *w, const char *path)
{
	uint8_t head[HEAD_LEN] = {0};

	w->fd = w->folder = -1;
	w->path = strdup(path);
	if (w->path == NULL || asprintf(&w->beside, "%s.new", path) < 0) {
		w->beside = NULL;
		return -ENOMEM;
	}
	w->folder = folder_open(path);
	if (w->folder < 0)
		return w->folder;
	/* What a killed run left there. */
	unlink(w->beside);
	w->fd = open(w->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (w->fd < 0)
		return -errno;
	crypto_generichash_init(&w->hash, NULL, 0, HASH_LEN);
	memcpy(head, magic, sizeof(magic));
	put_number(head + sizeof(magic), ZR_STATE_VERSION, 4);
	return write_bytes(w, head, sizeof(head));
}

int zr_state_begin(const char *path, struct zr_state_writer **out)
{
	struct zr_state_writer *w;
	int err;

	if (sodium_init() < 0)
		return -EIO;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -ENOMEM;
	err = writer_open(w, path);
	if (err == 0)
		*out = w;
	else if (w->fd >= 0)
		zr_state_abort(w);
	else
		writer_free(w);
	return err;
}

int zr_state_put(void *arg, const void *bytes, size_t len)
{
	struct zr_state_writer *w = arg;
	const struct zr_saved_run part = {.flows = bytes, .len = len};
	uint64_t count;

	/* What the next start would refuse is not worth writing. */
	if (!zr_saved_run_check(&part, &count))
		return -EBADMSG;
	w->flows += count;
	w->len += len;
	return write_bytes(w, bytes, len);
}

static int put_tail(struct zr_state_writer *w, const struct zr_saved_run *run, const char *gateway, uint64_t epoch_us)
{
	uint8_t tail[TAIL_LEN] = {0}, hash[HASH_LEN], *at = tail;
	int err;

	at = put_number(at, w->len, 8);
	at = put_number(at, w->flows, 8);
	at = put_number(at, epoch_us, 8);
	at = put_number(at, run->saved_us, 8);
	at = put_number(at, run->list, 8);
	at = put_number(at, run->workers, 4);
	at = put_number(at, run->hardware, 4);
	at = put_number(at, ZR_SAVED_FLOW_VERSION, 4);
	memcpy(at, gateway, strnlen(gateway, ZR_GATEWAY_MAX));
	err = write_bytes(w, tail, sizeof(tail));
	crypto_generichash_final(&w->hash, hash, sizeof(hash));
	return err == 0 ? write_bytes(w, hash, sizeof(hash)) : err;
}

int zr_state_commit(struct zr_state_writer *w, const struct zr_saved_run *run, const char *gateway, uint64_t epoch_us)
{
	int err = put_tail(w, run, gateway, epoch_us);

	if (err == 0 && fsync(w->fd) != 0)
		err = -errno;
	if (err == 0 && rename(w->beside, w->path) != 0)
		err = -errno;
	if (err != 0) {
		zr_state_abort(w);
		return err;
	}
	if (fsync(w->folder) != 0) {
		err = -errno;
		unlink(w->path);
	}
	writer_free(w);
	return err;
}

/* Moving and removing. */

static int folder_sync(const char *path)
{
	int fd = folder_open(path), err = 0;

	if (fd < 0)
		return fd;
	if (fsync(fd) != 0)
		err = -errno;
	close(fd);
	return err;
}

int zr_state_move(const char *from, const char *to)
{
	return rename(from, to) == 0 ? folder_sync(to) : -errno;
}

int zr_state_remove(const char *path)
{
	return unlink(path) == 0 ? folder_sync(path) : -errno;
}
