/* SPDX-License-Identifier: Apache-2.0 */
/* Our own programs on the machine. */
#include "oci-vfio-hook/program.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>

#include "oci-vfio-hook/config_file.h"

static const char *const programs[] = { "oci-vfio-hook", "oci-vfio-admin",
					"oci-vfio-runtime" };
static const char *const links[] = { "oci-vfio-crun", "oci-vfio-runc" };

static int read_link(const char *path, char target[static PATH_MAX])
{
	ssize_t length = readlink(path, target, PATH_MAX - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return 0;
}

int program_directory(const struct sysroot *sysroot, char **ret, struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX], fd[64];
	const char *name, *start = path;
	size_t length;
	int r = read_link("/proc/self/exe", path);

	if (r < 0)
		return error_set(
			err, ERROR_IO,
			"/proc/self/exe: can't be read: %s: mount /proc, or use --programs",
			strerror(-r));
	if (!sysroot->real) {
		snprintf(fd, sizeof fd, "/proc/self/fd/%d", sysroot->root);
		length = read_link(fd, root) == 0 ? strlen(root) : 0;
		if (length > 1 && strncmp(path, root, length) == 0 && path[length] == '/')
			start += length;
	}
	name = path_name(start);
	*ret = xstrndup(start, name - start > 1 ? (size_t)(name - start) - 1 : 0);
	return 0;
}

int program_check_wrapper(const struct sysroot *sysroot, const char *directory,
			  struct error *err)
{
	auto_free char *path = text_join(directory, "/oci-vfio-runtime", NULL);
	auto_free char *name = sysroot_display(sysroot, path);
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH);

	if (fd >= 0)
		return 0;
	return error_set(
		err, ERROR_NO_INPUT,
		"%s: %s: the wrapper must be beside oci-vfio-hook; --programs names another directory",
		name, strerror(-fd));
}

static int copy_one(const struct sysroot *sysroot, const char *from, const char *to,
		    struct buffer *ret, struct error *err)
{
	auto_free char *text = NULL, *old = NULL;
	auto_free char *name = sysroot_display(sysroot, to);
	size_t length = 0, old_length;
	int r = config_file_read(&sysroot_real, from, true, &text, &length, err);

	if (r == 0 && !text)
		return error_set(
			err, ERROR_NO_INPUT,
			"%s: isn't there: --copy takes the programs that are beside this one",
			from);
	if (r == 0)
		r = config_file_read(sysroot, to, true, &old, &old_length, err);
	if (r < 0)
		return r;
	if (old && config_file_is_installed(sysroot, to, 0755) &&
	    slice_equal((struct slice) { old, old_length },
			(struct slice) { text, length })) {
		buffer_printf(ret, "%s: is as it shall be\n", name);
		return 0;
	}
	r = config_file_install(sysroot, to, (struct slice) { text, length }, 0755, err);
	if (r == 0)
		buffer_printf(ret, "%s: %s\n", name, old ? "changed" : "written");
	return r;
}

int program_copy(const struct sysroot *sysroot, const char *directory, struct buffer *ret,
		 struct error *err)
{
	auto_free char *own = NULL;
	int r = program_directory(&sysroot_real, &own, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs); i++) {
		auto_free char *from = text_join(own, "/", programs[i], NULL);
		auto_free char *to = text_join(directory, "/", programs[i], NULL);

		r = copy_one(sysroot, from, to, ret, err);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++) {
		auto_free char *link = text_join(directory, "/", links[i], NULL);

		r = config_file_link(sysroot, link, "oci-vfio-runtime", err);
	}
	return r;
}

int program_remove(const struct sysroot *sysroot, const char *directory,
		   struct buffer *ret, struct error *err)
{
	auto_free char *name = sysroot_display(sysroot, directory);
	auto_close int there =
		sysroot_openat(sysroot, AT_FDCWD, directory, O_PATH | O_DIRECTORY);
	int r = 0;

	if (there == -ENOENT)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs) + ARRAY_SIZE(links); i++) {
		auto_free char *path =
			text_join(directory, "/",
				  i < ARRAY_SIZE(links) ? links[i]
							: programs[i - ARRAY_SIZE(links)],
				  NULL);

		/* A link of that name to something else isn't ours. */
		if (i >= ARRAY_SIZE(links) ||
		    config_file_is_link(sysroot, path, "oci-vfio-runtime"))
			r = config_file_remove(sysroot, path, err);
	}
	if (r < 0)
		return r;
	config_directory_remove(sysroot, directory);
	buffer_printf(ret, "%s: the programs are removed\n", name);
	return 0;
}
