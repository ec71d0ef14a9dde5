/* SPDX-License-Identifier: Apache-2.0 */
/* The user namespace of this process. */
#include "oci-vfio-hook/user_namespace.h"

#include <errno.h>

#include "oci-vfio-hook/id_map.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/number.h"

#define LINK "/proc/self/ns/user"
#define UID_MAP "/proc/self/uid_map"

/* Names the initial user namespace: namespaces(7), and USER_NS_INIT_INO in
 * linux/nsfs.h. */
#define INITIAL_NAMESPACE "user:[4026531837]"

#define OVERFLOW_UID "/proc/sys/kernel/overflowuid"
#define OVERFLOW_UID_DEFAULT 65534

static int read_map(struct user_namespace *user_namespace, struct error *err)
{
	auto_id_map map = { 0 };
	const uid_t user = geteuid();
	const struct id_range *first;
	int r = id_map_read(AT_FDCWD, UID_MAP, &map, err);

	if (r < 0)
		return r;
	if (!id_map_find(&map, user, &user_namespace->outer_uid))
		return error_set(err, ERROR_IO, UID_MAP ": does not map user %u", user);
	first = &map.items[0];
	user_namespace->initial =
		first->inside == 0 && first->outside == 0 && first->count == UINT32_MAX;
	return 0;
}

/* The short way for almost every run, and what a kernel without user namespaces has. */
static bool is_initial(const struct user_namespace *user_namespace)
{
	return user_namespace->name[0] != '\0'
		       ? text_equal(user_namespace->name, INITIAL_NAMESPACE)
		       : access("/proc/self/ns", F_OK) == 0;
}

int user_namespace_read(struct user_namespace *ret, struct error *err)
{
	struct user_namespace user_namespace = { 0 };
	int r = sysroot_readlink(&sysroot_real, AT_FDCWD, LINK, user_namespace.name,
				 sizeof(user_namespace.name));

	if (r < 0 && r != -ENOENT)
		return error_set(err, ERROR_IO, LINK ": can't be read: %s", strerror(-r));
	if (is_initial(&user_namespace)) {
		user_namespace.initial = true;
		user_namespace.outer_uid = geteuid();
	} else {
		r = read_map(&user_namespace, err);
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
