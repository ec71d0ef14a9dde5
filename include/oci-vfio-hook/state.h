/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI container state that a runtime gives a hook on stdin (runtime-spec, runtime.md,
 * "State"; crun adds `root`). Pure. */
#ifndef OCI_VFIO_HOOK_STATE_H
#define OCI_VFIO_HOOK_STATE_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

#define STATE_SIZE_MAX ((size_t)1 << 20)

struct state {
	char *id;     /* owned, as all strings; NULL where absent */
	char *bundle; /* `bundle` or `bundlePath` */
	char *root;   /* crun: the rootfs */
	int64_t pid;  /* 0: absent or 0 */
};

#define auto_state __attribute__((cleanup(state_free))) struct state

/* ERROR_DATA: not a JSON object, wrong types, no bundle, or two different ones. */
int state_parse(struct slice text, struct state *ret, struct error *err);
void state_free(struct state *state);

#endif
