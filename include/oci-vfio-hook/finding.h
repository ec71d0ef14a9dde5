/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found, and how a person mends it; as text and as JSON. Pure. */
#ifndef OCI_VFIO_HOOK_FINDING_H
#define OCI_VFIO_HOOK_FINDING_H

#include "oci-vfio-hook/text.h"

enum finding_level {
	FINDING_OK,
	FINDING_UNKNOWN, /* could not be measured, which is not a failure */
	FINDING_WARNING,
	FINDING_FAILURE,
};

struct finding {
	enum finding_level level;
	char *topic;  /* owned, as all of these */
	char *fact;   /* one line, without a full stop */
	char *remedy; /* one command or setting; NULL: there is none */
};

struct findings {
	struct finding *items;
	size_t count, capacity;
};

#define auto_findings __attribute__((cleanup(findings_free))) struct findings

/* Adds one. */
void findings_add(struct findings *findings, enum finding_level level, const char *topic,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Says what mends the last one. */
void findings_mend(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds one of a message that ends with its remedy, as errors do, after the last "; ". Where it
 * has none, `remedy` is it. */
void findings_add_message(struct findings *findings, enum finding_level level,
			  const char *topic, const char *message, const char *remedy);

/* 0: no failure; 1: a failure; 2: no failure, but something could not be measured. */
int findings_status(const struct findings *findings);

/* A line each, its remedy below it on a line of its own, and in the end how many there are of
 * each level; in colour for a terminal that wants it. */
void findings_text(const struct findings *findings, bool colour, struct buffer *ret);

/* {"status": 0, "findings": [{"level", "topic", "fact", "remedy"}]} and a newline; level is "ok",
 * "unknown", "warning" or "failure", remedy null where there is none. */
void findings_json(const struct findings *findings, struct buffer *ret);

void findings_free(struct findings *findings);

#endif
