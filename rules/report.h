/* SPDX-License-Identifier: BSD-3-Clause */
/* How the reader of a list tells what is wrong with it. */
#ifndef RULES_REPORT_H
#define RULES_REPORT_H

#include <stdbool.h>

#include "rules/list.h"

/* Where a finding is made; both from 1, the column in characters. */
struct zr_place {
	unsigned int line, column;
};

struct zr_report {
	struct zr_findings *findings;
	size_t begin;   /* of the findings, where those of this run begin */
	size_t count;   /* findings of this run, kept or not */
	bool no_memory; /* one could not be kept */
};

/*
 * Add a finding: what is wrong, and what to write instead. Control characters and ill-formed octets that came from the
 * list are replaced, so that the text is fit for a terminal.
 */
__attribute__((format(printf, 3, 4))) void zr_report(struct zr_report *report, struct zr_place place,
						     const char *format, ...);

/* Are findings counted only, because no more are kept? */
bool zr_report_is_full(const struct zr_report *report);

/* Octets of a text that are quoted in a finding: all, or at most sixty, in whole characters. For use with %.*s. */
int zr_report_excerpt(const char *text, size_t len);

/* Bring this run's findings into the order of their places. */
void zr_report_sort(struct zr_report *report);

#endif
