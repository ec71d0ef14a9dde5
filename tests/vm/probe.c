// SPDX-License-Identifier: Apache-2.0
/*
 * The process inside the test containers: proves that the devices that the environment
 * names can be driven through VFIO, as DPDK or SPDK would: by their groups, with or without
 * an IOMMU, or, with the argument "handles", through /dev/iommu. It takes the names from
 * PCIDEVICE_* (addresses) and MDEV_PCI_RESOURCE_* (UUIDs) and everything else from this
 * kernel's sysfs. It needs no library and no file in its root file system. The first device
 * must be QEMU's edu or the kernel's mtty; of the others the word that tells is printed and
 * not judged.
 */
#include "probe.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#define FUNCTIONS_MAX 16

/* Of which bus, and what tells that it is the right device there. */
struct bus {
	const char *name, *device;
	const char *prefix; /* of variables */
	uint32_t region, identification;
};

static const struct bus BUSES[] = {
	/* BAR 0 of edu begins with its identification register. */
	{ "pci", "PCI function", "PCIDEVICE_", VFIO_PCI_BAR0_REGION_INDEX, 0x010000edU },
	/* Vendor and device. */
	{ "mdev", "mediated device", "MDEV_PCI_RESOURCE_", VFIO_PCI_CONFIG_REGION_INDEX,
	  0x32534348U },
};

struct function {
	const struct bus *bus;
	char *name;  /* address or UUID */
	char *group; /* the name of its node */
	int group_fd;
};

void fail(enum step step, const char *format, ...)
{
	va_list arguments;

	fputs("probe: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit((int)step);
}

char *text(const char *format, ...)
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

/* What the value of this variable names; returns how many functions there are now.
 * PCIDEVICE_<resource>_INFO is JSON. */
static size_t functions_from_variable(const char *variable, const struct bus *bus,
				      struct function *functions, size_t count)
{
	const char *value = strchr(variable, '=');
	size_t name_length;

	if (value == NULL || strncmp(variable, bus->prefix, strlen(bus->prefix)) != 0)
		return count;
	name_length = (size_t)(value - variable);
	if (name_length > 5 && strncmp(value - 5, "_INFO", 5) == 0)
		return count;
	while (*value != '\0') {
		size_t length = strcspn(++value, ",");

		if (count == FUNCTIONS_MAX || length == 0)
			fail(STEP_ENVIRONMENT, "%s: too many, or an empty name",
			     variable);
		functions[count++] = (struct function) {
			.bus = bus,
			.name = text("%.*s", (int)length, value),
			.group_fd = -1,
		};
		value += length;
	}
	return count;
}

/* In the order of the environment. */
static size_t functions_from_environment(char **environment, struct function *functions)
{
	size_t count = 0;

	for (; *environment != NULL; environment++) {
		for (size_t i = 0; i < sizeof(BUSES) / sizeof(*BUSES); i++)
			count = functions_from_variable(*environment, &BUSES[i],
							functions, count);
	}
	if (count == 0)
		fail(STEP_ENVIRONMENT,
		     "no PCIDEVICE_* or MDEV_PCI_RESOURCE_* in the environment");
	return count;
}

/* One without an IOMMU has another name than its number. */
static char *group_node_name(const char *number)
{
	char *name = text("noiommu-%s", number);
	char *path = text("/sys/class/vfio/%s", name);
	bool noiommu = access(path, F_OK) == 0;

	free(path);
	if (noiommu)
		return name;
	free(name);
	return text("%s", number);
}

static void function_find_group(struct function *function)
{
	char *link = text("/sys/bus/%s/devices/%s/iommu_group", function->bus->name,
			  function->name);
	char target[PATH_MAX];
	const char *number;
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length < 0)
		fail(STEP_FUNCTION, "no %s %s on this machine: %s: %s",
		     function->bus->device, function->name, link, strerror(errno));
	target[length] = '\0';
	number = strrchr(target, '/');
	function->group = group_node_name(number != NULL ? number + 1 : target);
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

/* They are of one kind: with an IOMMU all, or none. */
static void functions_use_groups(struct function *functions, size_t count)
{
	int control = control_open();
	int type = VFIO_TYPE1_IOMMU;

	functions_open_groups(functions, count, control);
	if (strncmp(functions[0].group, "noiommu-", 8) == 0)
		type = VFIO_NOIOMMU_IOMMU;
	if (ioctl(control, VFIO_SET_IOMMU, type) < 0)
		fail(STEP_IOMMU, "VFIO_SET_IOMMU: %s", strerror(errno));
}

static int function_open(const struct function *function)
{
	int device = ioctl(function->group_fd, VFIO_GROUP_GET_DEVICE_FD, function->name);

	if (device < 0)
		fail(STEP_DEVICE, "%s: not in the group behind /dev/vfio/%s: %s",
		     function->name, function->group, strerror(errno));
	return device;
}

/* The word that tells which device it is. */
static uint32_t function_read(const struct function *function, int device)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = function->bus->region,
	};
	uint32_t word;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		fail(STEP_REGION, "%s: VFIO_DEVICE_GET_REGION_INFO: %s", function->name,
		     strerror(errno));
	if (pread(device, &word, sizeof(word), (off_t)region.offset) !=
	    (ssize_t)sizeof(word))
		fail(STEP_REGION, "%s: region %u: %s", function->name, region.index,
		     strerror(errno));
	return word;
}

static void function_judge(const struct function *function, uint32_t word)
{
	if (word == function->bus->identification)
		return;
	fflush(stdout);
	fail(STEP_WRONG_DEVICE, "%s: wrong device: region %u reads 0x%08x, not 0x%08x",
	     function->name, function->bus->region, word, function->bus->identification);
}

int main(int argc, char **argv, char **environment)
{
	struct function functions[FUNCTIONS_MAX];
	size_t count = functions_from_environment(environment, functions);
	bool handles = argc > 1 && strcmp(argv[1], "handles") == 0;
	struct iommu iommu = { .fd = -1 };

	for (size_t i = 0; i < count; i++)
		function_find_group(&functions[i]);
	if (handles)
		iommu = iommu_open();
	else
		functions_use_groups(functions, count);
	for (size_t i = 0; i < count; i++) {
		int device = handles ? handle_open(functions[i].name, &iommu)
				     : function_open(&functions[i]);
		uint32_t word = function_read(&functions[i], device);

		close(device);
		printf("%s 0x%08x\n", functions[i].name, word);
		if (i == 0)
			function_judge(&functions[i], word);
	}
	return 0;
}
