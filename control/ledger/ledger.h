/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ledger: records on disk before anyone sees them. SQLite files in one folder, one an hour, and cursors.db with what
 * the consumers have acknowledged and how far the numbering has come (README.md of this folder).
 *
 * All functions are for one thread, the control thread, and none of them but open and close waits for the disk: a writer
 * and a reader thread of the ledger's own do.
 */
#ifndef CONTROL_LEDGER_LEDGER_H
#define CONTROL_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/record/record.h"

struct zr_ledger;

/* A place in the numbering: behind record seq of that epoch; seq 0 is before the first. Epochs only ever grow. */
struct zr_position {
	uint64_t epoch_us, seq;
};

struct zr_ledger_config {
	const char *folder;  /* made (0750) when it is not there; its parent must be */
	const char *gateway; /* told by the files' `meta` */
	const char *program; /* name and version that the files' `meta` tell; NULL: none */
	uint64_t batch_us;   /* a record waits at most about this long for its commit */
	uint64_t retention_us;
	uint64_t disk_limit_bytes; /* of all files in the folder; 0: none */
	bool synchronous_full;     /* a commit outlives a power cut; else it outlives a killed program only */
	const char *const *consumers;
	unsigned int consumer_count;   /* the durable ones: without their acknowledgement no record is deleted */
	uint64_t (*now_us)(void *arg); /* Unix time; NULL: the system clock. Called from two threads */
	void *now_arg;
	/*
	 * Called by zr_ledger_open when the last run was killed and its epoch goes on: with each intact record from behind the
	 * gateway's last free total but one, in order, so that totals go on. The record is valid during the call. NULL: nobody.
	 */
	void (*resume)(void *arg, const struct zr_record *record);
	void *resume_arg;
};

/* What opening found. */
struct zr_ledger_start {
	uint64_t epoch_us;
	uint64_t next;  /* number of the next record */
	uint16_t start; /* number of this start within the epoch, from 0 */
	bool new_epoch; /* first start, numbers of starts used up, or the numbering's newest file was damaged or missing */
	bool damaged;    /* it was damaged or missing: a `loss` record is due for that */
	bool was_killed; /* the last run did not close: a `loss` record without volumes is due for */
	uint64_t away_from_us, away_to_us;
	/* What the free usage records behind the gateway's last free total sum up to, within this epoch. */
	struct zr_traffic free_since_total;
	uint64_t last_total_seq; /* that total's number; 0: none in this epoch */
};

/*
 * Open the folder: one ledger at a time may have it. Checks the newest file whole and the others roughly; a damaged file is
 * set aside (NAME.damaged), and what is intact in it is taken over. Starts the threads. config: its texts must outlive the
 * ledger. Returns 0, or -errno with a sentence in error: -EBUSY when another process has the folder or a lock on a file,
 * -EPROTO when the files are of a newer version. May take long: it reads up to a whole hour's file.
 */
int zr_ledger_open(const struct zr_ledger_config *config, struct zr_ledger **out, struct zr_ledger_start *start,
		   char *error, size_t error_room);

/*
 * Commit what is pending, note a clean end, free. While the disk refuses, it tries for five seconds. Returns how many records
 * could not be committed: the next start then finds a killed run. Readers must have been freed. ledger may be NULL.
 */
uint64_t zr_ledger_close(struct zr_ledger *ledger);

/*
 * Add a record; its `seq` must be the next one. The values are copied. line: its JSON object, whose hash is kept in the row,
 * so that damage is seen row by row. False: both batches are full, because the disk is slow or refuses; the number is not
 * used up: stop draining, and try again when the event says that something changed.
 */
bool zr_ledger_put(struct zr_ledger *ledger, const struct zr_record *record, const char *line, size_t line_len);

/* How many records can be put now for certain, whatever they hold. */
unsigned int zr_ledger_room(struct zr_ledger *ledger);

/* To be called every few milliseconds and when the event is there: hands a batch over when it is due. */
void zr_ledger_tick(struct zr_ledger *ledger);

/* No more is to come than can be put at once: from now on what is there is due, and nothing waits for a batch to fill. */
void zr_ledger_hurry(struct zr_ledger *ledger);

/* Highest number of the current epoch that is durable. Only that far may records be sent. */
uint64_t zr_ledger_committed(const struct zr_ledger *ledger);

/* Readable when something has changed: a commit, a chunk, the state, a message. zr_ledger_tick takes it back. */
int zr_ledger_event_fd(const struct zr_ledger *ledger);

/* Position of a durable consumer: what it acknowledged, else before the oldest record that is kept. Unknown name: {0, 0}. */
struct zr_position zr_ledger_cursor(const struct zr_ledger *ledger, const char *consumer);

