/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory is left, on machines that are folders. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/dpdk/room.h"

#define MIB UINT64_C(1048576)

static const struct zr_room_limits none = {UINT64_MAX, UINT64_MAX};
static char root[64];

static void put(const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *at = strchr(whole + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(whole, 0700);
		*at = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

#define V1_MOUNT(root)     "35 31 0:32 " root " /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
#define V2_MOUNT(root, at) "41 31 0:38 " root " " at " rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n"

static void room_is(const struct zr_room_limits *limits, uint64_t bytes, const char *bound, const char *advice)
{
	struct zr_room room;

	zr_room_find(root, limits, ZR_ROOM_NOW, &room);
	assert_int_equal(room.bytes, bytes);
	if (strstr(room.bound, bound) == NULL || strstr(room.advice, advice) == NULL)
		fail_msg("\"%s: %s\" lacks \"%s\" or \"%s\"", room.bound, room.advice, bound, advice);
}

static int begin(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/zr-room-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	put("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"
			     "CommitLimit:     4194304 kB\nCommitted_AS:    1048576 kB\n");
	put("/proc/self/status", "Name:\tzerorated\nVmSize:\t 1048576 kB\nVmData:\t  524288 kB\n");
	return 0;
}

static int gone(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return nftw(root, gone, 8, FTW_DEPTH | FTW_PHYS);
}

static void the_machine_bounds(void **state)
{
	(void)state;
	room_is(&none, 8192 * MIB, "MemAvailable", "more memory");
}

static void nothing_that_can_be_read_bounds_nothing(void **state)
{
	struct zr_room room;

	(void)state;
	zr_room_find("/nowhere", &none, ZR_ROOM_NOW, &room);
	assert_int_equal(room.bytes, UINT64_MAX);
	zr_room_find_huge("/nowhere", ZR_ROOM_NOW, &room);
	assert_int_equal(room.bytes, 0);
	assert_false(zr_room_has_huge("/nowhere"));
	assert_false(zr_room_transparent("/nowhere"));
}

static void promises_bound_only_where_they_are_kept(void **state)
{
	(void)state;
	put("/proc/sys/vm/overcommit_memory", "0\n");
	room_is(&none, 8192 * MIB, "MemAvailable", "");
	put("/proc/sys/vm/overcommit_memory", "2\n");
	room_is(&none, 3072 * MIB, "CommitLimit", "vm.overcommit_ratio");
}

static void the_process_limits_bound_less_what_it_has(void **state)
{
	struct zr_room_limits limits = {2048 * MIB, UINT64_MAX};

	(void)state;
	room_is(&limits, 1024 * MIB, "RLIMIT_AS", "LimitAS=");
	limits.data = 600 * MIB;
	room_is(&limits, 88 * MIB, "RLIMIT_DATA", "LimitDATA=");
	limits.data = 500 * MIB;
	room_is(&limits, 0, "RLIMIT_DATA", "LimitDATA=");
}

/* Version 2: the group's own, those above it, and files that can go. */
static void control_groups_bound(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", V2_MOUNT("/", "/sys/fs/cgroup"));
	put("/proc/self/cgroup", "0::/system.slice/zerorated.service\n");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.max", "max\n");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.high", "max\n");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.current", "104857600\n");
	room_is(&none, 8192 * MIB, "MemAvailable", "");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.max", "1073741824\n");
	room_is(&none, 924 * MIB, "/sys/fs/cgroup/system.slice/zerorated.service leaves (memory.max)", "MemoryMax=");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.stat",
	    "anon 1048576\nfile 52428800\ninactive_file 41943040\nactive_file 10485760\n");
	room_is(&none, 974 * MIB, "memory.max", "MemoryMax=");
	put("/sys/fs/cgroup/system.slice/zerorated.service/memory.high", "1048576000\n");
	room_is(&none, 950 * MIB, "(memory.high)", "MemoryHigh=");
	put("/sys/fs/cgroup/system.slice/memory.max", "536870912\n");
	put("/sys/fs/cgroup/system.slice/memory.current", "536870913\n");
	room_is(&none, 0, "control group /sys/fs/cgroup/system.slice leaves", "");
}

/* What is outside of a name space of control groups is not seen: the group is the mount's top, or above it. */
static void control_groups_of_a_name_space_bound(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", V2_MOUNT("/", "/sys/fs/cgroup"));
	put("/sys/fs/cgroup/memory.max", "268435456\n");
	put("/sys/fs/cgroup/inner/memory.max", "134217728\n");
	put("/proc/self/cgroup", "0::/\n");
	room_is(&none, 256 * MIB, "control group /sys/fs/cgroup leaves", "memory.max");
	put("/proc/self/cgroup", "0::/../inner\n");
	room_is(&none, 256 * MIB, "control group /sys/fs/cgroup leaves", "memory.max");
	put("/proc/self/cgroup", "0::/inner\n");
	room_is(&none, 128 * MIB, "control group /sys/fs/cgroup/inner leaves", "memory.max");
}

