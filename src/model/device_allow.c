/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceAllow= of a systemd unit as a value. */
#include "oci-vfio-hook/device_allow.h"

#include <inttypes.h>

#include "oci-vfio-hook/text.h"

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

static struct device_allow_entry *find(const struct device_allow *list,
				       const char *device)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].device, device) == 0)
			return &list->items[i];
	return NULL;
}

static bool names_old(const char *device, const struct device_change *changes,
		      size_t n_changes)
{
	for (size_t i = 0; i < n_changes; i++) {
		const struct device_change *change = &changes[i];
		auto_free char *old = NULL;

		if (!change->has_old || change->old_stays)
			continue;
		old = name_device(&change->old);
		if (strcmp(device, old) == 0)
			return true;
	}
	return false;
}

/* Gives the device exactly this access. Returns whether it had another one. */
static bool allow(struct device_allow *list, const struct device_change *change)
{
	auto_free char *device = name_device(&change->number);
	struct device_allow_entry *entry = find(list, device);

	if (entry == NULL) {
		device_allow_add(list, device, change->access);
		return true;
	}
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
	bool changed = false;

	for (size_t i = 0; i < old->count; i++) {
		const struct device_allow_entry *entry = &old->items[i];

		if (names_old(entry->device, changes, n_changes))
			changed = true;
		else
			device_allow_add(ret, entry->device, entry->access);
	}
	for (size_t i = 0; i < n_changes; i++)
		if (changes[i].has_new && allow(ret, &changes[i]))
			changed = true;
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
