/* SPDX-License-Identifier: Apache-2.0 */
/* What is found at the place of a node in a created container. */
#include "oci-vfio-hook/found_node.h"

#include "oci-vfio-hook/plan.h"

bool found_node_is_final(const struct found_node *found, const struct plan_node *plan)
{
	return device_number_equal(&found->number, &plan->number);
}

bool found_node_is_stale(const struct found_node *found, const struct plan_node *plan,
			 const struct file_identity *source)
{
	const struct device_number *number = plan_node_old(plan);

	if (number && device_number_equal(&found->number, number))
		return true;
	return source && found->mounted && found->file.device == source->device &&
	       found->file.inode == source->inode;
}

bool found_node_is_leftover(const struct found_node *found, const struct plan_node *plan,
			    const struct file_identity *source)
{
	return !found->mounted &&
	       (found->number.type == 'f' || found_node_is_stale(found, plan, source));
}
