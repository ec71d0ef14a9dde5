/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of device nodes of this machine. */
#include "sysfs_node.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "oci-vfio-hook/number.h"

/* VFIO_MINOR, linux/miscdevice.h */
static const struct device_number default_control = { 'c', 10, 196 };

int sysfs_read_dev(const struct sysroot *sysroot, const char *path, bool *ret_found,
		   struct device_number *ret, struct error *err)
{
	char value[24];
	int r = sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof(value));

	/* A number in a path of the spec may have any length. */
	if (r == -ENOENT || r == -ENAMETOOLONG) {
		*ret_found = false;
		return 0;
	}
	if (r < 0)
		return file_error(path, -r, err);
	if (device_number_parse(slice_from(value), DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX,
				ret) < 0)
		return error_set(err, ERROR_IO, "%s: is not a pair of device numbers",
				 path);
	*ret_found = true;
	return 0;
}

/* Which group is the node of? 0 or -errno. */
static int read_group(const struct sysroot *sysroot, const char *path,
		      struct inventory_node *ret)
{
	auto_free char *link = vfio_group_link(slice_from(path));
	char target[1024];
	uint64_t number;
	int r;

	ret->has_group = path_find_group(slice_from(path), &ret->group);
	if (!link)
		return 0;
	r = sysroot_readlink(sysroot, AT_FDCWD, link, target, sizeof target);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	ret->has_group = number_parse(slice_from(path_name(target)), 10, 10, UINT32_MAX,
				      &number) == 0;
	if (ret->has_group)
		ret->group = (uint32_t)number;
	return 0;
}

static int look_up_vfio_node(const struct sysroot *sysroot, const char *path,
			     struct inventory_node *ret, struct error *err)
{
	auto_free char *other = NULL;
	auto_free char *dev = vfio_dev_attribute(slice_from(path), &other);
	bool found = false;
	int r;

	if (dev == NULL)
		return error_set(err, ERROR_INTERNAL, "%s: looked up as a VFIO node",
				 path);
	r = sysfs_read_dev(sysroot, dev, &found, &ret->number, err);
	if (r == 0 && !found && other != NULL)
		r = sysfs_read_dev(sysroot, other, &found, &ret->number, err);
	if (r < 0)
		return r;
	if (!found) {
		ret->absent = NODE_NOT_VFIOS;
		return 0;
	}
	r = read_group(sysroot, path, ret);
	return r < 0 ? file_error(path, -r, err) : 0;
}

/* Returns 0 or -errno. */
static int stat_below_root(const struct sysroot *sysroot, const char *path,
			   struct stat *ret)
{
	auto_close int fd = -1;

	if (sysroot->real)
		return stat(path, ret) < 0 ? -errno : 0;
	fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH);
	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? -errno : 0;
}

static int look_up_file(const struct sysroot *sysroot, const char *path,
			struct inventory_node *ret, struct error *err)
{
	struct stat status, dev;
	int r = stat_below_root(sysroot, path, &status);

	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ENAMETOOLONG ||
	    r == -EACCES) {
		ret->absent = NODE_NOT_FOUND;
		ret->errno_value = (int16_t)-r;
		return 0;
	}
	if (r < 0)
		return file_error(path, -r, err);
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)) {
		ret->is_directory = S_ISDIR(status.st_mode) &&
				    stat_below_root(sysroot, "/dev", &dev) == 0 &&
				    dev.st_dev == status.st_dev;
		ret->absent = NODE_NO_DEVICE;
		return 0;
	}
	ret->number.type = S_ISCHR(status.st_mode) ? 'c' : 'b';
	ret->number.major = major(status.st_rdev);
	ret->number.minor = minor(status.st_rdev);
	return 0;
}

/* Which device has a number: one that isn't VFIO's, or none. */
static int look_up_number(const struct sysroot *sysroot, const char *path,
			  struct inventory_node *ret, struct error *err)
{
	char target[1024];
	int r = sysroot_readlink(sysroot, AT_FDCWD, path, target, sizeof target);

