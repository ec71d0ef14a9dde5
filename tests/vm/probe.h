/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the probe share: how it ends when a step fails, and the way through
 * /dev/iommu. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

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

__attribute__((format(printf, 2, 3), noreturn)) void fail(enum step step,
							  const char *format, ...);

/* Like asprintf(); the caller owns the text. */
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);

/* /dev/iommu, and an address space in it. */
struct iommu {
	int fd;
	uint32_t ioas_id;
};

struct iommu iommu_open(void);

/* Returns the handle of the function at this address, bound to `iommu` and attached to its
 * address space. */
int handle_open(const char *address, const struct iommu *iommu);

#endif
