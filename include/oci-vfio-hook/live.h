/* SPDX-License-Identifier: Apache-2.0 */
/* The created container of a hook stage: its device nodes and its device cgroup are made
 * what the plan says, all or nothing. The container waits meanwhile: its mount namespace
 * is there, with the rootfs and /dev mounted, but before pivot_root (runtime-spec,
 * config.md, "createRuntime hooks"). */
#ifndef OCI_VFIO_HOOK_LIVE_H
#define OCI_VFIO_HOOK_LIVE_H

#include <sys/types.h>

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/plan.h"

/* All is borrowed. */
struct live_request {
	int64_t pid;	   /* of the container's first process, from the state */
	int process;	   /* live_open_process() of it */
	uint64_t deadline; /* of what systemd is asked, on the clock; 0: none */
	/* The rootfs: absolute in the process' mount namespace, or relative to the
	 * process' working directory. */
	const char *rootfs;
	const struct plan *plan;
	const struct spec *spec; /* that the runtime has read */
};

/* What was changed, so that it can be undone. */
struct live;

/* Opens a process of a state, before anything takes time: later its pid may be another's.
 * Returns a pidfd or -errno; the caller closes it. */
int live_open_process(int64_t pid);

/* Opens everything on the machine, joins the mount namespace of the process, changes the
 * nodes, comes back, and changes the cgroup. On an error everything is as it was, which it
 * says (what could not be undone is a warning). The caller ends *ret with live_finish() or
 * live_undo(). ERROR_DATA: no process, its mount namespace is ours, the rootfs is not a
 * mount point there, a path leads over a symbolic link, something else is in the way;
 * ERROR_UNAVAILABLE: a node of this machine isn't there, the cgroup can't be changed;
 * ERROR_PERMISSION; ERROR_IO. */
int live_change(const struct live_request *request, struct live **ret,
		struct messages *messages, struct error *err);

/* Removes what was kept for undoing. */
void live_finish(struct live *live, struct messages *messages);

/* Puts back everything, for the sake of an error, to which it adds whether that was done. */
void live_undo(struct live *live, struct messages *messages, struct error *err);

#endif
