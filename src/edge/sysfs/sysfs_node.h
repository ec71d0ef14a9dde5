/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of device nodes of this machine: VFIO's from sysfs, never from /dev; others
 * from the node itself. */
#ifndef OCI_VFIO_HOOK_SYSFS_NODE_H
#define OCI_VFIO_HOOK_SYSFS_NODE_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/request.h"

/* Reads an attribute `dev` ("242:0"); that it is missing isn't an error. ERROR_IO,
 * ERROR_PERMISSION. */
int sysfs_read_dev(const struct sysroot *sysroot, const char *path, bool *ret_found,
		   struct device_number *ret, struct error *err);

/* Adds all VFIO nodes of the machine to the inventory, sorted by number. ERROR_IO,
 * ERROR_PERMISSION. */
int sysfs_list_vfio_nodes(const struct sysroot *sysroot, struct inventory *inventory,
			  struct error *err);

/* Answers the node requests and the one for the control node. */
int sysfs_look_up_nodes(const struct sysroot *sysroot, const struct request *request,
			struct inventory *inventory, struct error *err);

#endif
