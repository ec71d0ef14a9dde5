/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs: what they answer, and what the wider ones answer. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/device_program.h"

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R5 BPF_REG_5

#define LOAD(size, dst, src, offset)                                                     \
	{                                                                                \
		BPF_LDX | BPF_MEM | (size), dst, src, offset, 0                          \
	}
#define ALU(op, dst, value)                                                              \
	{                                                                                \
		BPF_ALU | (op) | BPF_K, dst, 0, 0, value                                 \
	}
#define ALU64(op, dst, value)                                                            \
	{                                                                                \
		BPF_ALU64 | (op) | BPF_K, dst, 0, 0, value                               \
	}
#define ALU_X(op, dst, src)                                                              \
	{                                                                                \
		BPF_ALU | (op) | BPF_X, dst, src, 0, 0                                   \
	}
#define ALU64_X(op, dst, src)                                                            \
	{                                                                                \
		BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0                                 \
	}
#define JUMP(op, dst, value, offset)                                                     \
	{                                                                                \
		BPF_JMP | (op) | BPF_K, dst, 0, offset, value                            \
	}
#define JUMP32(op, dst, value, offset)                                                   \
	{                                                                                \
		BPF_JMP32 | (op) | BPF_K, dst, 0, offset, value                          \
	}
#define EXIT                                                                             \
	{                                                                                \
		BPF_JMP | BPF_EXIT, 0, 0, 0, 0                                           \
	}

#define PROGRAM(instructions)                                                            \
	{                                                                                \
		instructions, ARRAY_SIZE(instructions), 0                                \
	}

/* What runc 1.1 makes of: deny all, allow c 1:3 rwm, c 136:* rw, c *:* m. */
static struct bpf_insn runc_code[] = {
	LOAD(BPF_W, R2, R1, 0),
	ALU(BPF_AND, R2, 0xffff),
	LOAD(BPF_W, R3, R1, 0),
	ALU(BPF_RSH, R3, 16),
	LOAD(BPF_W, R4, R1, 4),
	LOAD(BPF_W, R5, R1, 8),
	/* c *:* m */
	JUMP(BPF_JNE, R2, BPF_DEVCG_DEV_CHAR, 5),
	ALU_X(BPF_MOV, R1, R3),
	ALU(BPF_AND, R1, BPF_DEVCG_ACC_MKNOD),
	{ BPF_JMP | BPF_JNE | BPF_X, R1, R3, 2, 0 },
	ALU(BPF_MOV, R0, 1),
	EXIT,
	/* c 136:* rw */
	JUMP(BPF_JNE, R2, BPF_DEVCG_DEV_CHAR, 6),
	ALU_X(BPF_MOV, R1, R3),
	ALU(BPF_AND, R1, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE),
	{ BPF_JMP | BPF_JNE | BPF_X, R1, R3, 3, 0 },
	JUMP(BPF_JNE, R4, 136, 2),
	ALU(BPF_MOV, R0, 1),
	EXIT,
	/* c 1:3 rwm */
	JUMP(BPF_JNE, R2, BPF_DEVCG_DEV_CHAR, 4),
	JUMP(BPF_JNE, R4, 1, 3),
	JUMP(BPF_JNE, R5, 3, 2),
	ALU(BPF_MOV, R0, 1),
	EXIT,
	ALU(BPF_MOV, R0, 0),
	EXIT,
};

/* systemd 252's shape: what is wanted beyond the rule's access refuses. c 10:196 rw. */
static struct bpf_insn systemd_code[] = {
	LOAD(BPF_W, R2, R1, 0),
	ALU(BPF_AND, R2, 0xffff),
	LOAD(BPF_W, R3, R1, 0),
	ALU(BPF_RSH, R3, 16),
	LOAD(BPF_W, R4, R1, 4),
	LOAD(BPF_W, R5, R1, 8),
	ALU_X(BPF_MOV, R1, R3),
	ALU(BPF_AND, R1, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE),
	{ BPF_JMP | BPF_JNE | BPF_X, R1, R3, 4, 0 },
	JUMP(BPF_JNE, R2, BPF_DEVCG_DEV_CHAR, 3),
	JUMP(BPF_JNE, R4, 10, 2),
	JUMP(BPF_JNE, R5, 196, 1),
	JUMP(BPF_JA, 0, 0, 2),
	ALU64(BPF_MOV, R0, 0),
	EXIT,
	ALU64(BPF_MOV, R0, 1),
	EXIT,
};