	if (r < 0 && r != -ENOENT)
		return file_error(path, -r, err);
	if (r == -ENOENT)
		ret->absent = NUMBER_OF_NONE;
	else if (strstr(target, "/vfio/") != NULL || strstr(target, "/vfio-dev/") != NULL)
		ret->absent = NUMBER_OF_VFIO;
	return 0;
}

static int look_up_node(const struct sysroot *sysroot, const struct request_node *node,
			struct inventory_node *ret, struct error *err)
{
	switch (node->kind) {
	case REQUEST_NODE_VFIO:
		return look_up_vfio_node(sysroot, node->path, ret, err);
	case REQUEST_NODE_FILE:
		return look_up_file(sysroot, node->path, ret, err);
	case REQUEST_NODE_NUMBER:
		return look_up_number(sysroot, node->path, ret, err);
	}
	return error_set(err, ERROR_INTERNAL, "%s: unknown kind of node", node->path);
}

static int look_up_control(const struct sysroot *sysroot, const struct request *request,
			   struct inventory *inventory, struct error *err)
{
	struct inventory_control *groups = &inventory->control[VFIO_GROUP],
				 *handles = &inventory->control[VFIO_HANDLE];
	bool found;
	int r = 0;

	if (request->control[VFIO_GROUP]) {
		*groups = (struct inventory_control) { true, default_control };
		r = sysfs_read_dev(sysroot, "/sys/class/misc/vfio/dev", &found,
				   &groups->number, err);
	}
	if (r == 0 && request->control[VFIO_HANDLE])
		r = sysfs_read_dev(sysroot, "/sys/class/misc/iommu/dev", &handles->exists,
				   &handles->number, err);
	return r;
}

/* Adds the nodes of a class, /dev/vfio/<name> or /dev/vfio/devices/<name>. */
static int list_class(const struct sysroot *sysroot, const char *class,
		      const char *directory, struct inventory *inventory,
		      struct error *err)
{
	auto_names names = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, class, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : file_error(class, -r, err);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *dev = text_join(class, "/", names.items[i], "/dev", NULL);
		struct vfio_node node = { 0 };
		bool found = false;

		r = sysfs_read_dev(sysroot, dev, &found, &node.number, err);
		if (r < 0)
			return r;
		if (!found)
			continue;
		node.path = text_join(directory, names.items[i], NULL);
		*array_append(inventory->vfio_nodes, inventory->n_vfio_nodes,
			      inventory->vfio_nodes_capacity) = node;
	}
	return 0;
}

int sysfs_list_vfio_nodes(const struct sysroot *sysroot, struct inventory *inventory,
			  struct error *err)
{
	int r = list_class(sysroot, "/sys/class/vfio", "/dev/vfio/", inventory, err);

	if (r == 0)
		r = list_class(sysroot, "/sys/class/vfio-dev", "/dev/vfio/devices/",
			       inventory, err);
	inventory_sort_vfio_nodes(inventory);
	return r;
}

static bool has_dynamic_file(const struct request *request,
			     const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];

		if (request->nodes[i].kind == REQUEST_NODE_FILE && !node->absent &&
		    node->number.type == 'c' && major_is_dynamic(node->number.major))
			return true;
	}
	return false;
}

int sysfs_look_up_nodes(const struct sysroot *sysroot, const struct request *request,
			struct inventory *inventory, struct error *err)
{
	inventory->nodes = xzalloc(request->n_nodes * sizeof(*inventory->nodes));
	for (size_t i = 0; i < request->n_nodes; i++) {
		int r;

		inventory->n_nodes = i + 1;
		r = look_up_node(sysroot, &request->nodes[i], &inventory->nodes[i], err);
		if (r < 0)
			return r;
	}
	if (request->vfio_nodes ||
	    (request->vfio_nodes_of_files && has_dynamic_file(request, inventory))) {
		int r = sysfs_list_vfio_nodes(sysroot, inventory, err);

		if (r < 0)
			return r;
	}
	return look_up_control(sysroot, request, inventory, err);
}
