/* SPDX-License-Identifier: Apache-2.0 */
/* The story of enable and disable: an engine's files are read, made, and put in place. */
#ifndef OCI_VFIO_HOOK_ENABLE_H
#define OCI_VFIO_HOOK_ENABLE_H

#include "oci-vfio-hook/registration.h"
#include "oci-vfio-hook/sysroot.h"

struct enable_request {
	const struct registration_engine *engine;
	const char *programs; /* the directory of our programs; NULL: this program's */
	bool disable, print;  /* print: what would be written, and nothing is */
	bool copy; /* the programs are put into that directory, or removed from it */
};

/* Appends what a person is told, or what would be written. Where one file can't be made none
 * is changed. */
int enable_run(const struct sysroot *sysroot, const struct enable_request *request,
	       struct buffer *ret, struct error *err);

#endif
