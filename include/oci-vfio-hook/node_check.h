/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and device nodes of the machine: is /dev as sysfs says that it must be, and can each
 * group with a device for containers be used? Pure. */
#ifndef OCI_VFIO_HOOK_NODE_CHECK_H
#define OCI_VFIO_HOOK_NODE_CHECK_H

#include "oci-vfio-hook/finding.h"
#include "oci-vfio-hook/survey.h"

enum node_state {
	NODE_RIGHT,
	NODE_MISSING,
	NODE_WRONG,	 /* another device, or not a device */
	NODE_UNREADABLE, /* not for us */
};

struct node_fact {
	const char *path; /* of the survey, or static */
	struct device_number want;
	enum node_state state;
	bool has_link; /* /dev/char/MAJOR:MINOR is there */
};

struct node_facts {
	bool has_directory; /* /dev/vfio */
	bool has_systemd;   /* it runs this machine */
	struct node_fact *items;
	size_t count, capacity;
	/* In /dev/vfio, but not in sysfs; owned. */
	char **leftovers;
	size_t n_leftovers, leftovers_capacity;
};

void node_check(const struct node_facts *facts, struct findings *findings);

/* With SURVEY_USE. */
void group_check(const struct survey *survey, bool has_driverctl,
		 struct findings *findings);

void node_facts_free(struct node_facts *facts);

#endif
