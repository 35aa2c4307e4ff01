/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/workload_scene.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/random.h"

static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	const struct workload_options *options = arg;

	return (after_us / options->tariff_us + 1) * options->tariff_us;
}

void workload_scene_init(struct scene *s, const struct workload_options *options, const char *rows)
{
	char list[1024];

	snprintf(list, sizeof(list), "%s%s", rows, workload_list);
	scene_init(s, list);
	for (unsigned int i = 0; i < 2 && options->subscribers; i++)
		scene_subscribers(s, workload_subscribers[i]);
	s->config.reassembly_bytes = 16U << 20;
	s->config.retro_credit = options->retro_credit;
	s->config.charged_records = options->charged_records;
	s->config.keep_names = options->keep_names;
	s->config.interim_us = options->interim_us;
	if (options->tariff_us > 0)
		s->config.tariff_next_us = tariff_next_us;
	s->config.tariff_arg = options;
}

void workload_scene_open(struct scene *s, const struct workload_options *options)
{
	workload_scene_init(s, options, "");
	scene_open(s);
}

/* Where a packet came in: two domains, and one port for either direction. */
static const struct zr_port *port_of(const struct workload *w, const struct workload_packet *packet, bool roles)
{
	static struct zr_port ports[2][2];
	unsigned int domain = packet->flow == WORKLOAD_NO_FLOW ? 0 : w->flows[packet->flow].domain;
	struct zr_port *port = &ports[domain][packet->up];

	port->domain = (uint16_t)domain;
	port->role = !roles ? ZR_ROLE_BOTH : packet->up ? ZR_ROLE_ACCESS : ZR_ROLE_CORE;
	return port;
}

void workload_scene_send(struct scene *s, const struct workload *w, const struct workload_options *options)
{
	workload_scene_send_some(s, w, options, 0, w->packet_count);
}

void workload_scene_send_some(struct scene *s, const struct workload *w, const struct workload_options *options,
			      size_t from, size_t until)
{
	struct random r = {.state = options->seed};

	for (size_t at = from; at < until;) {
		struct zr_view views[ZR_BURST];
		unsigned int most = random_between(&r, 1, ZR_BURST), count = 0;

		for (; count < most && at < until; at++, count++) {
			const struct workload_packet *packet = &w->packets[at];

			views[count] = (struct zr_view){
				.data = w->bytes + packet->at,
				.len = packet->len,
				.wire_len = packet->wire_len,
				.time_ns = (s->base_us + packet->us) * 1000,
				.port = port_of(w, packet, options->roles),
			};
		}
		zr_pipeline_burst(s->pipeline, views, count);
		scene_check_sums(s);
	}
}

static bool is_side(const char *text, uint16_t port, const union zr_ip *told, uint16_t told_port)
{
	union zr_ip ip = {0};

	inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, ip.b);
	return port == told_port && memcmp(&ip, told, sizeof(ip)) == 0;
}

bool workload_scene_is_between(const struct workload_flow *flow, const struct zr_usage *u, bool *turned)
{
	if (u->domain != flow->domain || u->proto != flow->proto)
		return false;
	*turned = is_side(flow->server, flow->server_port, &u->client, u->client_port);
	if (*turned)
		return is_side(flow->client, flow->client_port, &u->server, u->server_port);
	return is_side(flow->client, flow->client_port, &u->client, u->client_port) &&
	       is_side(flow->server, flow->server_port, &u->server, u->server_port);
}
