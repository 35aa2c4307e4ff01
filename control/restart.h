/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon does with the state file: takes it up at its start, leaves one at its end. One thread. */
#ifndef CONTROL_RESTART_H
#define CONTROL_RESTART_H

#include <stdbool.h>

#include "control/state_file.h"

struct zr_restart {
	const char *path; /* NULL: no state is kept */
	const char *gateway;
	uint64_t epoch_us;
	struct zr_state state;
	bool taking;  /* workers take up what is in state */
	bool moved;   /* … and the file stands aside as PATH.taken until they have begun */
	bool refused; /* the file cannot be taken up */
	bool foreign; /* at path stands what is no state file: it is left alone, and no state is kept */
};

/*
 * Look for what an earlier run left, and move it aside as PATH.taken, where no start looks for it: what cannot be moved is not
 * taken up, since the next start might take it up again. What is found, and what is wrong, is logged; so is it when none could
 * be left at path. Returns true when there was a file that is not taken up: it is not known which flows lack their last record.
 * epoch_us: this run's numbering.
 */
bool zr_restart_read(struct zr_restart *restart, const char *path, const char *gateway, uint64_t epoch_us);

/* What the dataplane is to take up; NULL: nothing. Valid until it has. */
const struct zr_saved_run *zr_restart_run(const struct zr_restart *restart);

/* The daemon has started, and no record was drained yet: the file goes; one that was refused is set aside as PATH.refused. */
void zr_restart_consume(struct zr_restart *restart);

/* It could not start, and nothing was recorded: the file stands again where it stood, for the next try. */
void zr_restart_give_back(struct zr_restart *restart);

/* Every now and then: once the dataplane has taken up all, say so and free what is no longer used. */
void zr_restart_poll(struct zr_restart *restart, struct zr_dataplane *dataplane);

/* The dataplane has stopped: leave its flows to the next run. 0 or -errno, which is logged; nothing is left then. */
int zr_restart_save(struct zr_restart *restart, struct zr_dataplane *dataplane);

void zr_restart_clear(struct zr_restart *restart);

#endif
