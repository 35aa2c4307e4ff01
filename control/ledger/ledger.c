/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's side: opening, batches, acknowledgements, status. */
#include "control/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/ledger/hash.h"
#include "control/ledger/sql.h"
#include "control/ledger/state.h"

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t zr_ledger_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

uint64_t zr_ledger_now_us(const struct zr_ledger *ledger)
{
	return ledger->config.now_us != NULL ? ledger->config.now_us(ledger->config.now_arg) : clock_us(CLOCK_REALTIME);
}

void zr_ledger_tell(const struct zr_ledger *ledger)
{
	/* It fails only when the counter is full, and then it is readable. */
	if (eventfd_write(ledger->event_fd, 1) != 0)
		return;
}

/* One ledger at a time: the lock goes with the process, however it ends. */
static int open_folder(struct zr_ledger *l, char *error, size_t error_room)
{
	const char *path = l->config.folder;
	int err = 0;

	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		err = -errno;
	if (err == 0 && (l->folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		err = -errno;
	if (err == 0 &&
	    (l->lock_fd = openat(l->folder.fd, ZR_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)) < 0)
		err = -errno;
	if (err == 0 && flock(l->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (err == -EBUSY) {
			snprintf(error, error_room,
				 "%s: another zerorated writes its ledger there; stop it, or give another folder",
				 path);
			return err;
		}
	}
	if (err != 0)
		snprintf(error, error_room, "%s: %s", path, strerror(-err));
	return err;
}

static int init_threads(struct zr_ledger *l)
{
	pthread_condattr_t attr;
	int err;

	err = pthread_condattr_init(&attr);
	if (err == 0)
		err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (err == 0)
		err = pthread_mutex_init(&l->lock, NULL);
	if (err == 0)
		err = pthread_cond_init(&l->work, &attr);
	if (err == 0)
		err = pthread_cond_init(&l->asked, &attr);
	if (err == 0)
		err = pthread_cond_init(&l->turn, &attr);
	pthread_condattr_destroy(&attr);
	return -err;
}

static int start_threads(struct zr_ledger *l)
{
	int err = pthread_create(&l->writer_thread, NULL, zr_ledger_write_thread, l);

	l->has_writer = err == 0;
	if (err == 0)
		err = pthread_create(&l->reader_thread, NULL, zr_ledger_read_thread, l);
	l->has_reader = l->has_writer && err == 0;
	return -err;
}

static int make(const struct zr_ledger_config *config, struct zr_ledger **out)
{
	struct zr_ledger *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return -ENOMEM;
	l->config = *config;
	l->folder = (struct zr_folder){.path = config->folder, .fd = -1};
	l->lock_fd = -1;
	l->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = l->event_fd >= 0 ? init_threads(l) : -errno;
	for (unsigned int i = 0; i < 2 && err == 0; i++)
		err = zr_batch_init(&l->batches[i]);
	l->filling = &l->batches[0];
	*out = l;
	return err;
}

/* Stop the threads and free everything. */
static void destroy(struct zr_ledger *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->work);
	pthread_cond_broadcast(&l->asked);
	pthread_mutex_unlock(&l->lock);
	if (l->has_reader)
		pthread_join(l->reader_thread, NULL);
	if (l->has_writer)
		pthread_join(l->writer_thread, NULL);
	zr_cursors_close(l->writer.cursors);
	zr_index_free(&l->index);
	for (unsigned int i = 0; i < 2; i++)
		zr_batch_free(&l->batches[i]);
	free(l->epochs);
	free(l->cursors);
	if (l->event_fd >= 0)
		close(l->event_fd);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	if (l->folder.fd >= 0)
		close(l->folder.fd);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->work);
	pthread_cond_destroy(&l->asked);
	pthread_cond_destroy(&l->turn);
	free(l);
}

static void tell_start(const struct zr_ledger *l, struct zr_ledger_start *start)
{
	const struct zr_numbering *numbering = &l->writer.numbering;

	start->epoch_us = l->epoch_us;
	start->next = l->next;
	start->start = numbering->start;
	start->free_since_total = l->mark.free_since_total;
	start->last_total_seq = l->mark.last_total_seq;
}

int zr_ledger_open(const struct zr_ledger_config *config, struct zr_ledger **out, struct zr_ledger_start *start,
		   char *error, size_t error_room)
{
	struct zr_ledger *l = NULL;
	int err = make(config, &l);

	memset(start, 0, sizeof(*start));
	snprintf(error, error_room, "%s: %s", config->folder, strerror(-err));
	if (err == 0)
		err = open_folder(l, error, error_room);
	if (err == 0)
		err = zr_ledger_look(l, start, error, error_room);
	if (err == 0) {
		l->mark = l->writer.numbering.mark;
		l->next = l->writer.numbering.high_water + 1;
		atomic_store(&l->committed, l->next - 1);
		zr_ledger_resume(l, start);
		err = zr_ledger_save(l, l->writer.numbering);
		tell_start(l, start);
		if (err == 0)
			err = start_threads(l);
		if (err != 0)
			snprintf(error, error_room, "%s: %s", config->folder, zr_sql_why(err));
	}
	if (err != 0) {
		if (l != NULL)
			destroy(l);
		return err;
	}
	*out = l;
	return 0;
}

/* Give the batch to the writer, when it has none. */
static bool hand_over(struct zr_ledger *l)
{
	bool is_free;

	l->filling->mark = l->mark;
	pthread_mutex_lock(&l->lock);
	is_free = l->handed == NULL;
	if (is_free) {
		l->handed = l->filling;
		pthread_cond_signal(&l->work);
	}
	pthread_mutex_unlock(&l->lock);
	if (is_free)
		l->filling = l->filling == &l->batches[0] ? &l->batches[1] : &l->batches[0];
	return is_free;
}

uint64_t zr_ledger_close(struct zr_ledger *l)
{
	uint64_t lost;

	if (l == NULL)
		return 0;
	if (l->filling->count > 0 && !hand_over(l)) {
		pthread_mutex_lock(&l->lock);
		/* The writer may have become free just now. */
		*(l->handed == NULL ? &l->handed : &l->last) = l->filling;
		pthread_mutex_unlock(&l->lock);
	}
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->writer_thread, NULL);
	l->has_writer = false;
	lost = l->next - 1 - atomic_load(&l->committed);
	destroy(l);
	return lost;
}

