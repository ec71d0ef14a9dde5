/* The user namespace of this process.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/user_namespace.h"

#include <errno.h>

#include "oci-vfio-hook/id_map.h"
#include "oci-vfio-hook/machine.h"
#include "oci-vfio-hook/number.h"

#define UID_MAP "/proc/self/uid_map"

/* Names the initial user namespace: namespaces(7), and USER_NS_INIT_INO in
 * linux/nsfs.h. */
#define INITIAL_NAMESPACE "user:[4026531837]"

#define OVERFLOW_UID "/proc/sys/kernel/overflowuid"
#define OVERFLOW_UID_DEFAULT 65534

static int read_map(uid_t user, struct user_namespace *ret, struct error *err)
{
	auto_id_map map = { 0 };
	const struct id_range *first;
	int r = id_map_read(AT_FDCWD, UID_MAP, &map, err);

	if (r < 0)
		return r;
	if (!id_map_find(&map, user, &ret->outer_uid))
		return error_set(err, ERROR_IO, UID_MAP ": does not map user %u", user);
	first = &map.items[0];
	ret->initial =
		first->inside == 0 && first->outside == 0 && first->count == UINT32_MAX;
	return 0;
}

int user_namespace_read(struct user_namespace *ret, struct error *err)
{
	uid_t user = geteuid();
	int r;

	/* The short way for almost every run, and what a kernel without user namespaces
	 * has. */
	*ret = (struct user_namespace) { .initial = true, .outer_uid = user };
	r = machine_readlink(&machine_real, AT_FDCWD, "/proc/self/ns/user", ret->name,
			     sizeof ret->name);
	if (r == 0 ? text_equal(ret->name, INITIAL_NAMESPACE)
		   : r == -ENOENT && access("/proc/self/ns", F_OK) == 0)
		return 0;
	return read_map(user, ret, err);
}

uid_t user_namespace_overflow_uid(void)
{
	char text[16];
	uint64_t value;

	if (machine_read_attribute(&machine_real, AT_FDCWD, OVERFLOW_UID, text,
				   sizeof(text)) < 0 ||
	    number_parse(slice_from(text), 10, 10, UINT32_MAX, &value) < 0)
		return OVERFLOW_UID_DEFAULT;
	return (uid_t)value;
}
