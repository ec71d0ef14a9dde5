/* SPDX-License-Identifier: Apache-2.0 */
/* Planned devices and mounts as values: what they are afterwards follows from what they were and
 * the node that they become. */
#include "planner.h"

const struct map_entry *planned_device_entry(const struct planner *planner,
					     const struct planned_device *device)
{
	return device->place
		       ? plan_device_entry(planner,
					   device->place - planner->in->spec->devices)
		       : NULL;
}

const struct map_entry *planned_mount_entry(const struct planner *planner,
					    const struct planned_mount *mount)
{
	return node_given(mount->to) || mount->action != DEVICE_ADDED
		       ? plan_mount_entry(planner, (size_t)(mount->before -
							    planner->in->spec->mounts))
		       : NULL;
}

struct slice planned_mount_source(const struct planned_mount *mount)
{
	return mount->to ? slice_from(mount->to->path) : mount->before->source;
}

struct slice planned_mount_destination(const struct planned_mount *mount)
{
	return mount->moves ? slice_from(mount->to->final_path)
			    : mount->before->destination;
}
