/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs of cgroup v2: a wider one is a prefix of our own before the old code.
 * The prefix leaves R1, the context, as it is, and the verifier has made sure that the
 * old code reads no other register before it has set it. What an old one answers is in
 * device_program_run.c. */
#include "oci-vfio-hook/device_program.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "oci-vfio-hook/memory.h"

/* Immediates are sign-extended where they are compared; a device's major has 12 bits and
 * its minor 20. */
#define NUMBER_MAX INT32_MAX

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

int device_access_parse(const char *letters, uint32_t *ret)
{
	uint32_t access = 0;

	for (const char *letter = letters; *letter != '\0'; letter++) {
		uint32_t bit = *letter == 'r'	? BPF_DEVCG_ACC_READ
			       : *letter == 'w' ? BPF_DEVCG_ACC_WRITE
			       : *letter == 'm' ? BPF_DEVCG_ACC_MKNOD
						: 0;

		if (bit == 0 || (access & bit) != 0)
			return -EINVAL;
		access |= bit;
	}
	if (access == 0)
		return -EINVAL;
	*ret = access;
	return 0;
}

static int device_type(char type)
{
	return type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

static void emit(struct device_program *program, unsigned int code, unsigned int dst,
		 unsigned int src, int offset, int32_t immediate)
{
	*array_append(program->code, program->count, program->capacity) =
		(struct bpf_insn) {
			.code = (uint8_t)code,
			.dst_reg = dst & 0xf,
			.src_reg = src & 0xf,
			.off = (int16_t)offset,
			.imm = immediate,
		};
}

static void emit_load(struct device_program *program, unsigned int dst, size_t offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int)offset, 0);
}

/* R2: type, R3: access, R4: major, R5: minor. */
static void emit_request(struct device_program *program)
{
	emit_load(program, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(program, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit_load(program, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Answers `verdict` where the request is for this device and has no access beyond
 * `access`; else goes on after itself. */
static void emit_verdict(struct device_program *program,
			 const struct device_number *number, uint32_t access,
			 bool verdict)
{
	int rest = access == ACCESS_ALL ? 2 : 5;

	emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, rest + 2,
	     device_type(number->type));
	emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, rest + 1,
	     (int32_t)number->major);
	emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, rest,
	     (int32_t)number->minor);
	if (access != ACCESS_ALL) {
		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_3, 0, 0);
		emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, 0, 0,
		     (int32_t)(ACCESS_ALL & ~access));
		emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	}
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, verdict);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* No access, or one that can't be read. */
#define ACCESS_NONE ((uint32_t)0)
#define ACCESS_INVALID UINT32_MAX

static int compare_new(const void *a, const void *b)
{
	const struct device_change *const *x = a, *const *y = b;
	int order = device_number_compare(&(*x)->number, &(*y)->number);

	return order ? order : (*x > *y) - (*x < *y);
}

static uint32_t merge(const struct device_change *const *changes, size_t count)
{
	uint32_t merged = ACCESS_NONE;

	for (size_t i = 0; i < count; i++) {
		uint32_t access;

		if (device_access_parse(changes[i]->access, &access) < 0)
			return ACCESS_INVALID;
		merged |= access;
	}
	return merged;
}

/* For each change: the accesses of all that come to its device, or none where an earlier one
 * has the same device, and so says it. The caller frees. */
static uint32_t *merge_accesses(const struct device_change *changes, size_t n_changes)
{
	auto_free const struct device_change **sorted = array_zalloc(n_changes, sorted);
	uint32_t *accesses = xzalloc(n_changes * sizeof *accesses);
	size_t count = 0;

	for (size_t i = 0; i < n_changes; i++) {
		if (changes[i].has_new)
			sorted[count++] = &changes[i];
	}
	if (count > 1)
		array_sort(sorted, count, compare_new);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count; next++) {
			if (!device_number_equal(&sorted[i]->number,
						 &sorted[next]->number))
				break;
		}
		accesses[sorted[i] - changes] = merge(&sorted[i], next - i);
	}
	return accesses;
}

