/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/state.h"

struct zr_path zr_path_of(const struct zr_pipeline *p, uint32_t flow)
{
	uint32_t id = p->table.flows[flow].path;
	struct zr_path path = {0};
	enum zr_intern_kind kind;
	size_t len;

	if (id != 0)
		memcpy(&path, zr_intern_value(p->intern, id, &kind, &len), sizeof(path));
	return path;
}

static void path_set(struct zr_pipeline *p, uint32_t flow, const struct zr_path *path)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint32_t old = f->path;

	f->path = zr_intern_hold(p->intern, ZR_INTERN_PATH, path, sizeof(*path));
	if (f->path == 0)
		p->counters[ZR_COUNTER_NAMES_FULL]++;
	zr_intern_release(p->intern, old);
}

void zr_path_note(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool up)
{
	struct zr_path path = zr_path_of(p, flow);

	if (path.vlan_count == 0 && packet->vlan_count > 0) {
		path.vlan_count = packet->vlan_count;
		memcpy(path.vlans, packet->vlans, packet->vlan_count * sizeof(path.vlans[0]));
	}
	if (packet->has_teid && up) {
		path.teid_up = packet->teid;
		path.has_teid_up = 1;
		path.way_up = packet->tunnel_way;
	} else if (packet->has_teid) {
		path.teid_down = packet->teid;
		path.has_teid_down = 1;
	}
	if (packet->has_teid)
		zr_flow_at(p, flow)->flags |= up ? ZR_FLOW_TEID_UP : ZR_FLOW_TEID_DOWN;
	path_set(p, flow, &path);
}

void zr_path_flip(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_path path = zr_path_of(p, flow), flipped = path;
	unsigned int up = f->flags & ZR_FLOW_TEID_UP, down = f->flags & ZR_FLOW_TEID_DOWN;

	if (f->path == 0)
		return;
	flipped.teid_up = path.teid_down;
	flipped.teid_down = path.teid_up;
	flipped.has_teid_up = path.has_teid_down;
	flipped.has_teid_down = path.has_teid_up;
	flipped.way_up = 0;
	f->flags &= (uint16_t) ~(ZR_FLOW_TEID_UP | ZR_FLOW_TEID_DOWN);
	f->flags |= (down ? ZR_FLOW_TEID_UP : 0) | (up ? ZR_FLOW_TEID_DOWN : 0);
	path_set(p, flow, &flipped);
}
