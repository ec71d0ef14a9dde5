/* SPDX-License-Identifier: Apache-2.0 */
/* Disks of a PCI function, their partitions, and who uses them. */
#include "sysfs_disk.h"

#include <sys/sysmacros.h>

#include "oci-vfio-hook/block_use.h"

#include "sysfs_function.h"

#define BLOCK "/sys/block/"
#define TABLE_SIZE_MAX ((size_t)64 << 20)

/* Of one function. */
struct disks {
	const struct sysroot *sysroot;
	struct block_devices devices;
	struct function_use *use;
};

/* What is made of it: dm-0, md0, bcache0. */
static void look_at_holders(struct disks *disks, const char *name, const char *path)
{
	auto_free char *holders = text_join(path, "/holders", NULL);
	auto_names names = { 0 };
	auto_close int fd =
		sysroot_openat(disks->sysroot, AT_FDCWD, holders, O_RDONLY | O_DIRECTORY);

	if (disks->use->name || fd < 0 || names_read(fd, &names) < 0 || names.count == 0)
		return;
	*disks->use = (struct function_use) { .kind = FUNCTION_DISK_HELD,
					      .name = xstrdup(name),
					      .by = xstrdup(names.items[0]) };
}

/* Adds the disk or partition whose directory in sysfs this is. Returns whether it is one. */
static bool add_device(struct disks *disks, const char *name, const char *path)
{
	auto_free char *dev = text_join(path, "/dev", NULL);
	struct device_number number;
	char value[24];

	if (sysroot_read_attribute(disks->sysroot, AT_FDCWD, dev, value, sizeof value) <
		    0 ||
	    device_number_parse(slice_from(value), DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX,
				&number) < 0)
		return false;
	block_devices_add(&disks->devices, name, &number);
	look_at_holders(disks, name, path);
	return true;
}

/* Partitions are directories of the disk, named after it. */
static void add_disk(struct disks *disks, const char *disk)
{
	auto_free char *path = text_join(BLOCK, disk, NULL);
	auto_names names = { 0 };
	auto_close int fd = -1;

	if (!add_device(disks, disk, path))
		return;
	fd = sysroot_openat(disks->sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 || names_read(fd, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *partition = text_join(path, "/", names.items[i], NULL);

		if (slice_starts(slice_from(names.items[i]), slice_from(disk)))
			add_device(disks, names.items[i], partition);
	}
}

/* All that sysfs has below the function. */
static int add_disks(struct disks *disks, const struct pci_address *address,
		     struct error *err)
{
	auto_names names = { 0 };
	auto_close int fd =
		sysroot_openat(disks->sysroot, AT_FDCWD, BLOCK, O_RDONLY | O_DIRECTORY);

	int r = fd < 0 ? fd : names_read(fd, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : file_error(BLOCK, -r, err);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = text_join(BLOCK, names.items[i], NULL);
		auto_free char *head = NULL;

		if (!function_has_below(disks->sysroot, address, path))
			continue;
		add_disk(disks, names.items[i]);
		head = block_multipath_head(names.items[i]);
		if (head)
			add_disk(disks, head);
	}
	return 0;
}

static int read_table(const struct sysroot *sysroot, const char *path, char **ret,
		      size_t *ret_length, struct error *err)
{
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY);

	*ret_length = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : file_error(path, -fd, err);
	return file_read(fd, path, 0, TABLE_SIZE_MAX, ret, ret_length, err);
}

static int look_at_tables(struct disks *disks, struct error *err)
{
	auto_free char *mounts = NULL, *swaps = NULL;
	size_t n_mounts = 0, n_swaps = 0;
	int r = read_table(disks->sysroot, "/proc/self/mountinfo", &mounts, &n_mounts,
			   err);

	if (r == 0)
		r = read_table(disks->sysroot, "/proc/swaps", &swaps, &n_swaps, err);
	if (r < 0)
		return r;
	block_find_mounted(&disks->devices, (struct slice) { mounts, n_mounts },
			   disks->use);
	if (!disks->use->name)
		block_find_swap(&disks->devices, (struct slice) { swaps, n_swaps },
				disks->use);
	return 0;
}

/* A file system of another mount namespace, or one of several disks, ZFS: the kernel has who
 * claims a disk, or a partition, whoever that is (open(2), O_EXCL). Where that can't be asked, as
 * below a /dev of a container's own, it counts as claimed. */
static bool may_be_claimed(const struct block_device *device)
{
	auto_free char *path = text_join("/dev/", device->name, NULL);
	struct stat status;
	auto_close int fd = -1;

	for (char *c = strchr(path, '!'); c; c = strchr(c, '!'))
		*c = '/';
	if (stat(path, &status) < 0 || !S_ISBLK(status.st_mode) ||
	    major(status.st_rdev) != device->number.major ||
	    minor(status.st_rdev) != device->number.minor)
		return true;
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 && errno != ENOMEDIUM && errno != ENXIO;
}

static void look_for_claims(struct disks *disks)
{
	for (size_t i = 0; i < disks->devices.count && !disks->use->name; i++) {
		const struct block_device *device = &disks->devices.items[i];

		if (may_be_claimed(device))
			*disks->use =
				(struct function_use) { .kind = FUNCTION_DISK_CLAIMED,
							.name = xstrdup(device->name) };
	}
}

int sysfs_find_disk(const struct sysroot *sysroot, const struct pci_address *address,
		    struct function_use *ret, struct error *err)
{
	struct function_use use = { 0 };
	struct disks disks = { .sysroot = sysroot, .use = &use };
	int r = add_disks(&disks, address, err);

	if (r == 0 && disks.devices.count > 0)
		r = look_at_tables(&disks, err);
	if (r == 0 && sysroot->real)
		look_for_claims(&disks);
	block_devices_free(&disks.devices);
	if (r == 0 && use.name)
		*ret = use;
	else
		function_use_free(&use);
	return r;
}
