/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the device cgroup share: the parts for v1 and v2, and the mounts. */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include "oci-vfio-hook/cgroup_rule.h"
#include "oci-vfio-hook/device_cgroup.h"
#include "oci-vfio-hook/proc_cgroup.h"

#include "bpf_program.h"
#include "systemd_unit.h"

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

struct device_cgroup {
	enum device_cgroup_kind kind;
	char *path;  /* "/sys/fs/cgroup/a.slice/b.scope"; owned, as all of these */
	char *shown; /* the same in messages */
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
	struct error unheard; /* of undoing, with its room */
	/* v1 */
	int allow, deny;
	struct cgroup_rules rules; /* before the first change */
	struct device_change *changes;
	size_t n_changes, changes_capacity;
	bool changed;
};

/* Finds the cgroup of process `pid`, whose directory in /proc is open as `proc`: sets kind,
 * path, shown, mount_length, directory and shared. Errors as device_cgroup_open(). */
int cgroup_find(int proc, pid_t pid, struct device_cgroup *ret, struct error *err);

/* As the functions of device_cgroup.h, for a cgroup that is found. */
int cgroup_v1_open(struct device_cgroup *cgroup, struct error *err);
int cgroup_v1_prepare(struct device_cgroup *cgroup, const struct device_change *changes,
		      size_t n_changes, struct error *err);
int cgroup_v1_commit(struct device_cgroup *cgroup, struct error *err);
int cgroup_v1_undo(struct device_cgroup *cgroup);

int cgroup_v2_open(struct device_cgroup *cgroup, struct error *err);
int cgroup_v2_prepare(struct device_cgroup *cgroup, const struct device_change *changes,
		      size_t n_changes, struct error *err);
int cgroup_v2_commit(struct device_cgroup *cgroup, struct error *err);
int cgroup_v2_undo(struct device_cgroup *cgroup);

/* Asks systemd about the unit of the cgroup, if it has one: what has to be changed there,
 * or a warning why that can't be. */
void cgroup_systemd_prepare(struct device_cgroup *cgroup,
			    const struct device_change *changes, size_t n_changes,
			    uint64_t deadline, struct messages *messages);
/* Tells systemd of the new devices, or again of the old ones: 0 or -errno. */
int cgroup_systemd_allow(struct device_cgroup *cgroup, struct error *err);
int cgroup_systemd_disallow(struct device_cgroup *cgroup);
/* Pins the wider programs where systemd takes the old ones from, or again the old ones:
 * 0 or -errno. */
int cgroup_systemd_pin(struct device_cgroup *cgroup, struct error *err);
int cgroup_systemd_unpin(struct device_cgroup *cgroup);

/* A place where a cgroup hierarchy is mounted. */
struct cgroup_mount {
	char *root;   /* what of the hierarchy is seen there, as in /proc/PID/cgroup */
	char *target; /* owned, as `root` */
};

struct cgroup_mounts {
	struct cgroup_mount *items;
	size_t count, capacity;
};

#define auto_cgroup_mounts                                                               \
	__attribute__((cleanup(cgroup_mounts_free))) struct cgroup_mounts

/* Lists all mounts of v2, or of the v1 hierarchy of the controller "devices", that this
 * process sees, by libmount. ERROR_UNAVAILABLE: libmount isn't installed. */
int cgroup_mounts_read(enum device_cgroup_kind kind, struct cgroup_mounts *ret,
		       struct error *err);
void cgroup_mounts_free(struct cgroup_mounts *mounts);

#endif
