/* SPDX-License-Identifier: Apache-2.0 */
/* The device cgroup of a created container, v1 or v2: finds it, gives the container's
 * processes the new devices, takes the old ones, and puts back what was there. What
 * systemd knows of the devices of its unit is changed with it, so that a reload doesn't
 * undo it. */
#ifndef OCI_VFIO_HOOK_DEVICE_CGROUP_H
#define OCI_VFIO_HOOK_DEVICE_CGROUP_H

#include <sys/types.h>

#include "oci-vfio-hook/device_change.h"
#include "oci-vfio-hook/message.h"

struct device_cgroup;

#define auto_device_cgroup                                                               \
	__attribute__((cleanup(device_cgroup_free_pointer))) struct device_cgroup

/* Finds the device cgroup of process `pid`, whose directory in /proc is open as `proc`,
 * and opens what decides about it. Where the kernel has both hierarchies, a v1 "devices"
 * decides. ERROR_UNAVAILABLE: no mount of this machine shows the cgroup, or a program at
 * it can't be read; ERROR_PERMISSION. The caller frees *ret. */
int device_cgroup_open(int proc, pid_t pid, struct device_cgroup **ret,
		       struct error *err);

/* Makes all that the changes need without changing anything: checks that no cgroup above
 * refuses the new devices (v2; the kernel itself checks it for v1), loads programs, asks
 * systemd. ERROR_UNAVAILABLE names the cgroup that refuses, or the code that can't be
 * widened. That a change won't outlast a reload of systemd is a warning. After the deadline
 * (clock_end()) systemd is hardly waited for, here and below. */
int device_cgroup_prepare(struct device_cgroup *cgroup,
			  const struct device_change *changes, size_t n_changes,
			  uint64_t deadline, struct messages *messages,
			  struct error *err);

/* Makes the changes, in the mount namespace of the machine. On an error some of them may
 * have been made: device_cgroup_undo(). ERROR_UNAVAILABLE: a cgroup above refuses (v1),
 * or systemd does. Takes no memory, given room in *err (error_reserve()), but what
 * libsystemd takes, which gives an error where there is none. */
int device_cgroup_commit(struct device_cgroup *cgroup, struct error *err);

/* Puts back what device_cgroup_commit() changed, if it did; takes no memory either. 0 or
 * the first error. NULL is a cgroup of which nothing has to change, here and below. */
int device_cgroup_undo(struct device_cgroup *cgroup);

void device_cgroup_free(struct device_cgroup *cgroup);
static inline void device_cgroup_free_pointer(struct device_cgroup **cgroup)
{
	device_cgroup_free(*cgroup);
}

#endif
