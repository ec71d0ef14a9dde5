/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs in the kernel, through bpf(2) itself: linking libbpf
 * would cost every start something, for seven calls. */
#include "bpf_program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "oci-vfio-hook/sysroot.h"

/* What BPF_PROG_QUERY is asked for at first; the kernel says how many there are. */
#define IDS_EXPECTED 16
/* The kernel attaches no more to one cgroup: BPF_CGROUP_MAX_PROGS in kernel/bpf/cgroup.c. */
#define IDS_MAX 64

#define ATTEMPTS 8

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	long r = -1;

	/* EAGAIN: a signal came while the verifier was at work. */
	for (int i = 0; i < ATTEMPTS; i++) {
		r = syscall(SYS_bpf, command, attributes, sizeof(*attributes));
		if (r >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	return r < 0 ? -errno : (int)r;
}

static uint64_t pointer(const void *data)
{
	return (uint64_t)(uintptr_t)data;
}

static bool has_device_programs(int query_result)
{
	/* ENOSYS: no bpf(2). EINVAL: a kernel before 4.15 or without
	 * CONFIG_CGROUP_BPF. */
	return query_result != -ENOSYS && query_result != -EINVAL;
}

/* What is attached to the cgroup, or decides there; room for so many ids. 0 or -errno
 * (-ENOSPC: there are more, as many as attributes->query.prog_cnt says). */
static int query(int cgroup, bool effective, uint32_t *ids, uint32_t room,
		 union bpf_attr *attributes)
{
	memset(attributes, 0, sizeof *attributes);
	attributes->query.target_fd = (uint32_t)cgroup;
	attributes->query.attach_type = BPF_CGROUP_DEVICE;
	attributes->query.query_flags = effective ? BPF_F_QUERY_EFFECTIVE : 0;
	attributes->query.prog_ids = pointer(ids);
	attributes->query.prog_cnt = room;
	return bpf(BPF_PROG_QUERY, attributes);
}

int bpf_attachment_read(int cgroup, bool effective, struct bpf_attachment *ret)
{
	auto_bpf_attachment found = { 0 };
	uint32_t room = IDS_EXPECTED;

	for (;;) {
		union bpf_attr attributes;
		int r;

		array_grow(&found.ids, &found.capacity, room, sizeof(*found.ids));
		r = query(cgroup, effective, found.ids, room, &attributes);
		if (r == -ENOSPC && attributes.query.prog_cnt > room) {
			room = attributes.query.prog_cnt;
			continue;
		}
		if (r < 0 && has_device_programs(r))
			return r;
		found.count = r < 0 ? 0 : attributes.query.prog_cnt;
		found.flags = r < 0 ? 0 : attributes.query.attach_flags;
		*ret = take_struct(found);
		return 0;
	}
}

void bpf_attachment_free(struct bpf_attachment *attachment)
{
	free(attachment->ids);
	*attachment = (struct bpf_attachment) { 0 };
}

bool bpf_is_attached(int cgroup, uint32_t id)
{
	uint32_t ids[IDS_MAX];
	union bpf_attr attributes;

	if (query(cgroup, false, ids, IDS_MAX, &attributes) < 0)
		return false;
	for (size_t i = 0; i < attributes.query.prog_cnt; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static int read_info(int fd, struct bpf_prog_info *info)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes);
	attributes.info.bpf_fd = (uint32_t)fd;
	attributes.info.info_len = sizeof(*info);
	attributes.info.info = pointer(info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

/* The code as the verifier left it ("xlated"). For device programs it differs from what
 * was loaded by dead code only: their context is not converted (cg_dev_verifier_ops in
 * kernel/bpf/cgroup.c). */
static int read_code(struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	size_t room = 0;
	int r = read_info(program->fd, &info);

	if (r < 0)
		return r;
	memcpy(program->name, info.name, sizeof(program->name));
	program->gpl_compatible = info.gpl_compatible;
	array_grow(&program->code.code, &room,
		   info.xlated_prog_len / sizeof(struct bpf_insn) + 1,
		   sizeof(struct bpf_insn));
	program->code.capacity = room;
	info = (struct bpf_prog_info) {
		.xlated_prog_insns = pointer(program->code.code),
		.xlated_prog_len = (uint32_t)(room * sizeof(struct bpf_insn)),
	};
	r = read_info(program->fd, &info);
	if (r < 0)
		return r;
	if (info.xlated_prog_insns == 0 || info.xlated_prog_len == 0 ||
	    info.xlated_prog_len > room * sizeof(struct bpf_insn))
		return -EACCES;
	program->code.count = info.xlated_prog_len / sizeof(struct bpf_insn);
	return 0;
}

int bpf_program_open(uint32_t id, struct bpf_program *ret)
{
	struct bpf_program program = BPF_PROGRAM_INIT;
	union bpf_attr attributes;
	int r;

	memset(&attributes, 0, sizeof attributes);
	attributes.prog_id = id;
	r = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
	if (r < 0)
		return r;
	program.fd = r;
	program.id = id;
	r = read_code(&program);
	if (r < 0) {
		bpf_program_close(&program);
		return r;
	}
	*ret = program;
	return 0;
}

void bpf_program_close(struct bpf_program *program)
{
	close_fd(&program->fd);
	device_program_free(&program->code);
}

int bpf_program_load(const struct device_program *code, const struct bpf_program *like)
{
	static const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	union bpf_attr attributes;
	int fd;

	memset(&attributes, 0, sizeof attributes);
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insns = pointer(code->code);
	attributes.insn_cnt = (uint32_t)code->count;
	attributes.license = pointer(like->gpl_compatible ? "GPL" : "Apache-2.0");
	memcpy(attributes.prog_name, like->name, sizeof(attributes.prog_name));
	fd = bpf(BPF_PROG_LOAD, &attributes);
	/* Kernels before 5.11 count programs against the locked memory of the user. */
	if (fd == -EPERM && setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
		fd = bpf(BPF_PROG_LOAD, &attributes);
	return fd;
}

int bpf_program_replace(int cgroup, uint32_t flags, int old, int replacement)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes);
	flags &= BPF_F_ALLOW_MULTI | BPF_F_ALLOW_OVERRIDE;
	attributes.target_fd = (uint32_t)cgroup;
	attributes.attach_bpf_fd = (uint32_t)replacement;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = flags;
	/* Without BPF_F_ALLOW_MULTI there is only one, which an attachment replaces. */
	if ((flags & BPF_F_ALLOW_MULTI) != 0) {
		attributes.attach_flags |= BPF_F_REPLACE;
		attributes.replace_bpf_fd = (uint32_t)old;
	}
	return bpf(BPF_PROG_ATTACH, &attributes);
}

int bpf_pin_read(const char *path, uint32_t *ret_id)
{
	struct bpf_prog_info info = { 0 };
	auto_close int fd = -1;
	union bpf_attr attributes;
	int r;

	memset(&attributes, 0, sizeof attributes);
	attributes.pathname = pointer(path);
	fd = bpf(BPF_OBJ_GET, &attributes);
	if (fd < 0)
		return fd;
	r = read_info(fd, &info);
	if (r == 0)
		*ret_id = info.id;
	return r;
}

int bpf_program_pin(int fd, const char *path)
{
	/* Without a dot: bpffs refuses names that have one. */
	char temporary[PATH_MAX];
	int length = snprintf(temporary, sizeof temporary, "%s-oci-vfio-hook", path);
	union bpf_attr attributes;
	int r;

	if (length < 0 || (size_t)length >= sizeof temporary)
		return -ENAMETOOLONG;
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	memset(&attributes, 0, sizeof attributes);
	attributes.pathname = pointer(temporary);
	attributes.bpf_fd = (uint32_t)fd;
	r = bpf(BPF_OBJ_PIN, &attributes);
	if (r == 0 && rename(temporary, path) < 0) {
		r = -errno;
		unlink(temporary);
	}
	return r;
}
