// SPDX-License-Identifier: Apache-2.0
/*
 * The process inside the test containers: proves that the PCI functions that the
 * environment names can be driven through VFIO, as DPDK or SPDK would. It takes the
 * addresses from PCIDEVICE_* and everything else from this kernel's sysfs. It needs no
 * library and no file in its root file system. The first function must be QEMU's edu; of
 * the others the first word of BAR 0 is printed and not judged.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#define EDU_IDENTIFICATION 0x010000edU
#define FUNCTIONS_MAX 16

/* One status a step: a test that expects a failure can tell that it is the right one. */
enum step {
	STEP_ENVIRONMENT = 10,
	STEP_FUNCTION = 11,
	STEP_CONTROL_NODE = 12,
	STEP_API_VERSION = 13,
	STEP_GROUP_NODE = 14,
	STEP_VIABLE = 15,
	STEP_SET_CONTAINER = 16,
	STEP_IOMMU = 17,
	STEP_DEVICE = 18,
	STEP_REGION = 19,
	STEP_WRONG_DEVICE = 20,
};

struct function {
	char *address;
	char *group;
	int group_fd;
};

__attribute__((format(printf, 2, 3), noreturn)) static void fail(enum step step,
								 const char *format, ...)
{
	va_list arguments;

	fputs("probe: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit((int)step);
}

/* Like asprintf(); the caller owns the text. */
__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
	va_list arguments;
	char *result;
	int length;

	va_start(arguments, format);
	length = vasprintf(&result, format, arguments);
	va_end(arguments);
	if (length < 0)
		err(EXIT_FAILURE, "probe");
	return result;
}

/* The addresses of all PCIDEVICE_<resource>, in the order of the environment;
 * PCIDEVICE_<resource>_INFO is JSON. */
static size_t functions_from_environment(char **environment, struct function *functions)
{
	size_t count = 0;

	for (; *environment != NULL; environment++) {
		const char *value = strchr(*environment, '=');
		size_t name_length;

		if (value == NULL || strncmp(*environment, "PCIDEVICE_", 10) != 0)
			continue;
		name_length = (size_t)(value - *environment);
		if (name_length > 5 && strncmp(value - 5, "_INFO", 5) == 0)
			continue;
		while (*value != '\0') {
			size_t length = strcspn(++value, ",");

			if (count == FUNCTIONS_MAX || length == 0)
				fail(STEP_ENVIRONMENT,
				     "%s: too many, or an empty address", *environment);
			functions[count++] = (struct function) {
				.address = text("%.*s", (int)length, value),
				.group_fd = -1,
			};
			value += length;
		}
	}
	return count;
}

static void function_find_group(struct function *function)
{
	char *link = text("/sys/bus/pci/devices/%s/iommu_group", function->address);
	char target[PATH_MAX];
	const char *name;
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length < 0)
		fail(STEP_FUNCTION, "no PCI function %s on this machine: %s: %s",
		     function->address, link, strerror(errno));
	target[length] = '\0';
	name = strrchr(target, '/');
	function->group = text("%s", name != NULL ? name + 1 : target);
	free(link);
}

static int control_open(void)
{
	int control = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int version;

	if (control < 0)
		fail(STEP_CONTROL_NODE, "/dev/vfio/vfio: %s", strerror(errno));
	version = ioctl(control, VFIO_GET_API_VERSION);
	if (version != VFIO_API_VERSION)
		fail(STEP_API_VERSION, "/dev/vfio/vfio: VFIO API version %d", version);
	return control;
}

static int group_open(const char *group, int control)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char *path = text("/dev/vfio/%s", group);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail(STEP_GROUP_NODE, "%s: %s", path, strerror(errno));
	if (ioctl(fd, VFIO_GROUP_GET_STATUS, &status) < 0)
		fail(STEP_VIABLE, "%s: VFIO_GROUP_GET_STATUS: %s", path, strerror(errno));
	if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0)
		fail(STEP_VIABLE, "%s: the group is not viable", path);
	if (ioctl(fd, VFIO_GROUP_SET_CONTAINER, &control) < 0)
		fail(STEP_SET_CONTAINER, "%s: VFIO_GROUP_SET_CONTAINER: %s", path,
		     strerror(errno));
	free(path);
	return fd;
}

/* A group can be opened once only: functions of one group share it. */
static void functions_open_groups(struct function *functions, size_t count, int control)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i && functions[i].group_fd < 0; j++)
			if (strcmp(functions[i].group, functions[j].group) == 0)
				functions[i].group_fd = functions[j].group_fd;
		if (functions[i].group_fd < 0)
			functions[i].group_fd = group_open(functions[i].group, control);
	}
}

static uint32_t function_read_bar0(const struct function *function)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	uint32_t word;
	int device =
		ioctl(function->group_fd, VFIO_GROUP_GET_DEVICE_FD, function->address);

	if (device < 0)
		fail(STEP_DEVICE, "%s: not in the group behind /dev/vfio/%s: %s",
		     function->address, function->group, strerror(errno));
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		fail(STEP_REGION, "%s: VFIO_DEVICE_GET_REGION_INFO: %s",
		     function->address, strerror(errno));
	if (pread(device, &word, sizeof(word), (off_t)region.offset) !=
	    (ssize_t)sizeof(word))
		fail(STEP_REGION, "%s: BAR 0: %s", function->address, strerror(errno));
	close(device);
	return word;
}

int main(int argc, char **argv, char **environment)
{
	struct function functions[FUNCTIONS_MAX];
	size_t count = functions_from_environment(environment, functions);
	int control;

	(void)argc;
	(void)argv;
	if (count == 0)
		fail(STEP_ENVIRONMENT, "no PCIDEVICE_* in the environment");
	for (size_t i = 0; i < count; i++)
		function_find_group(&functions[i]);
	control = control_open();
	functions_open_groups(functions, count, control);
	if (ioctl(control, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) < 0)
		fail(STEP_IOMMU, "VFIO_SET_IOMMU: %s", strerror(errno));
	for (size_t i = 0; i < count; i++) {
		uint32_t word = function_read_bar0(&functions[i]);

		printf("%s 0x%08x\n", functions[i].address, word);
		if (i == 0 && word != EDU_IDENTIFICATION) {
			fflush(stdout);
			fail(STEP_WRONG_DEVICE,
			     "%s: wrong device: BAR 0 reads 0x%08x, not 0x%08x",
			     functions[i].address, word, EDU_IDENTIFICATION);
		}
	}
	return 0;
}
