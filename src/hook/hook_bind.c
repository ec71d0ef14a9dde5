/* SPDX-License-Identifier: Apache-2.0 */
/* The story of --bind: claim what the spec names, find out what may be bound, bind it. */
#include "hook_internal.h"

#include <errno.h>

#include "oci-vfio-hook/sysfs_use.h"

/* Only on the machine itself, and not to show what would be. */
static bool may_bind(const struct hook_run *run, bool show)
{
	return run->sysroot.real && !show;
}

int hook_claim(struct hook_run *run, bool show, struct error *err)
{
	auto_free uint64_t *claims = NULL;
	size_t count;

	if (!may_bind(run, show))
		return 0;
	count = binding_list_claims(&run->request, &run->inventory, &claims);
	return count == 0 ? 0
			  : function_driver_claim(&run->bound, claims, count,
						  hook_wait_end(run), err);
}

static int check_uses(struct hook_run *run, struct binding *binding, struct error *err)
{
	for (size_t i = 0; i < binding->count; i++)
		sysfs_look_up_use(&run->sysroot, &binding->functions[i].address,
				  &binding->functions[i].use);
	return binding_check(binding, &run->messages, err);
}

/* `err` has what would have to be bound. */
static int refuse_elsewhere(struct error *err)
{
	return error_append(
		err, "; nothing is bound below --root, which is another machine's");
}

static void tell(struct hook_run *run, const struct binding *binding)
{
	for (size_t i = 0; i < binding->count; i++) {
		const struct binding_function *function = &binding->functions[i];
		char address[PCI_ADDRESS_SIZE];

		messages_add(&run->messages, MESSAGE_INFO,
			     "%s: %s is now bound to " BINDING_DRIVER ", and was to %s",
			     function->entry->where,
			     pci_address_format(&function->address, address),
			     function->driver ? function->driver : "no driver");
	}
}

int hook_bind(struct hook_run *run, bool show, struct error *err)
{
	auto_binding binding = { 0 };
	auto_error reason = { 0 };
	int r = binding_decide(&run->request, &run->inventory, &binding, &reason);

	if (r == 0 && binding.count == 0)
		return -EAGAIN;
	if (r == 0 && !run->sysroot.real && !show)
		return refuse_elsewhere(err);
	if (r == 0)
		r = check_uses(run, &binding, &reason);
	if (r == 0 && may_bind(run, show))
		r = function_driver_bind(&run->bound, &binding, &reason);
	error_free(err);
	if (r < 0) {
		*err = take_struct(reason);
		return r;
	}
	if (show) {
		run->binding = take_struct(binding);
		return 0;
	}
	tell(run, &binding);
	return 1;
}

void hook_put_back(struct hook_run *run)
{
	function_driver_put_back(&run->bound, &run->messages);
}
