/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices in the kernel's tables of mounts and swaps. */
#include "oci-vfio-hook/block_use.h"

#include "oci-vfio-hook/mountinfo.h"

void block_devices_add(struct block_devices *devices, const char *name,
		       const struct device_number *number)
{
	*array_append(devices->items, devices->count, devices->capacity) =
		(struct block_device) { xstrdup(name), *number };
}

void block_devices_free(struct block_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		free(devices->items[i].name);
	free(devices->items);
	*devices = (struct block_devices) { 0 };
}

/* Is the path that of its node? In the name of a directory sysfs has "!" for "/". */
static bool is_node(struct slice path, const char *name)
{
	const struct slice dev = SLICE("/dev/");

	if (!slice_starts(path, dev) || path.length != dev.length + strlen(name))
		return false;
	for (size_t i = 0; name[i]; i++) {
		if (path.data[dev.length + i] != (name[i] == '!' ? '/' : name[i]))
			return false;
	}
	return true;
}

static const struct block_device *find(const struct block_devices *devices,
				       struct slice path,
				       const struct device_number *number)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct block_device *device = &devices->items[i];

		if ((number && number->major == device->number.major &&
		     number->minor == device->number.minor) ||
		    is_node(path, device->name))
			return device;
	}
	return NULL;
}

void block_find_mounted(const struct block_devices *devices, struct slice mountinfo,
			struct function_use *ret)
{
	struct slice line;

	while (slice_cut(&mountinfo, '\n', &line)) {
		const struct block_device *device;
		struct mountinfo mount;
		auto_buffer target = { 0 };

		if (mountinfo_parse(line, &mount) < 0)
			continue;
		/* Btrfs has numbers of its own. */
		device = find(devices, mount.source, &mount.device);
		if (!device)
			continue;
		buffer_add_name(&target, mount.target);
		*ret = (struct function_use) { .kind = FUNCTION_DISK_MOUNTED,
					       .name = xstrdup(device->name),
					       .by = take_ptr(target.data) };
		return;
	}
}

void block_find_swap(const struct block_devices *devices, struct slice swaps,
		     struct function_use *ret)
{
	struct slice line;

	while (slice_cut(&swaps, '\n', &line)) {
		const struct block_device *device;
		struct slice path;

		if (!slice_cut(&line, ' ', &path))
			continue;
		device = find(devices, path, NULL);
		if (!device)
			continue;
		*ret = (struct function_use) { .kind = FUNCTION_DISK_SWAP,
					       .name = xstrdup(device->name) };
		return;
	}
}

/* The digits at *at. */
static bool skip_digits(const char **at)
{
	const char *start = *at;

	*at += strspn(*at, "0123456789");
	return *at > start;
}

char *block_multipath_head(const char *name)
{
	const struct slice prefix = SLICE("nvme");
	const char *at = name + prefix.length, *controller;

	if (!slice_starts(slice_from(name), prefix) || !skip_digits(&at))
		return NULL;
	controller = at;
	if (*at++ != 'c' || !skip_digits(&at) || *at != 'n')
		return NULL;
	return xasprintf("%.*s%s", (int)(controller - name), name, at);
}
