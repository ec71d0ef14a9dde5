/* SPDX-License-Identifier: Apache-2.0 */
/* Where cgroup hierarchies are mounted, by libmount; for machines that don't have them
 * below /sys/fs/cgroup as others do. */
#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/text.h"

#include "cgroup_internal.h"

#define MOUNTINFO "/proc/self/mountinfo"

LIBRARY_NOTE(
	"[{\"feature\":\"cgroup-mounts\",\"description\":\"Finding cgroups that are not below /sys/fs/cgroup\",\"priority\":\"suggested\",\"soname\":[\"libmount.so.1\"]}]");

/* libmount's own names, as in <libmount/libmount.h>, which isn't needed to build. */
struct libmnt_table;
struct libmnt_iter;
struct libmnt_fs;
enum { MNT_ITER_FORWARD };

struct libmount {
	struct libmnt_table *(*new_table_from_file)(const char *);
	void (*unref_table)(struct libmnt_table *);
	struct libmnt_iter *(*new_iter)(int);
	void (*free_iter)(struct libmnt_iter *);
	int (*next_fs)(struct libmnt_table *, struct libmnt_iter *, struct libmnt_fs **);
	const char *(*fs_type)(struct libmnt_fs *);
	const char *(*root)(struct libmnt_fs *);
	const char *(*target)(struct libmnt_fs *);
	int (*option)(struct libmnt_fs *, const char *, char **, size_t *);
};

static int load(struct libmount *ret, struct error *err)
{
	const struct library_symbol symbols[] = {
		{ "mnt_new_table_from_file", (void **)&ret->new_table_from_file },
		{ "mnt_unref_table", (void **)&ret->unref_table },
		{ "mnt_new_iter", (void **)&ret->new_iter },
		{ "mnt_free_iter", (void **)&ret->free_iter },
		{ "mnt_table_next_fs", (void **)&ret->next_fs },
		{ "mnt_fs_get_fstype", (void **)&ret->fs_type },
		{ "mnt_fs_get_root", (void **)&ret->root },
		{ "mnt_fs_get_target", (void **)&ret->target },
		{ "mnt_fs_get_option", (void **)&ret->option },
		{ NULL, NULL },
	};

	return library_open("libmount.so.1", "libmount1",
			    "find the container's cgroup, which is not where it is usual",
			    symbols, err);
}

static bool is_wanted(const struct libmount *libmount, struct libmnt_fs *fs,
		      enum device_cgroup_kind kind)
{
	const char *type = libmount->fs_type(fs);

	if (type == NULL || libmount->root(fs) == NULL || libmount->target(fs) == NULL)
		return false;
	if (kind == DEVICE_CGROUP_V2)
		return strcmp(type, "cgroup2") == 0;
	return strcmp(type, "cgroup") == 0 &&
	       libmount->option(fs, "devices", NULL, NULL) == 0;
}

int cgroup_mounts_read(enum device_cgroup_kind kind, struct cgroup_mounts *ret,
		       struct error *err)
{
	struct libmount libmount;
	struct libmnt_table *table;
	struct libmnt_iter *iterator;
	struct libmnt_fs *fs;
	int r = load(&libmount, err);

	if (r < 0)
		return r;
	table = libmount.new_table_from_file(MOUNTINFO);
	iterator = libmount.new_iter(MNT_ITER_FORWARD);
	if (table == NULL || iterator == NULL)
		r = error_set(err, ERROR_IO, MOUNTINFO ": can't be read by libmount");
	*ret = (struct cgroup_mounts) { 0 };
	while (r == 0 && libmount.next_fs(table, iterator, &fs) == 0) {
		const char *root, *target;

		if (!is_wanted(&libmount, fs, kind))
			continue;
		root = libmount.root(fs);
		target = libmount.target(fs);
		*array_append(ret->items, ret->count, ret->capacity) =
			(struct cgroup_mount) {
				.root = xstrndup(root, strlen(root)),
				.target = xstrndup(target, strlen(target)),
			};
	}
	if (iterator != NULL)
		libmount.free_iter(iterator);
	if (table != NULL)
		libmount.unref_table(table);
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
