/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules of cgroup v1 as devices.list has them
 * (Documentation/admin-guide/cgroup-v1/devices.rst). Pure. */
#ifndef OCI_VFIO_HOOK_CGROUP_RULE_H
#define OCI_VFIO_HOOK_CGROUP_RULE_H

#include "oci-vfio-hook/device_number.h"

struct cgroup_rule {
	struct device_number number; /* of type 'a', 'b' or 'c' */
	bool any_major, any_minor;   /* "*": the number is 0 then */
	char access[4];		     /* of "rwm" */
};

/* Initialised with {0}, which allows nothing. */
struct cgroup_rules {
	struct cgroup_rule *items; /* sorted; owned */
	size_t count, capacity;
	/* "a *:* rwm" is there: everything is allowed but exceptions, which the kernel
	 * doesn't show. */
	bool open;
};

#define auto_cgroup_rules __attribute__((cleanup(cgroup_rules_free))) struct cgroup_rules

/* Parses "c 10:196 rwm", "b 8:* rw", "a *:* rwm". 0 or -EINVAL. */
int cgroup_rule_parse(struct slice line, struct cgroup_rule *ret);

/* Parses devices.list. 0 or -EINVAL. */
int cgroup_rules_parse(struct slice text, struct cgroup_rules *ret);

/* Finds the rule for exactly this device, without a wildcard; NULL: there is none. The kernel
 * has one at most. */
const struct cgroup_rule *cgroup_rules_find(const struct cgroup_rules *rules,
					    const struct device_number *number);

/* Does one rule let the device be opened in all ways that `access` (bits of
 * device_access_parse()) has? As device_program_allows(). */
bool cgroup_rules_allow(const struct cgroup_rules *rules,
			const struct device_number *number, uint32_t access);

void cgroup_rules_free(struct cgroup_rules *rules);

#endif
