/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a new list changes: two images compared, entry by entry.
 *
 * Entries have one subject when they have the same name, or the same block of addresses; a longer or shorter prefix is
 * another subject. Of one subject an entry covers some traffic (which of the name itself and its subdomains; which protocol
 * and ports) for some time (its window). Every entry is paired with at most one entry of the other list that has the same
 * subject, in this order:
 *   1. the same traffic and window;
 *   2. the same traffic, windows that meet;
 *   3. traffic that meets (olm.vn and .olm.vn; equal protocols with common ports, or one of them every protocol) in windows
 *      that meet;
 *   4. the same traffic, windows apart.
 * An exclusion meets exclusions only; olm.vn and *.olm.vn do not meet. Within a step the earlier traffic and window comes
 * first. From step 2 on an entry looks at the first ZR_DIFF_LOOK entries of its subject that are still unpaired.
 *
 *   pair, or lack of one                                                    change
 *   ----------------------------------------------------------------------  --------
 *   in the new list alone (an exclusion, too)                               ADDED
 *   in the old list alone (an exclusion, too)                               REMOVED
 *   the same traffic and window, the same in service, rating group, verify, none, however the rule is spelled
 *     bind and the word shared-intended
 *   the same traffic and window, another one of these                       CHANGED
 *   the new one covers all that the old one did, and more                   WIDENED, whatever becomes of its service
 *     (olm.vn -> .olm.vn, *.olm.vn -> .olm.vn, udp 5 -> udp 5-9, udp ->
 *     every protocol, a longer window)
 *   the new one covers a part of what the old one did, and no more          NARROWED, whatever becomes of its service
 *   an exclusion whose window became longer (shorter)                       NARROWED (WIDENED): less (more) is free
 *   each covers something that the other does not (a window or ports that   CHANGED
 *     moved)
 *   olm.vn -> *.olm.vn, !olm.vn -> .olm.vn, udp -> tcp, port 5 -> port 6    REMOVED and ADDED: nothing in common
 *   10.0.0.0/24 -> 10.0.0.0/23, a.olm.vn -> .olm.vn                         REMOVED and ADDED: another subject
 */
#ifndef RULES_DIFF_H
#define RULES_DIFF_H

#include "rules/image.h"

enum zr_change {
	ZR_CHANGE_ADDED,
	ZR_CHANGE_REMOVED,
	ZR_CHANGE_CHANGED,
	ZR_CHANGE_WIDENED,
	ZR_CHANGE_NARROWED,
	ZR_CHANGE_COUNT
};

/* Unpaired entries of its subject that an entry looks at: more bring neither errors nor wrong totals, only fewer pairs. */
#define ZR_DIFF_LOOK 64

/*
 * Compare two loaded images. tell, which may be NULL, is called once per difference, in the order of the rules' text (the
 * old one's where there are two) and of their windows; before and after are numbers of entries, or ZR_ENTRY_NONE. counts: how many of each.
 * Returns 0, or -ENOMEM before anything was told. n log n steps for n entries. Any thread.
 */
int zr_list_diff(const struct zr_image *before, const struct zr_image *after,
		 void (*tell)(void *arg, enum zr_change change, uint32_t before, uint32_t after), void *arg,
		 uint64_t counts[ZR_CHANGE_COUNT]);

#endif
