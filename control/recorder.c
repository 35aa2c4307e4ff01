/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/recorder.h"

#include <stdio.h>
#include <string.h>

#include "control/list_report.h"
#include "control/log.h"
#include "control/record/address.h"
#include "control/record/record.h"

#define US_PER_S 1000000U
#define MS_PER_S 1000U

#define SENTENCE_ROOM 256

void zr_recorder_subscriber_text(const struct zr_prefix *subscriber, char *out)
{
	union zr_ip ip;

	memcpy(ip.b, subscriber->addr, sizeof(ip.b));
	*zr_subscriber_format(out, subscriber->family, &ip) = '\0';
}

static bool is_same(const struct zr_prefix *a, const struct zr_prefix *b)
{
	return a->family == b->family && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/* Log and audit what happens to the recording at hand. */
static void tell(const struct zr_recorder *recorder, const char *event, const char *what)
{
	char subscriber[ZR_ADDRESS_TEXT_MAX + 1], until[ZR_TIME_TEXT];
	json_t *entry = json_object();

	zr_recorder_subscriber_text(&recorder->subscriber, subscriber);
	zr_time_format(recorder->until_us, until);
	zr_log(ZR_LOG_NOTICE, "names of charged flows of %s %s: asked for by uid %u, until %s", subscriber, what,
	       recorder->uid, until);
	json_object_set_new(entry, "time", zr_list_report_time(zr_list_report_now_us()));
	json_object_set_new(entry, "event", json_string(event));
	json_object_set_new(entry, "subscriber", json_string(subscriber));
	json_object_set_new(entry, "until", json_string(until));
	zr_lists_audit_entry(recorder->lists, entry, recorder->uid);
}

static void announce(struct zr_recorder *recorder)
{
	recorder->untold = zr_dataplane_record(recorder->dataplane, recorder->on ? &recorder->subscriber : NULL) != 0;
}

void zr_recorder_end(struct zr_recorder *recorder)
{
	if (!recorder->on)
		return;
	recorder->on = false;
	tell(recorder, "names_wiped", "are recorded no more, and wiped");
	announce(recorder);
}

void zr_recorder_round(struct zr_recorder *recorder)
{
	/* Nobody records what does not stand in the audit log. */
	if (recorder->on && (zr_loop_now_ms() >= recorder->until_ms || !zr_lists_is_audited(recorder->lists)))
		zr_recorder_end(recorder);
	if (recorder->untold)
		announce(recorder);
}

void zr_recorder_closed(struct zr_recorder *recorder, uint64_t connection)
{
	if (recorder->on && recorder->connection == connection)
		zr_recorder_end(recorder);
}

uint64_t zr_recorder_until_us(const struct zr_recorder *recorder, const struct zr_prefix *subscriber)
{
	return recorder->on && is_same(&recorder->subscriber, subscriber) ? recorder->until_us : 0;
}

static json_t *busy(const struct zr_recorder *recorder)
{
	char subscriber[ZR_ADDRESS_TEXT_MAX + 1], until[ZR_TIME_TEXT], text[SENTENCE_ROOM];

	zr_recorder_subscriber_text(&recorder->subscriber, subscriber);
	zr_time_format(recorder->until_us, until);
	snprintf(text, sizeof(text), "busy: %s is recorded for another connection until %s; try again then", subscriber,
		 until);
	return zr_control_error(text);
}

json_t *zr_recorder_begin(struct zr_recorder *recorder, const struct zr_ask_request *request,
			  const struct zr_control_peer *peer)
{
	char subscriber[ZR_ADDRESS_TEXT_MAX + 1], until[ZR_TIME_TEXT];

	if (recorder->on && recorder->connection != peer->connection)
		return busy(recorder);
	/* Who goes on recording the same subscriber keeps what was recorded. */
	if (recorder->on && !is_same(&recorder->subscriber, &request->look.subscriber))
		zr_recorder_end(recorder);
	recorder->untold |= !recorder->on;
	recorder->on = true;
	recorder->subscriber = request->look.subscriber;
	recorder->connection = peer->connection;
	recorder->uid = peer->uid;
	recorder->until_us = zr_list_report_now_us() + (uint64_t)request->seconds * US_PER_S;
	recorder->until_ms = zr_loop_now_ms() + (uint64_t)request->seconds * MS_PER_S;
	tell(recorder, "names_recorded", "are recorded");
	if (recorder->untold)
		announce(recorder);
	zr_recorder_subscriber_text(&recorder->subscriber, subscriber);
	zr_time_format(recorder->until_us, until);
	return json_pack("{s:s, s:s, s:s}", "op", "explain_record", "subscriber", subscriber, "until", until);
}
