/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: devices of the host under another path than their own. What the numbers are of on
 * this machine is another device, if any, so they are refused. */
#include "planner.h"

/* Under --unmapped=own it may be this machine's: its own path and numbers say so. */
static bool is_own(const struct planner *planner, size_t index)
{
	const struct request_place *place = &planner->in->request->devices[index];

	if (planner->in->request->unmapped != UNMAPPED_OWN)
		return false;
	return place->entry ? !plan_device_entry(planner, index)
			    : plan_device_is_own(planner, index);
}

static int refuse(struct planner *planner, const struct spec_device *device,
		  const struct request_place *place)
{
	const struct spec *spec = planner->in->spec;
	auto_free char *path = text_quote(device->path);
	auto_free char *host = path_display(place->alias->container_path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	auto_free char *own = remedy_setting(planner->in->remedies, "unmapped", "own");

	if (place->twin != REQUEST_NONE)
		return json_error_member(
			planner->err, ERROR_UNAVAILABLE, &spec->doc, device->json, "path",
			"%s has the numbers of linux.devices[%zu] (%s), which is the host's %s (%s) and gets others here; remove one of them, or keep this one with %s",
			path, spec_index(spec, spec->devices[place->twin].json),
			DEVICE_NUMBER_TEXT(&device->number), host, place->alias->where,
			keep);
	return json_error_member(
		planner->err, ERROR_UNAVAILABLE, &spec->doc, device->json, "path",
		"%s is %s, which is %s on the host (\"host_dev\" of %s) and another device here, if any; give it that path, or, if it is this machine's own, say so with %s, or keep it with %s",
		path, DEVICE_NUMBER_TEXT(&device->number), host, place->alias->where, own,
		keep);
}

int plan_aliases(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct request_place *place = &planner->in->request->devices[i];

		if (!place->alias || is_own(planner, i))
			continue;
		/* The other one turned out to be this machine's own. */
		if (place->twin != REQUEST_NONE &&
		    !plan_device_entry(planner, place->twin))
			continue;
		return refuse(planner, &spec->devices[i], place);
	}
	return 0;
}
