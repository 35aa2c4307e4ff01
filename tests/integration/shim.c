/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into a program under test: a wall clock that a test sets, and a disk that hangs. The file that ZR_SHIM names holds
 * what the test wants: by how many microseconds the clock is wrong, and whether syncs wait.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define US_PER_S INT64_C(1000000)

struct wish {
	_Atomic int64_t offset_us;
	_Atomic int64_t hangs;
};

static struct wish none, *wish = &none;

static __attribute__((constructor)) void begin(void)
{
	const char *path = getenv("ZR_SHIM");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *memory = fd >= 0 ? mmap(NULL, sizeof(*wish), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (memory == MAP_FAILED)
		abort();
	close(fd);
	wish = memory;
}

static void hang(void)
{
	while (wish->hangs != 0)
		usleep(1000);
}

/* What follows stands in for the C library's. */
#pragma GCC visibility push(default)

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int result = (int)syscall(SYS_clock_gettime, clock, out);
	int64_t us;

	if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return result;
	us = (int64_t)out->tv_sec * US_PER_S + out->tv_nsec / 1000 + wish->offset_us;
	out->tv_sec = us / US_PER_S;
	out->tv_nsec = (long)(us % US_PER_S) * 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int fsync(int fd)
{
	hang();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	hang();
	return (int)syscall(SYS_fdatasync, fd);
}
