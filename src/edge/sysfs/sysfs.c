/* SPDX-License-Identifier: Apache-2.0 */
/* Looks requested functions and their groups up in sysfs. Opens the directory of each
 * function once and asks below it; reads no more than the request needs. */
#include "oci-vfio-hook/sysfs.h"

#include <errno.h>

#include "oci-vfio-hook/device_holder.h"

#include "sysfs_function.h"
#include "sysfs_group.h"
#include "sysfs_locate.h"
#include "sysfs_node.h"

struct lookup {
	const struct sysroot *sysroot;
	const struct request *request;
	struct inventory *inventory;
	struct sysfs_finder *finder;
	/* For each function the last one before it that has its address, or NONE; NULL: none of
	 * them has one. Owned. */
	size_t *previous;
	struct error *err;
};

#define NONE SIZE_MAX

/* Was everything that this request wants read for the earlier one? */
static bool is_covered(const struct request_function *wanted,
		       const struct request_function *earlier)
{
	if ((wanted->want_group && !earlier->want_group) ||
	    (wanted->want_handle && !earlier->want_handle))
		return false;
	for (int i = 0; wanted->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (wanted->entry->expected[i] &&
		    !(earlier->want_identity && earlier->entry->expected[i]))
			return false;
	}
	return true;
}

struct place {
	const struct device_name *name;
	size_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = device_name_compare(x->name, y->name);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Which functions are one? Several entries may name it. */
static void find_previous(struct lookup *lookup)
{
	const struct inventory_function *functions = lookup->inventory->functions;
	const size_t count = lookup->inventory->n_functions;
	auto_free struct place *places = NULL;
	size_t n_places = 0;

	if (count < 2)
		return;
	places = array_zalloc(count, places);
	lookup->previous = array_zalloc(count, lookup->previous);
	for (size_t i = 0; i < count; i++) {
		lookup->previous[i] = NONE;
		if (!functions[i].absent)
			places[n_places++] = (struct place) { &functions[i].name, i };
	}
	array_sort(places, n_places, compare_places);
	for (size_t i = 1; i < n_places; i++) {
		if (device_name_equal(places[i - 1].name, places[i].name))
			lookup->previous[places[i].index] = places[i - 1].index;
	}
}

/* Copies what an earlier request has found of the same function; false: there is none. (One that
 * covers the request is near: of each kind of request the last one does.) */
static bool copy_known(struct lookup *lookup, size_t index)
{
	struct inventory_function *functions = lookup->inventory->functions;
	const struct request_function *requests = lookup->request->functions;
	size_t i = lookup->previous ? lookup->previous[index] : NONE;

	for (; i != NONE; i = lookup->previous[i]) {
		if (functions[i].absent != NULL ||
		    !is_covered(&requests[index], &requests[i]))
			continue;
		functions[index] = functions[i];
		if (functions[i].driver != NULL)
			functions[index].driver = xstrdup(functions[i].driver);
		return true;
	}
	return false;
}

/* Where are the functions? */
static int locate_functions(struct lookup *lookup)
{
	const struct request *request = lookup->request;
	struct inventory *inventory = lookup->inventory;
	int r = 0;

	inventory->functions = array_zalloc(request->n_functions, inventory->functions);
	for (size_t i = 0; i < request->n_functions && r == 0; i++) {
		struct inventory_function *function = &inventory->functions[i];
		struct pci_dead_end end;

		inventory->n_functions = i + 1;
		r = sysfs_locate(lookup->finder, request->functions[i].map,
				 &function->name, &end, lookup->err);
		function->absent = end.why;
		function->is_final = end.is_final;
	}
	if (r == 0)
		find_previous(lookup);
	return r;
}

static int look_up_function(struct lookup *lookup, size_t index)
{
	const struct request_function *wanted = &lookup->request->functions[index];
	struct inventory_function *ret = &lookup->inventory->functions[index];
	auto_close int fd = -1;
	int r;

	if (ret->absent != NULL || copy_known(lookup, index))
		return 0;
	fd = device_open(lookup->sysroot, &ret->name);
	if (fd == -ENOENT) {
		ret->absent = sysfs_absent_function(wanted->map, &ret->name);
		return 0;
	}
	if (fd < 0)
		return device_error(&ret->name, NULL, -fd, lookup->err);
	r = device_read_group(lookup->sysroot, &ret->name, fd, &ret->has_group,
			      &ret->group, lookup->err);
	if (r == 0 && wanted->want_group)
		r = device_read_driver(lookup->sysroot, &ret->name, fd, &ret->driver,
				       &ret->vfio, lookup->err);
	if (r == 0 && wanted->want_handle)
		r = device_read_handle(lookup->sysroot, &ret->name, fd, &ret->handle,
				       lookup->err);
	for (int i = 0; r == 0 && wanted->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (wanted->entry->expected[i])
			r = function_read_identity(lookup->sysroot, &ret->name.address,
						   fd, (enum pci_identity)i,
						   &ret->identity[i], lookup->err);
	}
	return r;
}

/* Has the group of the function a node? */
static bool has_node(const struct lookup *lookup,
		     const struct inventory_function *function)
{
	return function->has_group &&
	       inventory_find_group(lookup->inventory, function->group)->has_node;
}

/* The handle of a function that was there a moment ago. */
static int look_up_handle(const struct lookup *lookup, const struct device_name *name,
			  struct inventory_handle *ret)
{
	auto_close int fd = device_open(lookup->sysroot, name);

