/* SPDX-License-Identifier: Apache-2.0 */
/* What a survey looks at of one device. The kernel has most of it in one file, `uevent`; where
 * that isn't there, as in a machine that was captured by other means, in several. */
#include "survey_device.h"

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/uevent.h"

#include "sysfs_feature.h"
#include "sysfs_function.h"

#define LINK_SIZE 1024

/* As names in sysfs, whatever a device or its firmware calls itself: no longer than this. */
#define UEVENT_SIZE 4096

static bool find_hex(struct slice uevent, struct slice key, uint64_t *ret)
{
	struct slice value;

	return uevent_find(uevent, key, &value) &&
	       number_parse(value, 16, 8, UINT32_MAX, ret) == 0;
}

/* "8086:154C" */
static bool find_pair(struct slice uevent, struct slice key, enum pci_feature first,
		      struct pci_features *features)
{
	uint64_t *numbers = features->numbers;
	struct slice rest, part;

	if (!uevent_find(uevent, key, &rest) || !slice_cut(&rest, ':', &part) ||
	    number_parse(part, 16, 4, UINT16_MAX, &numbers[first]) < 0 || !rest.data ||
	    number_parse(rest, 16, 4, UINT16_MAX, &numbers[first + 1]) < 0)
		return false;
	features->has[first] = features->has[first + 1] = true;
	return true;
}

/* Driver, class and identity; false: it isn't such a file. */
static bool take_uevent(struct slice uevent, struct survey_function *function,
			struct text_pool *texts)
{
	struct slice driver;
	uint64_t class;

	if (!find_hex(uevent, SLICE("PCI_CLASS"), &class) ||
	    !find_pair(uevent, SLICE("PCI_ID"), PCI_FEATURE_VENDOR,
		       &function->features) ||
	    !find_pair(uevent, SLICE("PCI_SUBSYS_ID"), PCI_FEATURE_SUBSYSTEM_VENDOR,
		       &function->features))
		return false;
	function->class = (uint32_t) class;
	if (uevent_find(uevent, SLICE("DRIVER"), &driver))
		function->device.driver = text_pool_add(texts, driver);
	return true;
}

static void read_driver(const struct sysroot *sysroot, int fd,
			struct survey_device *device, struct text_pool *texts)
{
	auto_free char *driver = NULL;
	auto_error ignored = { 0 };

	if (device_read_driver(sysroot, &device->name, fd, &driver, &device->vfio,
			       &ignored) < 0)
		device->unknown |= SURVEY_UNKNOWN_DRIVER;
	else if (driver)
		device->driver = text_pool_add(texts, slice_from(driver));
}

/* The same from one attribute each. */
static void read_attributes(const struct sysroot *sysroot, int fd,
			    struct survey_function *function, struct text_pool *texts)
{
	const struct pci_address *address = &function->device.name.address;
	auto_error ignored = { 0 };

	if (function_read_identity(sysroot, address, fd, PCI_CLASS, &function->class,
				   &ignored) < 0)
		function->device.unknown |= SURVEY_UNKNOWN_CLASS;
	for (enum pci_feature i = PCI_FEATURE_VENDOR; i <= PCI_FEATURE_SUBSYSTEM_DEVICE;
	     i++) {
		auto_error unreadable = { 0 };

		(void)!sysfs_read_feature(sysroot, address, i, &function->features, texts,
					  &unreadable);
	}
	read_driver(sysroot, fd, &function->device, texts);
}

static void read_uevent(const struct sysroot *sysroot, int fd,
			struct survey_function *function, struct text_pool *texts)
{
	char uevent[UEVENT_SIZE];

	if (sysroot_read_attribute(sysroot, fd, "uevent", uevent, sizeof uevent) < 0 ||
	    !take_uevent(slice_from(uevent), function, texts))
		read_attributes(sysroot, fd, function, texts);
}

/* Group and handle; no driver, no handle. */
static void read_nodes(const struct sysroot *sysroot, int fd,
		       struct survey_device *device)
{
	auto_error no_group = { 0 }, no_handle = { 0 };

	if (device_read_group(sysroot, &device->name, fd, &device->has_group,
			      &device->group, &no_group) < 0)
		device->unknown |= SURVEY_UNKNOWN_GROUP;
	if (!device->driver)
		return;
	if (device_read_handle(sysroot, &device->name, fd, &device->handle, &no_handle) <
	    0)
		device->unknown |= SURVEY_UNKNOWN_HANDLE;
	device->vfio |= device->handle.registered ||
			slice_contains(slice_from(device->driver), SLICE("vfio"));
}

