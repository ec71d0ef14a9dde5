/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions --bind takes, which it leaves where they are, and when the plan waits for
 * that. */
#include "plan_check.h"

#include <errno.h>

#include "oci-vfio-hook/binding.h"

#define S                                                                                \
	SPEC(DEV("/dev/vfio/45", "243", "5") "," DEV("/dev/vfio/46", "243", "6"),        \
	     ALLOW_ALL)

/* The two devices of the spec, each with these options and members. */
#define MAP(first, more_first, second, more_second)                                      \
	"[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=" first "\"",                     \
		       more_first) "," ENTRY_WITH("/dev/vfio/46",                        \
						  "\"0000:3b:02.1=" second "\"",         \
						  more_second) "]"
#define ONE(options) "[" ENTRY("/dev/vfio/45", options) "]"
#define ONE_WITH(options, more) "[" ENTRY_WITH("/dev/vfio/45", options, more) "]"
#define F "\"force\":false"
#define GROUP "\"bind_group\":true"

/* The spec with the first device only. */
#define S1 SPEC(DEV("/dev/vfio/45", "243", "5"), ALLOW_ALL)

static int run_plan(const char *spec, const char *map, struct plan_run *run,
		    struct error *err)
{
	const struct plan_run_input input = { .spec = slice_from(spec),
					      .map = slice_from(map),
					      .answer = machine_answer,
					      .bind = true };

	return plan_run(&input, run, err);
}

/* "0000:42:00.0 e1000e, 0000:43:00.0 -" */
static char *describe(const struct binding *binding)
{
	struct buffer text = { 0 };

	buffer_add(&text, SLICE(""));
	for (size_t i = 0; i < binding->count; i++) {
		const struct binding_function *function = &binding->functions[i];
		char address[PCI_ADDRESS_SIZE];

		buffer_printf(&text, "%s%s %s%s", i ? ", " : "",
			      pci_address_format(&function->address, address),
			      function->driver ? function->driver : "-",
			      function->sibling ? " sibling" : "");
	}
	return text.data ? text.data : xstrdup("");
}

static void test_decide(void **state)
{
	static const struct {
		const char *spec, *map;
		const char *expected; /* NULL: refused, */
		const char *part;     /* with this; or what the plan says meanwhile */
	} rows[] = {
		{ S1, ONE("\"0000:3b:02.0=0000:42:00.0\""), "0000:42:00.0 e1000e",
		  "0000:42:00.0 is bound to e1000e" },
		{ S1, ONE("\"0000:3b:02.0=0000:43:00.0\""), "0000:43:00.0 -",
		  "0000:43:00.0 is not bound to any driver" },
		/* Sorted; what is bound stays out of it. */
		{ S,
		  "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=0000:43:00.0\",\"0000:3b:02.2=06/00\"") "," ENTRY(
			  "/dev/vfio/46", "\"0000:3b:02.1=0000:42:00.0\"") "]",
		  "0000:42:00.0 e1000e, 0000:43:00.0 -", "is not bound to any driver" },
		/* Something else is missing: nothing is bound, and that is what is said. */
		{ S, MAP("0000:42:00.0", F, "0000:40:00.0", F), "",
		  "0000:40:00.0 is not there" },
		{ S, MAP("0000:40:00.0", F, "0000:42:00.0", F), "",
		  "0000:40:00.0 is not there" },
		{ S, MAP("0000:42:00.0", F, "0000:43:00.0", F),
		  "0000:42:00.0 e1000e, 0000:43:00.0 -",
		  "0000:42:00.0 is bound to e1000e" },
		/* The node comes later. */
		{ S1, ONE("\"0000:3b:02.0=0000:45:00.0\""), "", "no node /dev/vfio/69" },
		/* The rest of the group. */
		{ S1, ONE("\"0000:3b:02.0=0000:44:00.0\""), NULL,
		  "map.json: [0]: IOMMU group 68, which a container can only have as a whole, also has 0000:44:00.1, bound to igb, and 0000:44:00.2, bound to ixgbe; set \"bind_group\": true in the entry" },
		{ S1, ONE_WITH("\"0000:3b:02.0=0000:44:00.0\"", GROUP),
		  "0000:44:00.1 igb sibling, 0000:44:00.2 ixgbe sibling",
		  "IOMMU group 68 is not viable" },
		/* One entry of the group is enough, and it may be the second. */
		{ S, MAP("0000:44:00.3", F, "0000:44:00.0", GROUP),
		  "0000:44:00.1 igb sibling, 0000:44:00.2 ixgbe sibling",
		  "IOMMU group 68 is not viable" },
		/* A mediated device is its parent's driver's business. */
		{ S1,
		  ONE("\"5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90=00000000-0000-0000-0000-000000000043\""),
		  "",
		  "mediated device 00000000-0000-0000-0000-000000000043 has no VFIO driver" },
		/* Not those that the guest's kernel drives, and not those that only a variable
		 * names. */
		{ S,
		  "[" TYPED_ENTRY(
			  "vfio-pci-gk", "/dev/vfio/45",
			  "\"0000:3b:02.0=0000:42:00.0\"") "," ENTRY("/dev/vfio/46",
								     "\"0000:3b:02.1=0000:43:00.0\"") "]",
		  "0000:43:00.0 -", "0000:43:00.0 is not bound to any driver" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_run run = { 0 };
		auto_error err = { 0 }, reason = { 0 };
		auto_binding binding = { 0 };
		auto_free char *found = NULL;
		int r = run_plan(rows[i].spec, rows[i].map, &run, &err);

		if (r != -EAGAIN)
			fail_row(rows[i].map, "the plan returns %d: %s", r, err.message);
		r = binding_decide(&run.request, &run.inventory, &binding, &reason);
		if (!rows[i].expected) {
			check_error(rows[i].map, r, &reason, ERROR_UNAVAILABLE,
				    rows[i].part);
			continue;
		}
		check_done(rows[i].map, r, &reason);
		check_error(rows[i].map, -EAGAIN, &err, ERROR_UNAVAILABLE, rows[i].part);
		found = describe(&binding);
		check_text(rows[i].map, slice_from(found), rows[i].expected);
	}
}

