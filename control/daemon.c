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
#include "control/billing.h"
#include "control/control_socket.h"
#include "control/ending.h"
#include "control/laps.h"
#include "control/learning.h"
#include "control/list.h"
#include "control/list_report.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/metrics.h"
#include "control/ops.h"
#include "control/restart.h"
#include "control/status.h"
#include "control/status_forward.h"
#include "control/status_memory.h"
#include "control/watchdog.h"

/* How often events are drained, and how many at a time, so that sockets are served between. */
#define DRAIN_MS   2
#define DRAIN_MOST 4096

#define SAMPLE_MS 1000
#define US_PER_S  1000000U

/* What a start of the dataplane may take, and each MiB of its memory: several times what was seen on a busy machine. */
#define START_US (60 * US_PER_S)
#define MIB_US   20000U

/* No user: a signal. */
#define NOBODY UINT64_MAX

struct daemon {
	const struct zr_config *config;
	struct zr_loop *loop;
	struct zr_lists *lists;
	struct zr_list_ops list_ops;
	struct zr_asks asks;
	struct zr_billing billing;
	struct zr_control_socket *control;
	struct zr_dataplane *dataplane;
	struct zr_restart restart;
	struct zr_status status;
	struct zr_status_told told;
	struct zr_watchdog watchdog;
	struct zr_lag lag;
	struct zr_learning learning;
	struct zr_metrics *metrics;
	uint64_t started_us;
	struct zr_watch signals;
	struct zr_timer drain, sample, check;
	struct zr_ending ending;
	bool reloading;      /* systemd was told so */
	bool refused;        /* its input */
	struct zr_laps laps; /* of the start, then of the end */
};

static bool is_running(const struct daemon *daemon)
{
	return daemon->ending.state == ZR_ENDING_NOT;
}