static void read_number(const struct sysroot *sysroot, int fd, const char *name,
			bool *ret_has, uint8_t *ret)
{
	char value[8];
	uint64_t number;

	if (sysroot_read_attribute(sysroot, fd, name, value, sizeof value) < 0 ||
	    number_parse_hex(slice_from(value), 2, UINT8_MAX, &number) < 0)
		return;
	*ret_has = true;
	*ret = (uint8_t)number;
}

/* Whose virtual function is it? */
static void read_physical(const struct sysroot *sysroot, int fd,
			  struct survey_function *function)
{
	char target[LINK_SIZE];

	function->is_virtual =
		sysroot_readlink(sysroot, fd, "physfn", target, sizeof target) == 0 &&
		pci_address_parse(slice_from(path_name(target)),
				  &function->physical_address) == 0;
}

static void read_wanted(const struct sysroot *sysroot, int fd,
			struct survey_function *function, struct survey *survey)
{
	static const struct {
		enum survey_want want;
		enum pci_feature feature;
		unsigned int unknown;
	} features[] = {
		{ SURVEY_FIRMWARE, PCI_FEATURE_ACPI_INDEX, 0 },
		{ SURVEY_FIRMWARE, PCI_FEATURE_LABEL, 0 },
		{ SURVEY_SERIAL, PCI_FEATURE_SERIAL, SURVEY_UNKNOWN_SERIAL },
	};
	uint8_t boot_vga = 0;
	bool found;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		auto_error unreadable = { 0 };

		if (survey->wanted & features[i].want &&
		    sysfs_read_feature(sysroot, &function->device.name.address,
				       features[i].feature, &function->features,
				       &survey->texts, &unreadable) < 0)
			function->device.unknown |= features[i].unknown;
	}
	if (survey->wanted & SURVEY_REVISION)
		read_number(sysroot, fd, "revision", &function->has_revision,
			    &function->revision);
	if (!(survey->wanted & SURVEY_USE))
		return;
	read_physical(sysroot, fd, function);
	if (function->class >> 16 == 0x03)
		read_number(sysroot, fd, "boot_vga", &found, &boot_vga);
	function->is_boot_vga = boot_vga == 1;
}

void survey_read_function(const struct sysroot *sysroot, int devices, const char *name,
			  struct survey *survey)
{
	struct survey_function *function;
	struct device_name device = { .bus = DEVICE_BUS_PCI };
	char target[LINK_SIZE];
	auto_close int fd = -1;

	if (pci_address_parse(slice_from(name), &device.address) < 0)
		return;
	fd = device_open(sysroot, &device);
	if (fd == -ENOENT)
		return;
	function = survey_add_function(survey, &device.address);
	if (sysroot_readlink(sysroot, devices, name, target, sizeof target) == 0)
		pci_position_from_link(slice_from(target), &function->position);
	if (fd < 0) {
		function->device.unknown = SURVEY_UNKNOWN_CLASS | SURVEY_UNKNOWN_DRIVER |
					   SURVEY_UNKNOWN_GROUP | SURVEY_UNKNOWN_HANDLE;
		return;
	}
	read_uevent(sysroot, fd, function, &survey->texts);
	read_nodes(sysroot, fd, &function->device);
	read_wanted(sysroot, fd, function, survey);
}

void survey_read_mdev(const struct sysroot *sysroot, int devices, const char *name,
		      struct survey *survey)
{
	struct device_name device = { .bus = DEVICE_BUS_MDEV };
	struct pci_position position;
	struct survey_mdev *mdev;
	char target[LINK_SIZE];
	auto_close int fd = -1;

	if (uuid_parse(slice_from(name), &device.uuid) < 0)
		return;
	fd = device_open(sysroot, &device);
	if (fd == -ENOENT)
		return;
	mdev = survey_add_mdev(survey, &device.uuid);
	if (sysroot_readlink(sysroot, devices, name, target, sizeof target) == 0) {
		pci_position_from_link(slice_from(target), &position);
		mdev->has_parent = position.has_function;
		mdev->parent = position.function;
	}
	if (fd < 0) {
		mdev->device.unknown = SURVEY_UNKNOWN_DRIVER | SURVEY_UNKNOWN_GROUP |
				       SURVEY_UNKNOWN_HANDLE;
		return;
	}
	read_driver(sysroot, fd, &mdev->device, &survey->texts);
	read_nodes(sysroot, fd, &mdev->device);
	if (sysroot_readlink(sysroot, fd, "mdev_type", target, sizeof target) == 0)
		mdev->type = text_pool_add(&survey->texts, slice_from(path_name(target)));
}
