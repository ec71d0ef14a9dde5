/* SPDX-License-Identifier: Apache-2.0 */
/* What changes for the devices of a created container's cgroup, as values. Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_CHANGE_H
#define OCI_VFIO_HOOK_DEVICE_CHANGE_H

#include <stdbool.h>

#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/error.h"

struct plan;
struct spec;

/* One device of a container that becomes another one, comes new or goes. */
struct device_change {
	bool has_old;
	struct device_number old;
	/* The container keeps the right to the old numbers: another device of it has
	 * them, or a rule with wildcards allows them. */
	bool old_stays;
	bool has_new;
	struct device_number number;
	char access[4]; /* of "rwm" */
	/* What the rules that the runtime had refused for just these numbers: of "rwm". */
	char denied[4];
	/* A rule that it had, with a wildcard, refuses some of the access. */
	bool excepted;
	/* What the new rules refuse by one that isn't for all devices: of "rwm"; with the
	 * numbers, also where nothing is given. */
	char refused[4];
};

/* What the device cgroup of a created container has to give and to take: a change for
 * each device (mounts have no rules), with the access that the new rules give. `spec` is
 * the one that was planned for. The caller frees *ret. */
void plan_device_changes(const struct plan *plan, const struct spec *spec,
			 struct device_change **ret, size_t *ret_count);

/* Records that the spec's rules refuse a new device some access that the cgroup at `path`
 * would give. */
int device_change_refused(const struct device_change *change, const char *path,
			  struct error *err);

#endif
