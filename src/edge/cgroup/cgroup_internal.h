/* What the files of the device cgroup share: the parts for v1 and v2, and the mounts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include "oci-vfio-hook/device_cgroup.h"
#include "oci-vfio-hook/text.h"

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
			    struct messages *messages);
/* Tells systemd of the new devices, or again of the old ones: 0 or -errno. */
int cgroup_systemd_allow(struct device_cgroup *cgroup, struct error *err);
int cgroup_systemd_disallow(struct device_cgroup *cgroup);
/* Pins the wider programs where systemd takes the old ones from, or again the old ones:
 * 0 or -errno. */
int cgroup_systemd_pin(struct device_cgroup *cgroup, struct error *err);
int cgroup_systemd_unpin(struct device_cgroup *cgroup);

/* Records that the spec refuses a new device some access that the cgroup would give. */
int cgroup_refusal_error(const struct device_cgroup *cgroup,
			 const struct device_change *change, struct error *err);

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
