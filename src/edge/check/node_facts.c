/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes in /dev. */
#include "oci-vfio-hook/node_facts.h"

#include <sys/sysmacros.h>

#include "facts_file.h"

static enum node_state state_of(const struct sysroot *sysroot, const char *path,
				const struct device_number *want)
{
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH | O_NOFOLLOW);
	struct stat status;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return NODE_MISSING;
	if (fd < 0 || fstat(fd, &status) < 0)
		return NODE_UNREADABLE;
	return S_ISCHR(status.st_mode) && major(status.st_rdev) == want->major &&
			       minor(status.st_rdev) == want->minor
		       ? NODE_RIGHT
		       : NODE_WRONG;
}

static void add_node(const struct sysroot *sysroot, const char *path,
		     const struct device_number *want, struct node_facts *facts)
{
	struct node_fact *node =
		array_append(facts->items, facts->count, facts->capacity);
	auto_free char *link = xasprintf("/dev/char/%u:%u", want->major, want->minor);

	node->path = path;
	node->want = *want;
	node->state = state_of(sysroot, path, want);
	node->has_link = facts_file_exists(sysroot, link);
}

static bool is_known(const struct node_facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (text_equal(facts->items[i].path, path))
			return true;
	}
	return false;
}

/* Nodes that sysfs doesn't have. */
static void find_leftovers(const struct sysroot *sysroot, const char *directory,
			   struct node_facts *facts)
{
	auto_names names = { 0 };

	if (facts_file_list(sysroot, directory, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		char *path;

		if (text_equal(names.items[i], "devices"))
			continue;
		path = text_join(directory, names.items[i], NULL);
		/* Of the control node this kernel needs no entry in sysfs. */
		if (text_equal(path, "/dev/vfio/vfio") || is_known(facts, path))
			free(path);
		else
			*array_append(facts->leftovers, facts->n_leftovers,
				      facts->leftovers_capacity) = path;
	}
}

void node_facts_read(const struct sysroot *sysroot, const struct survey *survey,
		     struct node_facts *ret)
{
	*ret = (struct node_facts) {
		.has_directory = facts_file_exists(sysroot, "/dev/vfio"),
		.has_systemd = facts_file_exists(sysroot, "/run/systemd/system"),
	};
	/* A captured tree seldom has any device node. */
	if (!sysroot->real && !ret->has_directory)
		return;
	for (size_t i = 0; i < survey->n_nodes; i++)
		add_node(sysroot, survey->nodes[i].path, &survey->nodes[i].number, ret);
	if (survey->n_nodes && survey->control[VFIO_GROUP].exists)
		add_node(sysroot, "/dev/vfio/vfio", &survey->control[VFIO_GROUP].number,
			 ret);
	if (survey->control[VFIO_HANDLE].exists)
		add_node(sysroot, "/dev/iommu", &survey->control[VFIO_HANDLE].number,
			 ret);
	find_leftovers(sysroot, "/dev/vfio/", ret);
	find_leftovers(sysroot, "/dev/vfio/devices/", ret);
}
