/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a ledger, for commands that sum them. Nothing of a file is changed. What fails is told on standard error. */
#ifndef TOOLS_ZERORATE_LEDGER_FILES_H
#define TOOLS_ZERORATE_LEDGER_FILES_H

#include <sqlite3.h>
#include <stdbool.h>

#define ZR_LEDGER_FOLDER "/var/lib/zerorate/ledger"

/* Who a subscriber is, in SQL: addresses are unique within a domain only. */
#define ZR_LEDGER_WHO "subscriber_ip || iif(domain > 0, ' domain ' || domain, '')"

/* Attach a file to a database as `ledger`. False: sqlite3_errmsg says why. */
bool zr_ledger_attach(sqlite3 *database, const char *path);

/*
 * Call add with each file of the folder, with progress on a terminal. False when there is none, which is told in the command's name,
 * or when add returned false for one.
 */
bool zr_ledger_files_each(const char *command, const char *folder, bool (*add)(void *arg, const char *path), void *arg);

#endif
