/* SPDX-License-Identifier: Apache-2.0 */
/* What the links below /proc/PID/ns say: which namespace it is (namespaces(7)). Pure:
 * reads no link. */
#ifndef OCI_VFIO_HOOK_NAMESPACE_LINK_H
#define OCI_VFIO_HOOK_NAMESPACE_LINK_H

#include "oci-vfio-hook/text.h"

/* The longest text of one, with its NUL. */
#define NAMESPACE_LINK_SIZE sizeof("time_for_children:[4294967295]")

/* Of the initial user namespace (USER_NS_INIT_INO in linux/nsfs.h). */
#define NAMESPACE_INITIAL_USER 0xeffffffdU

/* Parses "user:[4026531837]", for the kind "user"; no namespace has number 0. 0 or
 * -EINVAL. */
int namespace_link_parse(struct slice text, struct slice kind, uint32_t *ret);

#endif
