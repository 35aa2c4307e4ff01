/* SPDX-License-Identifier: BSD-3-Clause */
/* The status of what becomes of records: numbered, written, sent. */
#include <inttypes.h>
#include <stdio.h>

#include "control/loop.h"
#include "control/status.h"

#define US_PER_MS 1000.0
#define MS_PER_S  1000.0

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *time_text(uint64_t us)
{
	char text[ZR_TIME_TEXT];

	zr_time_format(us, text);
	return json_string(text);
}

/* A text that may be missing: null when it is empty. */
static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *traffic(const struct zr_traffic *traffic)
{
	return json_pack("{s:o, s:o}", "pkts", number(traffic->up_pkts + traffic->down_pkts), "bytes",
			 number(traffic->up_bytes + traffic->down_bytes));
}

static json_t *unwritten_json(const struct zr_intake *intake)
{
	struct zr_unwritten sum;

	zr_intake_unwritten(intake, &sum);
	return json_pack("{s:o, s:o, s:o}", "records", number(sum.records), "free", traffic(&sum.traffic[ZR_FREE]),
			 "charged", traffic(&sum.traffic[ZR_CHARGED]));
}

static json_t *losses_json(const struct zr_intake *intake)
{
	static const char *const names[] = {
#define X(id, name) [ZR_LOSS_##id] = name,
		ZR_LOSS_CAUSES(X)
#undef X
	};
	struct zr_lost lost[ZR_LOSS_CAUSE_COUNT];
	json_t *object = json_object();

	zr_intake_lost(intake, lost);
	for (unsigned int i = 0; i < ZR_LOSS_CAUSE_COUNT; i++)
		json_object_set_new(object, names[i],
				    json_pack("{s:o, s:o, s:o, s:o}", "times", number(lost[i].times), "records",
					      number(lost[i].records), "free", traffic(&lost[i].traffic[ZR_FREE]),
					      "charged", traffic(&lost[i].traffic[ZR_CHARGED])));
	return object;
}

json_t *zr_status_records(const struct zr_status_sources *sources, const struct zr_dataplane_status *now)
{
	const struct zr_records *records = sources->records;
	uint64_t next = zr_records_next(records), oldest = zr_records_oldest(records);
	struct zr_volume lost = {0};

	for (unsigned int i = 0; i < now->worker_count; i++) {
		struct zr_volume part = zr_status_lost(&now->workers[i]);

		lost.pkts += part.pkts;
		lost.bytes += part.bytes;
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o}", "epoch",
			 time_text(zr_records_exporter(records)->epoch_us), "seq", number(next - 1), "committed",
			 number(zr_records_committed(records)), "oldest", number(oldest), "kept", number(next - oldest),
			 "lost", "pkts", number(lost.pkts), "bytes", number(lost.bytes), "unwritten",
			 unwritten_json(sources->intake), "losses", losses_json(sources->intake));
}

json_t *zr_status_ledger(const struct zr_status_sources *sources)
{
	struct zr_ledger_status ledger;

	zr_ledger_status(sources->ledger, &ledger);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:f, s:f}", "state",
			 zr_ledger_state_name(ledger.state), "error", text_or_null(ledger.error), "files",
			 number(ledger.files), "damaged_files", number(ledger.damaged_files), "bytes",
			 number(ledger.bytes), "disk_limit_bytes", number(ledger.disk_limit_bytes), "wal_bytes",
			 number(ledger.wal_bytes), "wal_held", text_or_null(ledger.wal_held), "oldest", "epoch",
			 time_text(ledger.oldest.epoch_us), "seq", number(ledger.oldest.seq), "pending",
			 number(ledger.pending), "pending_bytes", number(ledger.pending_bytes), "batches",
			 number(ledger.batches), "commit_ms", (double)ledger.commit_us_last / US_PER_MS,
			 "commit_ms_max", (double)ledger.commit_us_max / US_PER_MS);
}

/* For how long the oldest record that a consumer has not acknowledged is on the disk. */
static double lag_s(const struct zr_status_sources *sources, const struct zr_consumer_status *one)
{
	bool of_this_epoch = one->acked.epoch_us == zr_records_exporter(sources->records)->epoch_us;

	if (one->lag == 0)
		return 0;
	return (double)zr_lag_ms(sources->lag, of_this_epoch ? one->acked.seq : 0, zr_loop_now_ms()) / MS_PER_S;
}

json_t *zr_status_consumers(const struct zr_status_sources *sources)
{
	struct zr_consumer_status status[ZR_CONSUMERS_STATUS_MAX];
	unsigned int count = zr_consumers_status(sources->consumers, status);
	json_t *array = json_array();

	for (unsigned int i = 0; i < count; i++) {
		const struct zr_consumer_status *one = &status[i];

		json_array_append_new(array, json_pack("{s:s, s:b, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "consumer",
						       one->name, "connected", one->connected, "epoch",
						       time_text(one->acked.epoch_us), "acked", number(one->acked.seq),
						       "lag", number(one->lag), "lag_s", lag_s(sources, one), "next",
						       one->connected ? number(one->next) : json_null(), "in_flight",
						       number(one->in_flight), "window", number(one->window)));
	}
	return array;
}

static void warn(json_t *warnings, const char *text)
{
	json_array_append_new(warnings, json_string(text));
}

void zr_status_warn(const struct zr_status_sources *sources, json_t *warnings)
{
	struct zr_ledger_status ledger;
	char text[2 * ZR_LEDGER_TEXT_MAX];

	zr_ledger_status(sources->ledger, &ledger);
	if (ledger.state == ZR_LEDGER_CRAMPED)
		warn(warnings, "the ledger has reached disk_limit: files are deleted before retention is over");
	if (ledger.state == ZR_LEDGER_FULL || ledger.state == ZR_LEDGER_FAILING) {
		snprintf(text, sizeof(text), "the ledger cannot be written: %s", ledger.error);
		warn(warnings, text);
	}
	if (ledger.wal_held[0] != '\0') {
		snprintf(text, sizeof(text), "a reader holds an old state of %s, whose log grows: end its transaction",
			 ledger.wal_held);
		warn(warnings, text);
	}
	if (ledger.damaged_files > 0)
		warn(warnings, "the ledger has damaged files, which were set aside: keep them, and look at the disk");
}
