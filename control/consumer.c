/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/record/json_writer.h"

/* Most bytes that one consumer is sent before the next one's turn. */
#define TURN_BYTES ((size_t)512 * 1024)

/* Most bytes of lines that are read from the ledger at a time, for each connection that is behind. */
#define CHUNK_BYTES ((size_t)256 * 1024)

void zr_consumer_end(struct zr_consumer *consumer)
{
	if (consumer->subscribed && !consumer->ended)
		zr_log_often(ZR_LOG_KIND_CONSUMER, zr_log_who(consumer->name), ZR_LOG_INFO, "consumer \"%s\" has gone",
			     consumer->name);
	consumer->ended = true;
}

/* Write what waits; what the socket does not take stays. */
static void flush(struct zr_consumer *consumer)
{
	ssize_t sent;

	if (consumer->out_len > 0 && !consumer->ended) {
		sent = send(consumer->watch.fd, consumer->out, consumer->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			consumer->out_len -= (size_t)sent;
			memmove(consumer->out, consumer->out + sent, consumer->out_len);
		} else if (errno != EAGAIN && errno != EINTR) {
			zr_consumer_end(consumer);
		}
	}
	if (consumer->ending && consumer->out_len == 0)
		zr_consumer_end(consumer);
}

/* Room for one message of at most MESSAGE_MAX bytes, or NULL: it reads nothing, and need not be told more. */
static char *room_for_message(struct zr_consumer *consumer)
{
	return consumer->out_len + MESSAGE_MAX <= sizeof(consumer->out) ? consumer->out + consumer->out_len : NULL;
}

static void add_message(struct zr_consumer *consumer, const char *end)
{
	consumer->out_len = (size_t)(end - consumer->out);
}

void zr_consumer_refuse(struct zr_consumer *consumer, const char *what)
{
	char *at = room_for_message(consumer);

	if (consumer->ending)
		return;
	zr_log_often(ZR_LOG_KIND_CONSUMER, zr_log_who(consumer->name), ZR_LOG_WARNING, "consumer \"%s\" refused: %s",
		     consumer->name, what);
	if (at != NULL) {
		at = zr_json_raw(at, "{\"op\":\"error\",\"error\":");
		at = zr_json_string(at, what, MESSAGE_MAX - 64);
		add_message(consumer, zr_json_raw(at, "}\n"));
	}
	consumer->ending = true;
	flush(consumer);
}

/* The last record that may be sent to anybody. */
static struct zr_position end_of_records(const struct zr_consumer *consumer)
{
	return (struct zr_position){zr_records_exporter(consumer->records)->epoch_us,
				    zr_records_committed(consumer->records)};
}

static char *write_epoch(char *at, uint64_t epoch_us)
{
	char text[ZR_TIME_TEXT];

	zr_time_format(epoch_us, text);
	return zr_json_raw(zr_json_raw(at, "\"epoch\":\""), text);
}

/* The first record that follows is next of that epoch. */
static void hello(struct zr_consumer *consumer, uint64_t epoch_us, uint64_t next)
{
	char *at = room_for_message(consumer);

	if (at == NULL) /* never: it is the first message */
		return;
	at = zr_json_raw(at, "{\"op\":\"hello\",\"gateway\":");
	at = zr_json_string(at, zr_records_exporter(consumer->records)->gateway, (size_t)ZR_GATEWAY_MAX * 6);
	at = write_epoch(zr_json_raw(at, ","), epoch_us);
	at = zr_json_u64(zr_json_raw(at, "\",\"next\":"), next);
	add_message(consumer, zr_json_raw(at, "}\n"));
	consumer->greeted = true;
}

void zr_consumer_alive(struct zr_consumer *consumer)
{
	char *at = room_for_message(consumer);

	if (at == NULL || !consumer->greeted)
		return;
	at = zr_json_u64(zr_json_raw(at, "{\"op\":\"alive\",\"next\":"), consumer->at.seq + 1);
	add_message(consumer, zr_json_raw(at, "}\n"));
}

/* Say which records it does not get. False when there is no room to say so yet. */
static bool tell_lost(struct zr_consumer *consumer, const struct zr_ledger_item *gap)
{
	char *at = room_for_message(consumer);

	if (at == NULL || !zr_flight_has_room(&consumer->flight, gap->epoch_us))
		return false;
	if (!consumer->has_lost)
		zr_log_often(ZR_LOG_KIND_CONSUMER, zr_log_who(consumer->name), ZR_LOG_WARNING,
			     "consumer \"%s\": records are not in the ledger any more: %" PRIu64 " to %" PRIu64
			     ", and maybe more on this connection",
			     consumer->name, gap->from, gap->to);
	consumer->has_lost = true;
	at = write_epoch(zr_json_raw(at, "{\"op\":\"lost\","), gap->epoch_us);
	at = zr_json_u64(zr_json_raw(at, "\",\"from\":"), gap->from);
	at = zr_json_u64(zr_json_raw(at, ",\"to\":"), gap->to);
	add_message(consumer, zr_json_raw(at, "}\n"));
	zr_flight_lost(&consumer->flight, gap->epoch_us, gap->from, gap->to);
	consumer->at = (struct zr_position){gap->epoch_us, gap->to};
	return true;
}

