/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the consumer keeps what it got: a SQLite file of its own. One thread. Failures are told on standard error. */
#ifndef TOOLS_CONSUMER_STORE_H
#define TOOLS_CONSUMER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zr_store;

/* Open a store, which is made when there is none. False when it cannot be had. */
bool zr_store_open(const char *path, struct zr_store **out);
void zr_store_close(struct zr_store *store);

/*
 * What is added becomes durable, all of it or nothing, with zr_store_commit. A record whose key is there already is left as it
 * is. json: a record's object, as it came.
 */
bool zr_store_add(struct zr_store *store, const char *json, size_t len);
/* Records that will not come. */
bool zr_store_add_gap(struct zr_store *store, const char *gateway, const char *epoch, uint64_t from, uint64_t to);
bool zr_store_commit(struct zr_store *store);

/* Records added since it was opened that were not there before. */
uint64_t zr_store_added(const struct zr_store *store);

#endif
