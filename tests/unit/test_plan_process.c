/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for a further process of a container, by what the container's annotation
 * lists. */
#include "plan_check.h"

#define UUID(last) "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9" last

#define ENV(variables) "{\"process\":{\"env\":[" variables "]}}"
#define PROCESS(variables) "{\"env\":[" variables "]}"

/* 3b:02.0 and 3b:02.1 became 06:00.0 and 07:00.0; 01:00.0 and 02:00.0 changed places. */
static void make_annotation(struct annotation *ret)
{
	static const char *const addresses[][2] = {
		{ "0000:3b:02.1", "0000:07:00.0" }, { "0000:3b:02.0", "0000:06:00.0" },
		{ "0000:02:00.0", "0000:01:00.0" }, { "0000:01:00.0", "0000:02:00.0" },
		{ "0000:09:00.0", "0000:09:00.0" }, { UUID("1"), UUID("2") },
		{ UUID("3"), "0000:0a:00.0" },	    { UUID("4"), UUID("4") },
	};
	static const struct {
		const char *container_path, *final_path;
	} nodes[] = {
		{ "/dev/vfio/46", "/dev/vfio/7" }, { "/dev/vfio/45", "/dev/vfio/6" },
		{ "/dev/vfio/1", "/dev/vfio/2" },  { "/dev/vfio/2", "/dev/vfio/1" },
		{ "/dev/vfio/9", "/dev/vfio/9" },  { "/dev/vfio/47", NULL },
		{ "/dev/vfio/48", "/dev/vfio/8" }, { "/dev/vfio/48", "/dev/vfio/18" },
	};
	const struct device_number number = { 'c', 242, 6 };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct device_name host, guest;

		assert_int_equal(device_name_parse(slice_from(addresses[i][0]), &host),
				 0);
		assert_int_equal(device_name_parse(slice_from(addresses[i][1]), &guest),
				 0);
		annotation_add_address(ret, &host, &guest);
	}
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		annotation_add_node(ret, nodes[i].container_path, nodes[i].final_path,
				    nodes[i].final_path, &number);
	annotation_index(ret);
}

struct process_case {
	const char *process, *container; /* container NULL: it has no variable */
	const char *expected;		 /* NULL: unchanged */
	const char *part;		 /* of a warning; NULL: there is none */
};

static void check_process(const struct process_case *c)
{
	static struct slice prefix_items[] = { { "PCIDEVICE_", 10 }, { "MDEV_", 5 } };
	static const struct env_prefixes prefixes = { .items = prefix_items, .count = 2 };
	const char *container_text = c->container ? c->container : ENV("");
	auto_annotation annotation = { 0 };
	auto_spec process = { 0 }, container = { 0 };
	auto_environment environment = { 0 };
	auto_plan plan = { 0 };
	auto_messages messages = { 0 };
	auto_splices splices = { 0 };
	auto_buffer text = { 0 };
	auto_error err = { 0 };

	make_annotation(&annotation);
	check_done(c->process,
		   spec_parse_process("process.json", slice_from(c->process), &prefixes,
				      &process, &err),
		   &err);
	check_done(c->process,
		   spec_parse("config.json", slice_from(container_text), &prefixes,
			      &container, &err),
		   &err);
	environment_parse(&process, &environment);
	plan_process(&process, &environment, &container, &annotation, &plan, &messages);
	check_done(c->process, plan_splices(&plan, &process, &splices, &err), &err);
	splices_apply(&splices, slice_from(c->process), &text);
	check_text(c->process, buffer_slice(&text),
		   c->expected ? c->expected : c->process);
	if (c->part)
		check_message(c->process, &messages, MESSAGE_WARNING, c->part);
	else if (messages.count)
		fail_row(c->process, "message: %s", messages.items[0].text);
}

