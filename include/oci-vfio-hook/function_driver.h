/* SPDX-License-Identifier: Apache-2.0 */
/* Binds functions of the real machine to vfio-pci, and puts them back
 * (Documentation/ABI/testing/sysfs-bus-pci: driver_override, unbind, bind, drivers_probe). Not
 * by new_id, which stays and is for all functions of an identity. */
#ifndef OCI_VFIO_HOOK_FUNCTION_DRIVER_H
#define OCI_VFIO_HOOK_FUNCTION_DRIVER_H

#include "oci-vfio-hook/binding.h"

struct bound_function {
	char address[PCI_ADDRESS_SIZE];
	char *driver;	/* that it had; NULL: none; owned, as the next */
	char *override; /* the driver override that it had; NULL: not changed yet */
};

/* What a run has claimed and bound; initialised with BOUND_FUNCTIONS_INIT. */
struct bound_functions {
	struct bound_function *items;
	size_t count, capacity;
	/* Claims are locks of single bytes of this open attribute, which only root may open;
	 * -1: not open. They last until the process ends or becomes another. */
	int claims_fd;
	uint64_t *claims; /* sorted */
	size_t n_claims, claims_capacity;
};

#define BOUND_FUNCTIONS_INIT                                                             \
	{                                                                                \
		.claims_fd = -1                                                          \
	}

/* Claims these numbers (sorted) for this process, waiting until `end` (on the clock) if another
 * one has one. 1: some are new; 0: none is. Who may not bind claims nothing. ERROR_TIMEOUT,
 * ERROR_IO. */
int function_driver_claim(struct bound_functions *bound, const uint64_t *claims,
			  size_t count, uint64_t end, struct error *err);

/* Binds each, after the driver's module is loaded. ERROR_UNAVAILABLE: the kernel doesn't do
 * it; ERROR_PERMISSION. What was done then is in `bound`, for function_driver_put_back(). */
int function_driver_bind(struct bound_functions *bound, const struct binding *binding,
			 struct error *err);

/* Gives what this process has bound back to the drivers that it had. Says for each what came
 * of it; with `messages` NULL it takes no memory. Claims stay. */
void function_driver_put_back(struct bound_functions *bound, struct messages *messages);

#endif