	return fd < 0 ? 0 /* unplugged just now */
		      : device_read_handle(lookup->sysroot, name, fd, ret, lookup->err);
}

/* The group of a function, and where it has no node, whether the function can be had by another
 * kind of node. A mediated device may have no group, a function must. */
static int look_up_group(struct lookup *lookup, size_t index)
{
	const struct request_function *wanted = &lookup->request->functions[index];
	struct inventory_function *function = &lookup->inventory->functions[index];
	const bool is_mdev = function->name.bus == DEVICE_BUS_MDEV;
	int r = 0;

	if (!wanted->want_group || function->absent || (!function->has_group && !is_mdev))
		return 0;
	if (function->has_group)
		r = sysfs_look_up_group(
			lookup->sysroot, lookup->inventory, function->group,
			function->vfio && !is_mdev ? &function->name.address : NULL,
			lookup->err);
	if (r < 0 || wanted->want_handle || has_node(lookup, function))
		return r;
	return look_up_handle(lookup, &function->name, &function->handle);
}

/* Has a group more functions than were asked for? */
static bool has_strangers(const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->inventory->n_groups; i++) {
		const struct inventory_group *group = &lookup->inventory->groups[i];

		for (size_t k = 0; k < group->n_members; k++) {
			if (!inventory_find_owner(lookup->inventory, lookup->request,
						  &group->members[k]))
				return true;
		}
	}
	return false;
}

/* Whose are they? Only where the other entries' functions are is of interest. */
static int look_up_others(struct lookup *lookup)
{
	const struct request *request = lookup->request;
	struct inventory *inventory = lookup->inventory;
	int r = 0;

	if (request->n_others == 0 || !has_strangers(lookup))
		return 0;
	inventory->others = xzalloc(request->n_others * sizeof *inventory->others);
	for (size_t i = 0; i < request->n_others && r == 0; i++) {
		const struct map_function *map = request->others[i].map;
		struct pci_dead_end end;

		inventory->n_others = i + 1;
		r = sysfs_locate(lookup->finder, map, &inventory->others[i].name, &end,
				 lookup->err);
		inventory->others[i].absent = end.why;
	}
	return r;
}

