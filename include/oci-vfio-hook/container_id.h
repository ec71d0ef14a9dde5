/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, by the names that engines and runtimes give to cgroups.
 * Pure. */
#ifndef OCI_VFIO_HOOK_CONTAINER_ID_H
#define OCI_VFIO_HOOK_CONTAINER_ID_H

#include "oci-vfio-hook/text.h"

struct container_id {
	struct slice
		id; /* of an engine 64 hex digits; of a runtime whatever its user chose */
	const char
		*engine; /* "podman", "docker", "containerd", "cri-o"; NULL: not known */
};

/* The container of a cgroup's path, "/machine.slice/libpod-<64 hex>.scope/container"; of
 * containers in containers the outermost one, whose engine is this machine's. False: it is in
 * none, or none that its name tells. *ret borrows from the path. */
bool container_id_find(struct slice cgroup, struct container_id *ret);

#endif
