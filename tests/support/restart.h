/* SPDX-License-Identifier: BSD-3-Clause */
/* One scene's flows go on in another. */
#ifndef TESTS_SUPPORT_RESTART_H
#define TESTS_SUPPORT_RESTART_H

#include "dataplane/pipeline/save.h"
#include "tests/support/scene.h"

/* What a pipeline saved. */
struct restart {
	uint8_t *bytes;
	size_t len;
	struct zr_restore from;
	unsigned int writes; /* how often bytes were handed over */
	int refused;         /* what writing returns; 0: it takes everything */
};

/* Pause and save a scene's flows; ms: when, since time 0. Ports of the domains 0 and 1 are there. */
void restart_save(struct restart *r, struct scene *s, uint64_t ms);
/* Time comes to ms in a scene that was just opened; it takes up what was saved. */
void restart_load(const struct restart *r, struct scene *s, uint64_t ms);
void restart_free(struct restart *r);

/* The n-th saved flow, from 0. */
struct zr_saved_flow restart_flow(const struct restart *r, unsigned int n);
unsigned int restart_flows(const struct restart *r);

#endif