static void test_process(void **state)
{
	static const struct process_case cases[] = {
		{ .process = PROCESS("") },
		{ .process = PROCESS("\"A=0000:3b:02.0\"") },
		{ .process =
			  PROCESS("\"PCIDEVICE_A=0000:3b:02.0,0000:3b:02.1,x\",\"B=1\""),
		  .expected = PROCESS(
			  "\"PCIDEVICE_A=0000:06:00.0,0000:07:00.0,x\",\"B=1\"") },
		{ .process = PROCESS("\"PCIDEVICE_A=0000:3b:02.0\""),
		  .container = ENV("\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_B=\""),
		  .expected = PROCESS("\"PCIDEVICE_A=0000:06:00.0\"") },
		/* A device that is where it was. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:09:00.0\"") },
		/* Guests that are not hosts. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:06:00.0,0000:07:00.0\"") },
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":{\\\"d\\\":\\\"/dev/vfio/45\\\"}}\""),
		  .expected = PROCESS(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":{\\\"d\\\":\\\"/dev/vfio/6\\\"}}\"") },
		/* An address that is a host's and a guest's: the engine's copy has the host's,
		 * unless the container has just this. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:01:00.0,0000:02:00.0\""),
		  .container = ENV("\"PCIDEVICE_A=0000:02:00.0,0000:01:00.0\""),
		  .expected = PROCESS("\"PCIDEVICE_A=0000:02:00.0,0000:01:00.0\"") },
		{ .process = PROCESS("\"PCIDEVICE_A=0000:02:00.0,0000:01:00.0\""),
		  .container = ENV("\"PCIDEVICE_A=0000:02:00.0,0000:01:00.0\"") },
		{ .process = PROCESS("\"PCIDEVICE_A=0000:02:00.0\""),
		  .container = ENV("\"PCIDEVICE_B=0000:02:00.0\""),
		  .expected = PROCESS("\"PCIDEVICE_A=0000:01:00.0\"") },
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/1\\\",\\\"y\\\":\\\"/dev/vfio/2\\\"}\""),
		  .expected = PROCESS(
			  "\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/2\\\",\\\"y\\\":\\\"/dev/vfio/1\\\"}\"") },
		/* Mediated devices. */
		{ .process =
			  PROCESS("\"MDEV_PCI_RESOURCE_A=" UUID("1") "," UUID("4") "\""),
		  .expected = PROCESS(
			  "\"MDEV_PCI_RESOURCE_A=" UUID("2") "," UUID("4") "\"") },
		{ .process = PROCESS("\"MDEV_PCI_RESOURCE_A=" UUID("2") "\"") },
		{ .process = PROCESS("\"MDEV_PCI_RESOURCE_A=" UUID("3") "\""),
		  .part = "the mediated device " UUID("3") " is a PCI function here" },
		{ .process = PROCESS("\"MDEV_PCI_RESOURCE_A=" UUID("5") "\""),
		  .part = "the container's annotation doesn't list " UUID("5") },
		/* What the annotation doesn't list. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:3b:02.0,0000:55:00.0\""),
		  .part = "process.env[0]: \"PCIDEVICE_A\" is left as it is: the container's annotation doesn't list 0000:55:00.0" },
		/* The run that created the container has said so. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:3b:02.0,0000:55:00.0\""),
		  .container = ENV("\"PCIDEVICE_A=0000:3b:02.0,0000:55:00.0\"") },
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/99\\\"}\""),
		  .part = "the container's annotation doesn't list /dev/vfio/99" },
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/48\\\"}\""),
		  .part = "the container has several nodes for /dev/vfio/48" },
		/* One that is this machine's beside a host's is a host's too, of another
		 * container. */
		{ .process = PROCESS("\"PCIDEVICE_A=0000:06:00.0,0000:3b:02.0\""),
		  .part = "the container's annotation doesn't list 0000:06:00.0" },
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/6\\\",\\\"y\\\":\\\"/dev/vfio/45\\\"}\""),
		  .part = "the container's annotation doesn't list /dev/vfio/6" },
		/* A node that went, and ones that the container has. */
		{ .process = PROCESS(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/47\\\",\\\"z\\\":\\\"/dev/vfio/9\\\"}\""),
		  .expected = PROCESS(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"x\\\":\\\"/dev/vfio/47\\\",\\\"z\\\":\\\"/dev/vfio/9\\\"}\"") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_process(&cases[i]);
}

/* An annotation of nodes alone, or of addresses alone. */
static void test_empty(void **state)
{
	struct device_name host;
	auto_annotation annotation = { 0 };
	auto_environment environment = { 0 };
	auto_messages messages = { 0 };
	auto_spec process = { 0 }, container = { 0 };
	auto_plan plan = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("process",
		   plan_run_parse(SLICE(ENV("\"PCIDEVICE_A=0000:3b:02.0\"")), &process,
				  &err),
		   &err);
	check_done("container", plan_run_parse(SLICE("{}"), &container, &err), &err);
	environment_parse(&process, &environment);
	plan_process(&process, &environment, &container, &annotation, &plan, &messages);
	check_message("nothing", &messages, MESSAGE_WARNING, "doesn't list 0000:3b:02.0");
	assert_int_equal(plan.n_changes, 0);
	assert_int_equal(device_name_parse(SLICE("0000:3b:02.0"), &host), 0);
	annotation_add_address(&annotation, &host, &host);
	annotation_index(&annotation);
	env_changes_free(&plan.env);
	plan_process(&process, &environment, &container, &annotation, &plan, &messages);
	assert_int_equal(plan.n_changes, 0);
	assert_int_equal(messages.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
