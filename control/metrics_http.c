/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/listen.h"
#include "control/log.h"

/* What clients may take together: memory for 32 requests of at most 8 KiB, each silent for at most 10 s. */
#define CONNECTIONS   32U
#define REQUEST_BYTES ((size_t)8192)
#define SILENT_S      10U
#define BACKLOG       64

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static char index_page[] = "<!DOCTYPE html>\n<html><head><title>zerorate</title></head>\n"
			   "<body><a href=\"/metrics\">Metrics</a></body></html>\n";
static char not_here[] = "Metrics are at /metrics.\n";
static char not_so[] = "Only GET and HEAD are answered.\n";

struct zr_metrics_http {
	int fd;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	char *text;
	size_t len;
};

/* Hand over what is answered. */
static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned int status, const char *type,
				     struct MHD_Response *response)
{
	enum MHD_Result done;

	if (response == NULL)
		return MHD_NO;
	done = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (done == MHD_YES && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		done = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (done == MHD_YES)
		done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

static enum MHD_Result send_page(struct MHD_Connection *connection, unsigned int status, const char *type, char *page)
{
	return send_response(connection, status, type,
			     MHD_create_response_from_buffer(strlen(page), page, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_metrics(struct zr_metrics_http *http, struct MHD_Connection *connection)
{
	struct MHD_Response *response;

	pthread_mutex_lock(&http->lock);
	response = MHD_create_response_from_buffer(http->len, http->text, MHD_RESPMEM_MUST_COPY);
	pthread_mutex_unlock(&http->lock);
	return send_response(connection, MHD_HTTP_OK, CONTENT_TYPE, response);
}

/* Called by libmicrohttpd's thread when a request's head is there; a body is never waited for. */
static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *body, size_t *body_len, void **request)
{
	(void)version;
	(void)body;
	(void)body_len;
	(void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_page(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", not_so);
	if (strcmp(url, "/metrics") == 0)
		return send_metrics(arg, connection);
	if (strcmp(url, "/") == 0)
		return send_page(connection, MHD_HTTP_OK, "text/html", index_page);
	return send_page(connection, MHD_HTTP_NOT_FOUND, "text/plain", not_here);
}

/* Listen; on IPv6 for nothing else. 0 or -errno. */
static int listen_on(const struct zr_listen *address, int *out)
{
	const int yes = 1;
	int fd = socket(address->any.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = fd >= 0 ? 0 : -errno;

	if (err == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
		err = -errno;
	if (err == 0 && address->any.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0)
		err = -errno;
	if (err == 0 && bind(fd, (const struct sockaddr *)&address->any, address->len) != 0)
		err = -errno;
	if (err == 0 && listen(fd, BACKLOG) != 0)
		err = -errno;
	if (err == 0)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	return err;
}

int zr_metrics_http_open(const char *text, struct zr_metrics_http **out)
{
	struct zr_metrics_http *http = calloc(1, sizeof(*http));
	struct zr_listen address;
	int err = -ENOMEM;

	if (http == NULL)
		return err;
	err = zr_listen_parse(text, &address);
	if (err == 0)
		err = listen_on(&address, &http->fd);
	if (err != 0) {
		zr_log(ZR_LOG_ERROR,
		       "metrics cannot be served on %s: %s; set metrics.listen to an address of this machine and "
		       "a port above 1023 that is free",
		       text, strerror(-err));
		free(http);
		return err;
	}
	if (!zr_listen_is_loopback(&address))
		zr_log(ZR_LOG_WARNING,
		       "metrics on %s are for whoever reaches it, nobody is asked who he is: let a firewall, and "
		       "IPAddressAllow= of the service's unit, say who may",
		       text);
	pthread_mutex_init(&http->lock, NULL);
	*out = http;
	return 0;
}

int zr_metrics_http_start(struct zr_metrics_http *http)
{
	http->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL,
					answer, http, MHD_OPTION_LISTEN_SOCKET, http->fd, MHD_OPTION_CONNECTION_LIMIT,
					CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_BYTES,
					MHD_OPTION_CONNECTION_TIMEOUT, SILENT_S, MHD_OPTION_END);
	if (http->daemon != NULL)
		return 0;
	zr_log(ZR_LOG_ERROR, "the thread that serves metrics cannot be started");
	return -EAGAIN;
}

void zr_metrics_http_publish(struct zr_metrics_http *http, char *text, size_t len)
{
	char *before;

	pthread_mutex_lock(&http->lock);
	before = http->text;
	http->text = text;
	http->len = len;
	pthread_mutex_unlock(&http->lock);
	free(before);
}

void zr_metrics_http_close(struct zr_metrics_http *http)
{
	if (http == NULL)
		return;
	/* It closes the socket, too. */
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon);
	else
		close(http->fd);
	pthread_mutex_destroy(&http->lock);
	free(http->text);
	free(http);
}
