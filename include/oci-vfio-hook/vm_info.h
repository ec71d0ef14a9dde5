/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a Cloud Hypervisor VM that it has from this machine, by the answer of its API to
 * vm.info (vmm/src/api/openapi/cloud-hypervisor.yaml). Pure. */
#ifndef OCI_VFIO_HOOK_VM_INFO_H
#define OCI_VFIO_HOOK_VM_INFO_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/vm_device.h"

/* `name` is the file's or socket's, for messages. ERROR_DATA: it isn't such an answer;
 * ERROR_UNAVAILABLE: the VM has not been booted, so that its devices have no place. */
int vm_info_find_devices(const char *name, struct slice text, struct vm_devices *ret,
			 struct error *err);

#endif
