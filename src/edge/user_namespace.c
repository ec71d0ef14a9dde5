/* SPDX-License-Identifier: Apache-2.0 */
/* The user namespace of this process, and what the kernel tells of others'. */
#include "oci-vfio-hook/user_namespace.h"

#include <errno.h>

#include "oci-vfio-hook/namespace_link.h"
#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/sysroot.h"

#define LINK "/proc/self/ns/user"
#define UID_MAP "/proc/self/uid_map"
#define MAP_MAX 65536 /* 340 lines of three columns */

#define OVERFLOW_UID "/proc/sys/kernel/overflowuid"
#define OVERFLOW_UID_DEFAULT 65534

int user_namespace_read_link(int at, const char *path, uint32_t *ret)
{
	char text[NAMESPACE_LINK_SIZE];
	int r = sysroot_readlink(&sysroot_real, at, path, text, sizeof text);

	return r < 0 ? r : namespace_link_parse(slice_from(text), SLICE("user"), ret);
}

int user_namespace_read_map(int at, const char *path, struct id_map *ret,
			    struct error *err)
{
	auto_close int fd = sysroot_openat(&sysroot_real, at, path, O_RDONLY);
	auto_free char *text = NULL;
	size_t length;
	int r;

	if (fd < 0)
		return error_set(err, ERROR_IO, "%s: can't be opened: %s", path,
				 strerror(-fd));
	r = file_read(fd, path, 0, MAP_MAX, &text, &length, err);
	if (r < 0)
		return r;
	if (id_map_parse((struct slice) { text, length }, ret) < 0)
		return error_set(err, ERROR_IO, "%s: has an unknown format", path);
	return 0;
}

static int read_own_map(struct user_namespace *user_namespace, struct error *err)
{
	auto_id_map map = { 0 };
	const uid_t user = geteuid();
	int r = user_namespace_read_map(AT_FDCWD, UID_MAP, &map, err);

	if (r < 0)
		return r;
	if (!id_map_find(&map, user, &user_namespace->outer_uid))
		return error_set(err, ERROR_IO, UID_MAP ": does not map user %u", user);
	user_namespace->initial = id_map_is_initial(&map);
	return 0;
}

/* The short way for almost every run, and what a kernel without user namespaces has. */
static bool is_initial(const struct user_namespace *user_namespace)
{
	return user_namespace->number > 0
		       ? user_namespace->number == NAMESPACE_INITIAL_USER
		       : access("/proc/self/ns", F_OK) == 0;
}

int user_namespace_read(struct user_namespace *ret, struct error *err)
{
	struct user_namespace user_namespace = { 0 };
	int r = user_namespace_read_link(AT_FDCWD, LINK, &user_namespace.number);

	if (r < 0 && r != -ENOENT)
		return error_set(err, ERROR_IO, LINK ": can't be read: %s", strerror(-r));
	if (is_initial(&user_namespace)) {
		user_namespace.initial = true;
		user_namespace.outer_uid = geteuid();
	} else {
		r = read_own_map(&user_namespace, err);
		if (r < 0)
			return r;
	}
	*ret = user_namespace;
	return 0;
}

uid_t user_namespace_overflow_uid(void)
{
	char text[16];
	uint64_t value;

	if (sysroot_read_attribute(&sysroot_real, AT_FDCWD, OVERFLOW_UID, text,
				   sizeof(text)) < 0 ||
	    number_parse(slice_from(text), 10, 10, UINT32_MAX, &value) < 0)
		return OVERFLOW_UID_DEFAULT;
	return (uid_t)value;
}
