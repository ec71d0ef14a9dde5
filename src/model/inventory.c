/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of this machine, as values. */
#include "oci-vfio-hook/inventory.h"

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/request.h"
#include "oci-vfio-hook/vfio_path.h"

#define CLASS_STORAGE 0x01
#define CLASS_DISPLAY 0x03

enum offender_role offender_find_role(const struct offender_facts *facts)
{
	if (facts->has_virtual)
		return OFFENDER_PHYSICAL_FUNCTION;
	if (facts->class >> 16 == CLASS_STORAGE)
		return OFFENDER_DISK;
	if (facts->class >> 16 == CLASS_DISPLAY && facts->is_boot_vga)
		return OFFENDER_DISPLAY;
	return facts->interface_up ? OFFENDER_NETWORK_UP : OFFENDER_SPARE;
}

bool function_is_offender(uint32_t class, const char *driver)
{
	return !pci_class_is_bridge(class) && driver != NULL &&
	       !text_equal(driver, "pci-stub");
}

const struct inventory_group *inventory_find_group(const struct inventory *inventory,
						   uint32_t number)
{
	for (size_t i = 0; i < inventory->n_groups; i++) {
		if (inventory->groups[i].number == number)
			return &inventory->groups[i];
	}
	return NULL;
}

static const struct request_function *find_function(
	const struct inventory_function *found, const struct request_function *asked,
	size_t count, const struct pci_address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (!found[i].absent && device_name_is(&found[i].name, address))
			return &asked[i];
	}
	return NULL;
}

const struct request_function *inventory_find_owner(const struct inventory *inventory,
						    const struct request *request,
						    const struct pci_address *address)
{
	const struct request_function *found =
		find_function(inventory->functions, request->functions,
			      inventory->n_functions, address);

	return found ? found
		     : find_function(inventory->others, request->others,
				     inventory->n_others, address);
}

static int compare_vfio_nodes(const void *a, const void *b)
{
	const struct vfio_node *x = a, *y = b;

	return device_number_compare(&x->number, &y->number);
}

void inventory_sort_vfio_nodes(struct inventory *inventory)
{
	if (inventory->n_vfio_nodes > 1)
		qsort(inventory->vfio_nodes, inventory->n_vfio_nodes,
		      sizeof *inventory->vfio_nodes, compare_vfio_nodes);
}

const struct pci_bridge *inventory_find_bridge(const struct inventory *inventory,
					       const struct pci_address *address)
{
	for (size_t i = 0; i < inventory->n_bridges; i++) {
		if (pci_address_equal(&inventory->bridges[i].address, address))
			return &inventory->bridges[i];
	}
	return NULL;
}

const struct vfio_node *inventory_find_vfio_node(const struct inventory *inventory,
						 const struct device_number *number)
{
	const struct vfio_node wanted = { .number = *number };

	return inventory->n_vfio_nodes
		       ? bsearch(&wanted, inventory->vfio_nodes, inventory->n_vfio_nodes,
				 sizeof *inventory->vfio_nodes, compare_vfio_nodes)
		       : NULL;
}

static int compare_majors(const void *a, const void *b)
{
	const struct vfio_node *x = a, *y = b;

	return (x->number.major > y->number.major) - (x->number.major < y->number.major);
}

bool inventory_has_vfio_major(const struct inventory *inventory, uint32_t major)
{
	const struct vfio_node wanted = { .number.major = major };

	for (size_t i = 0; i < inventory->n_groups; i++) {
		if (inventory->groups[i].has_node &&
		    inventory->groups[i].node.major == major)
			return true;
	}
	return inventory->n_vfio_nodes &&
	       bsearch(&wanted, inventory->vfio_nodes, inventory->n_vfio_nodes,
		       sizeof *inventory->vfio_nodes, compare_majors);
}

void inventory_find_unnamed(struct inventory *inventory)
{
	auto_free uint32_t *named = xzalloc(inventory->n_functions * sizeof *named);
	size_t count = 0;
	uint32_t group;

	for (size_t i = 0; i < inventory->n_functions; i++) {
		const struct inventory_function *function = &inventory->functions[i];

		if (!function->absent && function->has_group)
			named[count++] = function->group;
	}
	if (count > 1)
		qsort(named, count, sizeof *named, number_compare_u32);
	for (size_t i = 0; i < inventory->n_vfio_nodes; i++) {
		if (path_is_group_node(slice_from(inventory->vfio_nodes[i].path),
				       &group) &&
		    !bsearch(&group, named, count, sizeof *named, number_compare_u32))
			*array_append(inventory->unnamed, inventory->n_unnamed,
				      inventory->unnamed_capacity) = group;
	}
	if (inventory->n_unnamed > 1)
		qsort(inventory->unnamed, inventory->n_unnamed,
		      sizeof *inventory->unnamed, number_compare_u32);
}

static int compare_names(const void *a, const void *b)
{
	return device_name_compare(a, b);
}

const struct inventory_own *inventory_find_own(const struct inventory *inventory,
					       const struct request *request,
					       const struct device_name *name)
{
	const struct device_name *found =
		request->n_own ? bsearch(name, request->own, request->n_own,
					 sizeof *request->own, compare_names)
			       : NULL;

	return found ? &inventory->own[found - request->own] : NULL;
}

static char *why_not_vfios(const char *path)
{
	auto_free char *other = NULL;
	auto_free char *dev = vfio_dev_attribute(slice_from(path), &other);
	auto_free char *name = path_display(dev ? dev : path);

	return xasprintf("this machine has no such VFIO node: %s is not there", name);
}

char *inventory_node_why(const struct inventory *inventory, const struct request *request,
			 const struct inventory_node *node)
{
	const char *path = request->nodes[node - inventory->nodes].path;
	auto_free char *name = path_display(path);

	switch (node->absent) {
	case NODE_NOT_VFIOS:
		return why_not_vfios(path);
	case NODE_NOT_FOUND:
		return xasprintf("%s is not on this machine: %s", name,
				 strerror(node->errno_value));
	case NODE_NO_DEVICE:
		return xasprintf("%s is not a character or block device", name);
	case NUMBER_OF_NONE:
		return xasprintf("%s is not there", name);
	case NUMBER_OF_VFIO:
		return xasprintf("%s is VFIO's", name);
	case NODE_PRESENT:
		break;
	}
	return xstrdup("it is there");
}

void inventory_free(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_functions; i++) {
		free(inventory->functions[i].absent);
		free(inventory->functions[i].driver);
	}
	for (size_t i = 0; i < inventory->n_groups; i++) {
		for (size_t k = 0; k < inventory->groups[i].n_offenders; k++)
			free(inventory->groups[i].offenders[k].driver);
		free(inventory->groups[i].offenders);
		free(inventory->groups[i].members);
	}
	free(inventory->functions);
	free(inventory->bridges);
	free(inventory->groups);
	free(inventory->nodes);
	for (size_t i = 0; i < inventory->n_others; i++)
		free(inventory->others[i].absent);
	free(inventory->others);
	free(inventory->own);
	free(inventory->unnamed);
	for (size_t i = 0; i < inventory->n_vfio_nodes; i++)
		free(inventory->vfio_nodes[i].path);
	free(inventory->vfio_nodes);
	*inventory = (struct inventory) { 0 };
}
