/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "control/asks.h"
#include "control/consumers.h"
#include "control/control_socket.h"
#include "control/intake.h"
#include "control/laps.h"
#include "control/ledger/ledger.h"
#include "control/list.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/metrics.h"
#include "control/ops.h"
#include "control/records.h"
#include "control/restart.h"
#include "control/status.h"
#include "control/status_forward.h"
#include "control/watchdog.h"

/* How often events are drained, and how many at a time, so that sockets are served between. */
#define DRAIN_MS   2
#define DRAIN_MOST 4096

#define SAMPLE_MS 1000
#define US_PER_S  1000000U

/* Most entries and subscribers that an interval's totals tell apart: all of a large list, and of a gateway. */
#define TOTAL_ENTRIES_MAX     (1U << 20)
#define TOTAL_SUBSCRIBERS_MAX (1U << 22)

/* At the end: most time to wait for a disk that takes nothing, and for consumers to take the last records. */
#define WRITE_MS   10000
#define DELIVER_MS 10000

/* The same when flows are left to the next run: its consumers go on where they were, and nothing passes meanwhile. */
#define DELIVER_SOON_MS 1000

/* The way out: flows are cut, what is left is written, consumers take it. */
enum state { RUNNING, STOPPING, WRITING, DELIVERING, STOPPED };

struct daemon {
	const struct zr_config *config;
	struct zr_loop *loop;
	struct zr_lists *lists;
	struct zr_list_ops list_ops;
	struct zr_asks asks;
	struct zr_ledger *ledger;
	struct zr_records *records;
	struct zr_interval_totals *totals;
	struct zr_intake *intake;
	struct zr_consumers *consumers;
	struct zr_control_socket *control;
	struct zr_dataplane *dataplane;
	struct zr_restart restart;
	bool left; /* flows are left to the next run, or cannot be */
	struct zr_status status;
	struct zr_status_told told;
	struct zr_watchdog watchdog;
	struct zr_lag lag;
	struct zr_metrics *metrics;
	uint64_t started_us;
	struct zr_watch signals, committed;
	struct zr_timer drain, sample, check;
	enum state state;
	bool reloading;      /* systemd was told so */
	bool refused;        /* its input */
	uint64_t until_ms;   /* the end of what the state waits for */
	struct zr_laps laps; /* of the start, then of the end */
};

static uint64_t now_us(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

/* Another state; it may wait so long for what it waits for. */
static void enter(struct daemon *daemon, enum state state, uint64_t wait_ms)
{
	daemon->state = state;
	daemon->until_ms = zr_loop_now_ms() + wait_ms;
}

static bool is_late(const struct daemon *daemon)
{
	return zr_loop_now_ms() >= daemon->until_ms;
}

static void stop_begin(struct daemon *daemon, const char *signal)
{
	if (daemon->state != RUNNING)
		return;
	zr_log(ZR_LOG_NOTICE, "%s: cutting all open flows and delivering their records", signal);
	zr_laps_begin(&daemon->laps);
	sd_notify(0, "STOPPING=1");
	zr_asks_stop(&daemon->asks);
	enter(daemon, STOPPING, WRITE_MS);
}

static void tell_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000);
}

/* Look at the list's file, for SIGHUP (NULL) or somebody who waits, whom it takes over. False when it cannot be. */
static bool reload(void *arg, struct zr_list_reload *asked)
{
	struct daemon *daemon = arg;

	if (daemon->state != RUNNING || !zr_lists_reload(daemon->lists, asked))
		return false;
	if (asked == NULL)
		zr_log_often(ZR_LOG_KIND_RELOAD, ZR_LOG_INFO, "SIGHUP: reading %s anew", daemon->config->list.file);
	else
		zr_log_often(ZR_LOG_KIND_RELOAD, ZR_LOG_INFO, "uid %lu: reading %s anew", (unsigned long)asked->uid,
			     daemon->config->list.file);
	tell_reloading();
	daemon->reloading = true;
	return true;
}

