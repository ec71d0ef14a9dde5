/* SPDX-License-Identifier: Apache-2.0 */
/* What a device program answers: an interpreter of the part of BPF that device programs
 * are made of. It refuses what it doesn't know rather than guess. */
#include "oci-vfio-hook/device_program.h"

#include <errno.h>
#include <string.h>

#include "oci-vfio-hook/device_number_set.h"

enum value_kind {
	VALUE_NONE, /* not set yet */
	VALUE_NUMBER,
	VALUE_CONTEXT, /* the address of the request */
};

struct value {
	enum value_kind kind;
	uint64_t number;
};

struct run {
	const struct bpf_cgroup_dev_ctx *request;
	struct value registers[MAX_BPF_REG];
};

/* The operand: the source register or the immediate. 0, or -EINVAL if it is not a number. */
static int read_operand(const struct run *run, const struct bpf_insn *insn, uint64_t *ret)
{
	if (BPF_SRC(insn->code) == BPF_K) {
		*ret = (uint64_t)(int64_t)insn->imm;
		return 0;
	}
	if (run->registers[insn->src_reg].kind != VALUE_NUMBER || insn->imm != 0)
		return -EINVAL;
	*ret = run->registers[insn->src_reg].number;
	return 0;
}

static int load(struct run *run, const struct bpf_insn *insn)
{
	struct value *target = &run->registers[insn->dst_reg];
	const struct value *base = &run->registers[insn->src_reg];
	uint32_t word;
	uint16_t half;
	uint8_t byte;
	size_t size = BPF_SIZE(insn->code) == BPF_W   ? sizeof(word)
		      : BPF_SIZE(insn->code) == BPF_H ? sizeof(half)
		      : BPF_SIZE(insn->code) == BPF_B ? sizeof(byte)
						      : 0;
	const uint8_t *from;

	if (BPF_MODE(insn->code) != BPF_MEM || base->kind != VALUE_CONTEXT || size == 0 ||
	    insn->off < 0 || (size_t)insn->off + size > sizeof(*run->request))
		return -EINVAL;
	from = (const uint8_t *)run->request + insn->off;
	target->kind = VALUE_NUMBER;
	if (size == sizeof(word)) {
		memcpy(&word, from, size);
		target->number = word;
	} else if (size == sizeof(half)) {
		memcpy(&half, from, size);
		target->number = half;
	} else {
		target->number = *from;
	}
	return 0;
}

/* The result of a 64-bit operation, or of a 32-bit one on numbers that have no more bits
 * (`mask` is its shift's). Division by 0 gives 0, the remainder what was there. */
static int calculate(unsigned int operation, uint64_t a, uint64_t b, unsigned int mask,
		     uint64_t *ret)
{
	switch (operation) {
	case BPF_ADD:
		*ret = a + b;
		return 0;
	case BPF_SUB:
		*ret = a - b;
		return 0;
	case BPF_MUL:
		*ret = a * b;
		return 0;
	case BPF_DIV:
		*ret = b != 0 ? a / b : 0;
		return 0;
	case BPF_MOD:
		*ret = b != 0 ? a % b : a;
		return 0;
	case BPF_OR:
		*ret = a | b;
		return 0;
	case BPF_AND:
		*ret = a & b;
		return 0;
	case BPF_XOR:
		*ret = a ^ b;
		return 0;
	case BPF_LSH:
		*ret = a << (b & mask);
		return 0;
	case BPF_RSH:
		*ret = a >> (b & mask);
		return 0;
	case BPF_ARSH:
		*ret = mask == 31 ? (uint64_t)((int32_t)a >> (b & mask))
				  : (uint64_t)((int64_t)a >> (b & mask));
		return 0;
	case BPF_NEG:
		*ret = -a;
		return 0;
	case BPF_MOV:
		*ret = b;
		return 0;
	default:
		return -EINVAL;
	}
}

static int arithmetic(struct run *run, const struct bpf_insn *insn)
{
	bool wide = BPF_CLASS(insn->code) == BPF_ALU64;
	unsigned int operation = BPF_OP(insn->code);
	struct value *target = &run->registers[insn->dst_reg];
	uint64_t operand = 0, result;

	/* Signed division and sign-extending moves have an offset. */
	if (insn->off != 0)
		return -EINVAL;
	if (wide && operation == BPF_MOV && BPF_SRC(insn->code) == BPF_X &&
	    insn->imm == 0 && run->registers[insn->src_reg].kind == VALUE_CONTEXT) {
		*target = run->registers[insn->src_reg];
		return 0;
	}
	/* The verifier's own zero-extension; read_operand() wouldn't take it. */
	if (insn->code == (BPF_ALU | BPF_MOV | BPF_X) && insn->imm == 1 &&
	    insn->dst_reg == insn->src_reg && target->kind == VALUE_NUMBER)
		operand = target->number;
	else if (operation != BPF_NEG && read_operand(run, insn, &operand) < 0)
		return -EINVAL;
	if (operation != BPF_MOV && target->kind != VALUE_NUMBER)
		return -EINVAL;
	if (wide ? calculate(operation, target->number, operand, 63, &result) < 0
		 : calculate(operation, (uint32_t)target->number, (uint32_t)operand, 31,
			     &result) < 0)
		return -EINVAL;
	*target = (struct value) { VALUE_NUMBER, wide ? result : (uint32_t)result };
	return 0;
}

