/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/intake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

#define US_PER_S UINT64_C(1000000)

/* Most totals of a round, so that events are drained between them. */
#define TOTALS_MOST 64

/* How often it is said again that records cannot be written. */
#define COMPLAIN_US (60 * US_PER_S)

/* A `loss` record that is to be written. */
struct loss {
	bool due;
	uint64_t records;
	struct zr_record_loss record;
	/* Since the start. */
	uint64_t times, all_records;
	struct zr_traffic all_traffic;
};

/* One of each cause and verdict at a time: what comes while it waits is added to it. */
enum { AWAY, DAMAGED, RING_FULL, LEDGER_FULL = RING_FULL + ZR_VERDICT_COUNT, LOSSES = LEDGER_FULL + ZR_VERDICT_COUNT };

struct zr_intake {
	struct zr_intake_config config;
	uint64_t total_us;                  /* when the interval of totals ends */
	bool ending;                        /* the last interval has ended, or is to end */
	bool ended;                         /* … has */
	bool owes_total;                    /* the gateway's total must be the next record */
	struct zr_dataplane_status *status; /* room to read it */
	struct loss losses[LOSSES];
	struct zr_loss lost[ZR_VERDICT_COUNT]; /* of all workers, at the last sample */
	uint64_t sampled_us;
	bool unwritten; /* what comes is summed up, since there is no room */
	bool hurries;
	uint64_t complained_us;
};

static uint64_t now_us(const struct zr_intake *intake)
{
	return intake->config.now_us(intake->config.now_arg);
}

/* Intervals end with the clock's hours, whenever the daemon was started. */
static uint64_t end_of_interval(const struct zr_intake *intake)
{
	return (now_us(intake) / intake->config.totals_us + 1) * intake->config.totals_us;
}

int zr_intake_make(const struct zr_intake_config *config, const struct zr_ledger_start *start, struct zr_intake **out)
{
	struct zr_intake *intake = calloc(1, sizeof(*intake));

	if (intake == NULL)
		return -ENOMEM;
	intake->status = malloc(sizeof(*intake->status));
	if (intake->status == NULL) {
		free(intake);
		return -ENOMEM;
	}
	intake->config = *config;
	intake->total_us = end_of_interval(intake);
	intake->sampled_us = now_us(intake);
	intake->losses[AWAY] = (struct loss){
		.due = start->was_killed,
		.times = start->was_killed,
		.record = {.cause = ZR_LOSS_AWAY, .first_us = start->away_from_us, .last_us = start->away_to_us}};
	intake->losses[DAMAGED] = (struct loss){
		.due = start->damaged, .times = start->damaged, .record = {.cause = ZR_LOSS_DAMAGED}};
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		const struct zr_record_loss record = {
			.has_verdict = true, .verdict = (uint8_t)verdict, .has_traffic = true};

		intake->losses[RING_FULL + verdict].record = record;
		intake->losses[RING_FULL + verdict].record.cause = ZR_LOSS_RING_FULL;
		intake->losses[LEDGER_FULL + verdict].record = record;
		intake->losses[LEDGER_FULL + verdict].record.cause = ZR_LOSS_LEDGER_FULL;
	}
	*out = intake;
	return 0;
}

void zr_intake_free(struct zr_intake *intake)
{
	if (intake == NULL)
		return;
	free(intake->status);
	free(intake);
}

static void add_traffic(struct zr_traffic *sum, const struct zr_traffic *part)
{
	sum->up_bytes += part->up_bytes;
	sum->up_pkts += part->up_pkts;
	sum->down_bytes += part->down_bytes;
	sum->down_pkts += part->down_pkts;
}

static uint64_t bytes_of(const struct zr_traffic *traffic)
{
	return traffic->up_bytes + traffic->down_bytes;
}

/* More of a loss, within an interval. */
static void add_loss(struct loss *loss, const struct zr_traffic *traffic, uint64_t records, uint64_t first_us,
		     uint64_t last_us)
{
	uint64_t early_us = first_us < last_us ? first_us : last_us, late_us = first_us < last_us ? last_us : first_us;

	/* The clock may have been set back meanwhile: the interval has all that was lost, in any case. */
	if (!loss->due || early_us < loss->record.first_us)
		loss->record.first_us = early_us;
	if (!loss->due || late_us > loss->record.last_us)
		loss->record.last_us = late_us;
	add_traffic(&loss->record.traffic, traffic);
	add_traffic(&loss->all_traffic, traffic);
	loss->records += records;
	loss->all_records += records;
	loss->times += !loss->due;
	loss->due = true;
}