/* Version 1, where a container sees its own group as the top, and the path is one of outside. */
static void control_groups_of_version_1_bound(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", "23 20 8:1 / / rw - ext4 /dev/sda1 rw\n" V1_MOUNT("/docker/0123"));
	put("/proc/self/cgroup", "9:cpu,cpuacct:/\n4:hugetlb,memory:/docker/0123\n3:memory_other:/\n0::/\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1048576\n");
	room_is(&none, 8192 * MIB, "MemAvailable", "");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
	put("/sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 1048576\n");
	room_is(&none, 256 * MIB, "control group /sys/fs/cgroup/memory leaves (memory.limit_in_bytes)",
		"memory.limit_in_bytes");
	/* A container within it, and one whose name only begins so. */
	put("/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "134217728\n");
	put("/proc/self/cgroup", "4:memory:/docker/0123/inner\n");
	room_is(&none, 128 * MIB, "memory/inner leaves (memory.limit_in_bytes)", "memory.limit_in_bytes");
	put("/proc/self/cgroup", "4:memory:/docker/01234/inner\n");
	room_is(&none, 256 * MIB, "memory leaves (memory.limit_in_bytes)", "memory.limit_in_bytes");
}

/* Both versions at once: either may have the memory, and version 2 lies beside the others. */
static void control_groups_of_both_versions_bound(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", V1_MOUNT("/") V2_MOUNT("/", "/sys/fs/cgroup/unified"));
	put("/proc/self/cgroup", "4:memory:/one\n0::/two");
	put("/sys/fs/cgroup/memory/one/memory.limit_in_bytes", "268435456\n");
	room_is(&none, 256 * MIB, "memory/one leaves", "");
	put("/sys/fs/cgroup/unified/two/memory.max", "134217728\n");
	room_is(&none, 128 * MIB, "unified/two leaves", "");
}

/* For a check beside a daemon that holds its memory. */
static void the_whole_is_what_nobody_uses(void **state)
{
	struct zr_room_limits limits = {2048 * MIB, UINT64_MAX};
	struct zr_room room;

	(void)state;
	zr_room_find(root, &none, ZR_ROOM_WHOLE, &room);
	assert_int_equal(room.bytes, 16384 * MIB);
	assert_non_null(strstr(room.bound, "MemTotal"));
	zr_room_find(root, &limits, ZR_ROOM_WHOLE, &room);
	assert_int_equal(room.bytes, 2048 * MIB);
	put("/proc/self/mountinfo", V2_MOUNT("/", "/sys/fs/cgroup"));
	put("/proc/self/cgroup", "0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/a/memory.current", "1073741823\n");
	zr_room_find(root, &none, ZR_ROOM_WHOLE, &room);
	assert_int_equal(room.bytes, 1024 * MIB);
}

static void lines_that_make_no_sense_bound_nothing(void **state)
{
	(void)state;
	put("/proc/self/mountinfo",
	    "\n - \n41 31 0:38\n41 31 0:38 / - cgroup2\n41 31 0:38 / /sys/fs/cgroup rw - cgroup2 x");
	put("/proc/self/cgroup", "0\n0:\n0::/a\n");
	put("/sys/fs/cgroup/a/memory.max", "1024\n");
	room_is(&none, 8192 * MIB, "MemAvailable", "");
}

static void free_huge_pages_of_all_sizes_count(void **state)
{
	struct zr_room room;

	(void)state;
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
	assert_false(zr_room_has_huge(root));
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "12\n");
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
	assert_true(zr_room_has_huge(root));
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "3\n");
	zr_room_find_huge(root, ZR_ROOM_NOW, &room);
	assert_int_equal(room.bytes, 1048 * MIB);
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "5\n");
	put("/sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "2\n");
	zr_room_find_huge(root, ZR_ROOM_WHOLE, &room);
	assert_int_equal(room.bytes, 4096 * MIB);
	assert_non_null(strstr(room.bound, "the machine's huge pages"));
	zr_room_find_huge(root, ZR_ROOM_NOW, &room);
	assert_int_equal(room.bytes, 14 * MIB);
	assert_non_null(strstr(room.bound, "free huge pages"));
	assert_non_null(strstr(room.advice, "vm.nr_hugepages"));
}

static void transparent_huge_pages_are_given_unless_never(void **state)
{
	(void)state;
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	assert_true(zr_room_transparent(root));
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
	assert_false(zr_room_transparent(root));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_machine_bounds),
		TEST(nothing_that_can_be_read_bounds_nothing),
		TEST(promises_bound_only_where_they_are_kept),
		TEST(the_process_limits_bound_less_what_it_has),
		TEST(control_groups_bound),
		TEST(control_groups_of_a_name_space_bound),
		TEST(control_groups_of_version_1_bound),
		TEST(control_groups_of_both_versions_bound),
		TEST(the_whole_is_what_nobody_uses),
		TEST(lines_that_make_no_sense_bound_nothing),
		TEST(free_huge_pages_of_all_sizes_count),
		TEST(transparent_huge_pages_are_given_unless_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
