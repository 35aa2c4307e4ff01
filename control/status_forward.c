/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/status_forward.h"

#include "control/log.h"

static json_t *volume(const struct zr_volume *v)
{
	return json_pack("{s:I, s:I}", "pkts", (json_int_t)v->pkts, "bytes", (json_int_t)v->bytes);
}

static void port_add(json_t *object, const struct zr_dataplane_status *now, unsigned int number)
{
	const struct zr_port_status *port = &now->ports[number];
	json_t *drops = json_object();

	for (unsigned int i = 0; i < ZR_TX_DROP_COUNT; i++)
		json_object_set_new(drops, zr_tx_drop_name((enum zr_tx_drop)i), volume(&port->tx_drops[i]));
	json_object_set_new(object, "peer", json_string(now->ports[port->peer].device));
	json_object_set_new(object, "tx_pkts", json_integer((json_int_t)port->tx.pkts));
	json_object_set_new(object, "tx_bytes", json_integer((json_int_t)port->tx.bytes));
	json_object_set_new(object, "tx_drops", drops);
	json_object_set_new(object, "tx_errors", json_integer((json_int_t)port->tx_errors));
}

static json_t *marks_json(const struct zr_dataplane_status *now)
{
	uint64_t marked = 0, cleared = 0, skipped = 0;

	for (unsigned int i = 0; i < now->worker_count; i++) {
		marked += now->workers[i].marked;
		cleared += now->workers[i].cleared;
		skipped += now->workers[i].mark_skipped;
	}
	return json_pack("{s:I, s:I, s:I}", "marked", (json_int_t)marked, "cleared", (json_int_t)cleared,
			 "mark_skipped", (json_int_t)skipped);
}

static void links_warn(json_t *warnings, const struct zr_dataplane_status *now)
{
	for (unsigned int i = 0; i < now->port_count; i++)
		if (!now->ports[i].link_up)
			json_array_append_new(warnings, json_sprintf("port %s has no link", now->ports[i].device));
}

static enum zr_twice twice_of(const struct zr_dataplane_status *now)
{
	for (unsigned int i = 0; i < now->worker_count; i++)
		if (now->workers[i].twice != ZR_TWICE_NOT)
			return (enum zr_twice)now->workers[i].twice;
	return ZR_TWICE_NOT;
}

#define TWICE_TEXT "the same packets are seen twice, %s: all of them are counted twice"

static void twice_warn(json_t *warnings, const struct zr_dataplane_status *now)
{
	enum zr_twice twice = twice_of(now);

	if (twice != ZR_TWICE_NOT)
		json_array_append_new(warnings, json_sprintf(TWICE_TEXT, zr_twice_text(twice)));
}

bool zr_status_twice(struct zr_status_told *told, const struct zr_dataplane_status *now)
{
	enum zr_twice twice = twice_of(now);

	if (twice != ZR_TWICE_NOT && !told->twice)
		zr_log(ZR_LOG_ERROR,
		       TWICE_TEXT "; give this gateway one side only, before its packet gateway or behind it",
		       zr_twice_text(twice));
	told->twice = twice != ZR_TWICE_NOT;
	return told->twice;
}

void zr_status_forward(json_t *all, const struct zr_dataplane_status *now)
{
	json_t *ports = json_object_get(all, "ports");
	enum zr_twice twice = twice_of(now);

	json_object_set_new(all, "mode", json_string(now->forwards ? "inline" : "tap"));
	json_object_set_new(all, "twice", twice != ZR_TWICE_NOT ? json_string(zr_twice_text(twice)) : json_null());
	links_warn(json_object_get(all, "warnings"), now);
	twice_warn(json_object_get(all, "warnings"), now);
	if (!now->forwards)
		return;
	for (unsigned int i = 0; i < now->port_count; i++)
		port_add(json_array_get(ports, i), now, i);
	json_object_set_new(all, "marks", marks_json(now));
}

void zr_status_links(struct zr_status_told *told, const struct zr_dataplane_status *now)
{
	for (unsigned int i = 0; i < now->port_count; i++) {
		const struct zr_port_status *port = &now->ports[i];

		if (port->link_up != told->no_link[i])
			continue;
		told->no_link[i] = !port->link_up;
		if (port->link_up)
			zr_log_often(ZR_LOG_KIND_LINK, i, ZR_LOG_NOTICE, "port %s has its link again", port->device);
		else
			zr_log_often(ZR_LOG_KIND_LINK, i, ZR_LOG_WARNING, "port %s has no link%s", port->device,
				     now->forwards ? "; what is to go out of it is lost (tx_link_down)" : "");
	}
}
