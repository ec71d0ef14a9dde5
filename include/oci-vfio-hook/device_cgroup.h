/* The device cgroup of a created container, v1 or v2: finds it, gives the container's
 * processes the new devices, takes the old ones, and puts back what was there. What
 * systemd knows of the devices of its unit is changed with it, so that a reload doesn't
 * undo it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_DEVICE_CGROUP_H
#define OCI_VFIO_HOOK_DEVICE_CGROUP_H

#include <sys/types.h>

#include "oci-vfio-hook/bpf_program.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/systemd_unit.h"

enum device_cgroup_kind {
	DEVICE_CGROUP_NONE, /* nothing filters devices here, or nothing could */
	DEVICE_CGROUP_V1,
	DEVICE_CGROUP_V2,
};

/* A program that decides about the container's devices. */
struct device_cgroup_program {
	struct bpf_program old;
	int directory;	/* the cgroup that it is attached to; borrowed; -1: one above */
	uint32_t flags; /* of its attachment */
	int wider;	/* to take its place; owned; -1: it may stay */
	bool replaced;
	const char *pin; /* where systemd takes it from, or NULL; borrowed */
	bool pinned;	 /* `wider` is there */
};

/* A rule of cgroup v1, as in devices.list. */
struct device_cgroup_rule {
	char type; /* 'a', 'b' or 'c' */
	bool any_major, any_minor;
	uint32_t major, minor;
	char access[4];
};

struct device_cgroup {
	enum device_cgroup_kind kind;
	char *path; /* "/sys/fs/cgroup/a.slice/b.scope"; owned, as all of these */
	size_t mount_length; /* of "/sys/fs/cgroup" in it */
	int directory;	     /* the cgroup of the process */
	int scope;   /* v2: the systemd scope around it that is the container's too */
	bool shared; /* it is also that of this process: not to be changed */
	/* v2 */
	struct device_cgroup_program *programs;
	size_t n_programs, programs_capacity;
	/* The unit that the cgroup, or the scope around it, is of. */
	struct systemd_unit unit;
	struct device_allow unit_allow; /* to be set */
	bool unit_changes, unit_changed;
	/* v1 */
	int allow, deny;
	struct device_cgroup_rule *rules; /* before the first change */
	size_t n_rules, rules_capacity;
	struct device_change *changes;
	size_t n_changes, changes_capacity;
	bool changed;
};

#define auto_device_cgroup                                                               \
	__attribute__((cleanup(device_cgroup_close))) struct device_cgroup
#define DEVICE_CGROUP_INIT                                                               \
	{                                                                                \
		.directory = -1, .scope = -1, .allow = -1, .deny = -1                    \
	}

/* Finds the device cgroup of process `pid`, whose directory in /proc is open as `proc`,
 * and opens what decides about it. Where the kernel has both hierarchies, a v1 "devices"
 * decides. ERROR_UNAVAILABLE: no mount of this machine shows the cgroup, or a program at
 * it can't be read; ERROR_PERMISSION. */
int device_cgroup_open(int proc, pid_t pid, struct device_cgroup *ret, struct error *err);

/* Makes all that the changes need without changing anything: checks that no cgroup above
 * refuses the new devices (v2; the kernel itself checks it for v1), loads programs, asks
 * systemd. ERROR_UNAVAILABLE names the cgroup that refuses, or the code that can't be
 * widened. That a change won't outlast a reload of systemd is a warning. */
int device_cgroup_prepare(struct device_cgroup *cgroup,
			  const struct device_change *changes, size_t n_changes,
			  struct messages *messages, struct error *err);

/* Makes the changes, in the mount namespace of the machine. On an error some of them may
 * have been made: device_cgroup_undo(). ERROR_UNAVAILABLE: a cgroup above refuses (v1),
 * or systemd does. */
int device_cgroup_commit(struct device_cgroup *cgroup, struct error *err);

/* Puts back what device_cgroup_commit() changed, if it did. 0 or the first error. */
int device_cgroup_undo(struct device_cgroup *cgroup);

void device_cgroup_close(struct device_cgroup *cgroup);

#endif
