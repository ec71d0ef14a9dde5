/* SPDX-License-Identifier: Apache-2.0 */
/* Where a PCI function is among the buses. */
#include "oci-vfio-hook/pci_position.h"

/* "pciDDDD:BB" */
static bool is_root(struct slice name, struct pci_address *ret)
{
	char address[PCI_ADDRESS_SIZE];
	const struct slice prefix = SLICE("pci"), rest = SLICE(":00.0");
	size_t length;

	if (!slice_starts(name, prefix) ||
	    name.length - prefix.length + rest.length >= sizeof address)
		return false;
	length = name.length - prefix.length;
	memcpy(address, name.data + prefix.length, length);
	memcpy(address + length, rest.data, rest.length);
	return pci_address_parse((struct slice) { address, length + rest.length }, ret) ==
	       0;
}

char *pci_path_from_link(struct slice target)
{
	auto_buffer path = { 0 };
	bool has_root = false;
	size_t n_steps = 0;
	struct slice name;

	while (slice_cut(&target, '/', &name)) {
		struct pci_address at;

		if (is_root(name, &at)) {
			/* A domain may begin below a function of another one. */
			path.length = n_steps = 0;
			has_root = true;
			if (at.domain || at.bus)
				buffer_printf(&path, "%04x:%02x", at.domain, at.bus);
		} else if (has_root && pci_address_parse(name, &at) == 0) {
			buffer_printf(&path, "%s%02x", path.length ? "/" : "", at.slot);
			if (at.function)
				buffer_printf(&path, ".%u", at.function);
			n_steps++;
		}
	}
	return n_steps ? take_ptr(path.data) : NULL;
}

void pci_position_from_link(struct slice target, struct pci_position *ret)
{
	struct pci_address at = { 0 };
	struct slice name;

	*ret = (struct pci_position) { 0 };
	while (slice_cut(&target, '/', &name)) {
		if (is_root(name, &at)) {
			*ret = (struct pci_position) { .has_root = true, .root = at };
		} else if (ret->has_root && pci_address_parse(name, &at) == 0) {
			ret->has_parent = ret->has_function;
			ret->parent = ret->function;
			ret->has_function = true;
			ret->function = at;
		}
	}
}