static void stop_begin(struct daemon *daemon, const char *signal)
{
	if (!is_running(daemon))
		return;
	zr_log(ZR_LOG_NOTICE, "%s: cutting all open flows and delivering their records", signal);
	sd_notify(0, "STOPPING=1");
	zr_asks_stop(&daemon->asks);
	zr_ending_begin(&daemon->ending);
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

	if (!is_running(daemon) || !zr_lists_reload(daemon->lists, asked))
		return false;
	if (asked == NULL)
		zr_log_often(ZR_LOG_KIND_RELOAD, NOBODY, ZR_LOG_INFO, "SIGHUP: reading %s anew",
			     daemon->config->list.file);
	else
		zr_log_often(ZR_LOG_KIND_RELOAD, asked->uid, ZR_LOG_INFO, "uid %lu: reading %s anew",
			     (unsigned long)asked->uid, daemon->config->list.file);
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

static void drain(void *arg)
{
	struct daemon *daemon = arg;
	unsigned int drained = zr_intake_round(daemon->billing.intake, daemon->dataplane, DRAIN_MOST);
	bool more = zr_asks_round(&daemon->asks, drained < DRAIN_MOST);

	zr_billing_tick(&daemon->billing);
	if (is_running(daemon)) {
		more = zr_learning_round(&daemon->learning, zr_loop_now_ms()) || more;
		reload_end(daemon);
	}
	zr_ending_go_on(&daemon->ending, drained);
	if (drained == DRAIN_MOST || more)
		zr_loop_timer_hurry(&daemon->drain);
}

/* Where a status comes from. */
static struct zr_status_sources sources_of(const struct daemon *daemon)
{
	return (struct zr_status_sources){
		.state = is_running(daemon) ? "running" : "stopping",
		.started_us = daemon->started_us,
		.dataplane = daemon->dataplane,
		.lists = daemon->lists,
		.records = daemon->billing.records,
		.ledger = daemon->billing.ledger,
		.intake = daemon->billing.intake,
		.consumers = daemon->billing.consumers,
		.watchdog = &daemon->watchdog,
		.lag = &daemon->lag,
		.learning = &daemon->learning,
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
	zr_learning_tell(&daemon->learning, zr_lists_current(daemon->lists)->image);
	zr_restart_poll(&daemon->restart, daemon->dataplane);
	zr_status_sample(&daemon->status, daemon->dataplane);
	zr_intake_sample(daemon->billing.intake, &daemon->status.now);
	zr_lag_note(&daemon->lag, zr_records_committed(daemon->billing.records), zr_loop_now_ms());
	publish_metrics(daemon);
	zr_status_links(&daemon->told, &daemon->status.now);
	/* What stands in the traffic's way stays there. */
	if (zr_status_twice(&daemon->told, &daemon->status.now) && !daemon->config->forwards && is_running(daemon)) {
		daemon->refused = true;
		stop_begin(daemon, "refused");
	}
}

static void check(void *arg)
{
	struct daemon *daemon = arg;

	zr_dataplane_links(daemon->dataplane);
	if (is_running(daemon))
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

/* Every page is written before the first packet comes; whoever waits for the start gives it the time that needs. */
static void extend_start(const struct zr_dataplane_config *config)
{
	struct zr_memory memory;
	char error[512];

	if (zr_dataplane_memory(config, false, &memory, error, sizeof(error)) == 0)
		sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, START_US + zr_status_memory_mib(&memory) * MIB_US);
}

static int start_dataplane(struct daemon *daemon, struct zr_dataplane_config *config)
{
	const struct zr_list_loaded *list = zr_lists_current(daemon->lists);
	char error[512] = "";
	int err;

	extend_start(config);
	err = zr_dataplane_start(config, list->image, list->index, &daemon->dataplane, error, sizeof(error));
	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s", error);
		return err;
	}
	zr_status_sample(&daemon->status, daemon->dataplane);
	zr_status_memory_log(&daemon->status.now, daemon->config);
	return 0;
}

/* What the way out takes apart. */
static void prepare_ending(struct daemon *daemon)
{
	daemon->ending = (struct zr_ending){
		.config = daemon->config,
		.dataplane = daemon->dataplane,
		.billing = &daemon->billing,
		.restart = &daemon->restart,
		.status = &daemon->status,
		.laps = &daemon->laps,
	};
}

static void begin_asks(struct daemon *daemon, bool decisions)
{
	daemon->asks = (struct zr_asks){
		.dataplane = daemon->dataplane,
		.control = daemon->control,
		.totals = daemon->billing.totals,
		.recorder = {.dataplane = daemon->dataplane, .lists = daemon->lists},
		.learning = &daemon->learning,
		.decisions = decisions,
	};
	zr_control_socket_watch(daemon->control, zr_asks_closed, &daemon->asks);
}

/* What can be refused quickly comes first; ports are taken last. */
static int start(struct daemon *daemon)
{
	const struct zr_config *config = daemon->config;
	struct zr_dataplane_config dataplane;
	const struct zr_billing_start billing = {
		.config = config, .restart = &daemon->restart, .dataplane = &dataplane, .laps = &daemon->laps};
	int err;

	daemon->started_us = zr_list_report_now_us();
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
		err = zr_billing_open(&daemon->billing, daemon->loop, &billing);
	if (err == 0)
		err = zr_control_socket_open(daemon->loop, &config->control, answer, daemon, &daemon->control);
	daemon->list_ops = (struct zr_list_ops){
		.lists = daemon->lists, .control = daemon->control, .reload = reload, .arg = daemon};
	zr_laps_end(&daemon->laps, "sockets");
	if (err == 0)
		err = start_dataplane(daemon, &dataplane);
	if (err == 0)
		err = zr_learning_start(&daemon->learning, daemon->loop, daemon->dataplane);
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

	prepare_ending(daemon);
	start_timers(daemon);
	zr_lag_note(&daemon->lag, zr_records_committed(daemon->billing.records), zr_loop_now_ms());
	publish_metrics(daemon);
	err = zr_metrics_start(daemon->metrics);
	if (err != 0)
		return err;
	if (daemon->config->list.signatures_required == 0)
		zr_log(ZR_LOG_WARNING,
		       "signatures_required is 0: whoever can write %s, or push a list, decides what is free",
		       daemon->config->list.file);
	zr_learning_tell(&daemon->learning, zr_lists_current(daemon->lists)->image);
	zr_log(ZR_LOG_NOTICE, "gateway %s runs (%s)", daemon->config->gateway, zr_laps_text(&daemon->laps));
	sd_notify(0, "READY=1");
	while (daemon->ending.state != ZR_ENDING_OVER && err == 0)
		err = zr_loop_round(daemon->loop);
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the loop cannot go on: %s", strerror(-err));
	else
		zr_log(ZR_LOG_NOTICE, "stopped; the last record is number %" PRIu64 " (%s)",
		       zr_records_next(daemon->billing.records) - 1, zr_laps_text(&daemon->laps));
	return err == 0 && daemon->refused ? -ENOTUNIQ : err;
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
	zr_learning_clear(&daemon->learning);
	zr_restart_clear(&daemon->restart);
	zr_control_socket_close(daemon->control);
	zr_billing_close(&daemon->billing);
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
	daemon->learning.config = config;
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
