// SPDX-License-Identifier: Apache-2.0
/*
 * Handles: functions by /dev/iommu and /dev/vfio/devices/vfioN (the kernel's
 * Documentation/driver-api/vfio.rst and userspace-api/iommufd.rst). The kernel's headers on
 * the machine that builds this are older: the interface is here.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

#define IOAS_ALLOC _IO(';', 0x81)
#define DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#define DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)

struct ioas_alloc {
	uint32_t size, flags, out_ioas_id;
};

struct device_bind {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct device_attach {
	uint32_t argsz, flags, pt_id;
};

struct iommu iommu_open(void)
{
	struct ioas_alloc ioas = { .size = sizeof(ioas) };
	int iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	if (iommu < 0)
		fail(STEP_CONTROL_NODE, "/dev/iommu: %s", strerror(errno));
	if (ioctl(iommu, IOAS_ALLOC, &ioas) < 0)
		fail(STEP_API_VERSION, "/dev/iommu: IOMMU_IOAS_ALLOC: %s",
		     strerror(errno));
	return (struct iommu) { .fd = iommu, .ioas_id = ioas.out_ioas_id };
}

/* The path of its node; the caller frees. */
static char *handle_path(const char *address)
{
	char *directory = text("/sys/bus/pci/devices/%s/vfio-dev", address);
	DIR *entries = opendir(directory);
	struct dirent *entry;
	char *path = NULL;

	while (entries != NULL && (entry = readdir(entries)) != NULL && path == NULL) {
		if (strncmp(entry->d_name, "vfio", 4) == 0)
			path = text("/dev/vfio/devices/%s", entry->d_name);
	}
	if (path == NULL)
		fail(STEP_FUNCTION, "%s: no handle", directory);
	closedir(entries);
	free(directory);
	return path;
}

int handle_open(const char *address, const struct iommu *iommu)
{
	struct device_bind bind = { .argsz = sizeof(bind), .iommufd = iommu->fd };
	struct device_attach attach = { .argsz = sizeof(attach),
					.pt_id = iommu->ioas_id };
	char *path = handle_path(address);
	int device = open(path, O_RDWR | O_CLOEXEC);

	if (device < 0)
		fail(STEP_GROUP_NODE, "%s: %s", path, strerror(errno));
	if (ioctl(device, DEVICE_BIND_IOMMUFD, &bind) < 0)
		fail(STEP_SET_CONTAINER, "%s: VFIO_DEVICE_BIND_IOMMUFD: %s", path,
		     strerror(errno));
	if (ioctl(device, DEVICE_ATTACH_IOMMUFD_PT, &attach) < 0)
		fail(STEP_IOMMU, "%s: VFIO_DEVICE_ATTACH_IOMMUFD_PT: %s", path,
		     strerror(errno));
	free(path);
	return device;
}
