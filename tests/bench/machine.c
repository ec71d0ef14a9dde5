/* SPDX-License-Identifier: Apache-2.0 */
/* A machine for the benchmark: a sysfs tree with any number of PCI functions, and mounts. */
#include "driver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* PCI addresses of one domain: 256 buses, 32 slots, 8 functions. */
#define FUNCTIONS_PER_BUS 256
#define FIRST_PAIR_SLOT 6
#define PAIRS_MAX 8

#define formatted(text, format)                                                          \
	do {                                                                             \
		va_list list;                                                            \
		va_start(list, format);                                                  \
		vsnprintf(text, sizeof text, format, list);                              \
		va_end(list);                                                            \
	} while (0)

/* Makes the directory and those above it. */
__attribute__((format(printf, 1, 2))) static void directory(const char *format, ...)
{
	char path[256];

	formatted(path, format);
	for (char *at = path; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (*path != '\0' && mkdir(path, 0755) < 0 && errno != EEXIST)
			fail(path);
		*at = '/';
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		fail(path);
}

__attribute__((format(printf, 2, 3))) static void attribute(const char *value,
							    const char *format, ...)
{
	char path[256];
	FILE *file;

	formatted(path, format);
	file = fopen(path, "w");
	if (file == NULL || fprintf(file, "%s\n", value) < 0 || fclose(file) != 0)
		fail(path);
}

__attribute__((format(printf, 2, 3))) static void points_to(const char *target,
							    const char *format, ...)
{
	char path[256];

	formatted(path, format);
	if (symlink(target, path) < 0)
		fail(path);
}

struct function {
	const char *
		above; /* between devices/pciDDDD:BB/ and the address; "" or "ADDRESS/" */
	unsigned int domain, root_bus, bus, slot, number, group;
	const char *class, *vendor, *device, *driver;
};

/* The function, its driver, and its group, in which it is alone. */
static void add_function(const struct function *function)
{
	const char *up = *function->above ? "../../../../" : "../../../";
	char address[40], path[128], target[192];

	snprintf(address, sizeof address, "%04x:%02x:%02x.%x", function->domain,
		 function->bus, function->slot, function->number);
	snprintf(path, sizeof path, "devices/pci%04x:%02x/%s%s", function->domain,
		 function->root_bus, function->above, address);
	directory("%s", path);
	attribute(function->class, "%s/class", path);
	attribute(function->vendor, "%s/vendor", path);
	attribute(function->device, "%s/device", path);
	attribute("0x0000", "%s/subsystem_vendor", path);
	attribute("0x0000", "%s/subsystem_device", path);
	snprintf(target, sizeof target, "../../../%s", path);
	points_to(target, "bus/pci/devices/%s", address);
	directory("bus/pci/drivers/%s", function->driver);
	snprintf(target, sizeof target, "../../../../%s", path);
	points_to(target, "bus/pci/drivers/%s/%s", function->driver, address);
	snprintf(target, sizeof target, "%sbus/pci/drivers/%s", up, function->driver);
	points_to(target, "%s/driver", path);
	directory("kernel/iommu_groups/%u/devices", function->group);
	snprintf(target, sizeof target, "../../../../%s", path);
	points_to(target, "kernel/iommu_groups/%u/devices/%s", function->group, address);
	snprintf(target, sizeof target, "%skernel/iommu_groups/%u", up, function->group);
	points_to(target, "%s/iommu_group", path);
}

static void add_node(const char *class, const char *name, const char *numbers)
{
	char target[128];

	directory("devices/virtual/%s/%s", class, name);
	attribute(numbers, "devices/virtual/%s/%s/dev", class, name);
	snprintf(target, sizeof target, "../../devices/virtual/%s/%s", class, name);
	points_to(target, "class/%s/%s", class, name);
}

/* A root port in slot 6 and up, and behind it, on a bus of its own, a function that is
 * bound to vfio-pci. */
static void add_pair(unsigned int index)
{
	unsigned int slot = FIRST_PAIR_SLOT + index, bus = 1 + index,
		     group = 3 + 2 * index;
	struct function port = { "",	    0,		0,	  0,	    slot,      0,
				 group - 1, "0x060400", "0x1b36", "0x000c", "pcieport" };
	struct function behind = { NULL,  0,	      0,	bus,	  0,	     0,
				   group, "0x020000", "0x8086", "0x154c", "vfio-pci" };
	char above[24], text[24], name[16];

	add_function(&port);
	snprintf(above, sizeof above, "0000:00:%02x.0/", slot);
	snprintf(text, sizeof text, "%u", bus);
	attribute(text, "devices/pci0000:00/%ssecondary_bus_number", above);
	directory("devices/pci0000:00/%spci_bus/0000:%02x", above, bus);
	behind.above = above;
	add_function(&behind);
	directory("devices/pci0000:00/%s0000:%02x:00.0/vfio-dev/vfio%u", above, bus,
		  index);
	snprintf(text, sizeof text, "242:%u", index);
	snprintf(name, sizeof name, "%u", group);
	add_node("vfio", name, text);
}

static void add_other(unsigned int index)
{
	struct function function = {
		"",
		1,
		0,
		index / FUNCTIONS_PER_BUS,
		index % FUNCTIONS_PER_BUS / 8,
		index % 8,
		100 + index,
		"0x020000",
		"0x8086",
		"0x154c",
		"iavf",
	};

	add_function(&function);
}

/* DIRECTORY PAIRS OTHERS: what is to be at /sys. Pairs are root port and function, the
 * others are in domain 1. */
int command_machine(char **arguments)
{
	long pairs = number(arguments[1]), others = number(arguments[2]);

	directory("%s", arguments[0]);
	if (chdir(arguments[0]) < 0)
		fail(arguments[0]);
	if (pairs > PAIRS_MAX || others > 256L * FUNCTIONS_PER_BUS) {
		errno = ERANGE;
		fail("machine");
	}
	directory("bus/pci/devices");
	directory("class/vfio");
	directory("class/misc");
	add_node("misc", "vfio", "10:196");
	for (long i = 0; i < pairs; i++)
		add_pair((unsigned int)i);
	for (long i = 0; i < others; i++)
		add_other((unsigned int)i);
	return 0;
}

/* DIRECTORY COUNT: binds the directory on as many new ones in it. */
int command_mounts(char **arguments)
{
	long count = number(arguments[1]);
	char path[256];

	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%ld", arguments[0], i);
		if (mkdir(path, 0755) < 0 ||
		    mount(arguments[0], path, NULL, MS_BIND, NULL) < 0)
			fail(path);
	}
	return 0;
}