/* Write the losses that are due. False when there is no room for all of them. */
static bool write_losses(struct zr_intake *intake)
{
	for (unsigned int i = 0; i < LOSSES; i++) {
		struct loss *loss = &intake->losses[i];

		if (!loss->due)
			continue;
		if (zr_records_room(intake->config.records) == 0 ||
		    !zr_records_add_loss(intake->config.records, &loss->record))
			return false;
		loss->due = false;
		loss->records = 0;
		loss->record.traffic = (struct zr_traffic){0};
	}
	return true;
}

/* An event that becomes no record. Tags carry no volume. */
static void sum_up(struct zr_intake *intake, const struct zr_usage *usage)
{
	struct zr_traffic traffic = {usage->up_bytes, usage->up_pkts, usage->down_bytes, usage->down_pkts};
	uint64_t us = now_us(intake);

	add_loss(&intake->losses[LEDGER_FULL + usage->verdict], &traffic, 1, us, us);
}

static void take(void *arg, const struct zr_usage *usage)
{
	struct zr_intake *intake = arg;

	if (usage->recorded && (intake->unwritten || !zr_records_add_usage(intake->config.records, usage)))
		sum_up(intake, usage);
	else
		zr_totals_add(intake->config.totals, usage);
}

/* Say it at once, and again every minute: what is summed up is out of every bill until it is written. */
static void complain(struct zr_intake *intake)
{
	struct zr_ledger_status ledger;
	struct zr_unwritten sum;
	uint64_t us = now_us(intake);

	if (us - intake->complained_us < COMPLAIN_US && us >= intake->complained_us)
		return;
	intake->complained_us = us;
	zr_ledger_status(intake->config.ledger, &ledger);
	zr_intake_unwritten(intake, &sum);
	zr_log(ZR_LOG_ERROR,
	       "nothing more can be recorded: %s; so far %" PRIu64 " records of %" PRIu64 " free and %" PRIu64
	       " charged bytes were only summed up",
	       ledger.error[0] != '\0' ? ledger.error : "the disk is too slow", sum.records,
	       bytes_of(&sum.traffic[ZR_FREE]), bytes_of(&sum.traffic[ZR_CHARGED]));
}

/* Can the ledger not be written, for a reason that waiting alone does not end? */
static bool is_stuck(const struct zr_intake *intake)
{
	struct zr_ledger_status ledger;

	zr_ledger_status(intake->config.ledger, &ledger);
	return ledger.state == ZR_LEDGER_FULL || ledger.state == ZR_LEDGER_FAILING || intake->hurries;
}

/* Is there room again? Then what was summed up is told by the losses that follow. */
static void notice_room(struct zr_intake *intake)
{
	struct zr_unwritten sum;

	if (!intake->unwritten)
		return;
	zr_intake_unwritten(intake, &sum);
	zr_log(ZR_LOG_WARNING,
	       "the ledger is written again: loss records tell of %" PRIu64 " free and %" PRIu64
	       " charged bytes that could not be recorded",
	       bytes_of(&sum.traffic[ZR_FREE]), bytes_of(&sum.traffic[ZR_CHARGED]));
	intake->unwritten = false;
}

/* Hand out totals of the interval that ended, most of them at most. False when there is no room for one. */
static bool write_totals(struct zr_intake *intake, unsigned int most)
{
	struct zr_record_total total;

	for (unsigned int i = 0; i < most && zr_totals_peek(intake->config.totals, &total, 1) == 1; i++) {
		if (zr_records_room(intake->config.records) == 0 ||
		    !zr_records_add_total(intake->config.records, &total))
			return false;
		zr_totals_skip(intake->config.totals, 1);
		intake->owes_total = false;
	}
	return true;
}

/* Is the interval over? A clock that was set back makes it no longer than an interval is. */
static bool is_interval_over(struct zr_intake *intake)
{
	uint64_t end_us = end_of_interval(intake);

	if (intake->ending)
		return !intake->ended;
	if (end_us < intake->total_us)
		intake->total_us = end_us;
	return now_us(intake) >= intake->total_us;
}

/*
 * End the interval when it is time, unless totals of the one before are still to be written. No event comes between its last
 * record and the gateway's total. False when that cannot be written yet.
 */
