/* SPDX-License-Identifier: Apache-2.0 */
/* What --bind does: which functions of this machine go to the driver vfio-pci, and which of
 * them are in use, so that they stay where they are. Pure. */
#ifndef OCI_VFIO_HOOK_BINDING_H
#define OCI_VFIO_HOOK_BINDING_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/request.h"

/* The driver that functions are bound to. */
#define BINDING_DRIVER "vfio-pci"

/* What a function is used for, as far as can be seen. */
enum function_use_kind {
	FUNCTION_UNUSED,
	FUNCTION_INTERFACE_UP, /* `name`: its network interface, which is up */
	FUNCTION_INTERFACE_AWAY, /* one of its network interfaces is where we can't see it */
	FUNCTION_DISK_MOUNTED, /* `name`: its disk or partition; `by`: mounted there */
	FUNCTION_DISK_SWAP,    /* `name` */
	FUNCTION_DISK_HELD,    /* `name`; `by`: the block device made of it */
	FUNCTION_DISK_CLAIMED, /* `name`: somebody has it for himself */
	FUNCTION_PHYSICAL, /* `name`: its virtual function; `by`: the driver that has that */
	FUNCTION_USE_UNKNOWN, /* `name`: an error, which says what can't be looked at */
};

struct function_use {
	enum function_use_kind kind;
	char *name, *by; /* owned; NULL where the kind doesn't say what */
};

#define auto_function_use __attribute__((cleanup(function_use_free))) struct function_use

void function_use_free(struct function_use *use);

/* A function that has to be bound. */
struct binding_function {
	struct pci_address address;
	char *driver;		       /* that it has; owned; NULL: none */
	const struct map_entry *entry; /* for whose sake; borrowed from the map */
	bool sibling;		 /* only because the entry's function is in its group */
	struct function_use use; /* to be looked up for binding_check() */
};

struct binding {
	struct binding_function *functions;
	size_t count, capacity;
};

#define auto_binding __attribute__((cleanup(binding_free))) struct binding

/* Which functions have to be bound? Those that named entries of type vfio-pci want and no VFIO
 * driver has, and with an entry's bind_group the others of its group that another driver
 * has; sorted. None where binding isn't all that is missing: nothing is bound then for a
 * container that may never start. ERROR_UNAVAILABLE: others are in the way, and their entry
 * has no bind_group. The caller frees *ret. */
int binding_decide(const struct request *request, const struct inventory *inventory,
		   struct binding *ret, struct error *err);

/* Are they free, or is it their entry's will all the same (`force`; a warning)?
 * ERROR_UNAVAILABLE says what the first one that isn't is used for. */
int binding_check(const struct binding *binding, struct messages *messages,
		  struct error *err);

void binding_free(struct binding *binding);

/* What two runs may not change, or rely on, at once: a number for each group of functions that
 * the spec names, bound or not. Each once, sorted. The caller frees *ret. Returns how
 * many. */
size_t binding_list_claims(const struct request *request,
			   const struct inventory *inventory, uint64_t **ret);

#endif
