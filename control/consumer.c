/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "control/log.h"
#include "control/record/json_writer.h"

/* Most bytes that one consumer is sent before the next one's turn. */
#define TURN_BYTES (512 * 1024)

void zr_consumer_end(struct zr_consumer *consumer)
{
	if (consumer->subscribed && !consumer->ended)
		zr_log(ZR_LOG_INFO, "consumer \"%s\" has gone", consumer->name);
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

/* The last thing that it is told. */
void zr_consumer_refuse(struct zr_consumer *consumer, const char *what)
{
	char *at = room_for_message(consumer);

	if (consumer->ending)
		return;
	zr_log(ZR_LOG_WARNING, "consumer \"%s\" refused: %s", consumer->name, what);
	if (at != NULL) {
		at = zr_json_raw(at, "{\"op\":\"error\",\"error\":");
		at = zr_json_string(at, what, MESSAGE_MAX - 64);
		add_message(consumer, zr_json_raw(at, "}\n"));
	}
	consumer->ending = true;
	flush(consumer);
}

void zr_consumer_hello(struct zr_consumer *consumer)
{
	const struct zr_exporter *exporter = zr_records_exporter(consumer->records);
	char *at = room_for_message(consumer);

	if (at == NULL)
		return;
	at = zr_json_raw(at, "{\"op\":\"hello\",\"gateway\":");
	at = zr_json_string(at, exporter->gateway, (size_t)ZR_GATEWAY_MAX * 6);
	at = zr_json_raw(at, ",\"epoch\":\"");
	at = zr_json_raw(at, consumer->epoch);
	at = zr_json_u64(zr_json_raw(at, "\",\"next\":"), consumer->next);
	add_message(consumer, zr_json_raw(at, "}\n"));
}

void zr_consumer_lost(struct zr_consumer *consumer, uint64_t from, uint64_t to)
{
	char *at = room_for_message(consumer);

	if (at == NULL)
		return;
	at = zr_json_raw(zr_json_raw(at, "{\"op\":\"lost\",\"epoch\":\""), consumer->epoch);
	at = zr_json_u64(zr_json_raw(at, "\",\"from\":"), from);
	at = zr_json_u64(zr_json_raw(at, ",\"to\":"), to);
	add_message(consumer, zr_json_raw(at, "}\n"));
}

void zr_consumer_alive(struct zr_consumer *consumer)
{
	char *at = room_for_message(consumer);

	if (at == NULL)
		return;
	at = zr_json_u64(zr_json_raw(at, "{\"op\":\"alive\",\"next\":"), consumer->next);
	add_message(consumer, zr_json_raw(at, "}\n"));
}

/* The last record that it may be sent now. */
static uint64_t last_allowed(const struct zr_consumer *consumer)
{
	uint64_t last = zr_records_next(consumer->records) - 1;

	return last - consumer->acked <= consumer->window ? last : consumer->acked + consumer->window;
}

/* Records that it was not sent in time are no longer kept: say which, and begin behind them, with a new window. */
static void skip_lost(struct zr_consumer *consumer)
{
	uint64_t oldest = zr_records_oldest(consumer->records);

	if (consumer->next >= oldest)
		return;
	zr_consumer_lost(consumer, consumer->next, oldest - 1);
	zr_log(ZR_LOG_WARNING, "consumer \"%s\" is too slow: records %" PRIu64 " to %" PRIu64 " are no longer kept",
	       consumer->name, consumer->next, oldest - 1);
	consumer->next = oldest;
	consumer->acked = oldest - 1;
}

/* So many bytes of lines went out: whole records, and maybe the beginning of one, whose rest must follow. */
static void advance(struct zr_consumer *consumer, size_t sent)
{
	const struct zr_records *records = consumer->records;
	size_t len;

	while (sent > 0) {
		const char *line = zr_records_line(records, consumer->next, &len);

		consumer->next++;
		if (sent < len) {
			memcpy(consumer->out, line + sent, len - sent);
			consumer->out_len = len - sent;
			return;
		}
		sent -= len;
	}
}

/* Send lines straight from where they are kept, as many as lie together. False when the socket takes no more. */
static bool send_lines(struct zr_consumer *consumer, uint64_t last, size_t most, size_t *sent)
{
	size_t len;
	const char *lines = zr_records_lines(consumer->records, consumer->next, last, most, &len);
	ssize_t got = send(consumer->watch.fd, lines, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			zr_consumer_end(consumer);
		return false;
	}
	advance(consumer, (size_t)got);
	*sent += (size_t)got;
	return (size_t)got == len;
}

static void send_records(struct zr_consumer *consumer)
{
	size_t sent = 0;

	if (!consumer->subscribed || consumer->ending || consumer->ended || consumer->out_len > 0)
		return;
	if (consumer->next <= last_allowed(consumer)) {
		skip_lost(consumer);
		flush(consumer);
	}
	while (consumer->out_len == 0 && consumer->next <= last_allowed(consumer) && sent < TURN_BYTES)
		if (!send_lines(consumer, last_allowed(consumer), TURN_BYTES - sent, &sent))
			break;
}

/* Does the socket have to say when it takes more? */
static void watch_what_matters(struct zr_consumer *consumer)
{
	bool waits = consumer->out_len > 0 ||
		     (consumer->subscribed && !consumer->ending && consumer->next <= last_allowed(consumer));
	uint32_t events = (consumer->in.ended || consumer->ending ? 0U : EPOLLIN) | (waits ? EPOLLOUT : 0U);

	if (events != consumer->events && !consumer->ended)
		zr_loop_change(consumer->loop, &consumer->watch, events);
	consumer->events = events;
}

void zr_consumer_serve(struct zr_consumer *consumer)
{
	flush(consumer);
	send_records(consumer);
	watch_what_matters(consumer);
}
