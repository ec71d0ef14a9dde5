/* SPDX-License-Identifier: Apache-2.0 */
/* Which bundle a container that runs has: its runtime has written it down. */
#ifndef OCI_VFIO_HOOK_CONTAINER_BUNDLE_H
#define OCI_VFIO_HOOK_CONTAINER_BUNDLE_H

/* How a runtime is called for a container; all is borrowed. */
struct container_reference {
	const char *runtime; /* path of the program */
	const char *root;    /* its --root; NULL: not given */
	const char *id;	     /* NULL: not given */
};

/* Returns the path of the bundle, which the caller frees; NULL: it isn't known. Without
 * --root it is looked for where runc and crun keep their containers by default, below
 * $XDG_RUNTIME_DIR and /run. */
char *container_bundle_find(const struct container_reference *container);

#endif
