/* SPDX-License-Identifier: Apache-2.0 */
/* The directory with the spec of a created container. It is the state's `bundle`, but for
 * crun 1.8.1 to 1.29.1, which says "/" where a user namespace and devices meet. */
#ifndef OCI_VFIO_HOOK_STATE_BUNDLE_H
#define OCI_VFIO_HOOK_STATE_BUNDLE_H

#include "oci-vfio-hook/state.h"

struct state_bundle {
	char *path;	/* owned */
	bool read_only; /* crun's own copy of config.json, not to be written */
	/* crun said "/": the spec that was found must have the state's `root`. */
	bool guessed;
};

#define auto_state_bundle __attribute__((cleanup(state_bundle_free))) struct state_bundle

/* With crun's "/": the working directory of the container's process, else our own, else
 * the directory of the container below crun's --root, $XDG_RUNTIME_DIR/crun, /run/crun or
 * /run/user/UID/crun, UID the one outside of our user namespace; whichever has a config.json
 * first. ERROR_NO_INPUT: none has one. */
int state_bundle_find(const struct state *state, struct state_bundle *ret,
		      struct error *err);
void state_bundle_free(struct state_bundle *bundle);

#endif
