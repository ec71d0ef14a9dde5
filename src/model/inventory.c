/* The devices of this machine, as values.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/inventory.h"

const struct guest_group *guest_find_group(const struct guest *guest, uint32_t number)
{
	for (size_t i = 0; i < guest->n_groups; i++) {
		if (guest->groups[i].number == number)
			return &guest->groups[i];
	}
	return NULL;
}

void guest_free(struct guest *guest)
{
	for (size_t i = 0; i < guest->n_functions; i++) {
		memory_free(guest->functions[i].absent);
		memory_free(guest->functions[i].driver);
	}
	for (size_t i = 0; i < guest->n_groups; i++) {
		for (size_t k = 0; k < guest->groups[i].n_offenders; k++)
			memory_free(guest->groups[i].offenders[k].driver);
		memory_free(guest->groups[i].offenders);
	}
	for (size_t i = 0; i < guest->n_nodes; i++)
		memory_free(guest->nodes[i].absent);
	memory_free(guest->functions);
	memory_free(guest->groups);
	memory_free(guest->nodes);
	*guest = (struct guest) { 0 };
}
