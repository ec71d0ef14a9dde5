/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a CDI spec: look at the whole machine, and write what it has. */
#include "oci-vfio-hook/hook_cdi.h"

#include "oci-vfio-hook/output_file.h"
#include "oci-vfio-hook/sysfs_survey.h"

/* Larger than any spec that we write. */
#define SIZE_MOST (64 << 20)

/* Has the file this text already? Engines read it again whenever it changes. */
static bool is_written(const char *path, struct slice text)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_free char *old = NULL;
	auto_error err = { 0 };
	struct stat status;
	size_t length;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_mode & 0777) == 0644 &&
	       file_read(fd, path, (uint64_t)status.st_size, SIZE_MOST, &old, &length,
			 &err) == 0 &&
	       slice_equal((struct slice) { old, length }, text);
}

/* A spec without devices is one that no engine takes. */
static int remove_spec(const char *path, struct messages *messages, struct error *err)
{
	auto_free char *name = path_display(path);

	if (unlink(path) < 0 && errno != ENOENT)
		return replacement_error(name, "can't be removed", errno, err);
	messages_add(
		messages, MESSAGE_WARNING,
		"no function of this machine has a driver of VFIO's; there is no %s now",
		name);
	return 0;
}

int hook_cdi(struct hook_run *run, const struct cdi_options *options, const char *output,
	     struct buffer *ret, struct error *err)
{
	const unsigned int wanted =
		options->names & CDI_NAME_ACPI_INDEX ? SURVEY_FIRMWARE : 0;
	auto_survey survey = { 0 };
	size_t count = 0;
	int r = sysfs_survey(&run->sysroot, wanted, &survey, err);

	if (r == 0)
		r = cdi_build(&survey, options, ret, &count, &run->messages, err);
	if (r < 0)
		return r;
	if (count == 0 && output)
		return remove_spec(output, &run->messages, err);
	if (count == 0)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"no function of this machine has a driver of VFIO's and a node; bind one, as in driverctl set-override 0000:01:00.0 vfio-pci");
	if (!output || is_written(output, buffer_slice(ret)))
		return 0;
	return output_file_write(output, (struct spliced) { .text = buffer_slice(ret) },
				 0644, NULL, err);
}