/* The list is in force or was refused. */
static void reload_end(struct daemon *daemon)
{
	if (!daemon->reloading || zr_lists_phase(daemon->lists) != ZR_LISTS_IDLE)
		return;
	daemon->reloading = false;
	sd_notify(0, "READY=1");
}

static void signalled(void *arg, uint32_t events)
{
	struct daemon *daemon = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(daemon->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(daemon, NULL);
	else
		stop_begin(daemon, info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
}

/* What is open is for the next run. False when that cannot be: flows end then, and the dataplane has more to tell. */
static bool leave_flows(struct daemon *daemon)
{
	int err;

	if (daemon->left)
		return true;
	daemon->left = true;
	zr_laps_end(&daemon->laps, "flows");
	if (daemon->config->state == NULL)
		return true;
	err = zr_restart_save(&daemon->restart, daemon->dataplane);
	zr_laps_end(&daemon->laps, "state");
	if (err != 0)
		zr_dataplane_forget(daemon->dataplane);
	return err == 0;
}

/* All flows are cut once the dataplane says so and nothing is left to drain. */
static void stop_go_on(struct daemon *daemon, unsigned int drained)
{
	int err = zr_dataplane_stop(daemon->dataplane);

	if (err == -EAGAIN && is_late(daemon))
		zr_intake_hurry(daemon->intake);
	if (err == -EAGAIN || drained > 0)
		return;
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the workers did not stop as they should: %s", strerror(-err));
	if (!leave_flows(daemon))
		return;
	zr_status_sample(&daemon->status, daemon->dataplane);
	zr_intake_end(daemon->intake, &daemon->status.now);
	zr_ledger_hurry(daemon->ledger);
	enter(daemon, WRITING, WRITE_MS);
}

static uint64_t deliver_ms(const struct daemon *daemon)
{
	return daemon->config->state != NULL ? DELIVER_SOON_MS : DELIVER_MS;
}

/* Everything that is to be recorded is on the disk, or the disk takes nothing. */
static void write_rest(struct daemon *daemon)
{
	bool written = zr_intake_is_done(daemon->intake) &&
		       zr_records_committed(daemon->records) + 1 == zr_records_next(daemon->records);

	if (!written && !is_late(daemon))
		return;
	zr_laps_end(&daemon->laps, "ledger");
	enter(daemon, DELIVERING, deliver_ms(daemon));
}

static void deliver(struct daemon *daemon)
{
	bool served = zr_consumers_served(daemon->consumers);

	if (!served && !is_late(daemon))
		return;
	if (!served)
		zr_log(ZR_LOG_NOTICE, "a consumer did not take its last records in %" PRIu64 " s: the ledger has them",
		       deliver_ms(daemon) / 1000);
	zr_laps_end(&daemon->laps, "consumers");
	daemon->state = STOPPED;
}

static void go_on(struct daemon *daemon, unsigned int drained)
{
	switch (daemon->state) {
	case RUNNING:
		reload_end(daemon);
		break;
	case STOPPING:
		stop_go_on(daemon, drained);
		break;
	case WRITING:
		write_rest(daemon);
		break;
	case DELIVERING:
		deliver(daemon);
		break;
	case STOPPED:
		break;
	}
}

/* What the ledger has to say, and what it has committed. */
static void tick_ledger(struct daemon *daemon)
{
	struct zr_ledger_message message;

	zr_ledger_tick(daemon->ledger);
	while (zr_ledger_next_message(daemon->ledger, &message))
		zr_log(message.is_error ? ZR_LOG_ERROR : ZR_LOG_NOTICE, "%s", message.text);
	zr_consumers_serve(daemon->consumers);
}

static void committed(void *arg, uint32_t events)
{
	(void)events;
	tick_ledger(arg);
}

static void drain(void *arg)
{
	struct daemon *daemon = arg;
	unsigned int drained = zr_intake_round(daemon->intake, daemon->dataplane, DRAIN_MOST);
	bool more = daemon->state == RUNNING && zr_asks_round(&daemon->asks, drained < DRAIN_MOST);

	tick_ledger(daemon);
	go_on(daemon, drained);
	if (drained == DRAIN_MOST || more)
		zr_loop_timer_hurry(&daemon->drain);
}

/* Where a status comes from. */
static struct zr_status_sources sources_of(const struct daemon *daemon)
{
	return (struct zr_status_sources){
		.state = daemon->state == RUNNING ? "running" : "stopping",
		.started_us = daemon->started_us,
		.dataplane = daemon->dataplane,
		.lists = daemon->lists,
		.records = daemon->records,
		.ledger = daemon->ledger,
		.intake = daemon->intake,
		.consumers = daemon->consumers,
		.watchdog = &daemon->watchdog,
		.lag = &daemon->lag,
	};
}

static void publish_metrics(struct daemon *daemon)
{
	const struct zr_status_sources sources = sources_of(daemon);
	json_t *status = zr_status_json(&daemon->status, &sources);

	zr_metrics_publish(daemon->metrics, status);
	json_decref(status);
}

static void sample(void *arg)
{
	struct daemon *daemon = arg;

	zr_log_tick(zr_loop_now_ms());
	zr_restart_poll(&daemon->restart, daemon->dataplane);
	zr_status_sample(&daemon->status, daemon->dataplane);
	zr_intake_sample(daemon->intake, &daemon->status.now);
	zr_lag_note(&daemon->lag, zr_records_committed(daemon->records), zr_loop_now_ms());
	publish_metrics(daemon);
	zr_status_links(&daemon->told, &daemon->status.now);
	/* What stands in the traffic's way stays there. */
	if (zr_status_twice(&daemon->told, &daemon->status.now) && !daemon->config->forwards &&
	    daemon->state == RUNNING) {
		daemon->refused = true;
		stop_begin(daemon, "refused");
	}
}

static void check(void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->state == RUNNING)
		zr_watchdog_check(&daemon->watchdog, zr_loop_now_ms());
	else
		zr_watchdog_feed(&daemon->watchdog, zr_loop_now_ms());
}

static json_t *answer(void *arg, const json_t *request, struct zr_control_peer *peer)
{
	struct daemon *daemon = arg;
	const struct zr_ops ops = {
		.status = &daemon->status,
		.sources = sources_of(daemon),
		.asks = &daemon->asks,
		.lists = &daemon->list_ops,
	};

	return zr_ops_answer(&ops, request, peer);
}

/* Signals come as events; threads that are made later inherit the mask and are never interrupted. */
static int watch_signals(struct daemon *daemon)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon->signals = (struct zr_watch){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = signalled, .arg = daemon};
	return daemon->signals.fd >= 0 ? zr_loop_add(daemon->loop, &daemon->signals, EPOLLIN) : -errno;
}

