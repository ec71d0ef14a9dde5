/* SPDX-License-Identifier: Apache-2.0 */
/* Where cgroup hierarchies are mounted, by libmount; for machines that don't have them
 * below /sys/fs/cgroup as others do. */
#include <libmount.h>

#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/text.h"

#include "cgroup_internal.h"

#define MOUNTINFO "/proc/self/mountinfo"

LIBRARY_NOTE(
	"[{\"feature\":\"cgroup-mounts\",\"description\":\"Finding cgroups that are not below /sys/fs/cgroup\",\"priority\":\"suggested\",\"soname\":[\"libmount.so.1\"]}]");

#define LIBMOUNT(FUNCTION)                                                               \
	FUNCTION(mnt_new_table_from_file)                                                \
	FUNCTION(mnt_unref_table)                                                        \
	FUNCTION(mnt_new_iter)                                                           \
	FUNCTION(mnt_free_iter)                                                          \
	FUNCTION(mnt_table_next_fs)                                                      \
	FUNCTION(mnt_fs_get_fstype)                                                      \
	FUNCTION(mnt_fs_get_root)                                                        \
	FUNCTION(mnt_fs_get_target)                                                      \
	FUNCTION(mnt_fs_get_option)
LIBRARY(libmount, LIBMOUNT);

static const struct library libmount_library = {
	.soname = "libmount.so.1",
	.package = "libmount1",
	.need = "find the container's cgroup, which is not in the usual place",
	.names = libmount_names,
};

static bool is_wanted(const struct libmount *libmount, struct libmnt_fs *fs,
		      enum device_cgroup_kind kind)
{
	const char *type = libmount->mnt_fs_get_fstype(fs);

	if (type == NULL || libmount->mnt_fs_get_root(fs) == NULL ||
	    libmount->mnt_fs_get_target(fs) == NULL)
		return false;
	if (kind == DEVICE_CGROUP_V2)
		return strcmp(type, "cgroup2") == 0;
	return strcmp(type, "cgroup") == 0 &&
	       libmount->mnt_fs_get_option(fs, "devices", NULL, NULL) == 0;
}

int cgroup_mounts_read(enum device_cgroup_kind kind, struct cgroup_mounts *ret,
		       struct error *err)
{
	struct libmount libmount;
	struct libmnt_table *table;
	struct libmnt_iter *iterator;
	struct libmnt_fs *fs;
	int r = library_open(&libmount_library, &libmount, err);

	if (r < 0)
		return r;
	table = libmount.mnt_new_table_from_file(MOUNTINFO);
	iterator = libmount.mnt_new_iter(MNT_ITER_FORWARD);
	if (table == NULL || iterator == NULL)
		r = error_set(err, ERROR_IO, MOUNTINFO ": can't be read by libmount");
	*ret = (struct cgroup_mounts) { 0 };
	while (r == 0 && libmount.mnt_table_next_fs(table, iterator, &fs) == 0) {
		const char *root, *target;

		if (!is_wanted(&libmount, fs, kind))
			continue;
		root = libmount.mnt_fs_get_root(fs);
		target = libmount.mnt_fs_get_target(fs);
		*array_append(ret->items, ret->count, ret->capacity) =
			(struct cgroup_mount) {
				.root = xstrndup(root, strlen(root)),
				.target = xstrndup(target, strlen(target)),
			};
	}
	if (iterator != NULL)
		libmount.mnt_free_iter(iterator);
	if (table != NULL)
		libmount.mnt_unref_table(table);
	return r;
}

void cgroup_mounts_free(struct cgroup_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		free(mounts->items[i].root);
		free(mounts->items[i].target);
	}
	free(mounts->items);
	*mounts = (struct cgroup_mounts) { 0 };
}
