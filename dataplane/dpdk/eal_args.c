/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/eal_args.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/*
 * What the configuration must not hold. EAL takes any beginning of a long option that is not ambiguous, and the value of a
 * short one in the same word.
 */
static const struct {
	const char *begins;
	const char *why;
} refused[] = {
	{"-l", "cores come from `workers`"},       {"-c", "cores come from `workers`"},
	{"-s", "cores come from `workers`"},       {"-S", "cores come from `workers`"},
	{"--lc", "cores come from `workers`"},     {"--mai", "cores come from `workers`"},
	{"--mas", "cores come from `workers`"},    {"-h", "it shows a help text and ends the program"},
	{"--he", "it shows a help text and ends"}, {"-v", "it only shows a version"},
};

static int word_check(const char *word, char *error, size_t error_len)
{
	if (word[0] != '-' || strcmp(word, "--") == 0) {
		/* A value in a word of its own, or the end of the arguments. */
		if (word[0] != '-')
			return 0;
		snprintf(error, error_len, "eal: \"--\" ends the arguments; leave it out");
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strncmp(word, refused[i].begins, strlen(refused[i].begins)) == 0) {
			snprintf(error, error_len, "eal: leave \"%s\" out: %s", word, refused[i].why);
			return -EINVAL;
		}
	return 0;
}

/* The word at *at, quotes taken off, into out; false when a quote is not closed. */
static bool word_read(const char **at, char *out)
{
	char quote = '\0';

	for (; **at != '\0' && (quote != '\0' || strchr(BLANKS, **at) == NULL); (*at)++) {
		if (**at == quote)
			quote = '\0';
		else if (quote == '\0' && (**at == '"' || **at == '\''))
			quote = **at;
		else
			*out++ = **at;
	}
	*out = '\0';
	return quote == '\0';
}

/* Room for one word more; the new last word is word, which is taken over. */
static int word_add(struct zr_eal_args *args, char *word)
{
	char **words = reallocarray(args->words, args->count + 2, sizeof(*words));

	if (words == NULL) {
		free(word);
		return -ENOMEM;
	}
	words[args->count++] = word;
	words[args->count] = NULL;
	args->words = words;
	return 0;
}

int zr_eal_args_split(const char *text, struct zr_eal_args *out, char *error, size_t error_len)
{
	const char *at = text;
	int status = 0;

	*out = (struct zr_eal_args){0};
	for (at += strspn(at, BLANKS); status == 0 && *at != '\0'; at += strspn(at, BLANKS)) {
		char *word = malloc(strlen(at) + 1);

		if (word == NULL) {
			status = -ENOMEM;
		} else if (!word_read(&at, word)) {
			snprintf(error, error_len, "eal: a quote is not closed: %s", text);
			free(word);
			status = -EINVAL;
		} else {
			status = word_check(word, error, error_len);
			if (status != 0)
				free(word);
			else
				status = word_add(out, word);
		}
	}
	if (status == -ENOMEM)
		snprintf(error, error_len, "eal: no memory");
	if (status != 0)
		zr_eal_args_clear(out);
	return status;
}

int zr_eal_args_prepend(struct zr_eal_args *args, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *word = strdup(words[i]);

		if (word == NULL || word_add(args, word) != 0)
			return -ENOMEM;
		memmove(args->words + i + 1, args->words + i, (args->count - 1 - i) * sizeof(*args->words));
		args->words[i] = word;
	}
	return 0;
}

int zr_eal_args_replace(struct zr_eal_args *args, size_t at, const char *word)
{
	char *copy = strdup(word);

	if (copy == NULL)
		return -ENOMEM;
	free(args->words[at]);
	args->words[at] = copy;
	return 0;
}

void zr_eal_args_clear(struct zr_eal_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		free(args->words[i]);
	free(args->words);
	*args = (struct zr_eal_args){0};
}