static int emit_allows(struct device_program *program,
		       const struct device_change *changes, size_t n_changes,
		       struct error *err)
{
	auto_free uint32_t *accesses = merge_accesses(changes, n_changes);

	for (size_t i = 0; i < n_changes; i++) {
		const struct device_change *change = &changes[i];

		if (!change->has_new)
			continue;
		if ((change->number.type != 'b' && change->number.type != 'c') ||
		    change->number.major > NUMBER_MAX ||
		    change->number.minor > NUMBER_MAX || accesses[i] == ACCESS_INVALID)
			return error_set(
				err, ERROR_DATA,
				"%s with access \"%.3s\" is not what a device program can allow",
				DEVICE_NUMBER_TEXT(&change->number), change->access);
		if (accesses[i] != ACCESS_NONE)
			emit_verdict(program, &change->number, accesses[i], true);
	}
	return 0;
}

/* After what is allowed: a device's old numbers may be another one's new. Numbers that
 * no device can have need no refusal. */
static void emit_denials(struct device_program *program,
			 const struct device_change *changes, size_t n_changes)
{
	for (size_t i = 0; i < n_changes; i++) {
		const struct device_change *change = &changes[i];

		if (change->has_old && !change->old_stays &&
		    (change->old.type == 'b' || change->old.type == 'c') &&
		    change->old.major <= NUMBER_MAX && change->old.minor <= NUMBER_MAX)
			emit_verdict(program, &change->old, ACCESS_ALL, false);
	}
}

/* Zero-extensions that the verifier has inserted for some processors; it doesn't accept
 * them from outside, where the plain instruction means the same (bpf_opt_subreg_zext in
 * kernel/bpf/verifier.c). */
static bool is_zero_extension(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU | BPF_MOV | BPF_X) && insn->imm == 1 &&
	       insn->dst_reg == insn->src_reg && insn->off == 0;
}

/* Returns why the instruction means nothing outside of its own program, or NULL. */
static const char *obstacle(const struct bpf_insn *insn)
{
	unsigned int class = BPF_CLASS(insn->code);

	/* R11 is the kernel's own, seen in programs with blinded constants. */
	if (insn->dst_reg > BPF_REG_10 || insn->src_reg > BPF_REG_10)
		return "its constants are blinded (sysctl net.core.bpf_jit_harden is 2)";
	if (class == BPF_LD)
		return "it uses a map or a 64-bit constant";
	if ((class == BPF_JMP || class == BPF_JMP32) && BPF_OP(insn->code) == BPF_CALL)
		return "it calls a function";
	return NULL;
}

static int append_code(struct device_program *program, const struct device_program *old,
		       struct error *err)
{
	for (size_t i = 0; i < old->count; i++) {
		struct bpf_insn insn = old->code[i];
		const char *why = obstacle(&insn);

		if (why != NULL)
			return error_set(err, ERROR_UNAVAILABLE,
					 "can't be loaded again: %s (instruction %zu)",
					 why, i);
		if (is_zero_extension(&insn))
			insn.imm = 0;
		*array_append(program->code, program->count, program->capacity) = insn;
	}
	return 0;
}

int device_program_widen(const struct device_program *program,
			 const struct device_change *changes, size_t n_changes,
			 struct device_program *ret, struct error *err)
{
	auto_device_program wider = { 0 };
	int r;

	emit_request(&wider);
	r = emit_allows(&wider, changes, n_changes, err);
	if (r < 0)
		return r;
	emit_denials(&wider, changes, n_changes);
	r = append_code(&wider, program, err);
	if (r < 0)
		return r;
	*ret = take_struct(wider);
	return 0;
}

void device_program_free(struct device_program *program)
{
	free(program->code);
	*program = (struct device_program) { 0 };
}