static int compare(unsigned int operation, uint64_t a, uint64_t b, int64_t signed_a,
		   int64_t signed_b)
{
	switch (operation) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return (a & b) != 0;
	case BPF_JSGT:
		return signed_a > signed_b;
	case BPF_JSGE:
		return signed_a >= signed_b;
	case BPF_JSLT:
		return signed_a < signed_b;
	case BPF_JSLE:
		return signed_a <= signed_b;
	default:
		return -EINVAL;
	}
}

/* Is the jump taken? 0, 1, or -EINVAL. */
static int condition(const struct run *run, const struct bpf_insn *insn)
{
	bool wide = BPF_CLASS(insn->code) == BPF_JMP;
	const struct value *value = &run->registers[insn->dst_reg];
	uint64_t operand;

	if (wide && BPF_OP(insn->code) == BPF_JA)
		return 1;
	if (value->kind != VALUE_NUMBER || read_operand(run, insn, &operand) < 0)
		return -EINVAL;
	if (wide)
		return compare(BPF_OP(insn->code), value->number, operand,
			       (int64_t)value->number, (int64_t)operand);
	return compare(BPF_OP(insn->code), (uint32_t)value->number, (uint32_t)operand,
		       (int32_t)value->number, (int32_t)operand);
}

/* Does one instruction. Returns how many to go on by (1, or more after a jump), 0 at the
 * exit, or -EINVAL. */
static int step(struct run *run, const struct bpf_insn *insn)
{
	int r;

	if (insn->dst_reg >= MAX_BPF_REG || insn->src_reg >= MAX_BPF_REG)
		return -EINVAL;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		r = load(run, insn);
		return r < 0 ? r : 1;
	case BPF_ALU:
	case BPF_ALU64:
		r = arithmetic(run, insn);
		return r < 0 ? r : 1;
	case BPF_JMP:
	case BPF_JMP32:
		if (insn->code == (BPF_JMP | BPF_EXIT))
			return run->registers[BPF_REG_0].kind == VALUE_NUMBER ? 0
									      : -EINVAL;
		r = condition(run, insn);
		if (r < 0 || insn->off < 0) /* backward: a loop */
			return -EINVAL;
		return r > 0 ? insn->off + 1 : 1;
	default:
		return -EINVAL;
	}
}

int device_program_run(const struct device_program *program,
		       const struct bpf_cgroup_dev_ctx *request, bool *ret_allowed,
		       struct error *err)
{
	struct run run = { .request = request };
	size_t at = 0;

	run.registers[BPF_REG_1].kind = VALUE_CONTEXT;
	while (at < program->count) {
		const struct bpf_insn *insn = &program->code[at];
		int r = step(&run, insn);

		if (r < 0)
			return error_set(err, ERROR_UNAVAILABLE,
					 "can't be read: instruction %zu (code 0x%02x)",
					 at, insn->code);
		if (r == 0) {
			*ret_allowed = run.registers[BPF_REG_0].number != 0;
			return 0;
		}
		at += (size_t)r;
	}
	return error_set(err, ERROR_UNAVAILABLE, "can't be read: it has no end");
}

/* Is every way to use the device that `access` holds answered by `expected`? */
static int answers(const struct device_program *program,
		   const struct device_number *number, uint32_t access, bool expected,
		   bool *ret, struct error *err)
{
	for (uint32_t part = 1; part <= access; part++) {
		struct bpf_cgroup_dev_ctx request = {
			.access_type =
				part << 16 | (number->type == 'b' ? BPF_DEVCG_DEV_BLOCK
								  : BPF_DEVCG_DEV_CHAR),
			.major = number->major,
			.minor = number->minor,
		};
		bool allowed = false;
		int r;

		if ((part & ~access) != 0)
			continue;
		r = device_program_run(program, &request, &allowed, err);
		if (r < 0)
			return r;
		if (allowed != expected) {
			*ret = false;
			return 0;
		}
	}
	*ret = true;
	return 0;
}

int device_program_allows(const struct device_program *program,
			  const struct device_number *number, uint32_t access,
			  bool *ret_allowed, struct error *err)
{
	uint32_t opening = access & (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);

	return answers(program, number, opening != 0 ? opening : access, true,
		       ret_allowed, err);
}

bool device_program_fits(const struct device_program *program,
			 const struct device_change *changes, size_t n_changes)
{
	const uint32_t all =
		BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
	auto_device_number_set wanted = { 0 };

	for (size_t i = 0; i < n_changes; i++) {
		if (changes[i].has_new)
			device_number_set_add(&wanted, &changes[i].number);
	}
	for (size_t i = 0; i < n_changes; i++) {
		const struct device_change *change = &changes[i];
		auto_error err = { 0 };
		uint32_t access;
		bool fits;

		if (change->has_new &&
		    (device_access_parse(change->access, &access) < 0 ||
		     answers(program, &change->number, access, true, &fits, &err) < 0 ||
		     !fits))
			return false;
		if (!change->has_old || change->old_stays)
			continue;
		/* Wanted by another one, with whatever access? */
		if (device_number_set_has(&wanted, &change->old) ||
		    answers(program, &change->old, all, false, &fits, &err) < 0 || !fits)
			return false;
	}
	return true;
}
