/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the live part share. Internal to the edge. */
#ifndef OCI_VFIO_HOOK_LIVE_INTERNAL_H
#define OCI_VFIO_HOOK_LIVE_INTERNAL_H

#include <limits.h>

/* From the first change of the container to the last, and while it is undone, no memory is
 * taken: there may be none, and then the process ends (memory.h). What is needed is made by
 * the functions that are named ..._prepare and by live_labels_read(), and errors have
 * their room. */

#include "oci-vfio-hook/device_cgroup.h"
#include "oci-vfio-hook/found_node.h"
#include "oci-vfio-hook/id_map.h"
#include "oci-vfio-hook/live.h"
#include "oci-vfio-hook/process_limit.h"
#include "oci-vfio-hook/sysroot.h"

/* ---- live_namespace.c: the process, its mount namespace, its users */

struct live_namespace {
	pid_t pid;
	int process;	     /* pidfd; borrowed */
	int proc;	     /* /proc/PID; owned, as all that follow */
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

/* A path as the container sees it. */
struct live_path {
	const char *path; /* cleaned; NULL: none; borrowed */
	char *shown;	  /* as messages show it; owned */
};

struct live_place {
	int directory;	   /* O_PATH; -1: it isn't there; borrowed */
	const char *name;  /* in the directory; borrowed */
	const char *path;  /* of which it is the place; borrowed, as `shown` */
	const char *shown; /* as messages show it */
	bool machines;	   /* the directory is, or would be, on this machine's own /dev */
};

/* This machine's /dev, which may be bound into the container: its file systems, told by
 * their device numbers, and where /dev isn't a file system of its own, its directories. */
struct live_machine_dev {
	dev_t systems[2];
	size_t n_systems;
	struct stat directories[3];
	size_t n_directories;
};

/* Before the namespace is joined, of the process whose /proc/PID is `proc`. */
int live_machine_dev_find(int proc, struct live_machine_dev *ret, struct error *err);

struct live;

/* Opens the directory of `path` below the rootfs, never over a symbolic link; with
 * `make`, makes it where it is missing. */
int live_place_open(struct live *live, const struct live_path *path, bool make,
		    struct live_place *ret, struct error *err);
int live_place_look(const struct live_place *place, struct found_node *ret,
		    struct error *err);
/* Records the failure of `what` ("can't be made") at a path of the container. */
int live_error(const char *shown, const char *what, int number, struct error *err);

/* ---- live_directory.c: the directories of places */

/* A directory below the rootfs. */
struct live_directory {
	struct slice path; /* borrowed from the plan */
	int fd;		   /* O_PATH; -1: not opened yet; owned */
	bool machines;	   /* it is on this machine's own /dev */
};

/* Lists those of all nodes; LIVE_NEIGHBOUR's too. */
void live_directories_prepare(struct live *live);
/* Opens the directory of a path of the plan; with `make`, makes it and those above where
 * they are missing. 0 or -errno; -EXDEV: it would have to be made on the machine's own
 * /dev. */
int live_directory_open(struct live *live, const char *path, bool make,
			const struct live_directory **ret);
void live_directories_close(struct live *live);

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

/* ---- live_steps.c: what was done, to undo it */

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
	int error; /* why it couldn't be undone or finished; else 0 */
};

struct live_steps {
	struct live_step *items;
	size_t count, capacity;
};

/* Makes room for so many steps. */
void live_steps_prepare(struct live_steps *steps, size_t count);
/* Records a step that is to be done next at a place. `mount` is -1 or handed over, also
 * on an error. 0 or -errno: then the step must not be done. */
int live_steps_add(struct live_steps *steps, enum live_step_kind kind, int directory,
		   const char *name, int mount);
/* Removes the last step, which failed. */
void live_steps_drop(struct live_steps *steps);
/* The name that a file has while it is set aside: the same each time, so that what a killed
 * run has left is found by the next, and set aside itself. 0 or -ENAMETOOLONG. */
