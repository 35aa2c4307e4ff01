/* SPDX-License-Identifier: BSD-3-Clause */
/* What control.sock answers about lists: list_push, list_log and reload (control/README.md). */
#ifndef CONTROL_LIST_OPS_H
#define CONTROL_LIST_OPS_H

#include "control/control_socket.h"
#include "control/list.h"

/* Where the answers come from and go to. */
struct zr_list_ops {
	struct zr_lists *lists;
	struct zr_control_socket *control;
	/* What SIGHUP does, too, for who waits: zr_lists_reload's. */
	bool (*reload)(void *arg, struct zr_list_reload *reload);
	void *arg;
};

/* Most findings of a refused list that whoever pushed it is told. */
#define ZR_LIST_OPS_FINDINGS 1000

/* Answer them, as zr_control_answer does. ops outlives the lists' jobs. */
json_t *zr_list_ops_push(const struct zr_list_ops *ops, const json_t *object, struct zr_control_peer *peer);
json_t *zr_list_ops_log(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer);
json_t *zr_list_ops_reload(const struct zr_list_ops *ops, const json_t *request, struct zr_control_peer *peer);

#endif