static void resume_totals(void *arg, const struct zr_record *record)
{
	zr_totals_resume(arg, record);
}

static int open_ledger(struct daemon *daemon, struct zr_ledger_start *start)
{
	const struct zr_config *config = daemon->config;
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
		.resume_arg = daemon->totals,
	};
	char error[512] = "";
	int err = zr_ledger_open(&ledger, &daemon->ledger, start, error, sizeof(error));

	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s", error);
		return err;
	}
	daemon->committed = (struct zr_watch){
		.fd = zr_ledger_event_fd(daemon->ledger), .ready = committed, .arg = daemon};
	return zr_loop_add(daemon->loop, &daemon->committed, EPOLLIN);
}

/* Records go on where the ledger's end. */
static int make_records(struct daemon *daemon, struct zr_dataplane_config *dataplane)
{
	const struct zr_config *config = daemon->config;
	const struct zr_totals_config totals = {.entries_max = TOTAL_ENTRIES_MAX,
						.subscribers_max = config->totals_subscribers ? TOTAL_SUBSCRIBERS_MAX
											      : 0};
	struct zr_ledger_start start;
	int err = zr_totals_make(&totals, now_us(NULL), &daemon->totals);

	if (err == 0)
		err = open_ledger(daemon, &start);
	if (err == 0) {
		const struct zr_exporter exporter = {.gateway = config->gateway, .epoch_us = start.epoch_us};

		zr_laps_end(&daemon->laps, "ledger");
		start.damaged |= zr_restart_read(&daemon->restart, config->state, config->gateway, start.epoch_us);
		zr_laps_end(&daemon->laps, "state");
		dataplane->saved = zr_restart_run(&daemon->restart);
		dataplane->pipeline.start = start.start;
		err = zr_records_make(&exporter, start.next, config->records_memory_bytes, daemon->ledger,
				      &daemon->records);
	}
	if (err == 0) {
		const struct zr_intake_config intake = {.records = daemon->records,
							.ledger = daemon->ledger,
							.totals = daemon->totals,
							.totals_us = config->totals_us,
							.now_us = now_us};

		err = zr_intake_make(&intake, &start, &daemon->intake);
	}
	return err;
}

