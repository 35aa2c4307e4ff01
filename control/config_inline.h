/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of the configuration for ports that forward: pairs and marks. Private to the files that read the configuration. */
#ifndef CONTROL_CONFIG_INLINE_H
#define CONTROL_CONFIG_INLINE_H

#include "control/config_value.h"

/* A port's peer: its name is looked up by zr_config_pairs. */
void zr_config_take_peer(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);

/* The mark group. */
void zr_config_take_mark(struct zr_config_reader *reader, const config_setting_t *setting,
			 const struct zr_config_key *key);

/*
 * After all keys of the group dataplane: do its ports stand in pairs, where the mode is inline, and is there nothing that only
 * that mode has, where it is not? Tells what is wrong at its line, and notes each port's peer.
 */
void zr_config_pairs(struct zr_config_reader *reader, const config_setting_t *dataplane);

#endif
