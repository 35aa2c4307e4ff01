/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state file: open flows from one run of the daemon to the next. It is whole or not there (written beside, synced, renamed),
 * readable by the daemon's user alone (0600), and belongs on a tmpfs: it says who talks to whom. No name of a charged flow is in
 * it, nor a hash of one.
 *
 * Form, numbers in network order: "ZRSTATE\n"; version (4 bytes) and four zero bytes; flows as dataplane/pipeline/saved.h has
 * them; then a tail of 120 bytes: bytes of flows (8), flows (8), epoch (8), when it was saved (8), identity of the list (8),
 * workers (4), 1 when ports spread subscribers, else 0 (4), version of flows (4), gateway (64, zero-padded), four zero bytes;
 * and BLAKE2b with 256 bits of all before it.
 */
#ifndef CONTROL_STATE_FILE_H
#define CONTROL_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/dpdk/dataplane.h"

/* Version of the file; that of the flows in it is dataplane's. */
#define ZR_STATE_VERSION 1

/* A file that was read. */
struct zr_state {
	uint8_t *bytes;          /* the whole file, malloc'ed; run points into it */
	struct zr_saved_run run; /* same_epoch is not set */
	uint64_t epoch_us;
	uint64_t flows; /* how many */
};

/*
 * Read a file and check all of it. Returns 0; -ENOENT: there is none; else another -errno, with the rest of a sentence that
 * begins with the path in why: -EPERM when somebody else could have written it, -ESTALE when it is another gateway's, -EILSEQ
 * when it is something else than a state file, and whatever else: it cannot be read, and what is lost is not known. Free
 * state->bytes after success.
 */
int zr_state_read(const char *path, const char *gateway, struct zr_state *state, char *why, size_t why_len);

/* A file on its way. */
struct zr_state_writer;

/* Begin a file beside path. 0 or -errno. */
int zr_state_begin(const char *path, struct zr_state_writer **out);
/* For zr_dataplane_save: add flows. arg: the writer. 0 or -errno. */
int zr_state_put(void *arg, const void *bytes, size_t len);
/*
 * What was put becomes the file: synced, renamed. run: what zr_dataplane_save says of it. 0 or -errno; the writer is gone, and
 * after an error so is what it wrote.
 */
int zr_state_commit(struct zr_state_writer *writer, const struct zr_saved_run *run, const char *gateway,
		    uint64_t epoch_us);
/* Give up: nothing was written. */
void zr_state_abort(struct zr_state_writer *writer);

/* Rename within a folder, remove: on the disk too when they return 0. Else -errno; not to be relied on either way then. */
int zr_state_move(const char *from, const char *to);
int zr_state_remove(const char *path);

#endif
