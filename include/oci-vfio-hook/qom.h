/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a QEMU that it has from this machine, by questions about its object model
 * (QMP: qom-list, qom-get). Not by query-pci, which doesn't know what is behind bridges before the
 * firmware has numbered the buses. Pure: somebody else carries the questions to QEMU. */
#ifndef OCI_VFIO_HOOK_QOM_H
#define OCI_VFIO_HOOK_QOM_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/vm_device.h"

/* What QEMU sends, one line of JSON each (docs/interop/qmp-spec). */
enum qmp_message {
	QMP_GREETING,
	QMP_REPLY,
	QMP_EVENT, /* comes at any time, and answers nothing */
};

/* `name` is the socket's, for messages. ERROR_DATA: it isn't of QMP. */
int qmp_message_parse(const char *name, struct slice line, enum qmp_message *ret,
		      struct error *err);

#define QMP_CAPABILITIES "{\"execute\":\"qmp_capabilities\"}\n"

/* Who asks QEMU. Sends the command and returns the reply, which the caller frees. */
struct qom {
	const char *name; /* of the socket, for messages */
	int (*ask)(void *context, const char *command, char **ret, struct error *err);
	void *context;
};

/* Finds the devices of type vfio-pci. ERROR_DATA: QEMU says what it shouldn't, or there is no path
 * to a device that a map could have; and all that ask() has. */
int qom_find_devices(const struct qom *qom, struct vm_devices *ret, struct error *err);

#endif
