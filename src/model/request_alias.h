/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the host that the spec has under another path than the map: the same numbers tell.
 * Internal to the model. */
#ifndef OCI_VFIO_HOOK_REQUEST_ALIAS_H
#define OCI_VFIO_HOOK_REQUEST_ALIAS_H

#include "oci-vfio-hook/request.h"

/* Sets alias and twin of the devices, of which the entries are set. */
void request_find_aliases(struct request *request, const struct spec *spec,
			  const struct device_map *map,
			  const struct annotation *annotation);

#endif
