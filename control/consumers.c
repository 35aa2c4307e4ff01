/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/consumers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/consumer.h"
#include "control/log.h"
#include "control/peer.h"

#define ALIVE_MS 5000

/* Most streams without a name: every configured consumer finds room beside them. */
#define ANONYMOUS_MAX (ZR_CONSUMERS_MAX - ZR_CONSUMERS_NAMED_MAX)

/* A connection that has not subscribed after so many of these makes way for others. */
#define SILENT_BEATS 12

struct zr_consumers {
	struct zr_server server;
	struct zr_loop *loop;
	struct zr_consumers_config config;
	const struct zr_records *records;
	struct zr_ledger *ledger;
	struct zr_timer alive;
	struct zr_consumer *first;
	unsigned int count;
};

/* A standby must not wait for a dead peer: the older connection of a name gives way. */
static void take_over(struct zr_consumer *consumer)
{
	for (struct zr_consumer *other = consumer->all->first; other != NULL; other = other->next_one) {
		if (other == consumer || !other->subscribed || other->ending || other->name[0] == '\0' ||
		    strcmp(other->name, consumer->name) != 0)
			continue;
		zr_consumer_refuse(other, "another connection has subscribed with this name and takes over");
		zr_consumer_serve(other);
	}
}

static bool is_configured(const struct zr_consumers *all, const char *name)
{
	for (unsigned int i = 0; i < all->config.names->count; i++)
		if (strcmp(all->config.names->at[i], name) == 0)
			return true;
	return false;
}

static unsigned int count_anonymous(const struct zr_consumers *all)
{
	unsigned int count = 0;

	for (const struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one)
		count += consumer->subscribed && consumer->name[0] == '\0';
	return count;
}

static void subscribe(struct zr_consumer *consumer, const struct zr_message *message)
{
	const struct zr_consumers *all = consumer->all;
	bool named = message->consumer[0] != '\0';

	if (consumer->subscribed) {
		zr_consumer_refuse(consumer, "this connection has subscribed already: open another one");
		return;
	}
	if (named && !is_configured(all, message->consumer)) {
		zr_consumer_refuse(consumer, "this consumer is not configured: add it to records.consumers in "
					     "zerorated.conf, or subscribe without a name");
		return;
	}
	if (!named && count_anonymous(all) >= ANONYMOUS_MAX) {
		zr_consumer_refuse(consumer, "too many streams without a consumer: close one");
		return;
	}
	strcpy(consumer->name, message->consumer);
	consumer->window = message->window;
	zr_log_often(ZR_LOG_KIND_CONSUMER, zr_log_who(consumer->name), ZR_LOG_INFO, "consumer \"%s\" has subscribed",
		     consumer->name);
	take_over(consumer);
	zr_consumer_begin(consumer, named ? zr_ledger_cursor(all->ledger, consumer->name)
					  : zr_ledger_back(all->ledger, message->last));
}

static void acknowledge(struct zr_consumer *consumer, const struct zr_message *message)
{
	struct zr_position position = {message->epoch_us, message->seq};
	const char *wrong;

	if (!consumer->subscribed) {
		zr_consumer_refuse(consumer, "subscribe before the first ack");
		return;
	}
	wrong = zr_flight_ack(&consumer->flight, position);
	if (wrong == NULL && consumer->name[0] != '\0' &&
	    !zr_ledger_ack(consumer->all->ledger, consumer->name, position))
		wrong = "the ledger does not know this record";
	if (wrong != NULL)
		zr_consumer_refuse(consumer, wrong);
}

static void take_line(struct zr_consumer *consumer, const char *line, size_t len)
{
	struct zr_message message;
	const char *wrong = zr_message_read(line, len, &message);

	if (wrong != NULL)
		zr_consumer_refuse(consumer, wrong);
	else if (message.op == ZR_MESSAGE_SUBSCRIBE)
		subscribe(consumer, &message);
	else
		acknowledge(consumer, &message);
}

static void take_input(struct zr_consumer *consumer)
{
	const char *line;
	size_t len;

	if (zr_lines_read(&consumer->in, consumer->watch.fd) != 0) {
		zr_consumer_end(consumer);
		return;
	}
	while (!consumer->ending && (line = zr_lines_next(&consumer->in, &len)) != NULL)
		take_line(consumer, line, len);
	if (!consumer->ending && zr_lines_overlong(&consumer->in))
		zr_consumer_refuse(consumer, "a message has at most 4096 bytes with its line break");
	if (consumer->in.ended && consumer->in.len > consumer->in.taken)
		zr_consumer_refuse(consumer, "a message ends with a line break");
	else if (consumer->in.ended && !consumer->subscribed)
		zr_consumer_end(consumer);
}

/* Take those out whose connection has ended. */
static void sweep(struct zr_consumers *all)
{
	for (struct zr_consumer **at = &all->first; *at != NULL;) {
		struct zr_consumer *consumer = *at;

		if (!consumer->ended) {
			at = &consumer->next_one;
			continue;
		}
		*at = consumer->next_one;
		zr_loop_remove(all->loop, &consumer->watch);
		close(consumer->watch.fd);
		zr_consumer_free(consumer);
		all->count--;
	}
}

static void ready(void *arg, uint32_t events)
{
	struct zr_consumer *consumer = arg;

	if ((events & EPOLLIN) != 0 && !consumer->ending)
		take_input(consumer);
	if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		zr_consumer_end(consumer);
	zr_consumer_serve(consumer);
	sweep(consumer->all);
}

