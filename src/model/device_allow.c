/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceAllow= of a systemd unit as a value. */
#include "oci-vfio-hook/device_allow.h"

#include <inttypes.h>

#include "oci-vfio-hook/device_number_set.h"
#include "oci-vfio-hook/slice_index.h"

void device_allow_add(struct device_allow *list, const char *device, const char *access)
{
	*array_append(list->items, list->count, list->capacity) =
		(struct device_allow_entry) {
			.device = xstrdup(device),
			.access = xstrdup(access),
		};
}

/* Returns the device's name by its number. The caller frees. */
static char *name_device(const struct device_number *number)
{
	return xasprintf("/dev/%s/%" PRIu32 ":%" PRIu32,
			 number->type == 'b' ? "block" : "char", number->major,
			 number->minor);
}

/* Reads what name_device() writes, and nothing that is only like it. */
static bool parse_device(const char *device, struct device_number *ret)
{
	const struct slice text = slice_from(device), block = SLICE("/dev/block/"),
			   character = SLICE("/dev/char/");
	const bool is_block = slice_starts(text, block);
	const size_t start = is_block ? block.length : character.length;
	auto_free char *name = NULL;

	if ((!is_block && !slice_starts(text, character)) ||
	    device_number_parse(slice_from_to(text, start, text.length), UINT32_MAX,
				UINT32_MAX, ret) < 0)
		return false;
	ret->type = is_block ? 'b' : 'c';
	name = name_device(ret);
	return text_equal(device, name);
}

/* The list without the devices that go. */
static bool copy_others(const struct device_allow *old,
			const struct device_change *changes, size_t n_changes,
			struct device_allow *ret)
{
	auto_device_number_set gone = { 0 };
	bool changed = false;

	for (size_t i = 0; i < n_changes; i++) {
		if (changes[i].has_old && !changes[i].old_stays)
			device_number_set_add(&gone, &changes[i].old);
	}
	for (size_t i = 0; i < old->count; i++) {
		const struct device_allow_entry *entry = &old->items[i];
		struct device_number number;

		if (parse_device(entry->device, &number) &&
		    device_number_set_has(&gone, &number))
			changed = true;
		else
			device_allow_add(ret, entry->device, entry->access);
	}
	return changed;
}

/* Gives the device exactly this access, in the entries that `known` has by their devices. Returns
 * whether it had another one. */
static bool allow(struct device_allow *list, const struct slice_index *known,
		  const struct device_change *change)
{
	auto_free char *device = name_device(&change->number);
	size_t count;
	const struct slice_place *place =
		slice_index_find(known, slice_from(device), &count);
	struct device_allow_entry *entry;

	if (place == NULL) {
		device_allow_add(list, device, change->access);
		return true;
	}
	entry = &list->items[place->place];
	if (strcmp(entry->access, change->access) == 0)
		return false;
	free(entry->access);
	entry->access = xstrdup(change->access);
	return true;
}

bool device_allow_change(const struct device_allow *old,
			 const struct device_change *changes, size_t n_changes,
			 struct device_allow *ret)
{
	auto_device_number_set allowed = { 0 };
	auto_slice_index known = { 0 };
	bool changed = copy_others(old, changes, n_changes, ret);

	for (size_t i = 0; i < ret->count; i++)
		slice_index_add(&known, slice_from(ret->items[i].device), i);
	slice_index_sort(&known);
	/* What has the numbers of another one has its access too, that of the rules. */
	for (size_t i = 0; i < n_changes; i++) {
		if (changes[i].has_new &&
		    device_number_set_add(&allowed, &changes[i].number) &&
		    allow(ret, &known, &changes[i]))
			changed = true;
	}
	return changed;
}

void device_allow_free(struct device_allow *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].device);
		free(list->items[i].access);
	}
	free(list->items);
	*list = (struct device_allow) { 0 };
}
