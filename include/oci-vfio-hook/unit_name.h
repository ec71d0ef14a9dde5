/* SPDX-License-Identifier: Apache-2.0 */
/* Which systemd unit a cgroup is of, by the cgroup's path. Pure: whether systemd knows
 * the unit is not known here. */
#ifndef OCI_VFIO_HOOK_UNIT_NAME_H
#define OCI_VFIO_HOOK_UNIT_NAME_H

#include "oci-vfio-hook/text.h"

/* Is the last element of a cgroup's path ("/system.slice/box.scope") a unit's, by its
 * suffix? *ret is then the unit's name, a part of `path`: the element without the "_"
 * that systemd puts before a name that the kernel's files in a cgroup could have
 * (cg_escape() in src/basic/cgroup-util.c). */
bool unit_name_from_cgroup(struct slice path, struct slice *ret);

#endif