static int open_consumers(struct daemon *daemon)
{
	const struct zr_consumers_config config = {&daemon->config->records, &daemon->config->consumers};

	return zr_consumers_open(daemon->loop, &config, daemon->records, daemon->ledger, &daemon->consumers);
}

static int start_dataplane(struct daemon *daemon, struct zr_dataplane_config *config)
{
	const struct zr_list_loaded *list = zr_lists_current(daemon->lists);
	char error[512] = "";
	int err;

	err = zr_dataplane_start(config, list->image, list->index, &daemon->dataplane, error, sizeof(error));
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "%s", error);
	return err;
}

static void begin_asks(struct daemon *daemon, bool decisions)
{
	daemon->asks = (struct zr_asks){
		.dataplane = daemon->dataplane,
		.control = daemon->control,
		.totals = daemon->totals,
		.recorder = {.dataplane = daemon->dataplane, .lists = daemon->lists},
		.decisions = decisions,
	};
	zr_control_socket_watch(daemon->control, zr_asks_closed, &daemon->asks);
}

/* What can be refused quickly comes first; ports are taken last. */
static int start(struct daemon *daemon)
{
	const struct zr_config *config = daemon->config;
	struct zr_dataplane_config dataplane;
	int err;

	daemon->started_us = now_us(NULL);
	zr_config_dataplane(config, &dataplane);
	if (getentropy(dataplane.pipeline.seed, sizeof(dataplane.pipeline.seed)) != 0)
		return -errno;
	err = zr_loop_make(&daemon->loop);
	if (err == 0)
		err = watch_signals(daemon);
	zr_laps_begin(&daemon->laps);
	if (err == 0)
		err = zr_metrics_open(config->metrics, &daemon->metrics);
	if (err == 0)
		err = zr_lists_make(&config->list, dataplane.pipeline.seed, &daemon->lists);
	zr_laps_end(&daemon->laps, "list");
	if (err == 0)
		err = make_records(daemon, &dataplane);
	if (err == 0)
		err = open_consumers(daemon);
	if (err == 0)
		err = zr_control_socket_open(daemon->loop, &config->control, answer, daemon, &daemon->control);
	daemon->list_ops = (struct zr_list_ops){
		.lists = daemon->lists, .control = daemon->control, .reload = reload, .arg = daemon};
	zr_laps_end(&daemon->laps, "sockets");
	if (err == 0)
		err = start_dataplane(daemon, &dataplane);
	if (err == 0)
		begin_asks(daemon, dataplane.pipeline.decisions_bytes > 0);
	zr_laps_end(&daemon->laps, "dataplane");
	if (err == 0)
		err = zr_lists_start(daemon->lists, daemon->loop, daemon->dataplane);
	if (err == 0)
		zr_restart_consume(&daemon->restart);
	else
		zr_restart_give_back(&daemon->restart);
	return err;
}