/* How many more records it may be sent now. */
static uint64_t allowed(const struct zr_consumer *consumer, uint64_t epoch_us)
{
	if (consumer->flight.records >= consumer->window || !zr_flight_has_room(&consumer->flight, epoch_us))
		return 0;
	return consumer->window - consumer->flight.records;
}

/* Is the next record in memory, or still to come? */
static bool is_in_memory(const struct zr_consumer *consumer)
{
	return consumer->at.epoch_us == zr_records_exporter(consumer->records)->epoch_us &&
	       consumer->at.seq + 1 >= zr_records_oldest(consumer->records);
}

/* Send lines, as far as the socket takes them. Returns how many bytes went out. */
static size_t send_bytes(struct zr_consumer *consumer, const char *lines, size_t len)
{
	ssize_t got = send(consumer->watch.fd, lines, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (got < 0 && errno != EAGAIN && errno != EINTR)
		zr_consumer_end(consumer);
	consumer->pressing = got < (ssize_t)len;
	return got > 0 ? (size_t)got : 0;
}

/* A line was begun: its rest must follow. */
static void keep_rest(struct zr_consumer *consumer, const char *rest, size_t len)
{
	memcpy(consumer->out, rest, len);
	consumer->out_len = len;
}

/* Records from..to of an epoch went out. */
static void note_sent(struct zr_consumer *consumer, uint64_t epoch_us, uint64_t from, uint64_t to)
{
	zr_flight_sent(&consumer->flight, epoch_us, from, to);
	consumer->at = (struct zr_position){epoch_us, to};
}

/* So many bytes of lines went out of memory: whole records, and maybe the beginning of one. */
static void advance_memory(struct zr_consumer *consumer, size_t sent)
{
	const struct zr_records *records = consumer->records;
	uint64_t from = consumer->at.seq + 1, to = consumer->at.seq;
	size_t len;

	while (sent > 0) {
		const char *line = zr_records_line(records, ++to, &len);

		if (sent < len)
			keep_rest(consumer, line + sent, len - sent);
		sent -= sent < len ? sent : len;
	}
	note_sent(consumer, consumer->at.epoch_us, from, to);
}

/* Send lines straight from memory, as many as lie together. Returns how many bytes were sent, 0 when nothing more goes. */
static size_t send_from_memory(struct zr_consumer *consumer, size_t most)
{
	uint64_t last = zr_records_committed(consumer->records), more = allowed(consumer, consumer->at.epoch_us);
	const char *lines;
	size_t len, sent;

	if (consumer->at.seq >= last || more == 0)
		return 0;
	if (last - consumer->at.seq > more)
		last = consumer->at.seq + more;
	lines = zr_records_lines(consumer->records, consumer->at.seq + 1, last, most, &len);
	sent = send_bytes(consumer, lines, len);
	if (sent > 0)
		advance_memory(consumer, sent);
	return sent;
}

/* So many bytes of the chunk's next lines went out: whole records, and maybe the beginning of one. */
static void advance_chunk(struct zr_consumer *consumer, size_t sent)
{
	const struct zr_ledger_item *item = &consumer->chunk->items[consumer->item];
	uint64_t epoch_us = item->epoch_us, from = item->from, to = item->from;

	for (; sent > 0; item++) {
		to = item->from;
		if (sent < item->len)
			keep_rest(consumer, item->line + sent, item->len - sent);
		sent -= sent < item->len ? sent : item->len;
		consumer->item++;
	}
	note_sent(consumer, epoch_us, from, to);
}

/* Send the chunk's lines up to its next gap. Returns how many bytes were sent, 0 when nothing more goes. */
static size_t send_from_chunk(struct zr_consumer *consumer, size_t most)
{
	const struct zr_ledger_item *first = &consumer->chunk->items[consumer->item];
	unsigned int left = consumer->chunk->count - consumer->item;
	uint64_t more = allowed(consumer, first->epoch_us);
	size_t len = 0, sent;

	for (unsigned int i = 0; i < left && i < more && first[i].kind == ZR_LEDGER_LINE && len < most; i++)
		len += first[i].len;
	sent = len > 0 ? send_bytes(consumer, first->line, len) : 0;
	if (sent > 0)
		advance_chunk(consumer, sent);
	return sent;
}

/* What the chunk covers: when it says that nothing more is there, all that was asked for. */
static struct zr_position end_of_chunk(const struct zr_consumer *consumer)
{
	return consumer->chunk->at_end ? consumer->asked : consumer->chunk->next;
}

/* The first record that a chunk brings, or that comes behind it. */
static void greet_by_chunk(struct zr_consumer *consumer)
{
	const struct zr_ledger_chunk *chunk = consumer->chunk;
	struct zr_position end = end_of_chunk(consumer);

	for (unsigned int i = 0; i < chunk->count; i++) {
		if (chunk->items[i].kind == ZR_LEDGER_LINE) {
			hello(consumer, chunk->items[i].epoch_us, chunk->items[i].from);
			return;
		}
	}
	hello(consumer, end.epoch_us, end.seq + 1);
}

static void free_reader(struct zr_consumer *consumer)
{
	zr_ledger_reader_free(consumer->reader);
	consumer->reader = NULL;
	consumer->chunk = NULL;
}

/* Ask the ledger for what follows. False when it cannot be asked now. */
static bool request(struct zr_consumer *consumer)
{
	if (consumer->waits)
		return false;
	if (consumer->reader == NULL && zr_ledger_reader_make(consumer->ledger, &consumer->reader) != 0) {
		zr_consumer_refuse(consumer, "the daemon has no memory to read the ledger: come back later");
		return false;
	}
	consumer->chunk = NULL;
	consumer->item = 0;
	consumer->asked = end_of_records(consumer);
	zr_ledger_read(consumer->reader, consumer->at, consumer->asked.seq, CHUNK_BYTES);
	return true;
}

/* The chunk was sent: go on behind it, from memory or with another one. False when there is nothing to go on with now. */
static bool finish_chunk(struct zr_consumer *consumer)
{
	struct zr_position end = end_of_chunk(consumer);

	if (zr_position_before(consumer->at, end))
		consumer->at = end;
	consumer->waits = consumer->chunk->error != 0;
	if (!consumer->waits && !is_in_memory(consumer))
		return request(consumer);
	free_reader(consumer);
	return !consumer->waits;
}

/* Send what the ledger gave. Returns how many bytes were sent; *more is false when nothing more goes now. */
static size_t send_from_ledger(struct zr_consumer *consumer, size_t most, bool *more)
{
	const struct zr_ledger_item *item;
	size_t sent;

	if (consumer->chunk == NULL)
		consumer->chunk = zr_ledger_chunk(consumer->reader);
	*more = consumer->chunk != NULL;
	if (consumer->chunk == NULL)
		return 0;
	if (!consumer->greeted) {
		greet_by_chunk(consumer);
		return 0;
	}
	if (consumer->item == consumer->chunk->count) {
		*more = finish_chunk(consumer);
		return 0;
	}
	item = &consumer->chunk->items[consumer->item];
	if (item->kind == ZR_LEDGER_LINE) {
		sent = send_from_chunk(consumer, most);
		*more = sent > 0;
		return sent;
	}
	*more = item->kind == ZR_LEDGER_EPOCH || tell_lost(consumer, item);
	consumer->item += *more;
	return 0;
}

/* Send from wherever the next record is. Returns how many bytes were sent; *more is false when nothing more goes now. */
static size_t send_some(struct zr_consumer *consumer, size_t most, bool *more)
{
	size_t sent;

	if (consumer->reader != NULL)
		return send_from_ledger(consumer, most, more);
	if (!is_in_memory(consumer)) {
		*more = request(consumer);
		return 0;
	}
	sent = send_from_memory(consumer, most);
	*more = sent > 0;
	return sent;
}

static void send_records(struct zr_consumer *consumer)
{
	bool more = consumer->subscribed;
	size_t sent = 0;

	consumer->pressing = false;
	while (more && !consumer->ending && !consumer->ended && consumer->out_len == 0) {
		if (sent >= TURN_BYTES) {
			consumer->pressing = true;
			return;
		}
		sent += send_some(consumer, TURN_BYTES - sent, &more);
		flush(consumer);
	}
}

/* Does the socket have to say when it takes more? */
static void watch_what_matters(struct zr_consumer *consumer)
{
	bool waits = consumer->out_len > 0 || consumer->pressing;
	uint32_t events = (consumer->in.ended || consumer->ending ? 0U : EPOLLIN) | (waits ? EPOLLOUT : 0U);

	if (events != consumer->events && !consumer->ended)
		zr_loop_change(consumer->loop, &consumer->watch, events);
	consumer->events = events;
}

void zr_consumer_begin(struct zr_consumer *consumer, struct zr_position after)
{
	consumer->subscribed = true;
	consumer->at = after;
	zr_flight_begin(&consumer->flight, after);
	if (is_in_memory(consumer))
		hello(consumer, after.epoch_us, after.seq + 1);
}

void zr_consumer_serve(struct zr_consumer *consumer)
{
	flush(consumer);
	send_records(consumer);
	watch_what_matters(consumer);
}

bool zr_consumer_is_served(const struct zr_consumer *consumer)
{
	return consumer->greeted && consumer->out_len == 0 &&
	       !zr_position_before(consumer->at, end_of_records(consumer));
}

void zr_consumer_free(struct zr_consumer *consumer)
{
	zr_ledger_reader_free(consumer->reader);
	free(consumer);
}
