/* SPDX-License-Identifier: Apache-2.0 */
/* From a PCI path to the address of the function at its end. Goes by bus numbers and
 * /sys/bus/pci/devices, so that the layout of /sys/devices, which differs between
 * architectures, need not be known. */
#include "pci_walk.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

/* Sets domain and bus of the bus that one name shows ("0000:01" or "0000:01:00.0");
 * another bus than *n_found names before it counts as one more. */
static void note_bus(const struct pci_address *found, struct pci_bridge *bridge,
		     size_t *n_found)
{
	if (*n_found > 0 && found->domain == bridge->domain && found->bus == bridge->bus)
		return;
	bridge->domain = found->domain;
	bridge->bus = found->bus;
	++*n_found;
}

/* Which buses does pci_bus/ have? */
static int list_buses(const struct sysroot *sysroot, int function,
		      struct pci_bridge *bridge, size_t *n_found)
{
	auto_names names = { 0 };
	auto_close int fd = -1;
	int r;

	fd = sysroot_openat(sysroot, function, "pci_bus", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = names_read(fd, &names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *first = text_join(names.items[i], ":00.0", NULL);
		struct pci_address found;

		if (pci_address_parse(slice_from(first), &found) == 0)
			note_bus(&found, bridge, n_found);
	}
	return r;
}

/* On which buses are the child functions? */
static int list_children(int function, struct pci_bridge *bridge, size_t *n_found)
{
	auto_names names = { 0 };
	int r = names_read(function, &names);

	for (size_t i = 0; i < names.count; i++) {
		struct pci_address found;

		if (pci_address_parse(slice_from(names.items[i]), &found) == 0)
			note_bus(&found, bridge, n_found);
	}
	return r;
}

/* Can a bus come below this function? Below a bridge it can, and below what begins a domain of
 * its own: Intel's VMD, which has the class of a RAID controller, when its driver comes. */
static bool may_get_bus(const struct sysroot *sysroot, int function)
{
	const struct slice bridge = SLICE("0x06"), raid = SLICE("0x0104");
	struct stat status;
	char class[16];

	if (sysroot_read_attribute(sysroot, function, "class", class, sizeof(class)) < 0)
		return true;
	return slice_starts(slice_from(class), bridge) ||
	       (slice_starts(slice_from(class), raid) &&
		fstatat(function, "driver", &status, AT_SYMLINK_NOFOLLOW) < 0);
}

/* The bus below a function without secondary_bus_number: kernels before 4.13, and
 * bridges that begin a domain of their own. */
static int search_bus(const struct sysroot *sysroot, const char *name,
		      struct pci_bridge *bridge, struct pci_dead_end *ret_end,
		      struct error *err)
{
	auto_free char *path = text_join(SYSFS_PCI_DEVICES "/", name, NULL);
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	size_t n_found = 0;
	int r = 0;

	if (fd == -ENOENT) {
		ret_end->why = xasprintf("%s, which is not in " SYSFS_PCI_DEVICES, name);
		return 0;
	}
	if (fd < 0)
		return file_error(path, -fd, err);
	r = list_buses(sysroot, fd, bridge, &n_found);
	if (r == 0 && n_found == 0)
		r = list_children(fd, bridge, &n_found);
	if (r < 0)
		return file_error(path, -r, err);
	if (n_found == 1)
		return 0;
	ret_end->is_final = n_found > 1 || !may_get_bus(sysroot, fd);
	ret_end->why = xasprintf("%s, which %s", name,
				 n_found > 1	     ? "has several buses below it"
				 : ret_end->is_final ? "is not a bridge"
						     : "has no bus below it");
	return 0;
}

int pci_bridge_find_bus(const struct sysroot *sysroot, struct pci_bridge *bridge,
			struct pci_dead_end *ret_end, struct error *err)
{
	char name[PCI_ADDRESS_SIZE], value[16];
	auto_free char *path = text_join(SYSFS_PCI_DEVICES "/",
					 pci_address_format(&bridge->address, name),
					 "/secondary_bus_number", NULL);
	uint64_t bus;
	int r;

	r = sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof(value));
	if (r < 0 && r != -ENOENT)
		return file_error(path, -r, err);
	if (r == 0 && number_parse(slice_from(value), 10, 3, UINT8_MAX, &bus) < 0)
		return error_set(err, ERROR_IO, "%s: is not a bus number", path);
	/* 0: no bus, the bridge isn't set up (yet). */
	if (r == 0 && bus > 0) {
		bridge->domain = bridge->address.domain;
		bridge->bus = (uint8_t)bus;
		return 0;
	}
	return search_bus(sysroot, name, bridge, ret_end, err);
}

/* Goes from the function at *at to the bus below it. */
static int descend(struct pci_walk *walk, struct pci_address *at,
		   struct pci_dead_end *ret_end, struct error *err)
{
	struct pci_bridge bridge = { .address = *at };
	int r;

	for (size_t i = 0; i < walk->n_bridges; i++) {
		if (pci_address_equal(&walk->bridges[i].address, at)) {
			at->domain = walk->bridges[i].domain;
			at->bus = walk->bridges[i].bus;
			return 0;
		}
	}
	r = pci_bridge_find_bus(walk->sysroot, &bridge, ret_end, err);
	if (r < 0 || ret_end->why != NULL)
		return r;
	*array_append(walk->bridges, walk->n_bridges, walk->capacity) = bridge;
	at->domain = bridge.domain;
	at->bus = bridge.bus;
	return 0;
}

int pci_walk_to(struct pci_walk *walk, const struct pci_locator *locator,
		const char *text, struct pci_address *ret, struct pci_dead_end *ret_end,
		struct error *err)
{
	struct pci_address at = { .domain = locator->domain, .bus = locator->root_bus };

	*ret_end = (struct pci_dead_end) { 0 };
	if (locator->kind == PCI_LOCATOR_ADDRESS) {
		*ret = locator->address;
		return 0;
	}
	for (uint8_t i = 0; i < locator->n_steps; i++) {
		int r = i > 0 ? descend(walk, &at, ret_end, err) : 0;

		if (r < 0)
			return r;
		if (ret_end->why != NULL) {
			auto_free char *place = take_ptr(ret_end->why);

			ret_end->why = xasprintf("PCI path %s stops at %s", text, place);
			return 0;
		}
		at.slot = locator->steps[i].slot;
		at.function = locator->steps[i].function;
	}
	*ret = at;
	return 0;
}

void pci_walk_free(struct pci_walk *walk)
{
	free(walk->bridges);
	*walk = (struct pci_walk) { 0 };
}