/*
 * A durable consumer has everything up to a position; kept on disk with the next batch or within batch_us. Going back to an
 * older position changes nothing and is no error. False, and nothing changes: unknown name, or behind what is committed.
 */
bool zr_ledger_ack(struct zr_ledger *ledger, const char *consumer, struct zr_position position);

/* Before the oldest record that is kept; {current epoch, committed} when none is. */
struct zr_position zr_ledger_oldest(struct zr_ledger *ledger);

/* How many committed numbers lie behind a position, as far as their records are kept. */
uint64_t zr_ledger_behind(struct zr_ledger *ledger, struct zr_position after);
/* The position behind which so many committed numbers lie; before the oldest one that is kept when there are fewer. */
struct zr_position zr_ledger_back(struct zr_ledger *ledger, uint64_t records);

/* Reading back: any number of readers, one request at a time each. */
struct zr_ledger_reader;

enum zr_ledger_item_kind {
	ZR_LEDGER_LINE,  /* record from (= to) of epoch_us */
	ZR_LEDGER_GAP,   /* records from..to of epoch_us are lost or no longer kept */
	ZR_LEDGER_EPOCH, /* from here on records are of epoch_us; from and to are 0 */
};

struct zr_ledger_item {
	uint8_t kind; /* enum zr_ledger_item_kind */
	uint64_t epoch_us, from, to;
	const char *
		line; /* {"op":"record","record":{…}} and a line break; the lines of a chunk lie one behind the other */
	uint32_t len;
};

/* Items in order, without holes: every number between the position asked for and `next` is in exactly one item. */
struct zr_ledger_chunk {
	const struct zr_ledger_item *items;
	unsigned int count;
	struct zr_position next; /* ask for what is behind this one next time */
	bool at_end;             /* nothing is behind `next` up to the number that was asked for */
	int error;               /* 0, or -errno: reading stopped at `next`; ask again later */
};

/* 0 or -ENOMEM. */
int zr_ledger_reader_make(struct zr_ledger *ledger, struct zr_ledger_reader **out);
/* At any time, also while a request is under way, which is dropped. reader may be NULL. */
void zr_ledger_reader_free(struct zr_ledger_reader *reader);

/*
 * Ask for the records behind a position, at most to number `up_to` of the current epoch and never behind what is committed
 * when it is served, about most_bytes of lines (one line at least). The previous chunk becomes invalid. A reader whose request
 * is under way must not be asked again.
 */
void zr_ledger_read(struct zr_ledger_reader *reader, struct zr_position after, uint64_t up_to, size_t most_bytes);

/* What the last request gave; NULL: it is under way, or there was none. Valid until the next request. */
const struct zr_ledger_chunk *zr_ledger_chunk(const struct zr_ledger_reader *reader);

enum zr_ledger_state {
	ZR_LEDGER_OK,
	ZR_LEDGER_CRAMPED, /* the disk limit is reached: acknowledged files are deleted before their time */
	ZR_LEDGER_FULL, /* the disk limit or the disk's end is reached: nothing more is written until there is room */
	ZR_LEDGER_FAILING, /* writing fails for another reason and is tried again */
};

#define ZR_LEDGER_TEXT_MAX 256

struct zr_ledger_status {
	enum zr_ledger_state state;
	char error[ZR_LEDGER_TEXT_MAX]; /* why, when it is FULL or FAILING */
	char wal_held
		[ZR_LEDGER_TEXT_MAX]; /* name of the oldest file whose write-ahead log somebody's snapshot holds; "" */
	unsigned int files, damaged_files; /* with records; set aside */
	uint64_t bytes, wal_bytes;         /* of all files in the folder; of their write-ahead logs */
	uint64_t disk_limit_bytes;
	struct zr_position oldest; /* as zr_ledger_oldest */
	uint64_t epoch_us, committed;
	uint64_t pending, pending_bytes; /* records put and not yet committed */
	uint64_t batches;                /* committed since the start */
	uint64_t commit_us_last, commit_us_max;
};

void zr_ledger_status(struct zr_ledger *ledger, struct zr_ledger_status *out);

/* "ok", "cramped", "full", "failing". */
const char *zr_ledger_state_name(enum zr_ledger_state state);

/* Something for the log. */
struct zr_ledger_message {
	bool is_error; /* else a notice */
	char text[ZR_LEDGER_TEXT_MAX];
};

/* Take the oldest message. False when there is none. When too many waited, the last one says how many are missing. */
bool zr_ledger_next_message(struct zr_ledger *ledger, struct zr_ledger_message *out);

#endif
