/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs in the kernel, through bpf(2): which ones a cgroup has, their code,
 * loading, putting one in another's place, pins. Knows neither containers nor systemd. */
#ifndef OCI_VFIO_HOOK_BPF_PROGRAM_H
#define OCI_VFIO_HOOK_BPF_PROGRAM_H

#include "oci-vfio-hook/device_program.h"

struct bpf_program {
	int fd; /* owned */
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
	bool gpl_compatible;
	struct device_program code;
};

#define BPF_PROGRAM_INIT                                                                 \
	{                                                                                \
		.fd = -1                                                                 \
	}

/* The programs at one cgroup, in the order in which they run. */
struct bpf_attachment {
	uint32_t *ids; /* owned */
	size_t count, capacity;
	uint32_t flags; /* BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE or none */
};

#define auto_bpf_attachment                                                              \
	__attribute__((cleanup(bpf_attachment_free))) struct bpf_attachment

/* Lists the device programs attached to a cgroup directory or, with `effective`, all that
 * decide there, those of the cgroups above it too (then without flags). A kernel without
 * device programs has none. 0 or -errno. */
int bpf_attachment_read(int cgroup, bool effective, struct bpf_attachment *ret);
void bpf_attachment_free(struct bpf_attachment *attachment);

/* Is the program attached to the cgroup itself? False also where that can't be read. Takes
 * no memory. */
bool bpf_is_attached(int cgroup, uint32_t id);

/* Opens a program by its id and reads its code. 0 or -errno (-EACCES: the kernel doesn't
 * show the code). */
int bpf_program_open(uint32_t id, struct bpf_program *ret);
void bpf_program_close(struct bpf_program *program);

/* Loads code under the name and licence of `like`. Returns the fd or -errno. */
int bpf_program_load(const struct device_program *code, const struct bpf_program *like);

/* Puts the program `replacement` in the place of `old`, which is attached to the cgroup with
 * these flags. 0 or -errno. */
int bpf_program_replace(int cgroup, uint32_t flags, int old, int replacement);

/* Which program is pinned at this path of bpffs? 0 or -errno. */
int bpf_pin_read(const char *path, uint32_t *ret_id);

/* Pins a program there, replacing in one step what was pinned there. 0 or -errno.
 * Takes no memory. */
int bpf_program_pin(int fd, const char *path);

#endif
