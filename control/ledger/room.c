/* SPDX-License-Identifier: BSD-3-Clause */
/* Room on the disk, the writer thread's: sizes, write-ahead logs that were held, retention, the limit. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "control/ledger/sql.h"
#include "control/ledger/state.h"

#define US_PER_S 1000000ULL

/* How long the ledger counts as cramped behind the last file that was deleted before its time. */
#define CRAMPED_US (3600 * US_PER_S)

/* A log that is that long is held by somebody: else it would have been begun anew. */
#define HELD_BYTES ((uint64_t)3 * ZR_LOG_PAGES * ZR_PAGE_BYTES)

struct sizes {
	uint64_t bytes, log_bytes;
	unsigned int damaged;
	char oldest_damaged[ZR_FILE_NAME_MAX]; /* by name, which begins with the hour */
	char overdue[ZR_FILE_NAME_MAX];        /* a damaged one that retention is over for */
	uint64_t before_us;                    /* retention is over for what ended then */
};

/* When the hour ended that a damaged file is named for; never, for another one. */
static uint64_t damaged_end_us(const char *name)
{
	char plain[ZR_FILE_NAME_MAX];
	uint64_t end_us;

	snprintf(plain, sizeof(plain), "%.*s", (int)(strstr(name, ".damaged") - name), name);
	end_us = zr_file_end_us(plain);
	return end_us != 0 ? end_us : UINT64_MAX;
}

static void copy_name(char out[ZR_FILE_NAME_MAX], const char *name)
{
	size_t len = strnlen(name, ZR_FILE_NAME_MAX - 1);

	memcpy(out, name, len);
	out[len] = '\0';
}

static void add_damaged(struct sizes *sizes, const char *name)
{
	sizes->damaged++;
	if (sizes->oldest_damaged[0] == '\0' || strcmp(name, sizes->oldest_damaged) < 0)
		copy_name(sizes->oldest_damaged, name);
	if (damaged_end_us(name) <= sizes->before_us)
		copy_name(sizes->overdue, name);
}

static void add_size(void *arg, const char *name, uint64_t bytes)
{
	struct sizes *sizes = arg;
	enum zr_file_kind kind = zr_file_kind(name);

	sizes->bytes += bytes;
	if (kind == ZR_FILE_LOG)
		sizes->log_bytes += bytes;
	else if (kind == ZR_FILE_DAMAGED)
		add_damaged(sizes, name);
}

static uint64_t retention_before_us(const struct zr_ledger *l)
{
	uint64_t now_us = zr_ledger_now_us(l);

	return now_us > l->config.retention_us ? now_us - l->config.retention_us : 0;
}

static void measure(struct zr_ledger *l, struct sizes *sizes)
{
	memset(sizes, 0, sizeof(*sizes));
	sizes->before_us = retention_before_us(l);
	zr_folder_list(&l->folder, add_size, sizes);
	l->writer.put_bytes = 0;
	pthread_mutex_lock(&l->lock);
	l->status.bytes = sizes->bytes;
	l->status.wal_bytes = sizes->log_bytes;
	l->status.damaged_files = sizes->damaged;
	pthread_mutex_unlock(&l->lock);
}

/* Has every consumer everything of the file, as far as cursors.db (or, when nothing else helps, memory) knows? Under the lock. */
static bool is_acknowledged(const struct zr_ledger *l, const struct zr_file *file, bool by_memory)
{
	for (unsigned int i = 0; i < l->cursor_count; i++) {
		const struct zr_position *has = by_memory ? &l->cursors[i].acked : &l->cursors[i].kept;

		if (has->epoch_us < file->epoch_us || (has->epoch_us == file->epoch_us && has->seq < file->last))
			return false;
	}
	return true;
}

/* The last file that has rows: it says how far the numbering has come. NULL: none. Under the lock. */
static struct zr_file *newest_with_rows(const struct zr_ledger *l)
{
	unsigned int i = l->index.count;

	while (i > 0 && l->index.files[i - 1]->last < l->index.files[i - 1]->first)
		i--;
	return i > 0 ? l->index.files[i - 1] : NULL;
}

/*
 * The oldest file that may go and whose hour ended before a time. One that is read, or was named by a clock that was ahead, does
 * not keep those behind it. On a full disk the file that was begun last is enough to go on with, even when nothing could be
 * written to it yet: a kill before that costs a new epoch, waiting would cost records. Under the lock.
 */
static struct zr_file *find_deletable(const struct zr_ledger *l, bool is_disk_full, uint64_t before_us)
{
	const struct zr_file *kept = is_disk_full ? NULL : newest_with_rows(l);

	for (unsigned int i = 0; i + 1 < l->index.count; i++) {
		struct zr_file *file = l->index.files[i];

		if (file != kept && file != l->writer.file && file->pins == 0 &&
		    zr_file_end_us(file->name) <= before_us && is_acknowledged(l, file, is_disk_full))
			return file;
	}
	return NULL;
}

