/* SPDX-License-Identifier: Apache-2.0 */
/* How a device map is handed to a virtual machine: what its monitor is started with. Pure. */
#ifndef OCI_VFIO_HOOK_MAP_FORM_H
#define OCI_VFIO_HOOK_MAP_FORM_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* Where the machine finds it: see "Sources and precedence" in oci-vfio-device-map(5). */
enum map_form {
	MAP_FORM_FILE, /* the map itself */
	MAP_FORM_FW_CFG,
	MAP_FORM_SMBIOS,
	MAP_FORM_CREDENTIAL, /* systemd makes one of it */
};

enum vm_monitor {
	VM_MONITOR_QEMU,
	VM_MONITOR_LIBVIRT,
	VM_MONITOR_CLOUD_HYPERVISOR,
};

/* "file", "fw_cfg", "smbios", "credential"; else -EINVAL. */
int map_form_parse(struct slice text, enum map_form *ret);

/* Appends what hands the map over: options for the shell, or elements for libvirt's XML.
 * ERROR_USAGE: the monitor has no such way; ERROR_DATA: the map is too long for it. */
int map_form_write(enum map_form form, enum vm_monitor monitor, struct slice map,
		   struct buffer *ret, struct error *err);

#endif
