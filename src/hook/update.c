/* SPDX-License-Identifier: Apache-2.0 */
/* The story of `update`. */
#include "oci-vfio-hook/update.h"

#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/memory_file.h"
#include "oci-vfio-hook/resources.h"

#define RESOURCES_SIZE_MAX ((size_t)64 << 20)

static int open_file(const char *path, const char *name, struct stat *ret_status,
		     struct error *err)
{
	int fd = RETRY_ON_EINTR(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));

	if (fd < 0 || fstat(fd, ret_status) < 0) {
		error_set(err, error_class_of_errno(errno), "%s: can't be opened: %s",
			  name, strerror(errno));
		close_fd(&fd);
	}
	return fd;
}

int update_filter(const char *path, struct update *ret, struct error *err)
{
	const bool is_stdin = text_equal(path, RESOURCES_STDIN);
	auto_free char *name = is_stdin ? xstrdup("stdin") : path_display(path);
	auto_close int opened = -1;
	auto_free char *text = NULL;
	auto_splices splices = { 0 };
	auto_buffer filtered = { 0 };
	struct stat status = { 0 };
	size_t length;
	int r;

	*ret = (struct update) { .fd = -1 };
	if (!is_stdin) {
		opened = open_file(path, name, &status, err);
		if (opened < 0)
			return -EIO;
	}
	r = file_read(is_stdin ? STDIN_FILENO : opened, name, (uint64_t)status.st_size,
		      RESOURCES_SIZE_MAX, &text, &length, err);
	if (r == 0)
		r = resources_remove_devices(name, (struct slice) { text, length },
					     &splices, err);
	if (r < 0)
		return r;
	ret->removed = splices.count > 0;
	if (!ret->removed && S_ISREG(status.st_mode))
		return 0;
	splices_apply(&splices, (struct slice) { text, length }, &filtered);
	return memory_file_make(name, buffer_slice(&filtered), &ret->fd, err);
}
