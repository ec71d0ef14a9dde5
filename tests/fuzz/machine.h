/* SPDX-License-Identifier: Apache-2.0 */
/* A machine for fuzzing: a few functions, groups and numbers, so that they meet. An
 * address is itself, a PCI path one of a few functions, a group's node is 242:<group>. */
#ifndef TESTS_FUZZ_MACHINE_H
#define TESTS_FUZZ_MACHINE_H

#include "oci-vfio-hook/request.h"
#include "oci-vfio-hook/inventory.h"

#define MACHINE_MAJOR 242
#define MACHINE_GROUPS 5u
#define MACHINE_HANDLE_MAJOR 244
#define MACHINE_HANDLES 64u

struct sysroot {
	unsigned int
		seed; /* chooses which functions PCI paths lead to, and which are absent */
	bool few; /* only some groups have a node, so that one may be the only one left */
};

/* Has the group of this number a node? */
bool machine_has_node(const struct sysroot *sysroot, uint32_t group);

/* Kernels with and without iommufd's handles, with them alone, without an IOMMU. */
bool machine_has_handles(const struct sysroot *sysroot);
bool machine_is_noiommu(const struct sysroot *sysroot, uint32_t group);

/* The numbers of /dev/iommu. */
extern const struct device_number machine_iommu;

/* Answers a request; a plan_answer_fn. */
void machine_answer(const void *context, const struct request *request,
		    struct inventory *ret);

#endif
