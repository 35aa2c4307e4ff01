/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds what the benches' entry point says of packets against what `zerorate classify` says of the same packets. Every packet that is
 * handed to the pipeline is written into a capture file on its way (the linker wraps zr_pipeline_burst and
 * zr_pipeline_burst_marks), so that none can be left out.
 */
#ifndef TESTS_INTEGRATION_SAME_WORK_H
#define TESTS_INTEGRATION_SAME_WORK_H

#include "dataplane/pipeline/pipeline.h"

/* Make the folder for lists and captures; -1: it cannot be made. program: path of zerorate. */
int same_work_open(const char *program);
/* Remove it, whatever is in it by now. */
int same_work_close(void);

/* From here on packets and records are kept. What was kept before must have been compared. */
void same_work_begin(void);

/* Keep a record: the usage callback of a pipeline's configuration. */
bool same_work_take(void *arg, const struct zr_usage *usage);

/*
 * Classify what was kept by the list, with these options besides, and fail the test unless records and sums are the same, but for the
 * records' numbers. totals: of the pipeline, behind its shutdown. Returns how many records there were.
 */
size_t same_work_compare(const char *list, const char *options, const struct zr_totals *totals);

/* Path of a file in the folder, until the next call. */
const char *same_work_path(const char *name);

#endif
