/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the live part share. Internal to the edge. */
#ifndef OCI_VFIO_HOOK_LIVE_INTERNAL_H
#define OCI_VFIO_HOOK_LIVE_INTERNAL_H

#include <limits.h>

#include "oci-vfio-hook/device_cgroup.h"
#include "oci-vfio-hook/found_node.h"
#include "oci-vfio-hook/id_map.h"
#include "oci-vfio-hook/live.h"
#include "oci-vfio-hook/sysroot.h"

/* ---- live_namespace.c: the process, its mount namespace, its users */

struct live_namespace {
	pid_t pid;
	int process;	     /* pidfd; owned, as all of these */
	int proc;	     /* /proc/PID */
	int own, other;	     /* mount namespaces: ours, the process' */
	int root, directory; /* ours, to come back to */
	bool joined;
	bool privileged; /* we are in the initial user namespace: our nodes work */
	bool foreign;	 /* the process has another user namespace than we */
	struct id_map users, groups;	/* with `foreign` */
	uint32_t root_user, root_group; /* the container's root, as we see it */
};

#define LIVE_NAMESPACE_INIT                                                              \
	{                                                                                \
		.process = -1, .proc = -1, .own = -1, .other = -1, .root = -1,           \
		.directory = -1                                                          \
	}

int live_namespace_open(int64_t pid, int process, struct live_namespace *ret,
			struct error *err);
int live_namespace_join(struct live_namespace *mount_namespace, struct error *err);
int live_namespace_leave(struct live_namespace *mount_namespace, struct error *err);
void live_namespace_close(struct live_namespace *mount_namespace);

/* Opens the rootfs of the joined namespace (O_PATH): it must be a mount point there. */
int live_namespace_open_rootfs(const struct live_namespace *mount_namespace,
			       const char *path, int *ret, struct error *err);

/* What is made or renamed between these two is by the container's root: a file system of
 * its user namespace takes it from nobody else (EOVERFLOW). */
int live_namespace_become_root(const struct live_namespace *mount_namespace);
void live_namespace_become_self(const struct live_namespace *mount_namespace);

/* The user and group of a container as we see them; ERROR_DATA where its map has none. */
int live_namespace_find_owner(const struct live_namespace *mount_namespace, uint32_t uid,
			      uint32_t gid, uid_t *ret_uid, gid_t *ret_gid,
			      struct error *err);

/* ---- live_place.c: a name in a directory of the container */

struct live_place {
	int directory;	  /* O_PATH; -1: it isn't there; borrowed */
	const char *name; /* in the directory; borrowed from `path` */
	const char *path; /* as the container sees it, cleaned; borrowed */
	bool machines;	  /* the directory is, or would be, on this machine's own /dev */
};

/* A directory below the rootfs. */
struct live_directory {
	char *path;
	int fd;
	bool machines;
};

/* This machine's /dev, which may be bound into the container: its file systems, told by
 * their device numbers, and for a /dev that is none of its own, its directories. */
struct live_machine_dev {
	dev_t systems[2];
	size_t n_systems;
	struct stat directories[2];
	size_t n_directories;
};

/* Before the namespace is joined, of the process whose /proc/PID is `proc`. */
int live_machine_dev_find(int proc, struct live_machine_dev *ret, struct error *err);

struct live;

/* Opens the directory of `path` below the rootfs, never over a symbolic link; with
 * `make`, makes it where it is missing. */
int live_place_open(struct live *live, const char *path, bool make,
		    struct live_place *ret, struct error *err);
int live_place_look(const struct live_place *place, struct found_node *ret,
		    struct error *err);
/* Closes the directories of all places. */
void live_place_close_all(struct live *live);

/* Records the failure of `what` ("can't be made") at a path of the container. */
int live_error(const char *path, const char *what, int number, struct error *err);

/* ---- live_mount.c: bind mounts of single nodes */

/* A detached bind mount of one file of the current namespace: fd or -errno. */
int live_mount_clone(int directory, const char *path);
/* Makes a detached mount one that nothing propagates to and nothing runs from, and through
 * which the node itself can't be changed. 0 or -errno. */
int live_mount_restrict(int mount, bool read_only);
/* Attaches it to a file. 0 or -errno. */
int live_mount_attach(int mount, int directory, const char *name);
/* Detaches the mount on a file. 0 or -errno. */
int live_mount_detach(int directory, const char *name);
/* A new detached tmpfs: fd or -errno. */
int live_mount_scratch(void);
/* Detaches the mount that `mount` is the root of. 0 or -errno. */
int live_mount_detach_root(int mount);