bool zr_ledger_put(struct zr_ledger *l, const struct zr_record *record, const char *line, size_t line_len)
{
	uint64_t hash = zr_ledger_hash(line, line_len);

	if (!zr_batch_add(l->filling, l->next, record, hash)) {
		if (!hand_over(l) || !zr_batch_add(l->filling, l->next, record, hash))
			return false;
	}
	if (l->filling->count == 1)
		l->filling_since_us = zr_ledger_monotonic_us();
	zr_mark_add(&l->mark, record);
	l->next++;
	return true;
}

void zr_ledger_tick(struct zr_ledger *l)
{
	uint64_t now_us = zr_ledger_monotonic_us();
	eventfd_t count;

	/* Nothing to take back is no error. */
	if (eventfd_read(l->event_fd, &count) != 0)
		count = 0;
	if (l->filling->count > 0 && now_us - l->filling_since_us >= l->config.batch_us)
		hand_over(l);
	if (l->acks_since_us != 0 && now_us - l->acks_since_us >= l->config.batch_us) {
		l->acks_since_us = 0;
		pthread_mutex_lock(&l->lock);
		l->acks_due = true;
		pthread_cond_signal(&l->work);
		pthread_mutex_unlock(&l->lock);
	}
}

void zr_ledger_hurry(struct zr_ledger *l)
{
	l->config.batch_us = 0;
}

uint64_t zr_ledger_committed(const struct zr_ledger *l)
{
	return atomic_load(&l->committed);
}

int zr_ledger_event_fd(const struct zr_ledger *l)
{
	return l->event_fd;
}

static struct zr_cursor *cursor_of(const struct zr_ledger *l, const char *consumer)
{
	for (unsigned int i = 0; i < l->cursor_count; i++) {
		if (strcmp(l->cursors[i].consumer, consumer) == 0)
			return &l->cursors[i];
	}
	return NULL;
}

struct zr_position zr_ledger_cursor(const struct zr_ledger *l, const char *consumer)
{
	const struct zr_cursor *cursor = cursor_of(l, consumer);

	return cursor != NULL ? cursor->acked : (struct zr_position){0};
}

/* Has the position been reached? */
static bool is_committed(const struct zr_ledger *l, struct zr_position position)
{
	if (position.epoch_us == l->epoch_us)
		return position.seq <= atomic_load(&l->committed);
	for (unsigned int i = 0; i < l->epoch_count; i++) {
		if (l->epochs[i].epoch_us == position.epoch_us)
			return position.seq <= l->epochs[i].high_water;
	}
	return false;
}

bool zr_ledger_ack(struct zr_ledger *l, const char *consumer, struct zr_position position)
{
	struct zr_cursor *cursor = cursor_of(l, consumer);

	if (cursor == NULL || !is_committed(l, position))
		return false;
	if (position.epoch_us < cursor->acked.epoch_us ||
	    (position.epoch_us == cursor->acked.epoch_us && position.seq <= cursor->acked.seq))
		return true;
	pthread_mutex_lock(&l->lock);
	cursor->acked = position;
	pthread_mutex_unlock(&l->lock);
	if (l->acks_since_us == 0)
		l->acks_since_us = zr_ledger_monotonic_us();
	return true;
}

/* Under the lock. */
static struct zr_position oldest(const struct zr_ledger *l)
{
	for (unsigned int i = 0; i < l->index.count; i++) {
		const struct zr_file *file = l->index.files[i];

		if (file->last >= file->first)
			return (struct zr_position){.epoch_us = file->epoch_us, .seq = file->first - 1};
	}
	return (struct zr_position){.epoch_us = l->epoch_us, .seq = atomic_load(&l->committed)};
}

struct zr_position zr_ledger_oldest(struct zr_ledger *l)
{
	struct zr_position position;

	pthread_mutex_lock(&l->lock);
	position = oldest(l);
	pthread_mutex_unlock(&l->lock);
	return position;
}

void zr_ledger_status(struct zr_ledger *l, struct zr_ledger_status *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->status;
	out->files = l->index.count;
	out->oldest = oldest(l);
	out->committed = atomic_load(&l->committed);
	out->pending_bytes = l->filling->used + (l->handed != NULL ? l->handed->used : 0);
	pthread_mutex_unlock(&l->lock);
	out->disk_limit_bytes = l->config.disk_limit_bytes;
	out->epoch_us = l->epoch_us;
	out->pending = l->next - 1 - out->committed;
}

const char *zr_ledger_state_name(enum zr_ledger_state state)
{
	static const char *const names[] = {[ZR_LEDGER_OK] = "ok",
					    [ZR_LEDGER_CRAMPED] = "cramped",
					    [ZR_LEDGER_FULL] = "full",
					    [ZR_LEDGER_FAILING] = "failing"};

	return names[state];
}
