/* SPDX-License-Identifier: BSD-3-Clause */
/* The bind column: services that address entries name. */
#ifndef RULES_LIST_BIND_H
#define RULES_LIST_BIND_H

#include "rules/entries.h"

/* A row names a service, kept at that offset of the texts, in a cell at that place. 0 or -ENOMEM. */
int zr_list_bind_add(struct zr_list *list, uint32_t service, struct zr_place place);

/*
 * Report each cell that names a service under which nothing can be free by itself: no entry has it but exclusions and those that
 * have a bind themselves. 0 or -ENOMEM.
 */
int zr_list_bind_report(struct zr_list *list, struct zr_report *report);

/* Mark those of count tariffs whose service some row names. */
void zr_list_bind_mark(const struct zr_list *list, struct zr_tariff *tariffs, size_t count);

#endif