static void start_timers(struct daemon *daemon)
{
	zr_status_sample(&daemon->status, daemon->dataplane);
	daemon->drain = (struct zr_timer){.every_ms = DRAIN_MS, .expired = drain, .arg = daemon};
	daemon->sample = (struct zr_timer){.every_ms = SAMPLE_MS, .expired = sample, .arg = daemon};
	daemon->check = (struct zr_timer){.every_ms = zr_watchdog_start(&daemon->watchdog, daemon->dataplane,
									&daemon->status.now, zr_loop_now_ms()),
					  .expired = check,
					  .arg = daemon};
	zr_loop_timer_add(daemon->loop, &daemon->drain);
	zr_loop_timer_add(daemon->loop, &daemon->sample);
	zr_loop_timer_add(daemon->loop, &daemon->check);
}

static int run(struct daemon *daemon)
{
	int err;

	start_timers(daemon);
	zr_lag_note(&daemon->lag, zr_records_committed(daemon->records), zr_loop_now_ms());
	publish_metrics(daemon);
	err = zr_metrics_start(daemon->metrics);
	if (err != 0)
		return err;
	if (daemon->config->list.signatures_required == 0)
		zr_log(ZR_LOG_WARNING,
		       "signatures_required is 0: whoever can write %s, or push a list, decides what is free",
		       daemon->config->list.file);
	zr_log(ZR_LOG_NOTICE, "gateway %s runs (%s)", daemon->config->gateway, zr_laps_text(&daemon->laps));
	sd_notify(0, "READY=1");
	while (daemon->state != STOPPED && err == 0)
		err = zr_loop_round(daemon->loop);
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the loop cannot go on: %s", strerror(-err));
	else
		zr_log(ZR_LOG_NOTICE, "stopped; the last record is number %" PRIu64 " (%s)",
		       zr_records_next(daemon->records) - 1, zr_laps_text(&daemon->laps));
	return err == 0 && daemon->refused ? -ENOTUNIQ : err;
}

/* What could not be written is out of every bill, and known here only. */
static void close_ledger(struct daemon *daemon)
{
	uint64_t uncommitted = daemon->ledger != NULL ? zr_ledger_close(daemon->ledger) : 0;
	struct zr_unwritten sum = {0};

	if (daemon->intake != NULL)
		zr_intake_unwritten(daemon->intake, &sum);
	if (uncommitted > 0 || sum.records > 0)
		zr_log(ZR_LOG_ERROR,
		       "the ledger could not be written: %" PRIu64 " numbered records are gone, and %" PRIu64
		       " more of %" PRIu64 " free and %" PRIu64 " charged bytes",
		       uncommitted, sum.records, sum.traffic[ZR_FREE].up_bytes + sum.traffic[ZR_FREE].down_bytes,
		       sum.traffic[ZR_CHARGED].up_bytes + sum.traffic[ZR_CHARGED].down_bytes);
}

/* What others use goes last. */
static void clear(struct daemon *daemon)
{
	if (daemon->dataplane != NULL)
		zr_asks_stop(&daemon->asks);
	zr_metrics_close(daemon->metrics);
	if (daemon->lists != NULL)
		zr_lists_stop(daemon->lists);
	if (daemon->dataplane != NULL)
		zr_dataplane_free(daemon->dataplane);
	zr_restart_clear(&daemon->restart);
	zr_control_socket_close(daemon->control);
	zr_consumers_close(daemon->consumers);
	close_ledger(daemon);
	zr_intake_free(daemon->intake);
	zr_totals_free(daemon->totals);
	zr_records_free(daemon->records);
	zr_lists_free(daemon->lists);
	if (daemon->signals.fd >= 0)
		close(daemon->signals.fd);
	zr_loop_free(daemon->loop);
}

int zr_daemon_run(const struct zr_config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int err;

	if (daemon == NULL)
		return -ENOMEM;
	daemon->config = config;
	daemon->signals.fd = -1;
	zr_log_tick(zr_loop_now_ms());
	err = start(daemon);
	if (err == 0)
		err = run(daemon);
	else
		zr_log(ZR_LOG_ERROR, "not started: %s", strerror(-err));
	clear(daemon);
	zr_log_end();
	free(daemon);
	return err;
}
