/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device open: by the files in /proc/PID/fd. */
#include "oci-vfio-hook/device_holder.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "oci-vfio-hook/number.h"

#define PROC "/proc"

struct looking {
	const struct device_number *numbers;
	size_t n_numbers, most;
	struct device_holders *holders;
};

static int compare(const void *a, const void *b)
{
	return device_number_compare(a, b);
}

static const struct device_number *find_device(const struct looking *looking,
					       const struct stat *status)
{
	const struct device_number number = { S_ISCHR(status->st_mode)	 ? 'c'
					      : S_ISBLK(status->st_mode) ? 'b'
									 : 0,
					      major(status->st_rdev),
					      minor(status->st_rdev) };

	return bsearch(&number, looking->numbers, looking->n_numbers, sizeof number,
		       compare);
}

/* A process may have one several times. */
static void add(struct device_holders *holders, int64_t process,
		const struct device_number *number)
{
	for (size_t i = holders->count; i > 0 && holders->items[i - 1].process == process;
	     i--) {
		if (device_number_equal(&holders->items[i - 1].number, number))
			return;
	}
	*array_append(holders->items, holders->count, holders->capacity) =
		(struct device_holder) { process, *number };
}

/* Which of the devices has the process with this directory in /proc open? */
static void look_at_process(const struct looking *looking, int proc, const char *name,
			    int64_t process)
{
	auto_free char *path = text_join(name, "/fd", NULL);
	auto_names files = { 0 };
	auto_close int fd =
		RETRY_ON_EINTR(openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0 || names_read(fd, &files) < 0) {
		looking->holders->n_hidden += fd < 0 && errno == EACCES;
		return;
	}
	for (size_t i = 0; i < files.count && looking->holders->count < looking->most;
	     i++) {
		const struct device_number *number = NULL;
		struct stat status;

		/* The file itself, not its path, which may be another mount namespace's. */
		if (fstatat(fd, files.items[i], &status, 0) == 0)
			number = find_device(looking, &status);
		if (number)
			add(looking->holders, process, number);
	}
}

int device_holders_list(const struct sysroot *sysroot,
			const struct device_number *numbers, size_t n_numbers,
			size_t most, struct device_holders *ret, struct error *err)
{
	auto_names processes = { 0 };
	const struct looking looking = { numbers, n_numbers, most, ret };
	auto_close int proc =
		sysroot_openat(sysroot, AT_FDCWD, PROC, O_RDONLY | O_DIRECTORY);
	int r = proc < 0 ? proc : names_read(proc, &processes);

	*ret = (struct device_holders) { 0 };
	/* A captured machine has none. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return file_error(PROC, -r, err);
	for (size_t i = 0; i < processes.count && ret->count < most; i++) {
		uint64_t process;

		if (number_parse(slice_from(processes.items[i]), 10, 10, INT64_MAX,
				 &process) == 0)
			look_at_process(&looking, proc, processes.items[i],
					(int64_t)process);
	}
	return 0;
}

void device_holders_free(struct device_holders *holders)
{
	free(holders->items);
	*holders = (struct device_holders) { 0 };
}

int device_holder_find(const struct sysroot *sysroot, const struct device_number *number,
		       int64_t *ret_process, struct error *err)
{
	auto_device_holders holders = { 0 };
	int r = device_holders_list(sysroot, number, 1, 1, &holders, err);

	*ret_process = r == 0 && holders.count > 0 ? holders.items[0].process : 0;
	return r;
}