/* ---- live_undo.c: what was done, to undo it */

enum live_step_kind {
	LIVE_SCRATCH,	/* our tmpfs was mounted on the rootfs */
	LIVE_DETACHED,	/* a mount was taken off a file */
	LIVE_SET_ASIDE, /* a file was renamed */
	LIVE_DIRECTORY, /* a directory was made */
	LIVE_FILE,	/* a node or a placeholder was made */
	LIVE_ATTACHED,	/* a mount was put on a file */
};

struct live_step {
	enum live_step_kind kind;
	int directory;		 /* borrowed from the place */
	char name[NAME_MAX + 1]; /* in it */
	int mount; /* LIVE_DETACHED: a copy of the mount; LIVE_SCRATCH: itself; owned */
};

struct live_undo {
	struct live_step *items;
	size_t count, capacity;
};

/* Makes room for `count` steps: none is lost for want of memory later. */
void live_undo_reserve(struct live_undo *undo, size_t count);
/* Records a step that is to be done next at a place. `mount` is -1 or handed over, also
 * on an error. 0 or -errno: then the step must not be done. */
int live_undo_add(struct live_undo *undo, enum live_step_kind kind, int directory,
		  const char *name, int mount);
/* Takes the last step out: it failed. */
void live_undo_drop(struct live_undo *undo);
/* The name that a file has while it is set aside: the same each time, so that what a killed
 * run has left is found by the next. 0 or -ENAMETOOLONG. */
int live_undo_aside_name(const char *name, char ret[static NAME_MAX + 1]);
/* Does a LIVE_SET_ASIDE: renames the file. 0 or -errno; -EEXIST: that name is taken. */
int live_undo_set_aside(int directory, const char *name);
/* Both in the joined namespace. */
void live_undo_undo(struct live_undo *undo, const struct live_namespace *mount_namespace,
		    struct messages *messages);
void live_undo_finish(struct live_undo *undo, struct messages *messages);
void live_undo_free(struct live_undo *undo);

/* ---- live_label.c: security.selinux */

/* Byte for byte; with or without a NUL at its end. Length 0: there is none. */
struct live_label {
	char *text; /* owned */
	size_t length;
	bool known; /* a file was asked: SELinux has a label for every one, or is off */
};

#define auto_live_label __attribute__((cleanup(live_label_free))) struct live_label

/* Reads the label of what is at the place; empty where there is none. */
int live_label_read(const struct live_place *place, struct live_label *ret,
		    struct error *err);
/* Gives the file this label, or where it isn't known the one that its neighbours have,
 * which is then in *label. */
int live_label_set(struct live *live, const struct live_place *place,
		   struct live_label *label, struct error *err);
void live_label_free(struct live_label *label);

/* ---- the nodes of the plan */

struct live_node {
	const struct plan_node *plan;
	/* The machine's file that the runtime may have bound there instead. */
	bool has_source;
	struct file_identity source;
	int mount;     /* to put on the placeholder; -1: the node is made; owned */
	char *scratch; /* name of the node in live.scratch; owned */
	struct live_label label; /* of the stale node; owned */
};

struct live {
	const struct plan *plan;
	struct live_namespace mount_namespace;
	struct device_cgroup *cgroup; /* owned; NULL: nothing changes in it */
	int rootfs;		      /* O_PATH, in the container's namespace; owned */
	int scratch; /* tmpfs with nodes for a user namespace; -1: none; owned */
	struct live_machine_dev machine_dev;
	bool told_of_machine_dev;
	struct live_node *nodes;
	size_t n_nodes;
	struct live_undo undo;
	struct live_directory *directories; /* below the rootfs, open; owned */
	size_t n_directories, directories_capacity;
	struct messages *messages; /* borrowed, while something is changed */
};

/* ---- live_nodes.c */

/* In the joined namespace: sets the stale nodes aside, makes the final ones. */
int live_nodes_change(struct live *live, struct error *err);

/* ---- live_sources.c: where nodes come from */

/* All that is needed of this machine, before its namespace is left. */
int live_sources_prepare(struct live *live, struct error *err);
/* In the joined namespace: makes mounts of the nodes on our tmpfs. */
int live_sources_clone(struct live *live, struct error *err);
/* Makes a node in a directory. */
int live_sources_make_node(const struct live *live, const struct plan_node *plan,
			   int directory, const char *name, struct error *err);
void live_sources_free(struct live *live);

#endif
