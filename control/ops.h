/* SPDX-License-Identifier: BSD-3-Clause */
/* The ops of control.sock: which there are, who may ask them, and what answers. One thread. */
#ifndef CONTROL_OPS_H
#define CONTROL_OPS_H

#include "control/asks.h"
#include "control/control_socket.h"
#include "control/list_ops.h"
#include "control/status.h"

/* What answers are made of. */
struct zr_ops {
	const struct zr_status *status;
	struct zr_status_sources sources;
	struct zr_asks *asks;
	const struct zr_list_ops *lists; /* outlives the lists' jobs */
};

/* Answer a request as zr_control_answer does; NULL also without memory. */
json_t *zr_ops_answer(const struct zr_ops *ops, const json_t *request, struct zr_control_peer *peer);

#endif