static void arrived(void *arg, int fd)
{
	static const char full[] = "{\"op\":\"error\",\"error\":\"too many connections: close one\"}\n";
	static const char denied[] =
		"{\"op\":\"error\",\"error\":\"not allowed: connect as root, as the daemon's user, "
		"or as one of records.users or records.group in zerorated.conf\"}\n";
	struct zr_consumers *all = arg;
	struct zr_peer peer = zr_peer_of(fd, all->config.socket);
	bool allowed = peer.access != ZR_ACCESS_NONE;
	const char *wrong = !allowed ? denied : full;
	struct zr_consumer *consumer = allowed && all->count < ZR_CONSUMERS_MAX ? calloc(1, sizeof(*consumer)) : NULL;

	if (consumer == NULL) {
		zr_log_often(ZR_LOG_KIND_REFUSED, peer.uid, ZR_LOG_WARNING, "%s: uid %lu refused: %s",
			     all->config.socket->path, (unsigned long)peer.uid,
			     allowed ? "too many connections" : "not allowed");
		(void)!send(fd, wrong, strlen(wrong), MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	*consumer = (struct zr_consumer){.all = all,
					 .loop = all->loop,
					 .records = all->records,
					 .ledger = all->ledger,
					 .events = EPOLLIN,
					 .next_one = all->first};
	consumer->watch = (struct zr_watch){.fd = fd, .ready = ready, .arg = consumer};
	if (zr_loop_add(all->loop, &consumer->watch, EPOLLIN) != 0) {
		close(fd);
		free(consumer);
		return;
	}
	all->first = consumer;
	all->count++;
}

/* Every few seconds: say that the daemon lives; those that were refused and read nothing have had time to. */
static void beat(void *arg)
{
	struct zr_consumers *all = arg;

	for (struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one) {
		consumer->waits = false;
		if (consumer->ending)
			zr_consumer_end(consumer);
		else if (consumer->subscribed && consumer->out_len == 0)
			zr_consumer_alive(consumer);
		else if (!consumer->subscribed && ++consumer->beats == SILENT_BEATS)
			zr_consumer_refuse(consumer, "subscribe within a minute");
		zr_consumer_serve(consumer);
	}
	sweep(all);
}

int zr_consumers_open(struct zr_loop *loop, const struct zr_consumers_config *config, const struct zr_records *records,
		      struct zr_ledger *ledger, struct zr_consumers **out)
{
	struct zr_consumers *all = calloc(1, sizeof(*all));
	int err;

	if (all == NULL)
		return -ENOMEM;
	all->loop = loop;
	all->config = *config;
	all->records = records;
	all->ledger = ledger;
	all->server.arrived = arrived;
	all->server.arg = all;
	err = zr_server_open(&all->server, loop, config->socket);
	if (err != 0) {
		free(all);
		return err;
	}
	all->alive = (struct zr_timer){.every_ms = ALIVE_MS, .expired = beat, .arg = all};
	zr_loop_timer_add(loop, &all->alive);
	*out = all;
	return 0;
}

void zr_consumers_close(struct zr_consumers *all)
{
	if (all == NULL)
		return;
	zr_server_close(&all->server);
	for (struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one)
		consumer->ended = true;
	sweep(all);
	zr_loop_timer_remove(all->loop, &all->alive);
	free(all);
}

void zr_consumers_serve(struct zr_consumers *all)
{
	for (struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one)
		zr_consumer_serve(consumer);
	sweep(all);
}

bool zr_consumers_served(const struct zr_consumers *all)
{
	for (const struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one)
		if (consumer->subscribed && !consumer->ending && !zr_consumer_is_served(consumer))
			return false;
	return true;
}

static void write_connection(const struct zr_consumers *all, const struct zr_consumer *consumer,
			     struct zr_consumer_status *out)
{
	out->connected = true;
	out->acked = consumer->flight.acked;
	out->lag = zr_ledger_behind(all->ledger, out->acked);
	out->next = consumer->at.seq + 1;
	out->in_flight = consumer->flight.records;
	out->window = consumer->window;
}

static const struct zr_consumer *find_connection(const struct zr_consumers *all, const char *name)
{
	const struct zr_consumer *consumer = all->first;

	while (consumer != NULL && (!consumer->subscribed || consumer->ending || strcmp(consumer->name, name) != 0))
		consumer = consumer->next_one;
	return consumer;
}

static void write_named(const struct zr_consumers *all, const char *name, struct zr_consumer_status *out)
{
	const struct zr_consumer *consumer = find_connection(all, name);

	*out = (struct zr_consumer_status){.acked = zr_ledger_cursor(all->ledger, name)};
	strcpy(out->name, name);
	if (consumer != NULL)
		write_connection(all, consumer, out);
	else
		out->lag = zr_ledger_behind(all->ledger, out->acked);
}

unsigned int zr_consumers_status(const struct zr_consumers *all, struct zr_consumer_status *out)
{
	unsigned int count = 0;

	for (; count < all->config.names->count; count++)
		write_named(all, all->config.names->at[count], &out[count]);
	for (const struct zr_consumer *consumer = all->first; consumer != NULL; consumer = consumer->next_one) {
		if (!consumer->subscribed || consumer->ending || consumer->name[0] != '\0')
			continue;
		out[count] = (struct zr_consumer_status){0};
		write_connection(all, consumer, &out[count++]);
	}
	return count;
}
