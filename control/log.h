/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on standard error, each with its level as sd-daemon(3) writes it ("<4>…"), so that journald knows which are
 * errors. Never called for a packet or a record. One thread.
 */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

enum zr_log_level { ZR_LOG_ERROR = 3, ZR_LOG_WARNING = 4, ZR_LOG_NOTICE = 5, ZR_LOG_INFO = 6 };

/* One line, without its line break. Control characters become '?'; what is longer than 2 KiB is cut. errno stays. */
void zr_log(enum zr_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
