/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the device cgroup module on cgroups of the guest, and puts device programs where
 * the tests want them. Exit status: that of the error, as in the programs; 64 for usage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci-vfio-hook/file.h"

#include "cgroup_internal.h"

#define CHANGES_MAX 8

static int usage(void)
{
	fputs("usage: device_cgroup widen|undo PID OLD NEW ACCESS [OLD NEW ACCESS]...\n"
	      "       device_cgroup verdict PID ACCESS DEVICE...\n"
	      "       device_cgroup programs DIRECTORY\n"
	      "       device_cgroup pinned FILE\n"
	      "       device_cgroup attach|link DIRECTORY REFUSED-DEVICE\n"
	      "a device is c:10:196, or - for none; ACCESS is rwm, or rwm-rwm: what is\n"
	      "given and what was denied, or rm!w: what is given and what is refused;\n"
	      "rwm* where a wildcard refuses it;\n"
	      "'link' holds it until stdin ends\n",
	      stderr);
	return ERROR_USAGE;
}

static int failed(const struct error *err)
{
	fprintf(stderr, "%s\n", err->message);
	return (int)err->class;
}

static bool parse_device(const char *text, bool *has, char *type, uint32_t *major,
			 uint32_t *minor)
{
	int end = 0;

	*has = strcmp(text, "-") != 0;
	return !*has || (sscanf(text, "%c:%u:%u%n", type, major, minor, &end) == 3 &&
			 text[end] == '\0');
}

static bool parse_change(char **arguments, struct device_change *ret)
{
	ret->excepted = strchr(arguments[2], '*') != NULL;
	if (sscanf(arguments[2], "%3[rwm]!%3[rwm]", ret->access, ret->refused) < 2)
		sscanf(arguments[2], "%3[rwm]-%3[rwm]", ret->access, ret->denied);
	return parse_device(arguments[0], &ret->has_old, &ret->old.type, &ret->old.major,
			    &ret->old.minor) &&
	       parse_device(arguments[1], &ret->has_new, &ret->number.type,
			    &ret->number.major, &ret->number.minor);
}

static int open_cgroup(const char *text, struct device_cgroup **ret, struct error *err)
{
	auto_free char *path = xasprintf("/proc/%s", text);
	auto_close int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return error_set(err, ERROR_NO_INPUT, "%s: no such process", text);
	return device_cgroup_open(proc, (pid_t)strtol(text, NULL, 10), ret, err);
}

static int change_cgroup(const char *pid, char **arguments, int count, bool undo)
{
	auto_device_cgroup *cgroup = NULL;
	struct device_change changes[CHANGES_MAX] = { 0 };
	auto_messages messages = { 0 };
	auto_error err = { 0 };
	size_t n = 0;

	for (; count >= 3 && n < CHANGES_MAX; count -= 3, arguments += 3)
		if (!parse_change(arguments, &changes[n++]))
			return usage();
	if (count != 0)
		return usage();
	if (open_cgroup(pid, &cgroup, &err) < 0 ||
	    device_cgroup_prepare(cgroup, changes, n, 0, &messages, &err) < 0)
		return failed(&err);
	if (device_cgroup_commit(cgroup, &err) < 0) {
		device_cgroup_undo(cgroup);
		return failed(&err);
	}
	for (size_t i = 0; i < messages.count; i++)
		fprintf(stderr, "%s\n", messages.items[i].text);
	printf("%s v%d%s\n", cgroup->path != NULL ? cgroup->path : "-", cgroup->kind,
	       cgroup->shared ? " shared" : "");
	for (size_t i = 0; i < cgroup->n_programs; i++)
		printf("%.16s %s\n", cgroup->programs[i].old.name,
		       cgroup->programs[i].directory < 0 ? "above"
		       : cgroup->programs[i].replaced	 ? "replaced"
							 : "kept");
	if (undo && device_cgroup_undo(cgroup) < 0)
		return ERROR_IO;
	return 0;
}

