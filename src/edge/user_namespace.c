/* The user namespace of this process.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/user_namespace.h"

#include <errno.h>
#include <stdio.h>

#include "oci-vfio-hook/machine.h"
#include "oci-vfio-hook/number.h"

#define UID_MAP "/proc/self/uid_map"
#define UID_MAP_MAX 65536 /* 340 lines of three columns */

/* Names the initial user namespace: namespaces(7), and USER_NS_INIT_INO in
 * linux/nsfs.h. */
#define INITIAL_NAMESPACE "user:[4026531837]"

#define OVERFLOW_UID "/proc/sys/kernel/overflowuid"
#define OVERFLOW_UID_DEFAULT 65534

/* Reads the line "inside outer count"; the columns are padded with spaces. */
static bool parse_line(const char *line, uint32_t ret[static 3])
{
	for (int i = 0; i < 3; i++) {
		size_t length;
		uint64_t value;

		line += strspn(line, " ");
		length = strcspn(line, " ");
		if (number_parse((struct slice) { line, length }, 10, 10, UINT32_MAX,
				 &value) < 0)
			return false;
		ret[i] = (uint32_t)value;
		line += length;
	}
	return *line == '\0';
}

static int parse_map(char *text, uid_t user, struct user_namespace *ret,
		     struct error *err)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL && *line != '\0') {
		uint32_t map[3];

		if (!parse_line(line, map))
			return error_set(err, ERROR_IO,
					 UID_MAP ": has an unknown format");
		if (user < map[0] || user - map[0] >= map[2])
			continue;
		*ret = (struct user_namespace) {
			.initial = map[0] == 0 && map[1] == 0 && map[2] == UINT32_MAX,
			.outer_uid = map[1] + (user - map[0]),
		};
		return 0;
	}
	return error_set(err, ERROR_IO, UID_MAP ": does not map user %u", user);
}

int user_namespace_read(struct user_namespace *ret, struct error *err)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	uid_t user = geteuid();
	char name[32];
	size_t length;
	int r;

	/* The short way for almost every run, and what a kernel without user namespaces
	 * has. */
	r = machine_readlink(&machine_real, AT_FDCWD, "/proc/self/ns/user", name,
			     sizeof name);
	if (r == 0 ? text_equal(name, INITIAL_NAMESPACE)
		   : r == -ENOENT && access("/proc/self/ns", F_OK) == 0) {
		*ret = (struct user_namespace) { .initial = true, .outer_uid = user };
		return 0;
	}
	fd = open(UID_MAP, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, ERROR_IO, UID_MAP ": can't be opened: %s",
				 strerror(errno));
	r = file_read(fd, UID_MAP, 0, UID_MAP_MAX, &text, &length, err);
	return r < 0 ? r : parse_map(text, user, ret, err);
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
