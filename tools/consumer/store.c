/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/consumer/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* How long another program may hold the file: a report, a backup. */
#define BUSY_MS 60000

/* The key makes it exactly once. What bills are made of has columns; the whole record stands beside them. */
static const char schema[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"CREATE TABLE IF NOT EXISTS records ("
	"  gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
	"  type TEXT NOT NULL, flow TEXT, final INTEGER, verdict TEXT, reason TEXT,"
	"  service TEXT, rating_group INTEGER, rule TEXT, list_serial INTEGER, subscriber_ip TEXT,"
	"  up_bytes INTEGER, up_pkts INTEGER, down_bytes INTEGER, down_pkts INTEGER,"
	"  first TEXT, last TEXT, record TEXT NOT NULL,"
	"  PRIMARY KEY (gateway, epoch, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS gaps ("
	"  gateway TEXT NOT NULL, epoch TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
	"  PRIMARY KEY (gateway, epoch, first_seq, last_seq)) WITHOUT ROWID;";

static const char add_record[] =
	"INSERT INTO records"
	" SELECT r ->> 'gateway', r ->> 'epoch', r ->> 'seq', r ->> 'type', r ->> 'flow', r ->> 'final', r ->> "
	"'verdict',"
	"  r ->> 'reason', r ->> 'service', r ->> 'rating_group', r ->> 'rule', r ->> 'list_serial',"
	"  r ->> '$.subscriber.ip', r ->> 'up_bytes', r ->> 'up_pkts', r ->> 'down_bytes', r ->> 'down_pkts',"
	"  r ->> 'first', r ->> 'last', r"
	" FROM (SELECT ?1 AS r) WHERE true ON CONFLICT (gateway, epoch, seq) DO NOTHING";

static const char add_gap[] = "INSERT OR IGNORE INTO gaps VALUES (?1, ?2, ?3, ?4)";

struct zr_store {
	sqlite3 *database;
	sqlite3_stmt *record, *gap;
	bool in_transaction;
	uint64_t added;
};

static bool failed(const struct zr_store *store)
{
	fprintf(stderr, "zerorate-consumer: the database cannot be used: %s\n", sqlite3_errmsg(store->database));
	return false;
}

bool zr_store_open(const char *path, struct zr_store **out)
{
	struct zr_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return false;
	if (sqlite3_open(path, &store->database) != SQLITE_OK ||
	    sqlite3_busy_timeout(store->database, BUSY_MS) != SQLITE_OK ||
	    sqlite3_exec(store->database, schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(store->database, add_record, -1, &store->record, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(store->database, add_gap, -1, &store->gap, NULL) != SQLITE_OK) {
		failed(store);
		zr_store_close(store);
		return false;
	}
	*out = store;
	return true;
}

void zr_store_close(struct zr_store *store)
{
	sqlite3_finalize(store->record);
	sqlite3_finalize(store->gap);
	sqlite3_close(store->database);
	free(store);
}

/* Run a statement whose values are bound, within the transaction at hand. */
static bool run(struct zr_store *store, sqlite3_stmt *statement)
{
	int result;

	if (!store->in_transaction && sqlite3_exec(store->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return failed(store);
	store->in_transaction = true;
	result = sqlite3_step(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result == SQLITE_DONE || failed(store);
}

bool zr_store_add(struct zr_store *store, const char *json, size_t len)
{
	sqlite3_bind_text64(store->record, 1, json, len, SQLITE_STATIC, SQLITE_UTF8);
	if (!run(store, store->record))
		return false;
	store->added += (uint64_t)sqlite3_changes(store->database);
	return true;
}

bool zr_store_add_gap(struct zr_store *store, const char *gateway, const char *epoch, uint64_t from, uint64_t to)
{
	sqlite3_bind_text(store->gap, 1, gateway, -1, SQLITE_STATIC);
	sqlite3_bind_text(store->gap, 2, epoch, -1, SQLITE_STATIC);
	sqlite3_bind_int64(store->gap, 3, (sqlite3_int64)from);
	sqlite3_bind_int64(store->gap, 4, (sqlite3_int64)to);
	return run(store, store->gap);
}

bool zr_store_commit(struct zr_store *store)
{
	if (store->in_transaction && sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return failed(store);
	store->in_transaction = false;
	return true;
}

uint64_t zr_store_added(const struct zr_store *store)
{
	return store->added;
}