static int ask(const struct device_cgroup *cgroup, const char *device, uint32_t access,
	       bool *ret, struct error *err)
{
	uint32_t major, minor;
	bool has;
	char type;

	if (!parse_device(device, &has, &type, &major, &minor) || !has)
		return usage();
	*ret = true;
	for (size_t i = 0; i < cgroup->n_programs; i++) {
		const struct bpf_cgroup_dev_ctx request = {
			access << 16 |
				(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			major,
			minor,
		};
		bool allowed;

		if (device_program_run(&cgroup->programs[i].old.code, &request, &allowed,
				       err) < 0)
			return failed(err);
		*ret = *ret && allowed;
	}
	return 0;
}

/* Our interpreter's word on what all programs together answer, a line for each device. */
static int print_verdicts(const char *pid, const char *letters, char **devices, int count)
{
	auto_device_cgroup *cgroup = NULL;
	auto_error err = { 0 };
	uint32_t access;
	bool verdict;
	int r = 0;

	if (device_access_parse(letters, &access) < 0)
		return usage();
	if (open_cgroup(pid, &cgroup, &err) < 0)
		return failed(&err);
	for (int i = 0; i < count && r == 0; i++) {
		r = ask(cgroup, devices[i], access, &verdict, &err);
		if (r == 0)
			puts(verdict ? "allowed" : "refused");
	}
	return r;
}

static int print_pinned(const char *path)
{
	uint32_t id;

	if (bpf_pin_read(path, &id) < 0)
		return ERROR_IO;
	printf("%u\n", id);
	return 0;
}

static int print_programs(const char *directory)
{
	auto_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_bpf_attachment attached = { 0 };

	if (fd < 0 || bpf_attachment_read(fd, false, &attached) < 0)
		return ERROR_IO;
	for (size_t i = 0; i < attached.count; i++) {
		struct bpf_program program;

		if (bpf_program_open(attached.ids[i], &program) < 0)
			return ERROR_IO;
		printf("%u %.16s %zu flags=%u gpl=%d\n", program.id, program.name,
		       program.code.count, attached.flags, program.gpl_compatible);
		bpf_program_close(&program);
	}
	return 0;
}

/* Loads a program that refuses to open one device, but not to make its node. */
static int load_refusal(const char *device)
{
	static struct bpf_insn allow_all[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	const struct device_program open = { allow_all, 2, 0 };
	const struct bpf_program like = { .name = "refusal" };
	struct device_change change = { 0 };
	auto_device_program code = { 0 };
	auto_error err = { 0 };

	if (!parse_device(device, &change.has_old, &change.old.type, &change.old.major,
			  &change.old.minor))
		return -1;
	change.has_new = true;
	change.number = change.old;
	change.access[0] = 'm';
	if (device_program_widen(&open, &change, 1, &code, &err) < 0)
		return -1;
	return bpf_program_load(&code, &like);
}

static int attach(const char *directory, const char *device, bool by_link)
{
	auto_close int cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int program = load_refusal(device);
	union bpf_attr attributes = { 0 };
	char byte;

	if (cgroup < 0 || program < 0)
		return ERROR_IO;
	if (by_link) {
		attributes.link_create.prog_fd = (uint32_t)program;
		attributes.link_create.target_fd = (uint32_t)cgroup;
		attributes.link_create.attach_type = BPF_CGROUP_DEVICE;
	} else {
		attributes.attach_bpf_fd = (uint32_t)program;
		attributes.target_fd = (uint32_t)cgroup;
		attributes.attach_type = BPF_CGROUP_DEVICE;
		attributes.attach_flags = BPF_F_ALLOW_MULTI;
	}
	if (syscall(SYS_bpf, by_link ? BPF_LINK_CREATE : BPF_PROG_ATTACH, &attributes,
		    sizeof(attributes)) < 0) {
		perror("attach");
		return ERROR_IO;
	}
	puts("attached");
	fflush(stdout);
	while (by_link && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";

	if (strcmp(command, "widen") == 0 || strcmp(command, "undo") == 0)
		return change_cgroup(argv[2], argv + 3, argc - 3,
				     strcmp(command, "undo") == 0);
	if (strcmp(command, "verdict") == 0 && argc >= 5)
		return print_verdicts(argv[2], argv[3], argv + 4, argc - 4);
	if (strcmp(command, "pinned") == 0)
		return print_pinned(argv[2]);
	if (strcmp(command, "programs") == 0)
		return print_programs(argv[2]);
	if ((strcmp(command, "attach") == 0 || strcmp(command, "link") == 0) && argc == 4)
		return attach(argv[2], argv[3], strcmp(command, "link") == 0);
	return usage();
}