#define LIVE_ASIDE_SUFFIX ".oci-vfio-hook"
#define LIVE_ASIDE_LEVELS (1 + NAME_MAX / sizeof(LIVE_ASIDE_SUFFIX))
int live_steps_aside_name(const char *name, char ret[static NAME_MAX + 1]);
/* Could it be such a name? */
bool live_steps_is_aside_name(const char *name);
/* Does a LIVE_SET_ASIDE: renames the file. 0 or -errno; -EEXIST: that name is taken. */
int live_steps_set_aside(int directory, const char *name);
/* Undoes all steps, in the joined namespace. */
void live_steps_undo(struct live_steps *steps,
		     const struct live_namespace *mount_namespace);
/* Was everything undone? */
bool live_steps_is_undone(const struct live_steps *steps);
/* Removes what was kept for undoing. The directories are open: no namespace is needed. */
void live_steps_finish(struct live_steps *steps);
/* Warns of what couldn't be undone, or not be removed by live_steps_finish(). */
void live_steps_report(const struct live_steps *steps, bool undone,
		       struct messages *messages);
void live_steps_free(struct live_steps *steps);

/* ---- live_label.c: security.selinux */

/* Byte for byte; with or without a NUL at its end. Length 0: there is none. */
struct live_label {
	char *text; /* owned */
	size_t length;
	bool known; /* a file was asked: SELinux has a label for every one, or is off */
};

/* The runtime made it as it makes every node. */
#define LIVE_NEIGHBOUR "/dev/null"

/* Reads those of the stale nodes and of the neighbour, in the joined namespace, before
 * anything is changed. */
int live_labels_read(struct live *live, struct error *err);
/* Gives the node the label of the stale one, or where that isn't known its neighbour's. */
int live_label_set(const struct live *live, const struct live_place *place,
		   const struct live_label *stale, struct error *err);
void live_label_free(struct live_label *label);

/* ---- the nodes of the plan */

struct live_node {
	const struct plan_node *plan;
	struct live_path old, final; /* plan->container_path, plan->final_path */
	uid_t uid;		     /* of the final node, as we see them */
	gid_t gid;
	/* The machine's file that the runtime may have bound there instead. */
	bool has_source;
	struct file_identity source;
	int mount;     /* to put on the placeholder; -1: the node is made; owned */
	char *scratch; /* name of the node in live.scratch; owned */
	struct live_label label; /* of the stale node; owned */
};

static inline const struct file_identity *live_node_source(const struct live_node *node)
{
	return node->has_source ? &node->source : NULL;
}

struct live {
	const struct plan *plan;
	struct live_namespace mount_namespace;
	struct device_cgroup *cgroup; /* owned; NULL: nothing changes in it */
	int rootfs;		      /* O_PATH, in the container's namespace; owned */
	int scratch; /* tmpfs with nodes for a user namespace; -1: none; owned */
	struct live_machine_dev machine_dev;
	/* A place there that was left as it is, as messages show it; NULL: none; borrowed. */
	const char *left_on_machine_dev;
	struct live_node *nodes; /* owned, as `directories` and `aside_paths` */
	size_t n_nodes;
	struct live_steps steps;
	struct live_directory *directories; /* sorted by their paths, each once */
	size_t n_directories, directories_capacity;
	/* Paths of the plan that end as a name that is set aside does; sorted. */
	struct slice *aside_paths;
	size_t n_aside_paths, aside_paths_capacity;
	struct live_label neighbour;
	/* Of the container's process, before it was raised. */
	bool limit_raised;
	struct process_limit limit_before;
	int cgroup_undone, nodes_undone; /* 0, or negative: not all was */
	int limit_undone;
	struct error undo_error; /* of the nodes, with its room */
};

/* ---- live_nodes.c */

/* Everything that changing the nodes needs, except for where they come from. */
void live_nodes_prepare(struct live *live);
/* In the joined namespace: sets the stale nodes aside, makes the final ones. */
int live_nodes_change(struct live *live, struct error *err);
void live_nodes_free(struct live *live);

/* ---- live_sources.c: where nodes come from */

/* All that is needed of this machine, before its namespace is left. */
int live_sources_prepare(struct live *live, struct error *err);
/* In the joined namespace: makes mounts of the nodes on our tmpfs. */
int live_sources_clone(struct live *live, struct error *err);
/* Makes a node in a directory. */
int live_sources_make_node(const struct live_node *node, int directory, const char *name,
			   struct error *err);

#endif
