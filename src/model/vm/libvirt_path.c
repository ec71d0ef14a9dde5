/* SPDX-License-Identifier: Apache-2.0 */
/* Where the devices of a libvirt domain are: the bus of an address is the index of a controller,
 * which is plugged into another. */
#include <errno.h>

#include "oci-vfio-hook/libvirt_domain.h"

struct controllers {
	const char *name;		     /* of the file */
	const struct libvirt_device **items; /* by index */
	size_t count, capacity;
};

static int compare_index(const void *a, const void *b)
{
	const struct libvirt_device *const *first = a, *const *second = b;

	return ((*first)->index > (*second)->index) -
	       ((*first)->index < (*second)->index);
}

static void list_controllers(const struct libvirt_domain *domain, struct controllers *ret)
{
	for (size_t i = 0; i < domain->n_devices; i++) {
		const struct libvirt_device *device = &domain->devices[i];

		if (device->kind == LIBVIRT_CONTROLLER && device->has_index)
			*array_append(ret->items, ret->count, ret->capacity) = device;
	}
	if (ret->count)
		array_sort(ret->items, ret->count, compare_index);
}

static const struct libvirt_device *find_controller(const struct controllers *controllers,
						    uint64_t index)
{
	const struct libvirt_device wanted = { .index = index }, *key = &wanted;
	const struct libvirt_device **found =
		controllers->count
			? bsearch(&key, controllers->items, controllers->count,
				  sizeof(const struct libvirt_device *), compare_index)
			: NULL;

	return found ? *found : NULL;
}

static bool is_model(const struct libvirt_device *controller, const char *model)
{
	return controller->model && text_equal(controller->model, model);
}

/* The address where something is plugged in. */
static int check_address(const struct controllers *controllers,
			 const struct libvirt_device *device, struct error *err)
{
	const struct libvirt_address *address = &device->address;

	if (!address->exists || !address->is_pci)
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: the device has no <address type='pci'>; libvirt chooses one when the domain is defined: give it what `virsh dumpxml DOMAIN` prints",
			controllers->name, device->line);
	if (address->faulty.data)
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: %s of the <address> is not a number that it may be",
			controllers->name, device->line, address->faulty.data);
	return 0;
}

/* An expander's bus is a root bus; the older kind has a bridge on it that things are plugged
 * into. */
static int end_at_expander(const struct controllers *controllers,
			   const struct libvirt_device *controller, struct vm_path *path,
			   struct error *err)
{
	if (!controller->has_bus_number)
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: the expander has no <target busNr='...'/>; give it what `virsh dumpxml DOMAIN` prints",
			controllers->name, controller->line);
	path->root_bus = (uint8_t)controller->bus_number;
	if (is_model(controller, "pci-expander-bus") && !vm_path_add(path, 0, 0))
		return -E2BIG;
	return 0;
}

/* From a device up to its root bus; -E2BIG without an error: too far. */
static int climb(const struct controllers *controllers,
		 const struct libvirt_device *device, struct vm_path *path,
		 struct error *err)
{
	for (;;) {
		const struct libvirt_device *controller;
		uint64_t bus;
		int r = check_address(controllers, device, err);

		if (r < 0)
			return r;
		if (!vm_path_add(path, device->address.slot, device->address.function))
			return -E2BIG;
		bus = device->address.bus;
		if (bus == 0)
			return 0;
		controller = find_controller(controllers, bus);
		if (!controller)
			return error_set(
				err, ERROR_DATA,
				"%s: line %zu: its bus is 0x%02jx, but there is no <controller type='pci' index='%ju'>",
				controllers->name, device->line, (uintmax_t)bus,
				(uintmax_t)bus);
		if (is_model(controller, "pci-root") || is_model(controller, "pcie-root"))
			return error_set(
				err, ERROR_DATA,
				"%s: line %zu: is a second host bridge, of which the XML doesn't say where the guest has it; write that entry by hand",
				controllers->name, controller->line);
		if (is_model(controller, "pcie-expander-bus") ||
		    is_model(controller, "pci-expander-bus"))
			return end_at_expander(controllers, controller, path, err);
		device = controller;
	}
}

/* Which device of this machine it is; false: none. */
static bool find_host(const struct libvirt_device *device, struct device_name *ret)
{
	const struct libvirt_address *source = &device->source;

	if (device->has_uuid) {
		*ret = (struct device_name) { .bus = DEVICE_BUS_MDEV,
					      .uuid = device->uuid };
		return true;
	}
	if (!source->exists || !source->is_pci || source->faulty.data ||
	    source->bus > UINT8_MAX)
		return false;
	*ret = (struct device_name) {
		.bus = DEVICE_BUS_PCI,
		.address = { (uint32_t)source->domain, (uint8_t)source->bus,
			     (uint8_t)source->slot, (uint8_t)source->function },
	};
	return true;
}

static int add_device(const struct controllers *controllers,
		      const struct libvirt_device *device, struct vm_devices *ret,
		      struct messages *messages, struct error *err)
{
	struct vm_path path = { 0 };
	struct device_name host;
	int r;

	if (!find_host(device, &host)) {
		/* Most interfaces are none of this machine's devices. */
		if (device->kind == LIBVIRT_INTERFACE && !device->source.faulty.data)
			return 0;
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: its <source> has no <address> of a device of this machine",
			controllers->name, device->line);
	}
	if (device->address.is_none) {
		char name[DEVICE_NAME_SIZE];

		messages_add(
			messages, MESSAGE_INFO,
			"%s: line %zu: %s is not given to the guest (type='unassigned')",
			controllers->name, device->line, device_name_format(&host, name));
		return 0;
	}
	r = climb(controllers, device, &path, err);
	if (r == -E2BIG && !err->class)
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: more than %d controllers are above it, or they are in a circle",
			controllers->name, device->line, PCI_PATH_STEPS_MAX - 1);
	if (r == 0)
		vm_devices_add(ret, &host, vm_path_format(&path));
	return r;
}

int libvirt_domain_find_devices(const struct libvirt_domain *domain, const char *name,
				struct vm_devices *ret, struct messages *messages,
				struct error *err)
{
	auto_vm_devices devices = { 0 };
	struct controllers controllers = { .name = name };
	int r = 0;

	if (!domain->is_domain)
		return error_set(
			err, ERROR_DATA,
			"%s: is not the XML of a libvirt domain: its outermost element is not <domain>; give it what `virsh dumpxml DOMAIN` prints",
			name);
	list_controllers(domain, &controllers);
	for (size_t i = 0; i < domain->n_devices && r == 0; i++) {
		if (domain->devices[i].kind != LIBVIRT_CONTROLLER)
			r = add_device(&controllers, &domain->devices[i], &devices,
				       messages, err);
	}
	free(controllers.items);
	if (r == 0)
		*ret = take_struct(devices);
	return r;
}
