/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/client/stream.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Many lines come with one call of the system; one line has at most a tenth of it. */
#define BUFFER_BYTES 262144

#define SUBSCRIBE_ROOM 1024
#define ACK_ROOM       128

struct zr_stream {
	int fd;
	char *buffer;
	size_t begin, end; /* what came and was not handed out */
	size_t searched;   /* … up to here without a line break */
	json_t *message;   /* whose texts the last item points to */
};

static int refuse(int err, char *error, const char *what, const char *why)
{
	snprintf(error, ZR_STREAM_ERROR, "%s%s", what, why);
	return err;
}

static const char *advice_of(int err)
{
	switch (err) {
	case ENOENT:
		return ": there is no such socket: start zerorated, or name its records socket";
	case ECONNREFUSED:
		return ": nobody listens: zerorated is not running; start it, or see its log for why it ended";
	case EACCES:
		return ": not allowed: be a user or in the group that records.users and records.group name";
	default:
		return strerror(err);
	}
}

static int connect_to(const char *path, int *fd, char *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return refuse(-ENAMETOOLONG, error, path, ": the path is too long for a socket");
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return refuse(-errno, error, "no socket: ", strerror(errno));
	if (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	err = errno;
	close(*fd);
	return refuse(-err, error, path, advice_of(err));
}

/* 0 or -errno. A signal does not cut a message in two. */
static int send_all(int fd, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t sent = send(fd, text + at, len - at, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return -errno;
		at += sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

static int subscribe(struct zr_stream *stream, const struct zr_stream_options *options, char *error)
{
	json_t *message = json_pack("{s:s, s:s*}", "op", "subscribe", "consumer", options->consumer);
	char text[SUBSCRIBE_ROOM];
	size_t len;
	int err;

	if (message == NULL)
		return refuse(-EINVAL, error, "a consumer's name is UTF-8 text", "");
	if (options->window > 0)
		json_object_set_new(message, "window", json_integer((json_int_t)options->window));
	if (options->last > 0)
		json_object_set_new(message, "last", json_integer((json_int_t)options->last));
	len = json_dumpb(message, text, sizeof(text) - 1, JSON_COMPACT);
	json_decref(message);
	if (len >= sizeof(text))
		return refuse(-EINVAL, error, "a consumer's name has at most 64 bytes", "");
	text[len++] = '\n';
	err = send_all(stream->fd, text, len);
	/* A daemon that refuses says why before it closes: that is worth more than the broken pipe. */
	return err == 0 || err == -EPIPE ? 0 : refuse(err, error, "the daemon takes no message: ", strerror(-err));
}

int zr_stream_open(const struct zr_stream_options *options, struct zr_stream **out, char error[ZR_STREAM_ERROR])
{
	struct zr_stream *stream = calloc(1, sizeof(*stream));
	int err = -ENOMEM;

	if (stream != NULL)
		stream->buffer = malloc(BUFFER_BYTES);
	if (stream == NULL || stream->buffer == NULL) {
		refuse(err, error, "a stream does not fit into memory", "");
		goto fail;
	}
	err = connect_to(options->path != NULL ? options->path : ZR_STREAM_PATH, &stream->fd, error);
	if (err != 0)
		goto fail;
	err = subscribe(stream, options, error);
	if (err == 0) {
		*out = stream;
		return 0;
	}
	close(stream->fd);
fail:
	if (stream != NULL)
		free(stream->buffer);
	free(stream);
	return err;
}

/* The next whole line, terminated in place of its line break; NULL when it has not come. */
static char *take_line(struct zr_stream *stream, size_t *len)
{
	char *line = stream->buffer + stream->begin;
	char *from = stream->buffer + stream->searched;
	char *line_end = memchr(from, '\n', stream->end - stream->searched);

	if (line_end == NULL) {
		stream->searched = stream->end;
		return NULL;
	}
	*line_end = '\0';
	*len = (size_t)(line_end - line);
	stream->begin = stream->searched = stream->begin + *len + 1;
	return line;
}

int zr_stream_pending(const struct zr_stream *stream)
{
	return memchr(stream->buffer + stream->begin, '\n', stream->end - stream->begin) != NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for bytes and read them. 1, 0 when the time is over, -errno. */
static int receive(struct zr_stream *stream, int timeout_ms, char *error)
{
	struct pollfd wait = {.fd = stream->fd, .events = POLLIN};
	ssize_t got;
	int ready;

	if (stream->begin > 0) {
		memmove(stream->buffer, stream->buffer + stream->begin, stream->end - stream->begin);
		stream->end -= stream->begin;
		stream->searched -= stream->begin;
		stream->begin = 0;
	}
	if (stream->end == BUFFER_BYTES)
		return refuse(-EPROTO, error, "the daemon sent a line that is longer than any message", "");
	ready = poll(&wait, 1, timeout_ms);
	if (ready <= 0)
		return ready == 0 ? 0 : refuse(-errno, error, "waiting ended: ", strerror(errno));
	got = recv(stream->fd, stream->buffer + stream->end, BUFFER_BYTES - stream->end, 0);
	if (got == 0)
		return refuse(-ECONNRESET, error, "the daemon has closed the connection", "");
	if (got < 0)
		return refuse(-errno, error, "the connection broke: ", strerror(errno));
	stream->end += (size_t)got;
	return 1;
}

/* Does text begin with what is expected? Then it is stepped over. */
static bool step(const char **text, const char *expected)
{
	size_t len = strlen(expected);

	if (strncmp(*text, expected, len) != 0)
		return false;
	*text += len;
	return true;
}

/* Step over a string in quotes. */
static bool step_string(const char **text)
{
	const char *at = *text;

	if (*at++ != '"')
		return false;
	for (; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0')
			return false;
	}
	*text = at + 1;
	return true;
}

static bool step_number(const char **text, uint64_t *value)
{
	char *number_end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoull(*text, &number_end, 10);
	*text = number_end;
	return errno == 0;
}

static bool take_epoch(const char *text, size_t len, struct zr_stream_item *item)
{
	if (len == 0 || len >= sizeof(item->epoch))
		return false;
	memcpy(item->epoch, text, len);
	item->epoch[len] = '\0';
	return true;
}

#define RECORD_BEGINS "{\"op\":\"record\",\"record\":"

/*
 * A record's key stands at its beginning, in the order that is documented; nothing else of it is looked at, since there may be
 * hundreds of thousands a second.
 */
static bool read_record(char *line, size_t len, struct zr_stream_item *item)
{
	const char *at = line + strlen(RECORD_BEGINS), *epoch;

	item->kind = ZR_STREAM_RECORD;
	item->json = at;
	item->json_len = len - strlen(RECORD_BEGINS) - 1;
	if (!step(&at, "{\"type\":") || !step_string(&at) || !step(&at, ",\"gateway\":") || !step_string(&at) ||
	    !step(&at, ",\"epoch\":"))
		return false;
	epoch = at + 1;
	if (!step_string(&at) || !take_epoch(epoch, (size_t)(at - 1 - epoch), item) || !step(&at, ",\"seq\":") ||
	    !step_number(&at, &item->seq))
		return false;
	if (line[len - 1] != '}' || line[len - 2] != '}')
		return false;
	line[len - 1] = '\0'; /* the message's brace */
	return true;
}

static bool take_member(const json_t *message, const char *name, uint64_t *out)
{
	const json_t *value = json_object_get(message, name);

	*out = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool take_epoch_member(const json_t *message, struct zr_stream_item *item)
{
	const char *epoch = json_string_value(json_object_get(message, "epoch"));

	return epoch != NULL && take_epoch(epoch, strlen(epoch), item);
}

/* Read what is no record: 1, or -errno. */
static int read_message(const json_t *message, struct zr_stream_item *item, char *error)
{
	const char *op = json_string_value(json_object_get(message, "op"));
	const char *why = json_string_value(json_object_get(message, "error"));
	bool known = false;

	if (op == NULL)
		return refuse(-EPROTO, error, "the daemon sent a line that is no message", "");
	if (strcmp(op, "error") == 0)
		return refuse(-EPERM, error, "the daemon refuses: ", why != NULL ? why : "it does not say why");
	if (strcmp(op, "hello") == 0) {
		item->kind = ZR_STREAM_HELLO;
		item->gateway = json_string_value(json_object_get(message, "gateway"));
		known = item->gateway != NULL && take_epoch_member(message, item) &&
			take_member(message, "next", &item->seq);
	} else if (strcmp(op, "lost") == 0) {
		item->kind = ZR_STREAM_LOST;
		known = take_epoch_member(message, item) && take_member(message, "from", &item->seq) &&
			take_member(message, "to", &item->last_seq);
	} else if (strcmp(op, "alive") == 0) {
		item->kind = ZR_STREAM_ALIVE;
		known = take_member(message, "next", &item->seq);
	}
	return known ? 1 : refuse(-EPROTO, error, "the daemon sent a message that is not known: ", op);
}

static int read_line(struct zr_stream *stream, char *line, size_t len, struct zr_stream_item *item, char *error)
{
	*item = (struct zr_stream_item){0};
	if (strncmp(line, RECORD_BEGINS, strlen(RECORD_BEGINS)) == 0)
		return read_record(line, len, item)
			       ? 1
			       : refuse(-EPROTO, error, "the daemon sent a record without its key in front", "");
	json_decref(stream->message);
	stream->message = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	return read_message(stream->message, item, error);
}

int zr_stream_next(struct zr_stream *stream, int timeout_ms, struct zr_stream_item *item, char error[ZR_STREAM_ERROR])
{
	int64_t until_ms = timeout_ms > 0 ? now_ms() + timeout_ms : 0;

	for (;;) {
		size_t len;
		char *line = take_line(stream, &len);
		int64_t left_ms = timeout_ms;
		int got;

		if (line != NULL)
			return read_line(stream, line, len, item, error);
		/* A line may come byte by byte: all of it has the time that was given. */
		if (timeout_ms > 0)
			left_ms = until_ms > now_ms() ? until_ms - now_ms() : 0;
		got = receive(stream, (int)left_ms, error);
		if (got <= 0 || (got == 1 && timeout_ms > 0 && left_ms == 0 && !zr_stream_pending(stream)))
			return got < 0 ? got : 0;
	}
}

int zr_stream_ack(struct zr_stream *stream, const char *epoch, uint64_t seq)
{
	json_t *message = json_pack("{s:s, s:s, s:I}", "op", "ack", "epoch", epoch, "seq", (json_int_t)seq);
	char text[ACK_ROOM];
	size_t len;

	if (message == NULL)
		return -EINVAL;
	len = json_dumpb(message, text, sizeof(text) - 1, JSON_COMPACT);
	json_decref(message);
	if (len >= sizeof(text))
		return -EINVAL;
	text[len++] = '\n';
	return send_all(stream->fd, text, len);
}

void zr_stream_close(struct zr_stream *stream)
{
	if (stream == NULL)
		return;
	json_decref(stream->message);
	close(stream->fd);
	free(stream->buffer);
	free(stream);
}