/* What binding can't change is final. */
static void test_final(void **state)
{
	static const struct {
		const char *spec, *map, *part;
	} rows[] = {
		{ S1,
		  ONE_WITH("\"0000:3b:02.0=0000:46:00.0\"",
			   "\"expect\":{\"vendor\":\"8086\"}"),
		  "has vendor 0x1234" },
		{ S1, ONE("\"0000:3b:02.0=0000:41:00.0\""), "in no IOMMU group" },
		/* Beside what would have to be bound. */
		{ S, ONE("\"0000:3b:02.0=0000:42:00.0\""), "/dev/vfio/46" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_run run = { 0 };
		auto_error err = { 0 };
		int r = run_plan(rows[i].spec, rows[i].map, &run, &err);

		check_error(rows[i].map, r, &err, ERROR_UNAVAILABLE, rows[i].part);
		assert_int_not_equal(r, -EAGAIN);
	}
}

#define EXCEPT "0000:42:00.0 is in use, and not bound: "
#define UNLESS ", or set \"force\": true in the entry"

static void test_check(void **state)
{
	static const struct {
		enum function_use_kind kind;
		const char *name, *by, *part;
	} rows[] = {
		{ FUNCTION_INTERFACE_UP, "eth0", NULL,
		  "a: [1]: " EXCEPT
		  "its network interface eth0 is up; set it down" UNLESS },
		{ FUNCTION_INTERFACE_AWAY, NULL, NULL,
		  EXCEPT
		  "it has a network interface in another network namespace, perhaps a container's; take it back from there" UNLESS },
		{ FUNCTION_DISK_MOUNTED, "vda1", "/srv",
		  EXCEPT "its disk vda1 is mounted on /srv; unmount it" UNLESS },
		{ FUNCTION_DISK_SWAP, "vda2", NULL,
		  EXCEPT "this machine swaps to its disk vda2; swapoff it" UNLESS },
		{ FUNCTION_DISK_HELD, "sda", "dm-0",
		  EXCEPT
		  "its disk sda is part of dm-0 (LVM, MD, dm-crypt); take that apart" UNLESS },
		{ FUNCTION_DISK_CLAIMED, "sda", NULL,
		  EXCEPT
		  "its disk sda is in use: somebody has it for himself (a file system or a volume, perhaps of another mount namespace); end that" UNLESS },
		{ FUNCTION_PHYSICAL, "0000:42:10.0", "iavf",
		  EXCEPT
		  "its virtual function 0000:42:10.0, which would go with it, is bound to iavf; take the virtual functions from their drivers" UNLESS },
		{ FUNCTION_USE_UNKNOWN, "/proc/swaps: can't be read", NULL,
		  "a: [1]: 0000:42:00.0 may be in use, and not bound: what it is used for can't be told: /proc/swaps: can't be read; mend that" UNLESS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct map_entry entry = { .where = (char[]) { "a: [1]" } };
		struct binding_function functions[] = {
			{ .address = { .bus = 0x41 }, .entry = &entry },
			{ .address = { .bus = 0x42 },
			  .entry = &entry,
			  .use = { .kind = rows[i].kind,
				   .name = (char *)(uintptr_t)rows[i].name,
				   .by = (char *)(uintptr_t)rows[i].by } },
		};
		const struct binding binding = { functions, ARRAY_SIZE(functions), 0 };
		auto_messages messages = { 0 };
		auto_error err = { 0 };
		int r = binding_check(&binding, &messages, &err);

		check_error(rows[i].part, r, &err, ERROR_UNAVAILABLE, rows[i].part);
		assert_int_equal(messages.count, 0);
		error_free(&err);
		entry.force = true;
		check_done(rows[i].part, binding_check(&binding, &messages, &err), &err);
		check_message(
			rows[i].part, &messages, MESSAGE_WARNING,
			"a: [1]: 0000:42:00.0 is taken from its driver by \"force\": ");
		assert_int_equal(messages.count, 1);
	}
}

/* Of one function that two entries name, the careful one decides. */
static void test_twice(void **state)
{
	struct map_entry forced = { .where = (char[]) { "forced" },
				    .type = DEVICE_VFIO_PCI,
				    .force = true };
	struct map_entry careful = { .where = (char[]) { "careful" },
				     .type = DEVICE_VFIO_PCI };
	const struct map_function function = { 0 };
	struct request_function asked[] = {
		{ .entry = &forced, .map = &function, .named = true },
		{ .entry = &careful, .map = &function, .named = true },
	};
	struct inventory_function found[] = {
		{ .name.address = { .bus = 5 }, .has_group = true, .group = 5 },
		{ .name.address = { .bus = 5 }, .has_group = true, .group = 5 },
	};
	const struct request request = { .functions = asked, .n_functions = 2 };
	const struct inventory inventory = { .functions = found, .n_functions = 2 };
	auto_binding binding = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("twice", binding_decide(&request, &inventory, &binding, &err), &err);
	assert_int_equal(binding.count, 1);
	assert_ptr_equal(binding.functions[0].entry, &careful);
}

/* Without an IOMMU a group comes by binding, and only where the entry allows it. */
static void test_noiommu(void **state)
{
	static const struct {
		const char *what;
		bool allowed, bound;
		size_t count;
	} rows[] = {
		{ "allowed", true, false, 2 },
		{ "not allowed", false, false, 0 },
		/* VFIO has it, and the kernel made no group. */
		{ "bound", true, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct map_entry entry = { .where = (char[]) { "a" },
					   .type = DEVICE_VFIO_PCI,
					   .allow_noiommu = rows[i].allowed };
		const struct map_function function = { 0 };
		struct request_function asked[] = {
			{ .entry = &entry, .map = &function, .named = true },
			{ .entry = &entry, .map = &function, .named = true },
		};
		struct inventory_function found[] = {
			{ .name.address = { .bus = 5 }, .vfio = rows[i].bound },
			{ .name.address = { .bus = 6 }, .has_group = true, .group = 6 },
		};
		const struct request request = { .functions = asked, .n_functions = 2 };
		const struct inventory inventory = { .functions = found,
						     .n_functions = 2 };
		auto_binding binding = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].what,
			   binding_decide(&request, &inventory, &binding, &err), &err);
		if (binding.count != rows[i].count)
			fail_row(rows[i].what, "%zu functions", binding.count);
	}
}

static void test_claims(void **state)
{
	const struct map_function function = { 0 };
	struct map_entry entry = { .type = DEVICE_VFIO_PCI };
	struct map_entry kernel = { .type = DEVICE_VFIO_PCI_GK };
	struct request_function asked[] = {
		{ .entry = &entry, .map = &function, .named = true },
		{ .entry = &entry, .map = &function, .named = true },
		{ .entry = &entry, .map = &function, .named = true },
		{ .entry = &entry, .map = &function, .named = true },
		{ .entry = &kernel, .map = &function, .named = true },
		{ .entry = &entry, .map = &function },
		{ .entry = &entry, .map = &function, .named = true },
	};
	struct inventory_function found[] = {
		{ .has_group = true, .group = 7 },
		{ .name.address = { 0xffffffff, 0xff, 0x1f, 7 } },
		{ .has_group = true, .group = 3, .vfio = true },
		{ .has_group = true, .group = 7 },
		{ .has_group = true, .group = 1 },
		{ .has_group = true, .group = 2 },
		{ .absent = (char[]) { "gone" } },
	};
	const struct request request = { .functions = asked,
					 .n_functions = ARRAY_SIZE(asked) };
	const struct inventory inventory = { .functions = found,
					     .n_functions = ARRAY_SIZE(found) };
	auto_free uint64_t *claims = NULL;

	(void)state;
	assert_int_equal(binding_list_claims(&request, &inventory, &claims), 3);
	assert_int_equal(claims[0], 3);
	assert_int_equal(claims[1], 7);
	assert_true(claims[2] == UINT64_C(0x1ffffffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide),	cmocka_unit_test(test_final),
		cmocka_unit_test(test_check),	cmocka_unit_test(test_twice),
		cmocka_unit_test(test_noiommu), cmocka_unit_test(test_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
