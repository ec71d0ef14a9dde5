/* SPDX-License-Identifier: Apache-2.0 */
/* The story of the command map: where devices are, and which map says so. */
#ifndef OCI_VFIO_HOOK_HOST_MAP_H
#define OCI_VFIO_HOOK_HOST_MAP_H

#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/map_form.h"
#include "oci-vfio-hook/survey.h"
#include "oci-vfio-hook/vm_device.h"

/* Finds this machine's devices in a virtual machine, by what the text says: "qmp=SOCKET",
 * "libvirt=FILE", "libvirt=-", "cloud-hypervisor=SOCKET" or "...=FILE". `seconds`: how long an answer
 * may take. ERROR_USAGE: it says something else; ERROR_UNAVAILABLE: there is no such device. */
int host_map_read_vm(const char *from, uint64_t seconds, struct vm_devices *ret,
		     enum vm_monitor *ret_monitor, struct messages *messages,
		     struct error *err);

/* Finds what somebody names: addresses, UUIDs and groups' numbers, of addresses and UUIDs with
 * "=GUEST" where it is known. *ret_complete: it always is. ERROR_USAGE: something else. */
int host_map_read_arguments(const struct survey *survey, char *const *arguments,
			    int n_arguments, struct vm_devices *ret, bool *ret_complete,
			    struct error *err);

/* Appends what the bundle asks for, what is here for it, and the lines that choose. */
int host_map_choose(struct hook_run *run, const char *bundle, const struct survey *survey,
		    struct buffer *ret, struct error *err);

/* Checks a map, "-": on stdin. Appends one line where it is good; else ERROR_DATA, and each fault
 * is an error in run->messages. */
int host_map_check(struct hook_run *run, const char *path, struct buffer *ret,
		   struct error *err);

#endif
