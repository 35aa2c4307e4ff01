/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's interface behind a port, whose state its driver does not tell. Private to this folder; on control's thread. */
#ifndef DATAPLANE_DPDK_INTERFACE_H
#define DATAPLANE_DPDK_INTERFACE_H

#include "dataplane/dpdk/state.h"

/*
 * Ask the kernel whether it can send, and how much at a time, and note both in the device. One that is not there any more has
 * no link. Does nothing for a device without one.
 */
void zr_interface_look(struct zr_device *d);

#endif
