/* SPDX-License-Identifier: Apache-2.0 */
/* Disks of a PCI function, their partitions, and who uses them. */
#include "sysfs_disk.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "oci-vfio-hook/block_use.h"

#include "sysfs_function.h"
#include "sysfs_node.h"

#define BLOCK "/sys/block/"
#define TABLE_SIZE_MAX ((size_t)64 << 20)

/* Of one function. */
struct disks {
	const struct sysroot *sysroot;
	struct block_devices devices;
	struct function_use *use;
};

/* No names where it isn't there, or is gone meanwhile. */
static int read_directory(const struct disks *disks, const char *path, struct names *ret,
			  struct error *err)
{
	auto_close int fd =
		sysroot_openat(disks->sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, ret);

	return r < 0 && r != -ENOENT ? file_error(path, -r, err) : 0;
}

/* What is made of it: dm-0, md0, bcache0. */
static int look_at_holders(struct disks *disks, const char *name, const char *path,
			   struct error *err)
{
	auto_free char *holders = text_join(path, "/holders", NULL);
	auto_names names = { 0 };
	int r = read_directory(disks, holders, &names, err);

	if (r == 0 && names.count > 0 && !disks->use->name)
		*disks->use = (struct function_use) { .kind = FUNCTION_DISK_HELD,
						      .name = xstrdup(name),
						      .by = xstrdup(names.items[0]) };
	return r;
}

/* Adds the disk or partition whose directory in sysfs this is, if it is one. */
static int add_device(struct disks *disks, const char *name, const char *path,
		      struct error *err)
{
	bool found = false;
	struct device_number number;
	auto_free char *dev = text_join(path, "/dev", NULL);
	int r = sysfs_read_dev(disks->sysroot, dev, &found, &number, err);

	if (r < 0 || !found)
		return r;
	block_devices_add(&disks->devices, name, &number);
	return look_at_holders(disks, name, path, err);
}

/* Partitions are directories of the disk, named after it. */
static int add_disk(struct disks *disks, const char *disk, struct error *err)
{
	auto_free char *path = text_join(BLOCK, disk, NULL);
	auto_names names = { 0 };
	int r = add_device(disks, disk, path, err);

	if (r == 0)
		r = read_directory(disks, path, &names, err);
	for (size_t i = 0; r == 0 && i < names.count; i++) {
		auto_free char *partition = text_join(path, "/", names.items[i], NULL);

		if (slice_starts(slice_from(names.items[i]), slice_from(disk)))
			r = add_device(disks, names.items[i], partition, err);
	}
	return r;
}

/* All that sysfs has below the function. */
static int add_disks(struct disks *disks, const struct pci_address *address,
		     struct error *err)
{
	auto_names names = { 0 };
	int r = read_directory(disks, BLOCK, &names, err);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		auto_free char *path = text_join(BLOCK, names.items[i], NULL);
		auto_free char *head = block_multipath_head(names.items[i]);

		r = function_has_below(disks->sysroot, address, path);
		if (r < 0)
			return file_error(path, -r, err);
		if (r == 0)
			continue;
		r = add_disk(disks, names.items[i], err);
		if (r == 0 && head)
			r = add_disk(disks, head, err);
	}
	return r;
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
 * claims a disk, or a partition, whoever that is (open(2), O_EXCL). That can't be asked, for
 * example, below a /dev of a container's own. 1, 0 or an error. */
static int is_claimed(const struct block_device *device, struct error *err)
{
	auto_free char *path = text_join("/dev/", device->name, NULL);
	struct stat status;
	auto_close int fd = -1;

	for (char *c = strchr(path, '!'); c; c = strchr(c, '!'))
		*c = '/';
	if (stat(path, &status) < 0)
		return file_error(path, errno, err);
	if (!S_ISBLK(status.st_mode) || major(status.st_rdev) != device->number.major ||
	    minor(status.st_rdev) != device->number.minor)
		return error_set(
			err, ERROR_IO,
			"%s: is another device than the disk of this name, %u:%u", path,
			device->number.major, device->number.minor);
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 || errno == ENOMEDIUM || errno == ENXIO)
		return 0;
	return errno == EBUSY ? 1 : file_error(path, errno, err);
}

static int look_for_claims(struct disks *disks, struct error *err)
{
	for (size_t i = 0; i < disks->devices.count && !disks->use->name; i++) {
		const struct block_device *device = &disks->devices.items[i];
		int r = is_claimed(device, err);

		if (r < 0)
			return r;
		if (r > 0)
			*disks->use =
				(struct function_use) { .kind = FUNCTION_DISK_CLAIMED,
							.name = xstrdup(device->name) };
	}
	return 0;
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
		r = look_for_claims(&disks, err);
	block_devices_free(&disks.devices);
	if (r == 0 && use.name)
		*ret = use;
	else
		function_use_free(&use);
	return r;
}
