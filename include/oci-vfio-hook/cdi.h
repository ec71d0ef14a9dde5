/* SPDX-License-Identifier: Apache-2.0 */
/* A CDI spec (Container Device Interface, SPEC.md) of a machine's VFIO devices. Pure. */
#ifndef OCI_VFIO_HOOK_CDI_H
#define OCI_VFIO_HOOK_CDI_H

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/survey.h"

#define CDI_KIND "vfio.oci-vfio-hook.github.io/device"

/* Names that a device has besides its address, or its UUID: never an order. */
enum cdi_name {
	CDI_NAME_GROUP = 1 << 0,      /* "group-3": all of the group */
	CDI_NAME_ACPI_INDEX = 1 << 1, /* "acpi-index-7" */
};

struct cdi_options {
	const char *kind;   /* "VENDOR/CLASS"; NULL: CDI_KIND */
	unsigned int names; /* of enum cdi_name */
	/* "NAME=ADDRESS", joined by commas: further names; NULL: none. */
	const char *aliases;
	bool variables; /* PCIDEVICE_..., which say the address */
};

/* Parses a comma-separated list of names ("group", "acpi-index") for cdi_options.names.
 * ERROR_USAGE. */
int cdi_names_parse(struct slice text, unsigned int *ret, struct error *err);

/* Appends the spec with a newline; *ret_count is how many devices it has: with none it is not a
 * spec that an engine takes. A device gets the node of its group, or where the kernel has none
 * its handle, and the control node that goes with it. What is bound to VFIO but can't be given
 * to a container is left out with a warning. A kind or an alias of a wrong form: ERROR_USAGE;
 * an alias of what isn't there or is left out: ERROR_UNAVAILABLE. */
int cdi_build(const struct survey *survey, const struct cdi_options *options,
	      struct buffer *ret, size_t *ret_count, struct messages *messages,
	      struct error *err);

#endif
