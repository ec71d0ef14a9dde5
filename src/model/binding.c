/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions --bind takes, and which it leaves where they are. */
#include "oci-vfio-hook/binding.h"

#include "oci-vfio-hook/number.h"

/* More of a list than this tells nobody more. */
#define LIST_MAX 2048

/* Above all group numbers: for a function that has no group yet. */
#define CLAIM_OF_FUNCTION (UINT64_C(1) << 48)

void function_use_free(struct function_use *use)
{
	free(use->name);
	free(use->by);
	*use = (struct function_use) { 0 };
}

void binding_free(struct binding *binding)
{
	for (size_t i = 0; i < binding->count; i++) {
		free(binding->functions[i].driver);
		function_use_free(&binding->functions[i].use);
	}
	free(binding->functions);
	*binding = (struct binding) { 0 };
}

/* Is it a PCI function that the spec's container drives itself? */
static bool is_wanted(const struct request_function *asked)
{
	return asked->named && asked->entry->type == DEVICE_VFIO_PCI &&
	       asked->map->guest.kind != PCI_LOCATOR_MDEV;
}

/* Does it lack a group that binding it doesn't make? Without an IOMMU vfio-pci makes one. */
static bool lacks_group(const struct request_function *asked,
			const struct inventory_function *found)
{
	return !found->has_group && (found->vfio || !asked->entry->allow_noiommu);
}

/* Is there nothing else that the container waits for? */
static bool is_complete(const struct request *request, const struct inventory *inventory)
{
	for (size_t i = 0; i < request->n_functions; i++) {
		const struct request_function *asked = &request->functions[i];
		const struct inventory_function *found = &inventory->functions[i];

		if (asked->named &&
		    (found->absent || (is_wanted(asked) && lacks_group(asked, found))))
			return false;
	}
	return true;
}

static void add(struct binding *binding, const struct pci_address *address,
		const char *driver, const struct map_entry *entry, bool sibling)
{
	*array_append(binding->functions, binding->count, binding->capacity) =
		(struct binding_function) {
			.address = *address,
			.driver = driver ? xstrdup(driver) : NULL,
			.entry = entry,
			.sibling = sibling,
		};
}

static int compare_addresses(const void *a, const void *b)
{
	const struct binding_function *x = a, *y = b;

	return pci_address_compare(&x->address, &y->address);
}

/* Of one function that two entries name, the one that asks for more care comes first. */
static int compare_functions(const void *a, const void *b)
{
	const struct binding_function *x = a, *y = b;
	int order = compare_addresses(a, b);

	return order ? order : x->entry->force - y->entry->force;
}

static void sort(struct binding *binding)
{
	size_t count;

	if (binding->count > 1)
		array_sort(binding->functions, binding->count, compare_functions);
	count = array_unique(binding->functions, binding->count, compare_addresses);
	while (binding->count > count)
		free(binding->functions[--binding->count].driver);
}

static int compare_address(const void *key, const void *element)
{
	const struct binding_function *function = element;

	return pci_address_compare(key, &function->address);
}

/* Among the first `count`, which are sorted. */
static bool has(const struct binding *binding, size_t count,
		const struct pci_address *address)
{
	return count > 0 && bsearch(address, binding->functions, count,
				    sizeof *binding->functions, compare_address);
}

/* A group of a wanted function, and the entry that says what may become of it. */
struct wanted_group {
	uint32_t number;
	const struct map_entry *entry;
};

static int compare_numbers(const void *a, const void *b)
{
	const struct wanted_group *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Of several entries in one group, one that has it bound comes first. */
static int compare_groups(const void *a, const void *b)
{
	const struct wanted_group *x = a, *y = b;
	int order = compare_numbers(a, b);

	return order ? order : y->entry->bind_group - x->entry->bind_group;
}

static struct wanted_group *list_groups(const struct request *request,
					const struct inventory *inventory,
					size_t *ret_count)
{
	struct wanted_group *groups = array_zalloc(request->n_functions, groups);
	size_t count = 0;

	for (size_t i = 0; i < request->n_functions; i++) {
		if (is_wanted(&request->functions[i]) &&
		    inventory->functions[i].has_group)
			groups[count++] =
				(struct wanted_group) { inventory->functions[i].group,
							request->functions[i].entry };
	}
	if (count > 1)
		array_sort(groups, count, compare_groups);
	*ret_count = array_unique(groups, count, compare_numbers);
	return groups;
}

static int refuse_siblings(const struct wanted_group *wanted, const struct buffer *list,
			   struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: IOMMU group %u, which a container can only have as a whole, also has %s; set \"bind_group\": true in the entry to have it bound to " BINDING_DRIVER
		" too, or put the device into another slot, so that it gets a group of its own",
		wanted->entry->where, wanted->number, list->data);
}

/* What another driver has in the group, and isn't to be bound by itself. */
static int add_siblings(const struct wanted_group *wanted,
			const struct inventory *inventory, size_t n_named,
			struct binding *binding, struct error *err)
{
	const struct inventory_group *group =
		inventory_find_group(inventory, wanted->number);
	auto_buffer list = { 0 };

