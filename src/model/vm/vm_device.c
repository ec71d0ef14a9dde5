/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of this machine that a virtual machine has. */
#include "oci-vfio-hook/vm_device.h"

void vm_devices_add(struct vm_devices *devices, const struct device_name *host,
		    char *guest)
{
	*array_append(devices->items, devices->count, devices->capacity) =
		(struct vm_device) { *host, guest };
}

void vm_devices_free(struct vm_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		free(devices->items[i].guest);
	free(devices->items);
	*devices = (struct vm_devices) { 0 };
}

bool vm_path_add(struct vm_path *path, uint64_t slot, uint64_t function)
{
	if (path->n_steps == PCI_PATH_STEPS_MAX || slot > PCI_SLOT_MAX ||
	    function > PCI_FUNCTION_MAX)
		return false;
	path->steps[path->n_steps++] =
		(struct pci_step) { (uint8_t)slot, (uint8_t)function };
	return true;
}

/* A first part that is no slot is a root bus, where a slot and more follow. */
static void add_root(const struct vm_path *path, struct buffer *ret)
{
	if (path->domain ||
	    (path->root_bus && (path->root_bus <= PCI_SLOT_MAX || path->n_steps < 2)))
		buffer_printf(ret, "%04x:%02x/", path->domain, path->root_bus);
	else if (path->root_bus)
		buffer_printf(ret, "%02x/", path->root_bus);
}

char *vm_path_format(const struct vm_path *path)
{
	auto_buffer text = { 0 };

	add_root(path, &text);
	for (size_t i = path->n_steps; i > 0; i--) {
		const struct pci_step *step = &path->steps[i - 1];

		buffer_printf(&text, "%02x", step->slot);
		if (step->function)
			buffer_printf(&text, ".%u", step->function);
		if (i > 1)
			buffer_add(&text, SLICE("/"));
	}
	return take_ptr(text.data);
}

int vm_host_from_path(struct slice path, struct device_name *ret)
{
	size_t start;

	while (path.length && path.data[path.length - 1] == '/')
		path.length--;
	for (start = path.length; start && path.data[start - 1] != '/'; start--)
		;
	return device_name_parse(slice_from_to(path, start, path.length), ret);
}
