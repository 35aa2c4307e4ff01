/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader thread, and what the control thread sees of it: requests wait in a queue and are served one after the other. */
#include "control/ledger/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/ledger/state.h"

/* A file that was read stays open that long when nobody asks for more of it. */
#define OPEN_US 1000000ULL

int zr_ledger_reader_make(struct zr_ledger *ledger, struct zr_ledger_reader **out)
{
	struct zr_ledger_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	reader->ledger = ledger;
	*out = reader;
	return 0;
}

static void free_reader(struct zr_ledger_reader *reader)
{
	free(reader->bytes);
	free(reader->items);
	free(reader);
}

void zr_ledger_reader_free(struct zr_ledger_reader *reader)
{
	struct zr_ledger *l = reader != NULL ? reader->ledger : NULL;
	bool is_served;

	if (reader == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	for (struct zr_ledger_reader **at = &l->waiting; *at != NULL; at = &(*at)->next) {
		if (*at == reader) {
			*at = reader->next;
			break;
		}
	}
	is_served = reader->state == ZR_READER_SERVED;
	reader->is_gone = true;
	pthread_mutex_unlock(&l->lock);
	if (!is_served)
		free_reader(reader);
}

void zr_ledger_read(struct zr_ledger_reader *reader, struct zr_position after, uint64_t up_to, size_t most_bytes)
{
	struct zr_ledger *l = reader->ledger;
	struct zr_ledger_reader **at = &l->waiting;

	pthread_mutex_lock(&l->lock);
	reader->after = after;
	reader->up_to = up_to;
	reader->most_bytes = most_bytes;
	reader->state = ZR_READER_WAITING;
	reader->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = reader;
	pthread_cond_signal(&l->asked);
	pthread_mutex_unlock(&l->lock);
}

const struct zr_ledger_chunk *zr_ledger_chunk(const struct zr_ledger_reader *reader)
{
	struct zr_ledger *l = reader->ledger;
	bool is_done;

	pthread_mutex_lock(&l->lock);
	is_done = reader->state == ZR_READER_DONE;
	pthread_mutex_unlock(&l->lock);
	return is_done ? &reader->chunk : NULL;
}

void zr_reader_close_file(struct zr_ledger *l)
{
	struct zr_open_file *open = &l->open;

	if (open->file == NULL)
		return;
	sqlite3_finalize(open->select);
	sqlite3_close(open->db);
	pthread_mutex_lock(&l->lock);
	open->file->pins--;
	pthread_mutex_unlock(&l->lock);
	memset(open, 0, sizeof(*open));
}

/* The next request; NULL: the end. A file that nobody asks for meanwhile is closed, so that it can be deleted. */
static struct zr_ledger_reader *next_request(struct zr_ledger *l)
{
	struct zr_ledger_reader *reader = NULL;
	uint64_t until_us = zr_ledger_monotonic_us() + OPEN_US;
	struct timespec until = {.tv_sec = (time_t)(until_us / 1000000), .tv_nsec = (long)(until_us % 1000000 * 1000)};

	pthread_mutex_lock(&l->lock);
	while (l->waiting == NULL && !l->stop) {
		if (l->open.file == NULL) {
			pthread_cond_wait(&l->asked, &l->lock);
		} else if (pthread_cond_timedwait(&l->asked, &l->lock, &until) == ETIMEDOUT) {
			pthread_mutex_unlock(&l->lock);
			zr_reader_close_file(l);
			pthread_mutex_lock(&l->lock);
		}
	}
	if (!l->stop) {
		reader = l->waiting;
		l->waiting = reader->next;
		reader->state = ZR_READER_SERVED;
	}
	pthread_mutex_unlock(&l->lock);
	return reader;
}

void *zr_ledger_read_thread(void *arg)
{
	struct zr_ledger_reader *reader;
	struct zr_ledger *l = arg;

	while ((reader = next_request(l)) != NULL) {
		bool is_gone;

		zr_reader_serve(reader);
		pthread_mutex_lock(&l->lock);
		is_gone = reader->is_gone;
		if (!is_gone)
			reader->state = ZR_READER_DONE;
		pthread_mutex_unlock(&l->lock);
		if (is_gone)
			free_reader(reader);
		else
			zr_ledger_tell(l);
	}
	zr_reader_close_file(l);
	return NULL;
}
