/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/room.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define KIB        UINT64_C(1024)
#define TEXT_BYTES 16384
#define PATH_BYTES 4608 /* a control group's name has at most 4096 */

static uint64_t limit_of(__rlimit_resource_t which)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

void zr_room_limits_get(struct zr_room_limits *limits)
{
	limits->address_space = limit_of(RLIMIT_AS);
	limits->data = limit_of(RLIMIT_DATA);
}

/* A small file as text, what is longer is cut off. False: it cannot be read. */
static bool read_text(const char *root, const char *path, char text[TEXT_BYTES])
{
	char whole[PATH_BYTES];
	size_t len = 0;
	ssize_t got;
	int fd;

	if ((size_t)snprintf(whole, sizeof(whole), "%s%s", root, path) >= sizeof(whole))
		return false;
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((got = read(fd, text + len, TEXT_BYTES - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	return got == 0 || len == TEXT_BYTES - 1;
}

/* A number at the beginning; "max" is none. */
static bool number_at(const char *text, uint64_t *out)
{
	text += strspn(text, ": \t");
	if (*text < '0' || *text > '9')
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

/* The number behind the key that begins a line, 0 when there is none. */
static uint64_t number_of(const char *text, const char *key)
{
	size_t len = strlen(key);
	uint64_t value = 0;

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && strchr(": \t", line[len]) != NULL && number_at(line + len, &value))
			return value;
	}
	return 0;
}

/* A bound; the least counts. */
static void bound_by(struct zr_room *room, uint64_t bytes, const char *bound, const char *advice)
{
	if (bytes >= room->bytes)
		return;
	room->bytes = bytes;
	snprintf(room->bound, sizeof(room->bound), "%s", bound);
	snprintf(room->advice, sizeof(room->advice), "%s", advice);
}

/* Of a limit, with so much of it in use; the whole of it when that is what is asked for. */
static uint64_t left_of(uint64_t limit, uint64_t used, enum zr_room_of of)
{
	if (of == ZR_ROOM_WHOLE)
		return limit;
	return limit > used ? limit - used : 0;
}

static void machine_bound(const char *root, char text[TEXT_BYTES], enum zr_room_of of, struct zr_room *out)
{
	uint64_t memory, promised, limit;

	if (!read_text(root, "/proc/meminfo", text))
		return;
	memory = number_of(text, of == ZR_ROOM_WHOLE ? "MemTotal" : "MemAvailable");
	limit = number_of(text, "CommitLimit");
	promised = number_of(text, "Committed_AS");
	if (memory > 0)
		bound_by(out, memory * KIB,
			 of == ZR_ROOM_WHOLE ? "the machine has (MemTotal)" : "the machine has left (MemAvailable)",
			 "give it more memory");
	if (limit > 0 && read_text(root, "/proc/sys/vm/overcommit_memory", text) && text[0] == '2')
		bound_by(out, left_of(limit, promised, of) * KIB,
			 "the kernel has left to promise (CommitLimit, vm.overcommit_memory is 2)",
			 "raise vm.overcommit_ratio");
}

static void process_bound(const char *root, char text[TEXT_BYTES], const struct zr_room_limits *limits,
			  enum zr_room_of of, struct zr_room *out)
{
	if (!read_text(root, "/proc/self/status", text))
		return;
	if (limits->address_space != UINT64_MAX)
		bound_by(out, left_of(limits->address_space, number_of(text, "VmSize") * KIB, of),
			 "the process's limit leaves (RLIMIT_AS)", "raise LimitAS= or ulimit -v");
	if (limits->data != UINT64_MAX)
		bound_by(out, left_of(limits->data, number_of(text, "VmData") * KIB, of),
			 "the process's limit leaves (RLIMIT_DATA)", "raise LimitDATA= or ulimit -d");
}

/* How the files of a control group are called, by version. */
static const struct group_limit {
	unsigned int version;
	const char *limit, *used, *dropped[2], *advice;
} group_limits[] = {
	{1,
	 "memory.limit_in_bytes",
	 "memory.usage_in_bytes",
	 {"total_inactive_file", "total_active_file"},
	 "raise its memory.limit_in_bytes"},
	{2,
	 "memory.max",
	 "memory.current",
	 {"inactive_file", "active_file"},
	 "raise MemoryMax= of the service, or memory.max"},
	/* Above it nobody is killed, but everybody is held up. */
	{2,
	 "memory.high",
	 "memory.current",
	 {"inactive_file", "active_file"},
	 "raise MemoryHigh= of the service, or memory.high"},
};

static void limit_bound(const char *root, const struct group_limit *l, const char *folder, enum zr_room_of of,
			struct zr_room *out)
{
	char path[PATH_BYTES], bound[sizeof(out->bound)];
	char *text = malloc(TEXT_BYTES);
	uint64_t limit, used = 0, files = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, l->limit);
	if (text == NULL || !read_text(root, path, text) || !number_at(text, &limit)) {
		free(text);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", folder, l->used);
	if (read_text(root, path, text))
		number_at(text, &used);
	snprintf(path, sizeof(path), "%s/memory.stat", folder);
	if (read_text(root, path, text))
		files = number_of(text, l->dropped[0]) + number_of(text, l->dropped[1]);
	free(text);
	snprintf(bound, sizeof(bound), "its control group %.100s leaves (%s)", folder, l->limit);
	bound_by(out, left_of(limit, used > files ? used - files : 0, of), bound, l->advice);
}

/* Is it among the words of a list with commas? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
		if ((at == list || at[-1] == ',') && strchr(",\n", at[len]) != NULL)
			return true;
	return false;
}

/* The process's group in the hierarchy of a version, from /proc/self/cgroup: "number:controllers:path". False: it has none. */
static bool group_of(const char *groups, unsigned int version, char out[PATH_BYTES])
{
	for (const char *line = groups; line != NULL; line = strchr(line, '\n')) {
		const char *controllers, *path;
		char names[256];

		line += *line == '\n';
		controllers = strchr(line, ':');
		path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (path == NULL)
			return false;
		snprintf(names, sizeof(names), "%.*s", (int)(path - controllers - 1), controllers + 1);
		if (version == 2 ? names[0] != '\0' : !has_word(names, "memory"))
			continue;
		snprintf(out, PATH_BYTES, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
		return true;
	}
	return false;
}

/* What /proc/self/mountinfo says of a hierarchy of control groups with memory. */
struct mount {
	unsigned int version;
	char root[PATH_BYTES], at[PATH_BYTES]; /* which of its groups lies where */
};

static bool mount_read(const char *line, struct mount *out)
{
	const char *rest = strstr(line, " - ");
	char type[16], options[512];

	if (rest == NULL || sscanf(rest, " - %15s %*s %511s", type, options) != 2 ||
	    sscanf(line, "%*u %*u %*s %4607s %4607s", out->root, out->at) != 2)
		return false;
	if (strcmp(type, "cgroup2") == 0)
		out->version = 2;
	else if (strcmp(type, "cgroup") == 0 && has_word(options, "memory"))
		out->version = 1;
	else
		return false;
	return true;
}

/*
 * The process's group and all above it that are seen. In a container the mount may begin at a group below the top: of the
 * group's path, told from the top, what lies below that is its place. A group outside of what is seen leaves the mount's own.
 */
static void mount_bound(const char *root, const char *groups, struct mount *m, enum zr_room_of of, struct zr_room *out)
{
	size_t above = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root), base = strlen(m->at);
	char group[PATH_BYTES];

	if (!group_of(groups, m->version, group))
		return;
	if (strncmp(group, m->root, above) == 0 && group[above] == '/' && strstr(group, "/..") == NULL)
		snprintf(m->at + base, sizeof(m->at) - base, "%s", group + above);
	for (char *end; strlen(m->at) >= base; *end = '\0') {
		size_t len = strlen(m->at);

		if (len > base && m->at[len - 1] == '/')
			m->at[len - 1] = '\0';
		for (size_t i = 0; i < sizeof(group_limits) / sizeof(group_limits[0]); i++)
			if (group_limits[i].version == m->version)
				limit_bound(root, &group_limits[i], m->at, of, out);
		end = strrchr(m->at, '/');
		if (end == NULL)
			return;
	}
}

static void groups_bound(const char *root, char text[TEXT_BYTES], enum zr_room_of of, struct zr_room *out)
{
	struct mount *mount = malloc(sizeof(*mount));
	char path[256], *line = NULL;
	FILE *mounts = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	if (mount != NULL && read_text(root, "/proc/self/cgroup", text))
		mounts = fopen(path, "re");
	while (mounts != NULL && getline(&line, &size, mounts) > 0)
		if (mount_read(line, mount))
			mount_bound(root, text, mount, of, out);
	if (mounts != NULL)
		fclose(mounts);
	free(line);
	free(mount);
}

void zr_room_find(const char *root, const struct zr_room_limits *limits, enum zr_room_of of, struct zr_room *out)
{
	char *text = malloc(TEXT_BYTES);

	*out = (struct zr_room){.bytes = UINT64_MAX};
	if (text == NULL)
		return;
	machine_bound(root, text, of, out);
	process_bound(root, text, limits, of, out);
	groups_bound(root, text, of, out);
	free(text);
}

/* Sizes of huge pages on the machines that DPDK knows, in KiB. */
static const unsigned int huge_kib[] = {64, 2048, 16384, 32768, 524288, 1048576, 16777216};

static uint64_t huge_pages(const char *root, unsigned int kib, const char *file)
{
	char *text = malloc(TEXT_BYTES);
	uint64_t pages = 0;
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%ukB/%s", kib, file);
	if (text != NULL && read_text(root, path, text))
		number_at(text, &pages);
	free(text);
	return pages;
}

void zr_room_find_huge(const char *root, enum zr_room_of of, struct zr_room *out)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < sizeof(huge_kib) / sizeof(huge_kib[0]); i++) {
		uint64_t pages = huge_pages(root, huge_kib[i], "nr_hugepages");

		/* Some that are free may be promised to others. */
		if (of == ZR_ROOM_NOW)
			pages = left_of(huge_pages(root, huge_kib[i], "free_hugepages"),
					huge_pages(root, huge_kib[i], "resv_hugepages"), of);
		bytes += pages * huge_kib[i] * KIB;
	}
	*out = (struct zr_room){.bytes = UINT64_MAX};
	bound_by(out, bytes, of == ZR_ROOM_WHOLE ? "the machine's huge pages hold" : "its free huge pages hold",
		 "raise vm.nr_hugepages, or say --no-huge in dataplane.eal");
}

bool zr_room_has_huge(const char *root)
{
	struct zr_room room;

	zr_room_find_huge(root, ZR_ROOM_WHOLE, &room);
	return room.bytes > 0;
}

bool zr_room_transparent(const char *root)
{
	char *text = malloc(TEXT_BYTES);
	bool given = text != NULL && read_text(root, "/sys/kernel/mm/transparent_hugepage/enabled", text) &&
		     strstr(text, "[never]") == NULL;

	free(text);
	return given;
}