static bool end_interval(struct zr_intake *intake, struct zr_dataplane *dataplane)
{
	struct zr_traffic charged = {0};

	if (intake->owes_total)
		return write_totals(intake, 1);
	if (!is_interval_over(intake))
		return true;
	zr_dataplane_status(dataplane, intake->status);
	for (unsigned int i = 0; i < intake->status->worker_count; i++)
		add_traffic(&charged, &intake->status->workers[i].cut_charged);
	zr_totals_charged(intake->config.totals, &charged);
	if (zr_totals_end(intake->config.totals, now_us(intake)) != 0)
		return true;
	intake->total_us = end_of_interval(intake);
	intake->ended = intake->ending;
	intake->owes_total = true;
	return write_totals(intake, 1);
}

unsigned int zr_intake_round(struct zr_intake *intake, struct zr_dataplane *dataplane, unsigned int most)
{
	unsigned int room = zr_records_room(intake->config.records);

	if (room > 0) {
		notice_room(intake);
		if (!write_losses(intake) || !end_interval(intake, dataplane) || !write_totals(intake, TOTALS_MOST))
			return 0;
		room = zr_records_room(intake->config.records);
		return zr_dataplane_drain(dataplane, take, intake, room < most ? room : most);
	}
	if (!is_stuck(intake))
		return 0;
	if (!intake->unwritten)
		intake->complained_us = 0;
	intake->unwritten = true;
	complain(intake);
	return zr_dataplane_drain(dataplane, take, intake, most);
}

void zr_intake_hurry(struct zr_intake *intake)
{
	intake->hurries = true;
}

/* What a worker's counters have grown by; they only ever grow. */
static void take_difference(const struct zr_loss *now, const struct zr_loss *before, struct zr_loss *out)
{
	*out = (struct zr_loss){
		.traffic = {now->traffic.up_bytes - before->traffic.up_bytes,
			    now->traffic.up_pkts - before->traffic.up_pkts,
			    now->traffic.down_bytes - before->traffic.down_bytes,
			    now->traffic.down_pkts - before->traffic.down_pkts},
		.records = now->records - before->records,
	};
}

void zr_intake_sample(struct zr_intake *intake, const struct zr_dataplane_status *dataplane)
{
	uint64_t us = now_us(intake);

	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		struct zr_loss sum = {0}, more;

		for (unsigned int i = 0; i < dataplane->worker_count; i++) {
			add_traffic(&sum.traffic, &dataplane->workers[i].lost[verdict].traffic);
			sum.records += dataplane->workers[i].lost[verdict].records;
		}
		take_difference(&sum, &intake->lost[verdict], &more);
		intake->lost[verdict] = sum;
		if (more.records > 0)
			add_loss(&intake->losses[RING_FULL + verdict], &more.traffic, more.records, intake->sampled_us,
				 us);
	}
	intake->sampled_us = us;
}

void zr_intake_end(struct zr_intake *intake, const struct zr_dataplane_status *dataplane)
{
	zr_intake_sample(intake, dataplane);
	intake->ending = true;
}

static bool is_pending(const struct zr_intake *intake)
{
	struct zr_totals_status totals;

	zr_totals_status(intake->config.totals, &totals);
	return totals.pending;
}

bool zr_intake_is_done(const struct zr_intake *intake)
{
	for (unsigned int i = 0; i < LOSSES; i++)
		if (intake->losses[i].due)
			return false;
	return intake->ended && !is_pending(intake);
}

void zr_intake_unwritten(const struct zr_intake *intake, struct zr_unwritten *out)
{
	*out = (struct zr_unwritten){0};
	for (unsigned int i = RING_FULL; i < LOSSES; i++) {
		const struct loss *loss = &intake->losses[i];

		out->records += loss->records;
		add_traffic(&out->traffic[loss->record.verdict], &loss->record.traffic);
	}
}

void zr_intake_lost(const struct zr_intake *intake, struct zr_lost out[ZR_LOSS_CAUSE_COUNT])
{
	memset(out, 0, ZR_LOSS_CAUSE_COUNT * sizeof(*out));
	for (unsigned int i = 0; i < LOSSES; i++) {
		const struct loss *loss = &intake->losses[i];
		struct zr_lost *sum = &out[loss->record.cause];

		sum->times += loss->times;
		sum->records += loss->all_records;
		add_traffic(&sum->traffic[loss->record.verdict], &loss->all_traffic);
	}
}
