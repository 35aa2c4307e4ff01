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

static uint64_t less(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

static void machine_bound(const char *root, char text[TEXT_BYTES], struct zr_room *out)
{
	uint64_t available, promised, limit;

	if (!read_text(root, "/proc/meminfo", text))
		return;
	available = number_of(text, "MemAvailable");
	limit = number_of(text, "CommitLimit");
	promised = number_of(text, "Committed_AS");
	if (available > 0)
		bound_by(out, available * KIB, "the machine has left (MemAvailable)", "give it more memory");
	if (limit > 0 && read_text(root, "/proc/sys/vm/overcommit_memory", text) && text[0] == '2')
		bound_by(out, less(limit, promised) * KIB,
			 "the kernel has left to promise (CommitLimit, vm.overcommit_memory is 2)",
			 "raise vm.overcommit_ratio");
}

static void process_bound(const char *root, char text[TEXT_BYTES], const struct zr_room_limits *limits,
			  struct zr_room *out)
{
	if (!read_text(root, "/proc/self/status", text))
		return;
	if (limits->address_space != UINT64_MAX)
		bound_by(out, less(limits->address_space, number_of(text, "VmSize") * KIB),
			 "the process's limit leaves (RLIMIT_AS)", "raise LimitAS= or ulimit -v");
	if (limits->data != UINT64_MAX)
		bound_by(out, less(limits->data, number_of(text, "VmData") * KIB),
			 "the process's limit leaves (RLIMIT_DATA)", "raise LimitDATA= or ulimit -d");
}

/* Where control groups of a version lie, and how their files are called. */
struct version {
	const char *base, *limit, *used, *dropped[2], *advice;
};

static const struct version versions[2] = {
	{"/sys/fs/cgroup/memory",
	 "memory.limit_in_bytes",
	 "memory.usage_in_bytes",
	 {"total_inactive_file", "total_active_file"},
	 "raise its memory.limit_in_bytes"},
	{"/sys/fs/cgroup",
	 "memory.max",
	 "memory.current",
	 {"inactive_file", "active_file"},
	 "raise MemoryMax= of the service, or memory.max"},
};

static void group_bound(const char *root, const struct version *v, const char *group, struct zr_room *out)
{
	char path[PATH_BYTES], bound[sizeof(out->bound)];
	char *text = malloc(TEXT_BYTES);
	uint64_t limit, used = 0, files = 0;

	snprintf(path, sizeof(path), "%s%s/%s", v->base, group, v->limit);
	if (text == NULL || !read_text(root, path, text) || !number_at(text, &limit)) {
		free(text);
		return;
	}
	snprintf(path, sizeof(path), "%s%s/%s", v->base, group, v->used);
	if (read_text(root, path, text))
		number_at(text, &used);
	snprintf(path, sizeof(path), "%s%s/memory.stat", v->base, group);
	if (read_text(root, path, text))
		files = number_of(text, v->dropped[0]) + number_of(text, v->dropped[1]);
	free(text);
	snprintf(bound, sizeof(bound), "its control group %.100s leaves (%s)", group[0] == '\0' ? "/" : group,
		 v->limit);
	bound_by(out, less(limit, less(used, files)), bound, v->advice);
}

/* Is it among the words of a list with commas? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
		if ((at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

/* One line of /proc/self/cgroup: "number:controllers:path". Its group and all above it. */
static void line_bound(const char *root, char *line, struct zr_room *out)
{
	char *controllers = strchr(line, ':'), *group;
	const struct version *v;

	if (controllers == NULL || (group = strchr(controllers + 1, ':')) == NULL)
		return;
	*controllers++ = *group++ = '\0';
	if (controllers[0] != '\0' && !has_word(controllers, "memory"))
		return;
	v = &versions[controllers[0] == '\0'];
	for (char *end = strrchr(group, '/'); end != NULL; end = strrchr(group, '/')) {
		if (end[1] != '\0')
			group_bound(root, v, group, out);
		*end = '\0';
	}
	group_bound(root, v, "", out);
}

static void groups_bound(const char *root, char text[TEXT_BYTES], struct zr_room *out)
{
	char *rest = text;

	if (!read_text(root, "/proc/self/cgroup", text))
		return;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		line_bound(root, line, out);
}

void zr_room_find(const char *root, const struct zr_room_limits *limits, struct zr_room *out)
{
	char *text = malloc(TEXT_BYTES);

	*out = (struct zr_room){.bytes = UINT64_MAX};
	if (text == NULL)
		return;
	machine_bound(root, text, out);
	process_bound(root, text, limits, out);
	groups_bound(root, text, out);
	free(text);
}

/* Sizes of huge pages on the machines that DPDK knows, in KiB. */
static const unsigned int huge_kib[] = {64, 2048, 16384, 32768, 524288, 1048576, 16777216};

static uint64_t huge_bytes(const char *root, const char *file)
{
	char *text = malloc(TEXT_BYTES);
	uint64_t sum = 0, pages;
	char path[128];

	for (size_t i = 0; text != NULL && i < sizeof(huge_kib) / sizeof(huge_kib[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%ukB/%s", huge_kib[i], file);
		if (read_text(root, path, text) && number_at(text, &pages))
			sum += pages * huge_kib[i] * KIB;
	}
	free(text);
	return sum;
}

void zr_room_find_huge(const char *root, struct zr_room *out)
{
	*out = (struct zr_room){.bytes = UINT64_MAX};
	bound_by(out, huge_bytes(root, "free_hugepages"), "free huge pages leave",
		 "raise vm.nr_hugepages, or say --no-huge in dataplane.eal");
}

bool zr_room_has_huge(const char *root)
{
	return huge_bytes(root, "nr_hugepages") > 0;
}

bool zr_room_transparent(const char *root)
{
	char *text = malloc(TEXT_BYTES);
	bool given = text != NULL && read_text(root, "/sys/kernel/mm/transparent_hugepage/enabled", text) &&
		     strstr(text, "[never]") == NULL;

	free(text);
	return given;
}
