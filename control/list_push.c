/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_push.h"

#include <stdlib.h>
#include <unistd.h>

void zr_list_push_free(struct zr_list_push *push)
{
	if (push == NULL)
		return;
	if (push->list >= 0)
		close(push->list);
	for (unsigned int i = 0; i < push->signature_count; i++) {
		if (push->signatures[i] >= 0)
			close(push->signatures[i]);
		free(push->names[i]);
	}
	free(push->file);
	free(push);
}
