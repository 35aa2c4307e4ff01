/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/flight.h"

#include <string.h>

bool zr_position_before(struct zr_position a, struct zr_position b)
{
	return a.epoch_us != b.epoch_us ? a.epoch_us < b.epoch_us : a.seq < b.seq;
}

void zr_flight_begin(struct zr_flight *flight, struct zr_position after)
{
	*flight = (struct zr_flight){.acked = after};
}

static struct zr_flight_run *last_run(struct zr_flight *flight)
{
	return flight->count > 0 ? &flight->runs[flight->count - 1] : NULL;
}

static void remove_run(struct zr_flight *flight, unsigned int i)
{
	flight->count--;
	memmove(&flight->runs[i], &flight->runs[i + 1], (flight->count - i) * sizeof(*flight->runs));
}

/* Where two runs of one epoch lie one behind the other; count when nowhere. */
static unsigned int find_pair(const struct zr_flight *flight)
{
	for (unsigned int i = 0; i + 1 < flight->count; i++)
		if (flight->runs[i].epoch_us == flight->runs[i + 1].epoch_us)
			return i;
	return flight->count;
}

bool zr_flight_has_room(const struct zr_flight *flight, uint64_t epoch_us)
{
	return flight->count < ZR_FLIGHT_RUNS || find_pair(flight) < flight->count ||
	       flight->runs[flight->count - 1].epoch_us == epoch_us;
}

/*
 * Two runs of one epoch become one that is said to have fewer records than numbers: an ack in its middle then opens the window
 * by too little, never by too much, and one of all of it by exactly what it holds.
 */
static void join(struct zr_flight *flight, unsigned int pair)
{
	struct zr_flight_run *kept = &flight->runs[pair], *gone = &flight->runs[pair + 1];

	if (gone->records > 0)
		kept->last = gone->last;
	kept->to = gone->to;
	kept->records += gone->records;
	remove_run(flight, pair + 1);
}

/* A new run, still empty. */
static struct zr_flight_run *add_run(struct zr_flight *flight, uint64_t epoch_us, uint64_t from)
{
	flight->runs[flight->count++] = (struct zr_flight_run){
		.epoch_us = epoch_us, .from = from, .last = from - 1, .to = from - 1};
	if (flight->count > ZR_FLIGHT_RUNS)
		join(flight, find_pair(flight));
	return last_run(flight);
}

void zr_flight_sent(struct zr_flight *flight, uint64_t epoch_us, uint64_t from, uint64_t to)
{
	struct zr_flight_run *run = last_run(flight);

	if (run == NULL || run->epoch_us != epoch_us || run->to != run->last || run->to + 1 != from)
		run = add_run(flight, epoch_us, from);
	run->last = run->to = to;
	run->records += to - from + 1;
	flight->records += to - from + 1;
}

void zr_flight_lost(struct zr_flight *flight, uint64_t epoch_us, uint64_t from, uint64_t to)
{
	struct zr_flight_run *run = last_run(flight);

	if (run == NULL || run->epoch_us != epoch_us || run->to + 1 != from)
		run = add_run(flight, epoch_us, from);
	run->to = to;
}

/* Was it sent, or announced, in one of the runs? Its index; count when in none. */
static unsigned int find_run(const struct zr_flight *flight, struct zr_position position)
{
	unsigned int i;

	for (i = 0; i < flight->count; i++)
		if (flight->runs[i].epoch_us == position.epoch_us && flight->runs[i].from <= position.seq &&
		    position.seq <= flight->runs[i].to)
			break;
	return i;
}

/* What lies in a run up to seq has arrived. */
static void trim(struct zr_flight *flight, struct zr_flight_run *run, uint64_t seq)
{
	uint64_t left = seq >= run->last ? 0 : run->last - seq;

	left = left < run->records ? left : run->records;
	flight->records -= run->records - left;
	run->records = left;
	run->from = seq + 1;
	if (run->last < seq)
		run->last = seq;
}

const char *zr_flight_ack(struct zr_flight *flight, struct zr_position position)
{
	unsigned int i = find_run(flight, position);

	if (i == flight->count) {
		if (!zr_position_before(flight->acked, position))
			return NULL;
		return "this record was not sent yet: acknowledge what has come on this connection";
	}
	for (; i > 0; i--) {
		trim(flight, &flight->runs[0], flight->runs[0].to);
		remove_run(flight, 0);
	}
	trim(flight, &flight->runs[0], position.seq);
	if (flight->runs[0].from > flight->runs[0].to)
		remove_run(flight, 0);
	flight->acked = position;
	return NULL;
}
