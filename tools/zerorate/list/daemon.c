/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "tools/zerorate/text.h"

/* Longest request that the daemon reads, without its line break. */
#define REQUEST_MAX 4095

/* Send and receive; NULL, with error filled, when there is no reply. */
static char *exchange(const char *socket, const char *request, const int *files, unsigned int count,
		      char error[ZR_CLIENT_ERROR])
{
	char *reply = NULL;
	int fd = zr_client_connect(socket, error);
	int err;

	if (fd < 0)
		return NULL;
	err = count > 0 ? zr_client_ask_files(fd, request, files, count, &reply, error)
			: zr_client_ask(fd, request, &reply, error);
	close(fd);
	return err == 0 ? reply : NULL;
}

/* The reply as an object of the op that was asked for. */
static json_t *read_reply(const char *command, const char *text, const char *op)
{
	json_t *reply = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *got = json_string_value(json_object_get(reply, "op"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	char clean[ZR_CLIENT_ERROR];

	if (got != NULL && strcmp(got, op) == 0)
		return reply;
	zr_text_clean(clean, sizeof(clean), error != NULL ? error : "the daemon's answer cannot be understood");
	fprintf(stderr, "%s: %s\n", command, clean);
	json_decref(reply);
	return NULL;
}

json_t *zr_list_daemon_ask(const char *command, const char *socket, const json_t *request, const int *files,
			   unsigned int count)
{
	char error[ZR_CLIENT_ERROR] = "the request does not fit: the names of the files are too long";
	char *line = json_dumps(request, JSON_COMPACT);
	char *text = line != NULL && strlen(line) <= REQUEST_MAX ? exchange(socket, line, files, count, error) : NULL;
	json_t *reply = NULL;

	if (text != NULL)
		reply = read_reply(command, text, json_string_value(json_object_get(request, "op")));
	else
		fprintf(stderr, "%s: %s\n", command, error);
	free(text);
	free(line);
	return reply;
}
