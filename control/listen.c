/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Digits only, without leading zeros. */
static bool port_parse(const char *text, in_port_t *out_be)
{
	size_t len = strspn(text, "0123456789");
	unsigned long port = 0;

	if (len >= 1 && len <= 5 && text[len] == '\0' && text[0] != '0')
		port = strtoul(text, NULL, 10);
	*out_be = htons((uint16_t)port);
	return port >= 1 && port <= UINT16_MAX;
}

static bool parse_v4(const char *host, const char *port, struct zr_listen *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&out->any;

	out->len = sizeof(*v4);
	v4->sin_family = AF_INET;
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 && port_parse(port, &v4->sin_port);
}

static bool parse_v6(const char *host, const char *port, struct zr_listen *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&out->any;

	out->len = sizeof(*v6);
	v6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 && port_parse(port, &v6->sin6_port);
}

int zr_listen_parse(const char *text, struct zr_listen *out)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN] = "";
	bool is_v6 = text[0] == '[';
	size_t len;

	memset(out, 0, sizeof(*out));
	if (colon == NULL)
		return -EINVAL;
	len = (size_t)(colon - text);
	if (is_v6 && (len < 2 || text[len - 1] != ']'))
		return -EINVAL;
	text += is_v6;
	len -= is_v6 ? 2 : 0;
	if (len == 0 || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	return (is_v6 ? parse_v6(host, colon + 1, out) : parse_v4(host, colon + 1, out)) ? 0 : -EINVAL;
}

bool zr_listen_is_loopback(const struct zr_listen *listen)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&listen->any;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&listen->any;

	if (listen->any.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}
