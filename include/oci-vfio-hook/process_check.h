/* SPDX-License-Identifier: Apache-2.0 */
/* What processes that are started here get: memory that they may lock, libraries. Pure. */
#ifndef OCI_VFIO_HOOK_PROCESS_CHECK_H
#define OCI_VFIO_HOOK_PROCESS_CHECK_H

#include "oci-vfio-hook/finding.h"

/* A library that some runs load. */
struct process_library {
	const char *soname, *package;
	const char *need; /* what for, as an infinitive without "to" */
};
#define PROCESS_LIBRARIES 5
extern const struct process_library process_libraries[PROCESS_LIBRARIES];

struct process_facts {
	uint64_t memory_lock; /* bytes, UINT64_MAX: no limit */
	bool maps_raise_it;   /* all entries of the maps do */
	bool has_library[PROCESS_LIBRARIES];
};

void process_check(const struct process_facts *facts, struct findings *findings);

#endif
