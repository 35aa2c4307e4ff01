/* SPDX-License-Identifier: BSD-3-Clause */
/* A reactor: descriptors and timers of one thread, over epoll. Nothing here is allocated per event. */
#ifndef CONTROL_LOOP_H
#define CONTROL_LOOP_H

#include <stdint.h>

struct zr_loop;

/* A descriptor that is watched. The caller's; it must stay until it is removed. */
struct zr_watch {
	int fd;
	void (*ready)(void *arg, uint32_t events); /* events: EPOLLIN and so on */
	void *arg;
};

/* Called every so often. The caller's; it must stay until it is removed, which no timer's callback may do. */
struct zr_timer {
	uint64_t every_ms; /* at least 1 */
	void (*expired)(void *arg);
	void *arg;
	uint64_t due_ms; /* the loop's own, like next */
	struct zr_timer *next;
};

/* 0 or -errno. */
int zr_loop_make(struct zr_loop **out);
void zr_loop_free(struct zr_loop *loop);

/* Watch a descriptor for events (level-triggered); change for which; stop, also from inside a callback. 0 or -errno. */
int zr_loop_add(struct zr_loop *loop, struct zr_watch *watch, uint32_t events);
int zr_loop_change(struct zr_loop *loop, struct zr_watch *watch, uint32_t events);
void zr_loop_remove(struct zr_loop *loop, struct zr_watch *watch);

/* Start a timer: it expires first after its interval. Expirations that were missed are not made up for. */
void zr_loop_timer_add(struct zr_loop *loop, struct zr_timer *timer);
void zr_loop_timer_remove(struct zr_loop *loop, struct zr_timer *timer);
/* Let a timer expire in the next round, whenever it would be due. */
void zr_loop_timer_hurry(struct zr_timer *timer);

/* One round: wait at most until the next timer is due, call what is ready and what has expired. 0 or -errno. */
int zr_loop_round(struct zr_loop *loop);

/* Milliseconds on a clock that is never set (CLOCK_MONOTONIC). */
uint64_t zr_loop_now_ms(void);

#endif