/* A device that a variable names: is it one of this machine's, and VFIO's? */
static int look_up_own(struct lookup *lookup, const struct device_name *name,
		       struct inventory_own *ret)
{
	auto_close int fd = device_open(lookup->sysroot, name);
	auto_free char *driver = NULL;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return device_error(name, NULL, -fd, lookup->err);
	ret->exists = true;
	r = device_read_group(lookup->sysroot, name, fd, &ret->has_group, &ret->group,
			      lookup->err);
	if (r == 0)
		r = device_read_driver(lookup->sysroot, name, fd, &driver, &ret->vfio,
				       lookup->err);
	if (r == 0 && lookup->request->own_handles)
		r = device_read_handle(lookup->sysroot, name, fd, &ret->handle,
				       lookup->err);
	if (r < 0 || !ret->has_group || !ret->vfio)
		return r;
	return sysfs_look_up_group(lookup->sysroot, lookup->inventory, ret->group,
				   name->bus == DEVICE_BUS_PCI ? &name->address : NULL,
				   lookup->err);
}

static int look_up_all_own(struct lookup *lookup)
{
	const struct request *request = lookup->request;
	int r = 0;

	lookup->inventory->own = xzalloc(request->n_own * sizeof *lookup->inventory->own);
	lookup->inventory->n_own = request->n_own;
	for (size_t i = 0; i < request->n_own && r == 0; i++)
		r = look_up_own(lookup, &request->own[i], &lookup->inventory->own[i]);
	return r;
}

/* The groups that no entry names; of the only one, its handle, and whether somebody has it. */
static int look_up_unnamed(struct lookup *lookup)
{
	struct inventory *inventory = lookup->inventory;
	const struct inventory_handle *handle = &inventory->unnamed_handle;
	const struct inventory_group *group;
	struct device_name only;
	int r = 0;

	inventory_find_unnamed(inventory);
	for (size_t i = 0;
	     i < inventory->n_unnamed && i < INVENTORY_UNNAMED_SHOWN && r == 0; i++)
		r = sysfs_look_up_group(lookup->sysroot, inventory, inventory->unnamed[i],
					NULL, lookup->err);
	if (r < 0 || inventory->n_unnamed != 1)
		return r;
	group = inventory_find_group(inventory, inventory->unnamed[0]);
	if (group->n_members == 1) {
		only = device_name_of(&group->members[0]);
		r = look_up_handle(lookup, &only, &inventory->unnamed_handle);
	}
	if (r == 0 && group->has_node)
		r = device_holder_find(lookup->sysroot, &group->node,
				       &inventory->unnamed_holder, lookup->err);
	if (r == 0 && handle->registered && !inventory->unnamed_holder)
		r = device_holder_find(lookup->sysroot, &handle->number,
				       &inventory->unnamed_holder, lookup->err);
	return r;
}

int sysfs_look_up(const struct sysroot *sysroot, const struct request *request,
		  struct inventory *ret, struct error *err)
{
	auto_inventory inventory = { 0 };
	auto_sysfs_finder finder = SYSFS_FINDER_INIT(sysroot);
	struct lookup lookup = {
		sysroot, request, &inventory, &finder, .err = err,
	};
	int r = locate_functions(&lookup);

	for (size_t i = 0; i < inventory.n_functions && r == 0; i++)
		r = look_up_function(&lookup, i);
	free(lookup.previous);
	for (size_t i = 0; i < inventory.n_functions && r == 0; i++)
		r = look_up_group(&lookup, i);
	if (r == 0)
		r = look_up_others(&lookup);
	if (r == 0)
		r = look_up_all_own(&lookup);
	if (r == 0)
		r = sysfs_look_up_nodes(sysroot, request, &inventory, err);
	if (r == 0 && request->match)
		r = look_up_unnamed(&lookup);
	if (r < 0)
		return r;
	inventory.n_bridges = finder.walk.n_bridges;
	inventory.bridges = take_ptr(finder.walk.bridges);
	*ret = take_struct(inventory);
	return 0;
}