	for (size_t i = 0; group && i < group->n_offenders && list.length < LIST_MAX;
	     i++) {
		const struct inventory_offender *offender = &group->offenders[i];
		char address[PCI_ADDRESS_SIZE];

		if (has(binding, n_named, &offender->address))
			continue;
		if (wanted->entry->bind_group)
			add(binding, &offender->address, offender->driver, wanted->entry,
			    true);
		else
			buffer_printf(&list, "%s%s, bound to %s",
				      list.length ? ", and " : "",
				      pci_address_format(&offender->address, address),
				      offender->driver);
	}
	return list.length ? refuse_siblings(wanted, &list, err) : 0;
}

int binding_decide(const struct request *request, const struct inventory *inventory,
		   struct binding *ret, struct error *err)
{
	auto_free struct wanted_group *groups = NULL;
	auto_binding binding = { 0 };
	size_t n_groups, n_named;
	int r = 0;

	if (!is_complete(request, inventory))
		return 0;
	for (size_t i = 0; i < request->n_functions; i++) {
		const struct inventory_function *found = &inventory->functions[i];

		if (is_wanted(&request->functions[i]) && !found->vfio)
			add(&binding, &found->name.address, found->driver,
			    request->functions[i].entry, false);
	}
	sort(&binding);
	n_named = binding.count;
	groups = list_groups(request, inventory, &n_groups);
	for (size_t i = 0; r == 0 && i < n_groups; i++)
		r = add_siblings(&groups[i], inventory, n_named, &binding, err);
	if (r < 0)
		return r;
	sort(&binding);
	*ret = take_struct(binding);
	return 0;
}

/* Returns "its disk vda1 is mounted on /mnt", which the caller frees, or NULL: nothing is in the
 * way; and what helps. */
static char *describe(const struct function_use *use, const char **ret_remedy)
{
	switch (use->kind) {
	case FUNCTION_UNUSED:
		break;
	case FUNCTION_INTERFACE_UP:
		*ret_remedy = "set it down";
		return xasprintf("its network interface %s is up", use->name);
	case FUNCTION_INTERFACE_AWAY:
		*ret_remedy = "take it back from there";
		return xstrdup(
			"it has a network interface in another network namespace, perhaps a container's");
	case FUNCTION_DISK_MOUNTED:
		*ret_remedy = "unmount it";
		return xasprintf("its disk %s is mounted on %s", use->name, use->by);
	case FUNCTION_DISK_SWAP:
		*ret_remedy = "swapoff it";
		return xasprintf("this machine swaps to its disk %s", use->name);
	case FUNCTION_DISK_HELD:
		*ret_remedy = "take that apart";
		return xasprintf("its disk %s is part of %s (LVM, MD, dm-crypt)",
				 use->name, use->by);
	case FUNCTION_DISK_CLAIMED:
		*ret_remedy = "end that";
		return xasprintf(
			"its disk %s is in use: somebody has it for himself (a file system or a volume, perhaps of another mount namespace)",
			use->name);
	case FUNCTION_PHYSICAL:
		*ret_remedy = "take the virtual functions from their drivers";
		return xasprintf(
			"its virtual function %s, which would go with it, is bound to %s",
			use->name, use->by);
	case FUNCTION_USE_UNKNOWN:
		*ret_remedy = "mend that";
		return xasprintf("what it is used for can't be told: %s", use->name);
	}
	return NULL;
}

int binding_check(const struct binding *binding, struct messages *messages,
		  struct error *err)
{
	for (size_t i = 0; i < binding->count; i++) {
		const struct binding_function *function = &binding->functions[i];
		const char *remedy = NULL;
		auto_free char *use = describe(&function->use, &remedy);
		char address[PCI_ADDRESS_SIZE];

		pci_address_format(&function->address, address);
		if (use && !function->entry->force)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"%s: %s %s, and not bound: %s; %s, or set \"force\": true in the entry",
				function->entry->where, address,
				function->use.kind == FUNCTION_USE_UNKNOWN
					? "may be in use"
					: "is in use",
				use, remedy);
		if (use)
			messages_add(messages, MESSAGE_WARNING,
				     "%s: %s is taken from its driver by \"force\": %s",
				     function->entry->where, address, use);
	}
	return 0;
}

static uint64_t claim_of(const struct inventory_function *found)
{
	if (found->has_group)
		return found->group;
	return CLAIM_OF_FUNCTION | (uint64_t)found->name.address.domain << 16 |
	       (uint64_t)found->name.address.bus << 8 |
	       (uint64_t)found->name.address.slot << 3 | found->name.address.function;
}

size_t binding_list_claims(const struct request *request,
			   const struct inventory *inventory, uint64_t **ret)
{
	uint64_t *claims = array_zalloc(request->n_functions, claims);
	size_t count = 0;

	for (size_t i = 0; i < request->n_functions; i++) {
		if (is_wanted(&request->functions[i]) && !inventory->functions[i].absent)
			claims[count++] = claim_of(&inventory->functions[i]);
	}
	if (count > 1)
		array_sort(claims, count, number_compare_u64);
	*ret = claims;
	return array_unique(claims, count, number_compare_u64);
}
