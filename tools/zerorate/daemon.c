/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/text.h"

/* Longest request that the daemon reads, without its line break. */
#define REQUEST_MAX 4095

/* What is answered when workers have looked; and when a list was read, or a disk has what is written before it. */
#define LOOK_S 30
#define DISK_S 600

static void refuse(const char *command, const char *what)
{
	char clean[ZR_CLIENT_ERROR];

	zr_text_clean(clean, sizeof(clean), what);
	fprintf(stderr, "zerorate %s: %s\n", command, clean);
}

int zr_daemon_connect(const char *command, const char *socket)
{
	char error[ZR_CLIENT_ERROR];
	int fd = zr_client_connect(socket, error);

	if (fd < 0)
		refuse(command, error);
	return fd;
}

/* Wait as long as the answer may take. */
static void wait_for(int fd, const char *op)
{
	static const struct {
		const char *op;
		unsigned int seconds;
	} waits[] = {{"flows", LOOK_S},    {"top", LOOK_S},       {"explain", LOOK_S},
		     {"list_log", DISK_S}, {"list_push", DISK_S}, {"reload", DISK_S}};

	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++)
		if (strcmp(op, waits[i].op) == 0)
			zr_client_wait(fd, waits[i].seconds);
}

/* The reply as an object of the op that was asked for. */
static json_t *read_reply(const char *command, const char *text, const char *op)
{
	json_t *reply = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *got = json_string_value(json_object_get(reply, "op"));
	const char *error = json_string_value(json_object_get(reply, "error"));

	if (got != NULL && strcmp(got, op) == 0)
		return reply;
	refuse(command, error != NULL ? error : "the daemon's answer cannot be understood");
	json_decref(reply);
	return NULL;
}

static json_t *ask(const char *command, int fd, const json_t *request, const int *files, unsigned int count)
{
	char error[ZR_CLIENT_ERROR] = "the request does not fit: its texts are too long";
	char *line = json_dumps(request, JSON_COMPACT), *text = NULL;
	const char *op = json_string_value(json_object_get(request, "op"));
	json_t *reply = NULL;
	int err = line == NULL ? -ENOMEM : strlen(line) > REQUEST_MAX ? -E2BIG : 0;

	if (err == 0)
		wait_for(fd, op);
	if (err == 0)
		err = count > 0 ? zr_client_ask_files(fd, line, files, count, &text, error)
				: zr_client_ask(fd, line, &text, error);
	if (err == 0)
		reply = read_reply(command, text, op);
	else
		refuse(command, error);
	free(text);
	free(line);
	return reply;
}

json_t *zr_daemon_ask_on(const char *command, int fd, const json_t *request)
{
	return ask(command, fd, request, NULL, 0);
}

json_t *zr_daemon_ask(const char *command, const char *socket, const json_t *request, const int *files,
		      unsigned int count)
{
	int fd = zr_daemon_connect(command, socket);
	json_t *reply;

	if (fd < 0)
		return NULL;
	reply = ask(command, fd, request, files, count);
	close(fd);
	return reply;
}

int zr_daemon_show(const char *command, const char *socket, json_t *request,
		   int (*show)(const json_t *reply, void *arg), void *arg)
{
	json_t *reply;
	int status;

	if (request == NULL) {
		refuse(command, "an option's value is no text in UTF-8");
		return zr_command_line_refused(command);
	}
	reply = zr_daemon_ask(command, socket, request, NULL, 0);
	status = reply != NULL ? show(reply, arg) : ZR_EXIT_NO_DAEMON;
	json_decref(reply);
	json_decref(request);
	return status;
}

int zr_daemon_flush(const char *command)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return ZR_EXIT_OK;
	zr_command_output_failed(command, errno);
	return ZR_EXIT_FAILED;
}

int zr_daemon_print(const char *command, const json_t *value)
{
	if (json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
		putchar('\n');
	return zr_daemon_flush(command);
}

int zr_daemon_print_each(const char *command, const json_t *array)
{
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value)
	{
		int status = zr_daemon_print(command, value);

		if (status != ZR_EXIT_OK)
			return status;
	}
	return ZR_EXIT_OK;
}
