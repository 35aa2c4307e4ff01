/* SPDX-License-Identifier: BSD-3-Clause */
/* A workload played to a scene. */
#ifndef TESTS_SUPPORT_WORKLOAD_SCENE_H
#define TESTS_SUPPORT_WORKLOAD_SCENE_H

#include "tests/support/scene.h"
#include "tests/support/workload.h"

/* A scene whose pipeline is configured as the workload's truth assumes, with room enough that nothing is given up. */
/* options stay until the scene is closed. */
void workload_scene_open(struct scene *s, const struct workload_options *options);
/* The same but that it is not opened yet, with further rows before those of the workload's list. */
void workload_scene_init(struct scene *s, const struct workload_options *options, const char *rows);

/* All packets, in bursts of 1 to 32. */
void workload_scene_send(struct scene *s, const struct workload *w, const struct workload_options *options);

/* The packets from one (from 0) to another, that one not included. */
void workload_scene_send_some(struct scene *s, const struct workload *w, const struct workload_options *options,
			      size_t from, size_t until);

/* Is what is told of a flow between these two sides? *turned: the server is taken for the client. */
bool workload_scene_is_between(const struct workload_flow *flow, const struct zr_usage *usage, bool *turned);

#endif
