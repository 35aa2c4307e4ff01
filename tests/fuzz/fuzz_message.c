/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer writes: any bytes as lines, each a message or refused. */
#include <stdlib.h>

#include "control/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_message message;
	const char *wrong = zr_message_read((const char *)data, size, &message);

	if (wrong != NULL)
		return 0;
	if (message.op == ZR_MESSAGE_SUBSCRIBE && (message.window < 1 || message.window > ZR_WINDOW_MAX))
		abort();
	if (message.last > ZR_LAST_MAX || (message.last > 0 && message.consumer[0] != '\0'))
		abort();
	return 0;
}
