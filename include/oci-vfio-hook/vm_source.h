/* SPDX-License-Identifier: Apache-2.0 */
/* What a virtual machine of this host has of the host's devices, as its monitor says. */
#ifndef OCI_VFIO_HOOK_VM_SOURCE_H
#define OCI_VFIO_HOOK_VM_SOURCE_H

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/vm_device.h"

/* All of these: ERROR_NO_INPUT, ERROR_DATA, ERROR_IO, ERROR_PERMISSION. `path` is borrowed. */

/* Asks a QEMU at the socket of its QMP, also one that has not started yet (-S). `seconds`: how long
 * each answer may take; ERROR_TIMEOUT. */
int vm_source_qmp(const char *path, uint64_t seconds, struct vm_devices *ret,
		  struct error *err);

/* Reads the XML of a libvirt domain; "-": stdin. ERROR_UNAVAILABLE: libxml2 isn't there. */
int vm_source_libvirt(const char *path, struct vm_devices *ret, struct messages *messages,
		      struct error *err);

/* Asks Cloud Hypervisor at the socket of its API for vm.info, or reads a file with its answer.
 * ERROR_UNAVAILABLE: it has no VM, or not booted it; ERROR_TIMEOUT. */
int vm_source_cloud_hypervisor(const char *path, uint64_t seconds, struct vm_devices *ret,
			       struct error *err);

#endif
