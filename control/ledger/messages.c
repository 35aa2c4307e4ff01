/* SPDX-License-Identifier: BSD-3-Clause */
/* What the ledger's threads have to say, on its way to the control thread's log. */
#include <stdarg.h>
#include <stdio.h>

#include "control/ledger/state.h"

void zr_ledger_say(struct zr_ledger *ledger, bool is_error, const char *format, ...)
{
	struct zr_messages *messages = &ledger->messages;
	struct zr_ledger_message *message;
	va_list args;

	pthread_mutex_lock(&ledger->lock);
	if (messages->count == ZR_MESSAGES_MAX) {
		messages->missing++;
	} else {
		message = &messages->list[(messages->first + messages->count++) % ZR_MESSAGES_MAX];
		message->is_error = is_error;
		va_start(args, format);
		vsnprintf(message->text, sizeof(message->text), format, args);
		va_end(args);
	}
	pthread_mutex_unlock(&ledger->lock);
	zr_ledger_tell(ledger);
}

bool zr_ledger_next_message(struct zr_ledger *ledger, struct zr_ledger_message *out)
{
	struct zr_messages *messages = &ledger->messages;
	bool is_there = true;

	pthread_mutex_lock(&ledger->lock);
	if (messages->count > 0) {
		*out = messages->list[messages->first];
		messages->first = (messages->first + 1) % ZR_MESSAGES_MAX;
		messages->count--;
	} else if (messages->missing > 0) {
		out->is_error = true;
		snprintf(out->text, sizeof(out->text), "%llu more messages of the ledger had no room",
			 (unsigned long long)messages->missing);
		messages->missing = 0;
	} else {
		is_there = false;
	}
	pthread_mutex_unlock(&ledger->lock);
	return is_there;
}
