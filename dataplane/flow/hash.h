/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to dataplane/flow. */
#ifndef DATAPLANE_FLOW_HASH_H
#define DATAPLANE_FLOW_HASH_H

#include "dataplane/flow/table.h"

/* Make the key of a table's hash (zr_flow_hash) from its seed. */
void zr_flow_hash_seed(struct zr_flow_table *t, const uint64_t seed[2]);

#endif