static const struct device_program runc = PROGRAM(runc_code);
static const struct device_program systemd = PROGRAM(systemd_code);

static uint32_t bits(const char *access)
{
	uint32_t result;

	assert_int_equal(device_access_parse(access, &result), 0);
	return result;
}

static bool verdict(const struct device_program *program, char type, uint32_t major,
		    uint32_t minor, const char *access)
{
	const struct bpf_cgroup_dev_ctx request = {
		bits(access) << 16 |
			(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		major,
		minor,
	};
	auto_error err = { 0 };
	bool allowed = false;

	check_done(access, device_program_run(program, &request, &allowed, &err), &err);
	return allowed;
}

static void test_access(void **state)
{
	static const char *const refused[] = { "", "a", "rr", "rwmr", "r w", "R" };
	uint32_t access;

	(void)state;
	assert_int_equal(bits("rwm"), 7);
	assert_int_equal(bits("m"), BPF_DEVCG_ACC_MKNOD);
	assert_int_equal(bits("wr"), BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(device_access_parse(refused[i], &access), -EINVAL);
}

static void test_run(void **state)
{
	static const struct {
		const struct device_program *program;
		const char *access;
		uint32_t major, minor;
		char type;
		bool allowed;
	} rows[] = {
		{ &runc, "rwm", 1, 3, 'c', true },
		{ &runc, "r", 1, 3, 'c', true },
		{ &runc, "r", 1, 3, 'b', false },
		{ &runc, "r", 1, 4, 'c', false },
		{ &runc, "r", 2, 3, 'c', false },
		{ &runc, "m", 243, 5, 'c', true },
		{ &runc, "m", 8, 0, 'b', false },
		{ &runc, "rm", 243, 5, 'c', false },
		{ &runc, "rw", 136, 77, 'c', true },
		{ &runc, "rwm", 136, 7, 'c', false },
		{ &systemd, "w", 10, 196, 'c', true },
		{ &systemd, "m", 10, 196, 'c', false },
		{ &systemd, "r", 10, 195, 'c', false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (verdict(rows[i].program, rows[i].type, rows[i].major, rows[i].minor,
			    rows[i].access) != rows[i].allowed)
			fail_row(rows[i].access, "%zu: %c %u:%u", i, rows[i].type,
				 rows[i].major, rows[i].minor);
}

/* Each leaves in R0 what the kernel's interpreter does. */
static void test_arithmetic(void **state)
{
	static struct bpf_insn half[] = { LOAD(BPF_H, R0, R1, 2), EXIT };
	static struct bpf_insn byte[] = { LOAD(BPF_B, R0, R1, 4), EXIT };
	static struct bpf_insn copied[] = { ALU64_X(BPF_MOV, R5, R1),
					    LOAD(BPF_W, R0, R5, 8), EXIT };
	static struct bpf_insn truncated[] = {
		ALU64(BPF_MOV, R0, -1),
		ALU64(BPF_LSH, R0, 32),
		ALU(BPF_ADD, R0, 0),
		EXIT,
	};
	static struct bpf_insn wide[] = { ALU64(BPF_MOV, R0, -1), ALU64(BPF_LSH, R0, 32),
					  EXIT };
	static struct bpf_insn extended[] = {
		ALU64(BPF_MOV, R0, 1),
		ALU64(BPF_LSH, R0, 32),
		{ BPF_ALU | BPF_MOV | BPF_X, R0, R0, 0, 1 },
		EXIT,
	};
	static struct bpf_insn shifted[] = { ALU(BPF_MOV, R0, -8), ALU(BPF_ARSH, R0, 3),
					     ALU(BPF_ADD, R0, 1), EXIT };
	static struct bpf_insn by_zero[] = { ALU(BPF_MOV, R0, 5), ALU(BPF_DIV, R0, 0),
					     EXIT };
	static struct bpf_insn signed_jump[] = {
		ALU64(BPF_MOV, R2, -1),
		ALU(BPF_MOV, R0, 1),
		JUMP(BPF_JSLT, R2, 0, 1),
		ALU(BPF_MOV, R0, 0),
		EXIT,
	};
	static struct bpf_insn narrow_jump[] = {
		ALU(BPF_MOV, R2, -1),	    ALU(BPF_MOV, R0, 0), JUMP(BPF_JSLT, R2, 0, 2),
		JUMP32(BPF_JNE, R2, -1, 1), ALU(BPF_MOV, R0, 1), EXIT,
	};
	static const struct {
		const char *name;
		struct device_program program;
		bool allowed;
	} rows[] = {
		{ "half", PROGRAM(half), true },
		{ "byte", PROGRAM(byte), true },
		{ "a copy of the context", PROGRAM(copied), true },
		{ "32 bits", PROGRAM(truncated), false },
		{ "64 bits", PROGRAM(wide), true },
		{ "zero-extension", PROGRAM(extended), false },
		{ "arithmetic shift", PROGRAM(shifted), false },
		{ "division by zero", PROGRAM(by_zero), false },
		{ "signed jump", PROGRAM(signed_jump), true },
		{ "32-bit jump", PROGRAM(narrow_jump), true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (verdict(&rows[i].program, 'c', 0x01010101, 3, "rw") !=
		    rows[i].allowed)
			fail_row(rows[i].name, "the other way round");
}

static void test_unreadable(void **state)
{
	static struct bpf_insn no_exit[] = { ALU(BPF_MOV, R0, 1) };
	static struct bpf_insn not_set[] = { EXIT };
	static struct bpf_insn outside[] = { LOAD(BPF_W, R0, R1, 12), EXIT };
	static struct bpf_insn before[] = { LOAD(BPF_W, R0, R1, -4), EXIT };
	static struct bpf_insn no_context[] = { ALU(BPF_MOV, R2, 0),
						LOAD(BPF_W, R0, R2, 0), EXIT };
	static struct bpf_insn call[] = { JUMP(BPF_CALL, 0, 1, 0), EXIT };
	static struct bpf_insn loop[] = { ALU(BPF_MOV, R0, 1), JUMP(BPF_JA, 0, 0, -1),
					  EXIT };
	static struct bpf_insn store[] = { { BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4,
					     0 },
					   ALU(BPF_MOV, R0, 1),
					   EXIT };
	static struct bpf_insn pointer[] = { ALU64(BPF_ADD, R1, 4), ALU(BPF_MOV, R0, 1),
					     EXIT };
	static struct bpf_insn sign_extended[] = {
		ALU(BPF_MOV, R2, 1), { BPF_ALU64 | BPF_MOV | BPF_X, R0, R2, 8, 0 }, EXIT
	};
	static struct bpf_insn swapped[] = { ALU(BPF_MOV, R0, 1), ALU(BPF_END, R0, 16),
					     EXIT };
	static struct bpf_insn blinded[] = { ALU64(BPF_MOV, 11, 1), EXIT };
	static const struct {
		const char *name;
		struct device_program program;
		const char *part; /* NULL: the program stops at an instruction */
	} rows[] = {
		{ "no exit", PROGRAM(no_exit), "can't be read: it has no end" },
		{ "empty", { no_exit, 0, 0 }, "can't be read: it has no end" },
		{ "R0 not set", PROGRAM(not_set),
		  "can't be read: instruction 0 (code 0x95)" },
		{ "after the context", PROGRAM(outside), NULL },
		{ "before the context", PROGRAM(before), NULL },
		{ "not from the context", PROGRAM(no_context), NULL },
		{ "call", PROGRAM(call), NULL },
		{ "loop", PROGRAM(loop), NULL },
		{ "store", PROGRAM(store), NULL },
		{ "pointer arithmetic", PROGRAM(pointer), NULL },
		{ "sign extension", PROGRAM(sign_extended), NULL },
		{ "byte swap", PROGRAM(swapped), NULL },
		{ "blinded", PROGRAM(blinded), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct bpf_cgroup_dev_ctx request = { 0x20002, 1, 3 };
		auto_error err = { 0 };
		bool allowed;

		check_error(rows[i].name,
			    device_program_run(&rows[i].program, &request, &allowed,
					       &err),
			    &err, ERROR_UNAVAILABLE,
			    rows[i].part ? rows[i].part : "can't be read: instruction ");
	}
}

static void test_allows(void **state)
{
	static const struct {
		const struct device_program *program;
		const char *access;
		uint32_t major, minor;
		bool allowed;
	} rows[] = {
		{ &systemd, "rw", 10, 196, true },
		{ &systemd, "rwm", 10, 196,
		  true }, /* making nodes isn't the container's */
		{ &systemd, "m", 10, 196, false },
		{ &systemd, "rwm", 10, 195, false },
		{ &runc, "m", 10, 195, true },
		{ &runc, "rm", 10, 195, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		bool allowed = !rows[i].allowed;

		check_done(
			rows[i].access,
			device_program_allows(rows[i].program,
					      &(struct device_number) {
						      'c', rows[i].major, rows[i].minor },
					      bits(rows[i].access), &allowed, &err),
			&err);
		if (allowed != rows[i].allowed)
			fail_row(rows[i].access, "%zu", i);
	}
}

static struct device_change moved(uint32_t old_major, uint32_t old_minor, uint32_t major,
				  uint32_t minor, const char *access)
{
	struct device_change change = {
		.has_old = true,
		.old.type = 'c',
		.old.major = old_major,
		.old.minor = old_minor,
		.has_new = true,
		.number.type = 'c',
		.number.major = major,
		.number.minor = minor,
	};

	memcpy(change.access, access, strlen(access) + 1);
	return change;
}

static void widen(const struct device_program *program,
		  const struct device_change *changes, size_t n_changes,
		  struct device_program *ret)
{
	auto_error err = { 0 };

	check_done("widen", device_program_widen(program, changes, n_changes, ret, &err),
		   &err);
}

static void test_widen(void **state)
{
	const struct device_change changes[] = {
		moved(1, 3, 510, 0, "rwm"),
		moved(136, 1, 511, 1048575, "r"),
	};
	auto_device_program wider = { 0 };

	(void)state;
	assert_false(device_program_fits(&runc, changes, ARRAY_SIZE(changes)));
	widen(&runc, changes, ARRAY_SIZE(changes), &wider);
	assert_true(device_program_fits(&wider, changes, ARRAY_SIZE(changes)));
	assert_true(verdict(&wider, 'c', 510, 0, "rwm"));
	assert_true(verdict(&wider, 'c', 510, 0, "w"));
	assert_false(verdict(&wider, 'b', 510, 0, "r"));
	assert_true(verdict(&wider, 'c', 511, 1048575, "r"));
	assert_false(verdict(&wider, 'c', 511, 1048575, "rw"));
	assert_true(verdict(&wider, 'c', 511, 1048575, "m")); /* the old code's word */
	assert_false(verdict(&wider, 'c', 1, 3, "r"));
	assert_false(verdict(&wider, 'c', 1, 3, "m"));
	assert_false(verdict(&wider, 'c', 136, 1, "rw"));
	assert_true(verdict(&wider, 'c', 136, 2, "rw"));
}

/* Every other device is answered as before. */
static void test_widen_nothing_else(void **state)
{
	const struct device_change changes[] = { moved(1, 3, 1, 6, "rw") };
	static const char *const accesses[] = { "r", "w", "m", "rw", "rm", "wm", "rwm" };
	auto_device_program wider = { 0 };

	(void)state;
	widen(&runc, changes, ARRAY_SIZE(changes), &wider);
	for (uint32_t major = 0; major < 140; major++)
		for (uint32_t minor = 0; minor < 10; minor++)
			for (size_t i = 0; i < 2 * ARRAY_SIZE(accesses); i++) {
				char type = i % 2 == 0 ? 'c' : 'b';

				if (type == 'c' && major == 1 &&
				    (minor == 3 || minor == 6))
					continue;
				if (verdict(&wider, type, major, minor,
					    accesses[i / 2]) !=
				    verdict(&runc, type, major, minor, accesses[i / 2]))
					fail_row(accesses[i / 2], "%c %u:%u", type, major,
						 minor);
			}
}

/* Two devices that are each other's old: each has the access of the one that it is
 * now. */
static void test_widen_swap(void **state)
{
	const struct device_change changes[] = {
		moved(1, 3, 1, 5, "r"),
		moved(1, 5, 1, 3, "rw"),
	};
	auto_device_program wider = { 0 };

	(void)state;
	widen(&runc, changes, ARRAY_SIZE(changes), &wider);
	assert_true(verdict(&wider, 'c', 1, 5, "r"));
	assert_false(verdict(&wider, 'c', 1, 5, "w"));
	assert_true(verdict(&wider, 'c', 1, 3, "rw"));
	assert_false(verdict(&wider, 'c', 1, 3, "m"));
	assert_false(device_program_fits(&wider, changes, ARRAY_SIZE(changes)));
}

/* Two changes to one device, and an old one that stays. */
static void test_widen_merged(void **state)
{
	struct device_change changes[] = {
		moved(1, 3, 510, 0, "r"),
		moved(1, 3, 510, 0, "w"),
		{ .has_old = true, .old.type = 'b', .old.major = UINT32_MAX },
	};
	auto_device_program wider = { 0 };

	(void)state;
	changes[0].old_stays = changes[1].old_stays = true;
	widen(&runc, changes, ARRAY_SIZE(changes), &wider);
	assert_true(verdict(&wider, 'c', 510, 0, "rw"));
	assert_false(verdict(&wider, 'c', 510, 0, "rwm"));
	assert_true(verdict(&wider, 'c', 1, 3, "rwm"));
}

/* A container's author may have as many devices as he likes: comparing each with each would
 * take a minute. */
static void test_widen_many(void **state)
{
	enum { COUNT = 300000, SAME = 3 };
	auto_free struct device_change *changes = xzalloc(COUNT * sizeof *changes);
	auto_device_program wider = { 0 };

	(void)state;
	limit_processor_time(20);
	/* Each new device three times, far from each other, with another access. */
	for (uint32_t i = 0; i < COUNT; i++) {
		const char access[] = { "rwm"[i * SAME / COUNT], '\0' };

		changes[i] = moved(8, i, 510, i * 7 % (COUNT / SAME), access);
	}
	widen(&runc, changes, COUNT, &wider);
	limit_processor_time(0);
	/* One answer for each new device and one for each old one. */
	assert_int_equal(wider.count, 6 + COUNT / SAME * 5 + COUNT * 5 + runc.count);
	assert_true(verdict(&wider, 'c', 510, 0, "rwm"));
	assert_true(verdict(&wider, 'c', 510, COUNT / SAME - 1, "rwm"));
	assert_false(verdict(&wider, 'c', 510, COUNT / SAME, "r"));
}

static void test_fits(void **state)
{
	struct device_change change = moved(8, 1, 1, 3, "rwm");
	const struct device_change removed = {
		.has_old = true, .old.type = 'c', .old.major = 1, .old.minor = 3
	};

	(void)state;
	/* c *:* m lets the old one's node be made. */
	assert_false(device_program_fits(&runc, &change, 1));
	change.old.type = 'b';
	assert_true(device_program_fits(&runc, &change, 1));
	assert_false(device_program_fits(&runc, &removed, 1));
	assert_true(device_program_fits(&runc, NULL, 0));
}

/* As test_widen_many(). */
static void test_fits_many(void **state)
{
	enum { COUNT = 300000 };
	auto_free struct device_change *changes = xzalloc(COUNT * sizeof *changes);

	(void)state;
	limit_processor_time(20);
	/* Those that runc's program answers so already, and none that comes back but the last. */
	for (uint32_t i = 0; i < COUNT; i++)
		changes[i] = (struct device_change) { .has_new = true,
						      .number = { 'c', 1, 3 },
						      .access = "rwm",
						      .has_old = true,
						      .old = { 'b', 8, i } };
	assert_true(device_program_fits(&runc, changes, COUNT));
	changes[COUNT - 1].old = changes[0].number;
	assert_false(device_program_fits(&runc, changes, COUNT));
	limit_processor_time(0);
}

static void test_widen_refused(void **state)
{
	static struct bpf_insn call[] = { ALU(BPF_MOV, R0, 1), JUMP(BPF_CALL, 0, 1, 0),
					  EXIT };
	static struct bpf_insn map[] = {
		{ BPF_LD | BPF_DW | BPF_IMM, R2, BPF_PSEUDO_MAP_FD, 0, 7 },
		{ 0, 0, 0, 0, 0 },
		ALU(BPF_MOV, R0, 1),
		EXIT,
	};
	static struct bpf_insn blinded[] = { ALU64(BPF_MOV, 11, 1), EXIT };
	static const struct {
		const char *part;
		struct device_program program;
	} rows[] = {
		{ "can't be loaded again: it calls a function (instruction 1)",
		  PROGRAM(call) },
		{ "can't be loaded again: it uses a map or a 64-bit constant (instruction 0)",
		  PROGRAM(map) },
		{ "bpf_jit_harden", PROGRAM(blinded) },
	};
	struct device_change change = moved(1, 3, 510, 0, "rw");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_program wider = { 0 };
		auto_error err = { 0 };

		check_error(rows[i].part,
			    device_program_widen(&rows[i].program, &change, 1, &wider,
						 &err),
			    &err, ERROR_UNAVAILABLE, rows[i].part);
	}
	change.number.major = 0x80000000;
	for (int i = 0; i < 2; i++) {
		auto_device_program wider = { 0 };
		auto_error err = { 0 };

		check_error("numbers",
			    device_program_widen(&runc, &change, 1, &wider, &err), &err,
			    ERROR_DATA, "is not what a device program can allow");
		change = moved(1, 3, 510, 0, "a");
	}
}

/* The verifier's own zero-extension can be loaded again. */
static void test_widen_zero_extension(void **state)
{
	static struct bpf_insn code[] = { LOAD(BPF_W, R0, R1, 4),
					  { BPF_ALU | BPF_MOV | BPF_X, R0, R0, 0, 1 },
					  EXIT };
	static const struct device_program program = PROGRAM(code);
	const struct device_change change = moved(0, 3, 510, 0, "rw");
	auto_device_program wider = { 0 };

	(void)state;
	widen(&program, &change, 1, &wider);
	assert_int_equal(wider.code[wider.count - 2].code, BPF_ALU | BPF_MOV | BPF_X);
	assert_int_equal(wider.code[wider.count - 2].imm, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_allows),
		cmocka_unit_test(test_widen),
		cmocka_unit_test(test_widen_nothing_else),
		cmocka_unit_test(test_widen_swap),
		cmocka_unit_test(test_widen_merged),
		cmocka_unit_test(test_widen_many),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_fits_many),
		cmocka_unit_test(test_widen_refused),
		cmocka_unit_test(test_widen_zero_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
