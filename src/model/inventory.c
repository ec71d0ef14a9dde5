/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of this machine, as values. */
#include "oci-vfio-hook/inventory.h"

const struct inventory_group *inventory_find_group(const struct inventory *inventory,
						   uint32_t number)
{
	for (size_t i = 0; i < inventory->n_groups; i++) {
		if (inventory->groups[i].number == number)
			return &inventory->groups[i];
	}
	return NULL;
}

void inventory_free(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_functions; i++) {
		free(inventory->functions[i].absent);
		free(inventory->functions[i].driver);
	}
	for (size_t i = 0; i < inventory->n_groups; i++) {
		for (size_t k = 0; k < inventory->groups[i].n_offenders; k++)
			free(inventory->groups[i].offenders[k].driver);
		free(inventory->groups[i].offenders);
	}
	for (size_t i = 0; i < inventory->n_nodes; i++)
		free(inventory->nodes[i].absent);
	free(inventory->functions);
	free(inventory->groups);
	free(inventory->nodes);
	*inventory = (struct inventory) { 0 };
}
