/* SPDX-License-Identifier: Apache-2.0 */
/* The middle of a run's story: look at the machine until the plan can be made. */
#include "hook_internal.h"

#include <errno.h>

#include "oci-vfio-hook/hotplug.h"
#include "oci-vfio-hook/sysfs.h"

/* Looks at the machine, and decides. -EAGAIN as from plan_build(). */
static int look(struct hook_run *run, const struct plan_input *input, struct error *err)
{
	int r;

	do {
		inventory_free(&run->inventory);
		r = sysfs_look_up(&run->sysroot, &run->request, &run->inventory, err);
		if (r == 0 && input->bind)
			r = hook_claim(run, input->explain, err);
	} while (r > 0);
	return r < 0 ? r : plan_build(input, &run->plan, &run->messages, err);
}

/* The same, and binds what only has to be bound. */
static int look_and_bind(struct hook_run *run, const struct plan_input *input,
			 struct error *err)
{
	int r = look(run, input, err);

	if (r != -EAGAIN || !input->bind)
		return r;
	r = hook_bind(run, input->explain, err);
	return r > 0 ? look(run, input, err) : r;
}

/* Looks again whenever something is plugged, and a last time when the time is over. */
static int look_until(struct hook_run *run, const struct plan_input *input,
		      struct error *err)
{
	auto_hotplug hotplug = NULL;
	auto_error reason = { 0 };
	bool over = false;
	int r;

	if (hotplug_open(hook_wait_end(run), &hotplug, &run->messages, &reason) < 0)
		return error_append(err, "; not waited for: %s", reason.message);
	for (;;) {
		error_free(err);
		r = look_and_bind(run, input, err);
		if (r != -EAGAIN || over)
			break;
		over = !hotplug_wait(hotplug);
	}
	if (r != -EAGAIN)
		return r;
	err->class = ERROR_TIMEOUT;
	return error_append(err, "; waited %u s for it", run->settings.timeout);
}

int hook_look(struct hook_run *run, struct plan_input *input, struct error *err)
{
	int r = look_and_bind(run, input, err);

	if (r != -EAGAIN)
		return r;
	/* Another machine, or a picture of one, tells nothing of what comes. */
	if (!run->sysroot.real || run->settings.timeout == 0)
		return -ENODEV;
	input->waiting = true;
	return look_until(run, input, err);
}
