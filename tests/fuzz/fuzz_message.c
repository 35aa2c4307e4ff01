/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer writes: any bytes as lines, each a message or refused. */
#include <stdlib.h>
#include <string.h>

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
	if (message.op == ZR_MESSAGE_ACK && (message.epoch[0] == '\0' || strlen(message.epoch) >= ZR_TIME_TEXT))
		abort();
	return 0;
}
