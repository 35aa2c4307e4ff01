/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/billing.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <time.h>

#include "control/log.h"

#define US_PER_S 1000000U

/* Most entries and subscribers that an interval's totals tell apart: all of a large list, and of a gateway. */
#define TOTAL_ENTRIES_MAX     (1U << 20)
#define TOTAL_SUBSCRIBERS_MAX (1U << 22)

static uint64_t now_us(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

void zr_billing_tick(struct zr_billing *billing)
{
	struct zr_ledger_message message;

	zr_ledger_tick(billing->ledger);
	while (zr_ledger_next_message(billing->ledger, &message))
		zr_log(message.is_error ? ZR_LOG_ERROR : ZR_LOG_NOTICE, "%s", message.text);
	zr_consumers_serve(billing->consumers);
}

static void committed(void *arg, uint32_t events)
{
	(void)events;
	zr_billing_tick(arg);
}

static void resume_totals(void *arg, const struct zr_record *record)
{
	zr_totals_resume(arg, record);
}

static int open_ledger(struct zr_billing *billing, struct zr_loop *loop, const struct zr_config *config,
		       struct zr_ledger_start *start)
{
	const struct zr_ledger_config ledger = {
		.folder = config->ledger.folder,
		.gateway = config->gateway,
		.program = "zerorated " ZR_VERSION,
		.batch_us = config->ledger.batch_us,
		.retention_us = config->ledger.retention_us,
		.disk_limit_bytes = config->ledger.disk_limit_bytes,
		.synchronous_full = config->ledger.synchronous_full,
		.consumers = (const char *const *)config->consumers.at,
		.consumer_count = config->consumers.count,
		.resume = resume_totals,
		.resume_arg = billing->totals,
	};
	char error[512] = "";
	int err = zr_ledger_open(&ledger, &billing->ledger, start, error, sizeof(error));

	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s", error);
		return err;
	}
	billing->committed = (struct zr_watch){
		.fd = zr_ledger_event_fd(billing->ledger), .ready = committed, .arg = billing};
	return zr_loop_add(loop, &billing->committed, EPOLLIN);
}

/* Records go on where the ledger's end. */
static int make_records(struct zr_billing *billing, struct zr_loop *loop, const struct zr_billing_start *with)
{
	const struct zr_config *config = with->config;
	const struct zr_totals_config totals = {.entries_max = TOTAL_ENTRIES_MAX,
						.subscribers_max = config->totals_subscribers ? TOTAL_SUBSCRIBERS_MAX
											      : 0};
	struct zr_ledger_start start;
	int err = zr_totals_make(&totals, now_us(NULL), &billing->totals);

	if (err == 0)
		err = open_ledger(billing, loop, config, &start);
	if (err == 0) {
		const struct zr_exporter exporter = {.gateway = config->gateway, .epoch_us = start.epoch_us};

		zr_laps_end(with->laps, "ledger");
		start.damaged |= zr_restart_read(with->restart, config->state, config->gateway, start.epoch_us);
		zr_laps_end(with->laps, "state");
		with->dataplane->saved = zr_restart_run(with->restart);
		with->dataplane->pipeline.start = start.start;
		err = zr_records_make(&exporter, start.next, config->records_memory_bytes, billing->ledger,
				      &billing->records);
	}
	if (err == 0) {
		const struct zr_intake_config intake = {.records = billing->records,
							.ledger = billing->ledger,
							.totals = billing->totals,
							.totals_us = config->totals_us,
							.now_us = now_us};

		err = zr_intake_make(&intake, &start, &billing->intake);
	}
	return err;
}

int zr_billing_open(struct zr_billing *billing, struct zr_loop *loop, const struct zr_billing_start *with)
{
	const struct zr_consumers_config consumers = {&with->config->records, &with->config->consumers};
	int err = make_records(billing, loop, with);

	if (err == 0)
		err = zr_consumers_open(loop, &consumers, billing->records, billing->ledger, &billing->consumers);
	return err;
}

/* What could not be written is out of every bill, and known here only. */
static void close_ledger(struct zr_billing *billing)
{
	uint64_t uncommitted = billing->ledger != NULL ? zr_ledger_close(billing->ledger) : 0;
	struct zr_unwritten sum = {0};

	if (billing->intake != NULL)
		zr_intake_unwritten(billing->intake, &sum);
	if (uncommitted > 0 || sum.records > 0)
		zr_log(ZR_LOG_ERROR,
		       "the ledger could not be written: %" PRIu64 " numbered records are gone, and %" PRIu64
		       " more of %" PRIu64 " free and %" PRIu64 " charged bytes",
		       uncommitted, sum.records, sum.traffic[ZR_FREE].up_bytes + sum.traffic[ZR_FREE].down_bytes,
		       sum.traffic[ZR_CHARGED].up_bytes + sum.traffic[ZR_CHARGED].down_bytes);
}

void zr_billing_close(struct zr_billing *billing)
{
	zr_consumers_close(billing->consumers);
	close_ledger(billing);
	zr_intake_free(billing->intake);
	zr_totals_free(billing->totals);
	zr_records_free(billing->records);
}
