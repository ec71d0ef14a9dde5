/* SPDX-License-Identifier: Apache-2.0 */
/* How an option of an entry is refused, and which node its function has. */
#ifndef OCI_VFIO_HOOK_PLAN_RESOLVE_H
#define OCI_VFIO_HOOK_PLAN_RESOLVE_H

#include "planner.h"

enum refusal {
	REFUSE_FOR_GOOD,
	REFUSE_FOR_NOW,	  /* waiting may help */
	REFUSE_TO_DRIVER, /* binding may help */
};

/* Says which option of which entry can't be had, and why. Not for good: returns -EAGAIN, and
 * the rest is looked at first, because what is wrong for good is said at once. */
int plan_refuse(struct planner *planner, enum refusal refusal,
		const struct request_function *asked, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Is it the device that the map expects? */
int plan_check_identity(struct planner *planner, const struct request_function *asked,
			const struct inventory_function *found);

/* Is the function itself bound to a VFIO driver, in a group? */
int plan_check_bound(struct planner *planner, const struct request_function *asked,
		     const struct inventory_function *found);

/* Has the group no function that a driver of the machine's has? */
int plan_check_viable(struct planner *planner, const struct request_function *asked,
		      const struct inventory_group *group);

/* Sets *ret to the kind of node that the function is used by, which is then there. */
int plan_kind_choose(struct planner *planner, const struct request_function *asked,
		     const struct inventory_function *found,
		     const struct inventory_group *group, enum vfio_kind *ret);

/* Is the node that of the function? */
bool plan_kind_is_of(const struct resolved_node *node,
		     const struct inventory_function *found);

/* The path of the function's node where only the environment names the entry; NULL: it isn't
 * known. The caller frees. */
char *plan_kind_path(const struct planner *planner, const struct map_entry *entry,
		     const struct inventory_function *found);

#endif
