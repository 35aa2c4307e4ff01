/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 64

struct zr_loop {
	int epoll;
	struct zr_timer *timers;
	struct epoll_event events[EVENTS]; /* of this round */
	int count, at;
};

int zr_loop_make(struct zr_loop **out)
{
	struct zr_loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (loop == NULL)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		err = -errno;
		free(loop);
		return err;
	}
	*out = loop;
	return 0;
}

void zr_loop_free(struct zr_loop *loop)
{
	if (loop == NULL)
		return;
	close(loop->epoll);
	free(loop);
}

int zr_loop_add(struct zr_loop *loop, struct zr_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0 ? 0 : -errno;
}

int zr_loop_change(struct zr_loop *loop, struct zr_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0 ? 0 : -errno;
}

void zr_loop_remove(struct zr_loop *loop, struct zr_watch *watch)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	/* An event of this round may still wait for it, and it may be freed by then. */
	for (int i = loop->at; i < loop->count; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
}

void zr_loop_timer_add(struct zr_loop *loop, struct zr_timer *timer)
{
	timer->due_ms = zr_loop_now_ms() + timer->every_ms;
	timer->next = loop->timers;
	loop->timers = timer;
}

void zr_loop_timer_remove(struct zr_loop *loop, struct zr_timer *timer)
{
	for (struct zr_timer **at = &loop->timers; *at != NULL; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			return;
		}
	}
}

void zr_loop_timer_hurry(struct zr_timer *timer)
{
	timer->due_ms = 0;
}

static int wait_ms(const struct zr_loop *loop)
{
	uint64_t now_ms = zr_loop_now_ms(), due_ms = UINT64_MAX;

	for (const struct zr_timer *timer = loop->timers; timer != NULL; timer = timer->next)
		if (timer->due_ms < due_ms)
			due_ms = timer->due_ms;
	if (due_ms <= now_ms)
		return 0;
	return due_ms - now_ms < INT_MAX ? (int)(due_ms - now_ms) : INT_MAX;
}

static void call_timers(const struct zr_loop *loop)
{
	uint64_t now_ms = zr_loop_now_ms();

	for (struct zr_timer *timer = loop->timers; timer != NULL; timer = timer->next) {
		if (timer->due_ms > now_ms)
			continue;
		timer->due_ms = now_ms + timer->every_ms;
		timer->expired(timer->arg);
	}
}

int zr_loop_round(struct zr_loop *loop)
{
	loop->count = epoll_wait(loop->epoll, loop->events, EVENTS, wait_ms(loop));
	if (loop->count < 0)
		return errno == EINTR ? 0 : -errno;
	for (loop->at = 0; loop->at < loop->count; loop->at++) {
		struct zr_watch *watch = loop->events[loop->at].data.ptr;

		if (watch != NULL)
			watch->ready(watch->arg, loop->events[loop->at].events);
	}
	loop->count = 0;
	call_timers(loop);
	return 0;
}

uint64_t zr_loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
