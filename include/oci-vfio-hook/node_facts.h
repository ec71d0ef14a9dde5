/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what node_check() judges. */
#ifndef OCI_VFIO_HOOK_NODE_FACTS_H
#define OCI_VFIO_HOOK_NODE_FACTS_H

#include "oci-vfio-hook/node_check.h"
#include "oci-vfio-hook/sysroot.h"

/* What /dev has of the survey's nodes. The caller frees *ret, which borrows from the survey. */
void node_facts_read(const struct sysroot *sysroot, const struct survey *survey,
		     struct node_facts *ret);

#endif
