/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What dpdk-telemetry.py is told. DPDK calls a command's function on a thread of its own and makes JSON of what it puts
 * together; a reply is built from memory under one lock and written without it, so that no client is waited for.
 */
#include "dataplane/dpdk/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_telemetry.h>

#include "dataplane/dpdk/dataplane.h"

/* DPDK's reply has 16 KiB, and what does not fit is left out without a word. */
#define REPLY_BYTES (15 * 1024)

/* Beside its texts, what a member takes in JSON: quotes, a colon, a comma, the digits of a number. */
#define MEMBER_BYTES 26

#define PREFIX "/zerorate/"

#define TOO_LONG                                                                                                \
	"the reply would be too long: ask for one of them, as in \"" PREFIX "workers,1\" or \"" PREFIX "ports," \
	"DEVICE\""

/* Values are of the whole gateway, or of one of several. */
static const struct {
	const char *command, *help;
	bool of_several;
} commands[] = {
	{PREFIX "status", "Version, volumes by reason, flows, events. No parameters", false},
	{PREFIX "list", "The list in force. No parameters", false},
	{PREFIX "records", "Records, losses, the ledger. No parameters", false},
	{PREFIX "ports", "Ports: what they received, sent and dropped. Parameter: a device, else all", true},
	{PREFIX "workers", "Workers: load, progress, flows, rings. Parameter: an lcore, else all", true},
	{PREFIX "consumers", "Durable consumers of records: acknowledged, lag. Parameter: a name, else all", true},
};

static struct {
	pthread_mutex_t lock;
	const struct zr_telemetry_value *values;
	unsigned int count;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

void zr_dataplane_telemetry(const struct zr_telemetry_value *values, unsigned int count)
{
	pthread_mutex_lock(&told.lock);
	told.values = values;
	told.count = count;
	pthread_mutex_unlock(&told.lock);
}

static int add(struct rte_tel_data *to, const char *name, const struct zr_telemetry_value *value)
{
	return value->text != NULL ? rte_tel_data_add_dict_string(to, name, value->text)
				   : rte_tel_data_add_dict_u64(to, name, value->number);
}

/* The values with keys that one member has, from `at` on: as a dictionary of its own. Returns how many there are. */
static unsigned int add_keyed(struct rte_tel_data *to, const struct zr_telemetry_value *at, unsigned int most)
{
	struct rte_tel_data *inner = rte_tel_data_alloc();
	unsigned int count = 0;

	if (inner == NULL)
		return 0;
	rte_tel_data_start_dict(inner);
	for (; count < most && at[count].key != NULL && strcmp(at[count].member, at->member) == 0; count++)
		add(inner, at[count].key, &at[count]);
	if (rte_tel_data_add_dict_container(to, at->member, inner, 0) == 0)
		return count;
	rte_tel_data_free(inner);
	return 0;
}

/* count values into a dictionary. 0 or -ENOSPC. */
static int fill(struct rte_tel_data *to, const struct zr_telemetry_value *values, unsigned int count)
{
	for (unsigned int i = 0; i < count;) {
		unsigned int taken = values[i].key != NULL ? add_keyed(to, &values[i], count - i)
							   : add(to, values[i].member, &values[i]) == 0;

		if (taken == 0)
			return -ENOSPC;
		i += taken;
	}
	return 0;
}

/* How many values from `at` on are of the same one. */
static unsigned int count_of(const struct zr_telemetry_value *at, unsigned int most)
{
	unsigned int count = 1;

	while (count < most && strcmp(at[count].of, at->of) == 0)
		count++;
	return count;
}

/* One of several under its place: DPDK takes few characters in names, and no dictionaries in arrays. */
static int add_one(struct rte_tel_data *to, unsigned int place, const struct zr_telemetry_value *values,
		   unsigned int count)
{
	struct rte_tel_data *one = rte_tel_data_alloc();
	char name[sizeof("4294967295")];
	int err;

	if (one == NULL)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%u", place);
	rte_tel_data_start_dict(one);
	err = rte_tel_data_add_dict_string(one, values->label, values->of);
	if (err == 0)
		err = fill(one, values, count);
	if (err == 0)
		err = rte_tel_data_add_dict_container(to, name, one, 0);
	if (err != 0)
		rte_tel_data_free(one);
	return err;
}

/* At most what the reply takes in JSON; hostile names are written with escapes. */
static size_t bytes_of(const struct zr_telemetry_value *values, unsigned int count)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < count; i++) {
		bytes += MEMBER_BYTES + strlen(values[i].member);
		bytes += values[i].key != NULL ? strlen(values[i].key) : 0;
		bytes += values[i].text != NULL ? 6 * strlen(values[i].text) : 0;
	}
	return bytes + (count > 0 && values->of != NULL ? 6 * strlen(values->of) + MEMBER_BYTES : 0);
}

static bool is_asked(const struct zr_telemetry_value *value, const char *asked)
{
	return asked == NULL || strcmp(asked, value->of) == 0;
}

/* Each of several, or the one that is asked for. */
static int tell_several(const struct zr_telemetry_value *values, unsigned int count, const char *asked,
			struct rte_tel_data *info)
{
	size_t bytes = 0;
	int err;

	for (unsigned int i = 0, more; i < count; i += more) {
		more = count_of(&values[i], count - i);
		if (is_asked(&values[i], asked))
			bytes += bytes_of(&values[i], more);
	}
	if (bytes > REPLY_BYTES)
		return rte_tel_data_string(info, TOO_LONG);
	err = rte_tel_data_start_dict(info);
	for (unsigned int i = 0, place = 0, more; err == 0 && i < count; i += more, place++) {
		more = count_of(&values[i], count - i);
		if (is_asked(&values[i], asked))
			err = add_one(info, place, &values[i], more);
	}
	return err;
}

/* The lock is held. */
static int tell(const char *command, const char *asked, struct rte_tel_data *info)
{
	const struct zr_telemetry_value *values;
	unsigned int first = 0, count = 0;

	while (first < told.count && strcmp(told.values[first].command, command) != 0)
		first++;
	while (first + count < told.count && strcmp(told.values[first + count].command, command) == 0)
		count++;
	values = count > 0 ? &told.values[first] : NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].command + strlen(PREFIX), command) == 0 && commands[i].of_several)
			return tell_several(values, count, asked, info);
	rte_tel_data_start_dict(info);
	return fill(info, values, count);
}

static int answer(const char *command, const char *parameters, struct rte_tel_data *info)
{
	const char *asked = parameters != NULL && parameters[0] != '\0' ? parameters : NULL;
	int err;

	pthread_mutex_lock(&told.lock);
	err = tell(command + strlen(PREFIX), asked, info);
	pthread_mutex_unlock(&told.lock);
	return err;
}

int zr_telemetry_register(char *error, size_t error_len)
{
	static bool registered;

	for (size_t i = 0; !registered && i < sizeof(commands) / sizeof(commands[0]); i++) {
		int err = rte_telemetry_register_cmd(commands[i].command, answer, commands[i].help);

		if (err != 0) {
			snprintf(error, error_len, "DPDK's telemetry takes no command %s: %s", commands[i].command,
				 strerror(-err));
			return err;
		}
	}
	registered = true;
	return 0;
}
