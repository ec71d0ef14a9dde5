/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the numbers that the spec's devices have: where the rules for them go. */
#ifndef OCI_VFIO_HOOK_RULE_MOVES_H
#define OCI_VFIO_HOOK_RULE_MOVES_H

#include "planner.h"

#include "oci-vfio-hook/device_number_set.h"

/* The distinct numbers that the devices with one old number have afterwards. */
struct rule_move {
	struct device_number old;
	/* Among the numbers of all moves; the old one first if a device keeps it. */
	uint32_t first, count;
	uint8_t added;	 /* a bit for each access of which the further rules are added */
	bool has_device; /* of linux.devices that changes or goes */
	bool followed;	 /* for nodes in a directory that is mounted */
	const char *why;
};

/* Only those of which a device changes or goes; sorted by the old number. */
struct rule_moves {
	struct rule_move *items; /* owned */
	size_t count, capacity;
	struct device_number *numbers; /* owned */
	size_t n_numbers, numbers_capacity;
};

void rule_moves_build(struct planner *planner, struct rule_moves *ret);

/* The move of a rule for exactly one device, or NULL: it stays. */
struct rule_move *rule_moves_find(const struct rule_moves *moves,
				  const struct spec_rule *rule);

/* All numbers that devices and mounts have afterwards, or that this run or an earlier one gave
 * a rule. */
void rule_moves_list_kept(const struct planner *planner, struct device_number_set *ret);

void rule_moves_free(struct rule_moves *moves);

#endif
