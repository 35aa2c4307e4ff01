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

#include "control/consumers.h"
#include "control/control_socket.h"
#include "control/list.h"
#include "control/list_ops.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/records.h"
#include "control/status.h"

/* How often events are drained, and how many at a time, so that sockets are served between. */
#define DRAIN_MS   2
#define DRAIN_MOST 4096

#define SAMPLE_MS 1000
#define US_PER_S  1000000U

/* Most time for consumers to take the last records at the end. */
#define DELIVER_MS 10000

enum state { RUNNING, STOPPING, DELIVERING, STOPPED };

struct daemon {
	const struct zr_config *config;
	struct zr_loop *loop;
	struct zr_lists *lists;
	struct zr_list_ops list_ops;
	struct zr_records *records;
	struct zr_consumers *consumers;
	struct zr_control_socket *control;
	struct zr_dataplane *dataplane;
	struct zr_status status;
	struct zr_watch signals;
	struct zr_timer drain, sample;
	enum state state;
	bool reloading; /* systemd was told so */
	uint64_t deliver_until_ms;
};

static void stop_begin(struct daemon *daemon, const char *signal)
{
	if (daemon->state != RUNNING)
		return;
	zr_log(ZR_LOG_NOTICE, "%s: cutting all open flows and delivering their records", signal);
	sd_notify(0, "STOPPING=1");
	daemon->state = STOPPING;
}

static void tell_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000);
}

static void reload(struct daemon *daemon)
{
	if (daemon->state != RUNNING)
		return;
	zr_log(ZR_LOG_INFO, "SIGHUP: reading %s anew", daemon->config->list.file);
	tell_reloading();
	daemon->reloading = true;
	zr_lists_reload(daemon->lists);
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
		reload(daemon);
	else
		stop_begin(daemon, info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
}

/* All flows are cut once this returns 0 and nothing is left to drain. */
static void stop_go_on(struct daemon *daemon, unsigned int drained)
{
	int err = zr_dataplane_stop(daemon->dataplane);

	if (err == -EAGAIN || drained > 0)
		return;
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the workers did not stop as they should: %s", strerror(-err));
	daemon->state = DELIVERING;
	daemon->deliver_until_ms = zr_loop_now_ms() + DELIVER_MS;
}

static void deliver(struct daemon *daemon)
{
	bool served = zr_consumers_served(daemon->consumers);

	if (!served && zr_loop_now_ms() < daemon->deliver_until_ms)
		return;
	if (!served)
		zr_log(ZR_LOG_WARNING, "a consumer did not take its last records in %d s", DELIVER_MS / 1000);
	daemon->state = STOPPED;
}

static void drain(void *arg)
{
	struct daemon *daemon = arg;
	unsigned int drained = 0;

	if (daemon->state == RUNNING || daemon->state == STOPPING)
		drained = zr_dataplane_drain(daemon->dataplane, zr_records_take, daemon->records, DRAIN_MOST);
	zr_consumers_serve(daemon->consumers);
	if (daemon->state == STOPPING)
		stop_go_on(daemon, drained);
	else if (daemon->state == DELIVERING)
		deliver(daemon);
	if (daemon->state == RUNNING)
		reload_end(daemon);
	if (drained == DRAIN_MOST)
		zr_loop_timer_hurry(&daemon->drain);
}

static void sample(void *arg)
{
	struct daemon *daemon = arg;

	zr_status_sample(&daemon->status, daemon->dataplane);
}

static json_t *answer(void *arg, const json_t *request, struct zr_control_peer *peer)
{
	struct daemon *daemon = arg;
	const char *op = json_string_value(json_object_get(request, "op"));
	struct zr_status_sources sources = {
		.state = daemon->state == RUNNING ? "running" : "stopping",
		.dataplane = daemon->dataplane,
		.lists = daemon->lists,
		.records = daemon->records,
		.consumers = daemon->consumers,
	};

	if (strcmp(op, "status") != 0)
		return zr_list_ops_answer(&daemon->list_ops, request, peer);
	if (json_object_size(request) != 1)
		return zr_control_error("status has no members");
	return zr_status_json(&daemon->status, &sources);
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

static int make_records(struct daemon *daemon)
{
	struct zr_exporter exporter = {.gateway = daemon->config->gateway};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	exporter.epoch_us = (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
	return zr_records_make(&exporter, daemon->config->records_memory_bytes, &daemon->records);
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

/* What can be refused quickly comes first; ports are taken last. */
static int start(struct daemon *daemon)
{
	const struct zr_config *config = daemon->config;
	struct zr_dataplane_config dataplane;
	int err;

	zr_config_dataplane(config, &dataplane);
	if (getentropy(dataplane.pipeline.seed, sizeof(dataplane.pipeline.seed)) != 0)
		return -errno;
	err = zr_loop_make(&daemon->loop);
	if (err == 0)
		err = watch_signals(daemon);
	if (err == 0)
		err = zr_lists_make(&config->list, dataplane.pipeline.seed, &daemon->lists);
	if (err == 0)
		err = make_records(daemon);
	if (err == 0)
		err = zr_consumers_open(daemon->loop, &config->records, daemon->records, &daemon->consumers);
	if (err == 0)
		err = zr_control_socket_open(daemon->loop, &config->control, answer, daemon, &daemon->control);
	daemon->list_ops = (struct zr_list_ops){.lists = daemon->lists, .control = daemon->control};
	if (err == 0)
		err = start_dataplane(daemon, &dataplane);
	if (err == 0)
		err = zr_lists_start(daemon->lists, daemon->loop, daemon->dataplane);
	return err;
}

static int run(struct daemon *daemon)
{
	int err = 0;

	daemon->drain = (struct zr_timer){.every_ms = DRAIN_MS, .expired = drain, .arg = daemon};
	daemon->sample = (struct zr_timer){.every_ms = SAMPLE_MS, .expired = sample, .arg = daemon};
	zr_loop_timer_add(daemon->loop, &daemon->drain);
	zr_loop_timer_add(daemon->loop, &daemon->sample);
	if (daemon->config->list.signatures_required == 0)
		zr_log(ZR_LOG_WARNING,
		       "signatures_required is 0: whoever can write %s, or push a list, decides what is free",
		       daemon->config->list.file);
	zr_log(ZR_LOG_NOTICE, "gateway %s runs", daemon->config->gateway);
	sd_notify(0, "READY=1");
	while (daemon->state != STOPPED && err == 0)
		err = zr_loop_round(daemon->loop);
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the loop cannot go on: %s", strerror(-err));
	else
		zr_log(ZR_LOG_NOTICE, "stopped after %" PRIu64 " records, which are no longer kept",
		       zr_records_next(daemon->records) - 1);
	return err;
}

int zr_daemon_run(const struct zr_config *config)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int err;

	if (daemon == NULL)
		return -ENOMEM;
	daemon->config = config;
	daemon->signals.fd = -1;
	err = start(daemon);
	if (err == 0)
		err = run(daemon);
	else
		zr_log(ZR_LOG_ERROR, "not started: %s", strerror(-err));
	if (daemon->lists != NULL)
		zr_lists_stop(daemon->lists);
	if (daemon->dataplane != NULL)
		zr_dataplane_free(daemon->dataplane);
	zr_control_socket_close(daemon->control);
	zr_consumers_close(daemon->consumers);
	zr_records_free(daemon->records);
	zr_lists_free(daemon->lists);
	if (daemon->signals.fd >= 0)
		close(daemon->signals.fd);
	zr_loop_free(daemon->loop);
	free(daemon);
	return err;
}