/* Delete that file; name: which it was. It leaves the index first, so that nobody begins to read it. False: none may go. */
static bool delete_oldest(struct zr_ledger *l, bool is_disk_full, uint64_t before_us, char name[ZR_FILE_NAME_MAX])
{
	struct zr_file *file, gone;
	int err;

	pthread_mutex_lock(&l->lock);
	file = find_deletable(l, is_disk_full, before_us);
	if (file != NULL) {
		gone = *file;
		zr_index_remove(&l->index, file);
	}
	pthread_mutex_unlock(&l->lock);
	if (file == NULL)
		return false;
	memcpy(name, gone.name, ZR_FILE_NAME_MAX);
	err = zr_folder_remove(&l->folder, name);
	if (err == 0)
		return true;
	zr_ledger_say(l, true, "%s/%s cannot be deleted: %s", l->config.folder, name, strerror(-err));
	pthread_mutex_lock(&l->lock);
	zr_index_add(&l->index, &gone);
	pthread_mutex_unlock(&l->lock);
	return false;
}

/* Delete one thing before its time: what was set aside first, then the oldest file that is acknowledged. */
static bool delete_one(struct zr_ledger *l, const struct sizes *sizes, bool is_disk_full)
{
	char name[ZR_FILE_NAME_MAX];

	if (sizes->oldest_damaged[0] != '\0') {
		if (zr_folder_remove(&l->folder, sizes->oldest_damaged) != 0)
			return false;
		zr_ledger_say(l, true, "%s is deleted: the disk limit is reached", sizes->oldest_damaged);
		return true;
	}
	if (!delete_oldest(l, is_disk_full, UINT64_MAX, name))
		return false;
	zr_ledger_say(l, true, "%s is deleted before its time, acknowledged: the disk limit is reached", name);
	l->writer.cramped_us = zr_ledger_monotonic_us();
	return true;
}

/*
 * When all that is left is the file that is written, and everybody has it, another one is begun, so that it can go: the limit
 * is exceeded by one batch for that, and a batch that is larger than the limit is written too. False: it is not so.
 */
static bool begin_another(struct zr_ledger *l, bool is_disk_full)
{
	const struct zr_file *only;
	bool may_go;

	pthread_mutex_lock(&l->lock);
	only = l->index.count == 1 ? l->index.files[0] : NULL;
	may_go = only != NULL && only->last >= only->first && is_acknowledged(l, only, is_disk_full) &&
		 !(is_disk_full && only->is_closed); /* then it was tried, and there was no room for another one */
	pthread_mutex_unlock(&l->lock);
	l->writer.is_over = may_go;
	return may_go || (l->index.count == 0 && !is_disk_full);
}

bool zr_ledger_make_room(struct zr_ledger *l, uint64_t bytes, bool is_disk_full)
{
	uint64_t limit = l->config.disk_limit_bytes;
	struct sizes sizes;

	if (!is_disk_full && (limit == 0 || l->status.bytes + l->writer.put_bytes + bytes <= limit))
		return true;
	measure(l, &sizes);
	if (is_disk_full)
		return delete_one(l, &sizes, true) || begin_another(l, true);
	while (sizes.bytes + bytes > limit) {
		if (!delete_one(l, &sizes, false))
			return begin_another(l, false);
		measure(l, &sizes);
	}
	return true;
}

/* Copy the log of a closed file into it; it stays as long as somebody's snapshot needs it. */
static void empty_log(struct zr_ledger *l, const char *name)
{
	sqlite3 *db;

	if (zr_file_open_to_write(&l->folder, name, true, &db) != 0)
		return;
	sqlite3_busy_timeout(db, 0);
	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(db);
}

/* The next closed file with a log, from *at on, that nobody reads; it is pinned, so that nobody salvages it meanwhile. */
static struct zr_file *next_logged(struct zr_ledger *l, unsigned int *at)
{
	struct zr_file *found = NULL;

	pthread_mutex_lock(&l->lock);
	while (*at < l->index.count && found == NULL) {
		struct zr_file *file = l->index.files[(*at)++];

		if (file->is_closed && file->log_bytes > 0 && file->pins == 0)
			found = file;
	}
	if (found != NULL)
		found->pins++;
	pthread_mutex_unlock(&l->lock);
	return found;
}

static void look_after_logs(struct zr_ledger *l)
{
	const struct zr_file *current = l->writer.file;
	char held[ZR_FILE_NAME_MAX] = "";
	struct zr_file *file;
	unsigned int at = 0;

	while ((file = next_logged(l, &at)) != NULL) {
		uint64_t bytes;

		empty_log(l, file->name);
		bytes = zr_folder_log_bytes(&l->folder, file->name);
		if (bytes > 0 && held[0] == '\0')
			snprintf(held, sizeof(held), "%s", file->name);
		pthread_mutex_lock(&l->lock);
		file->log_bytes = bytes;
		file->pins--;
		pthread_mutex_unlock(&l->lock);
	}
	if (held[0] == '\0' && current != NULL && zr_folder_log_bytes(&l->folder, current->name) > HELD_BYTES)
		snprintf(held, sizeof(held), "%s", current->name);
	pthread_mutex_lock(&l->lock);
	snprintf(l->status.wal_held, sizeof(l->status.wal_held), "%s", held);
	pthread_mutex_unlock(&l->lock);
}

void zr_ledger_look_after(struct zr_ledger *l)
{
	char name[ZR_FILE_NAME_MAX];
	struct sizes sizes;

	look_after_logs(l);
	while (delete_oldest(l, false, retention_before_us(l), name))
		continue;
	measure(l, &sizes);
	if (sizes.overdue[0] != '\0')
		zr_folder_remove(&l->folder, sizes.overdue);
	if (l->writer.cramped_us != 0 && zr_ledger_monotonic_us() - l->writer.cramped_us > CRAMPED_US)
		l->writer.cramped_us = 0;
}
