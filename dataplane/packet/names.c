/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/packet/packet.h"

static const char *const unaccounted_names[ZR_UNACCOUNTED_COUNT] = {[ZR_ACCOUNTED] = "accounted",
#define X(id, name) [ZR_UNACCOUNTED_##id] = name,
								    ZR_UNACCOUNTED(X)
#undef X
};

const char *zr_unaccounted_name(enum zr_unaccounted reason)
{
	return unaccounted_names[reason];
}
