/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory this process can still have, and what bounds it. No DPDK. */
#ifndef DATAPLANE_DPDK_ROOM_H
#define DATAPLANE_DPDK_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* getrlimit(2)'s figures in bytes, UINT64_MAX: none. */
struct zr_room_limits {
	uint64_t address_space; /* RLIMIT_AS */
	uint64_t data;          /* RLIMIT_DATA, under which memory without a file falls too */
};

/* This process's. */
void zr_room_limits_get(struct zr_room_limits *limits);

struct zr_room {
	uint64_t bytes;
	char bound[192]; /* what leaves no more, and what to change: parts of a sentence */
	char advice[96];
};

/* What is left now, or all there would be if nobody used any. */
enum zr_room_of { ZR_ROOM_NOW, ZR_ROOM_WHOLE };

/*
 * Room in ordinary pages: the least that the machine (MemAvailable, and with vm.overcommit_memory 2 what is left to promise), the
 * process's control groups, of both versions, wherever they are mounted and with all above them that are seen, and its limits
 * leave. Files in a control group's memory count as room, since the kernel drops them; swap does not. What cannot be read bounds
 * nothing: bytes UINT64_MAX when nothing does.
 * root: of /proc and /sys, "" but in tests.
 */
void zr_room_find(const char *root, const struct zr_room_limits *limits, enum zr_room_of of, struct zr_room *out);

/* Room in huge pages of all sizes: those that are free and not promised to somebody. */
void zr_room_find_huge(const char *root, enum zr_room_of of, struct zr_room *out);

/* Does the machine have huge pages at all, free or not? */
bool zr_room_has_huge(const char *root);

/* Does the kernel give transparent huge pages to memory that asks for them? */
bool zr_room_transparent(const char *root);

#endif
