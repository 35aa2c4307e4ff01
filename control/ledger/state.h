/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the ledger share. Each member belongs to the thread that its paragraph names. */
#ifndef CONTROL_LEDGER_STATE_H
#define CONTROL_LEDGER_STATE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "control/ledger/batch.h"
#include "control/ledger/cursors.h"
#include "control/ledger/file.h"
#include "control/ledger/index.h"
#include "control/ledger/ledger.h"

#define ZR_MESSAGES_MAX 32

struct zr_messages {
	struct zr_ledger_message list[ZR_MESSAGES_MAX];
	unsigned int first, count;
	uint64_t missing; /* had no room */
};

/* The writer thread's own. */
struct zr_writer {
	struct zr_cursors *cursors;
	struct zr_file *file; /* that is written; NULL: none yet */
	sqlite3 *db;
	sqlite3_stmt *insert;
	struct zr_numbering numbering; /* as it is on disk */
	bool has_rows;                 /* the batch's rows are in the file, cursors.db does not know yet */
	bool is_over;                  /* the next batch goes into another file, whatever the hour */
	unsigned int failures;         /* in a row */
	uint64_t retry_us, look_us;    /* monotonic: when to try again; when to look after the folder */
	uint64_t put_bytes;            /* written since the folder was last looked at */
	uint64_t cramped_us;           /* monotonic: when a file was last deleted before its time */
};

/* The reader thread's own: the file that was read last. */
struct zr_open_file {
	struct zr_file *file; /* pinned; NULL: none */
	sqlite3 *db;
	sqlite3_stmt *select;
};

struct zr_ledger {
	/* Fixed while the threads run. */
	struct zr_ledger_config config;
	struct zr_folder folder;
	int lock_fd, event_fd;
	uint64_t epoch_us;
	struct zr_numbering *epochs; /* all that are known, oldest first; the last is the current one */
	unsigned int epoch_count, cursor_count;
	pthread_t writer_thread, reader_thread;
	bool has_writer, has_reader; /* the threads */

	/* The control thread's own. */
	struct zr_batch batches[2];
	struct zr_batch *filling;
	struct zr_mark mark;
	uint64_t next, filling_since_us, acks_since_us;

	_Atomic uint64_t committed;

	/* Under the lock, which is never held while anything waits for the disk. */
	pthread_mutex_t lock;
	pthread_cond_t work, asked, turn; /* for the writer; for the reader; for both */
	struct zr_index index;
	struct zr_cursor *cursors;      /* acked: the control thread's */
	struct zr_batch *handed, *last; /* to the writer; the last one behind it at the end */
	bool acks_due, leave_file, stop;
	struct zr_ledger_reader *waiting; /* queue */
	bool is_reading, is_paused;       /* the reader has a file's snapshot; the writer asks it for a pause */
	struct zr_ledger_status status;   /* what the writer knows of it */
	struct zr_messages messages;

	struct zr_writer writer;
	struct zr_open_file open;
};

uint64_t zr_ledger_now_us(const struct zr_ledger *ledger);
uint64_t zr_ledger_monotonic_us(void);

/* Make the event descriptor readable. Any thread. */
void zr_ledger_tell(const struct zr_ledger *ledger);

/* messages.c: something for the log. The lock must not be held. Any thread. */
void zr_ledger_say(struct zr_ledger *ledger, bool is_error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* start.c: look at the folder and fill epochs, index, cursors, writer.numbering. 0, or -errno and why in error. */
int zr_ledger_look(struct zr_ledger *ledger, struct zr_ledger_start *start, char *error, size_t error_room);

/* resume.c: hand over the records that totals go on with. Before the threads run. */
void zr_ledger_resume(struct zr_ledger *ledger, const struct zr_ledger_start *start);

/* Salvage a file of the index that nobody else uses; index and messages say what came of it. The lock must not be held. */
int zr_ledger_salvage(struct zr_ledger *ledger, struct zr_file *file);

/*
 * hour.c, the writer's: open the file that takes a batch, which begins with number `first` (0 or -errno); have its log begun anew
 * when it has grown; close the file, if one is open; the same for one that this run has not opened yet.
 */
int zr_ledger_choose_file(struct zr_ledger *ledger, uint64_t first);
void zr_ledger_begin_log_anew(struct zr_ledger *ledger);
void zr_ledger_leave_file(struct zr_ledger *ledger);
void zr_ledger_leave_for_good(struct zr_ledger *ledger);

/* room.c, the writer's: look after the folder once a second; make room for `bytes` more. False: there is none. */
void zr_ledger_look_after(struct zr_ledger *ledger);
bool zr_ledger_make_room(struct zr_ledger *ledger, uint64_t bytes, bool is_disk_full);

/* writer.c: keep a numbering and what was acknowledged in cursors.db. The writer's, and before it runs. 0 or -errno. */
int zr_ledger_save(struct zr_ledger *ledger, struct zr_numbering numbering);

/* writer.c, reader.c: the threads. */
void *zr_ledger_write_thread(void *ledger);
void *zr_ledger_read_thread(void *ledger);

#endif
