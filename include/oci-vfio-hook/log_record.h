/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a log as a value, and the forms in which logs take it. Pure. */
#ifndef OCI_VFIO_HOOK_LOG_RECORD_H
#define OCI_VFIO_HOOK_LOG_RECORD_H

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/plan.h"

/* Everything is borrowed. */
struct log_record {
	enum message_level level;
	/* One of the two: what to say, or what was done, which is put into words where it
	 * is written, not for logs that nobody takes. */
	const char *text;
	const struct plan *plan;
	/* The run that says it; NULL, all but the program: not known. */
	const char *program;   /* as the machine's log knows it */
	const char *stage;     /* or the command, or what the runtime was called for */
	const char *container; /* its id */
	const char *bundle;
	/* The run's last line has these. */
	bool is_last;
	size_t changes; /* that were made in the spec */
	uint64_t duration_us;
};

/* Longer text is cut. What a message quotes is shorter; many quotes may not be, and the
 * machine's log takes datagrams of a limited size. */
#define LOG_TEXT_MAX 8192
/* So is what names container and bundle, which a caller may have made longer than any
 * path. */
#define LOG_NAME_MAX 4096

/* Appends the text alone, as it may be shown on a terminal. */
void log_record_message(const struct log_record *record, struct buffer *ret);

/* Appends "container <id>: <stage>: <text>", as far as they are known, without a byte
 * that ends the line or steers a terminal. */
void log_record_sentence(const struct log_record *record, struct buffer *ret);

/* Appends a line: "<time> <level>: <sentence>". */
void log_record_text(const struct log_record *record, const char *time,
		     struct buffer *ret);

/* Appends a line: {"level":"...","msg":"...","time":"..."}, which is what runc writes and
 * containerd and docker read, and where they are known "stage", "container", "bundle",
 * and in the last one "changes" and "duration_us". */
void log_record_json(const struct log_record *record, const char *time,
		     struct buffer *ret);

/* Appends a datagram for systemd-journald (https://systemd.io/JOURNAL_NATIVE_PROTOCOL):
 * MESSAGE (the sentence), PRIORITY, SYSLOG_FACILITY, SYSLOG_IDENTIFIER, OCI_STAGE,
 * OCI_CONTAINER_ID, OCI_BUNDLE, and of the last one OCI_VFIO_CHANGES and
 * OCI_VFIO_DURATION_US. */
void log_record_journal(const struct log_record *record, struct buffer *ret);

/* Appends a datagram for a syslog daemon, as glibc's syslog(3) makes it after RFC 3164:
 * facility "daemon"; `time` is "Jan 2 03:04:05" in local time. */
void log_record_syslog(const struct log_record *record, const char *time, uint64_t pid,
		       struct buffer *ret);

#endif
