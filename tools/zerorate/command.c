/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const uint64_t zr_command_seed[2] = {0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};

int zr_command_print(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return ZR_EXIT_OK;
	if (errno != EPIPE)
		fprintf(stderr, "zerorate: standard output cannot be written: %s\n", strerror(errno));
	return ZR_EXIT_FAILED;
}

bool zr_command_begin(const char *command)
{
	/* A closed descriptor would be given to the next file that is opened. */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		zr_command_output_failed(command, errno);
		return false;
	}
	signal(SIGPIPE, SIG_IGN); /* write tells, and the exit status is ours */
	return true;
}

void *zr_command_memory(const char *command, size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		fprintf(stderr, "zerorate %s: no %zu MiB of memory: %s\n", command, len >> 20, strerror(errno));
		return NULL;
	}
	madvise(memory, len, MADV_HUGEPAGE); /* fewer TLB misses where it is granted */
	return memory;
}

void zr_command_output_failed(const char *command, int error)
{
	/* Whoever closed a pipe has seen enough and knows it. */
	if (error != EPIPE)
		fprintf(stderr, "zerorate %s: the output cannot be written: %s\n", command, strerror(error));
}
