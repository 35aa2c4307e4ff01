/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL arguments as one text, split as a shell would. Pure. Private to this folder. */
#ifndef DATAPLANE_DPDK_EAL_ARGS_H
#define DATAPLANE_DPDK_EAL_ARGS_H

#include <stddef.h>

struct zr_eal_args {
	char **words; /* count of them, and NULL */
	size_t count;
};

/*
 * Split text at blanks; what stands in quotes, single or double, is one word. Words that say which cores to use, and those
 * that end the program (help, version), are refused. Returns 0, -ENOMEM, or -EINVAL with a sentence in error.
 */
int zr_eal_args_split(const char *text, struct zr_eal_args *out, char *error, size_t error_len);
/* Put copies of words in front. 0 or -ENOMEM. */
int zr_eal_args_prepend(struct zr_eal_args *args, const char *const *words, size_t count);
/* Put a copy of word in the place of the one at `at`. 0 or -ENOMEM. */
int zr_eal_args_replace(struct zr_eal_args *args, size_t at, const char *word);
void zr_eal_args_clear(struct zr_eal_args *args);

#endif
