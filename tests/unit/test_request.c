/* SPDX-License-Identifier: Apache-2.0 */
/* The request: which entries the spec names, and what must be looked up for them. */
#include "plan_check.h"

#define GK(path, options) TYPED_ENTRY("vfio-pci-gk", path, options)

static char flag(bool truth, char letter)
{
	return truth ? letter : '-';
}

/* "HOST>GUEST ngi" for each function (named, group, identity), "V/path", "F/path" and
 * "N/path" for nodes, "L" for the list of VFIO nodes ("l": if a file may be one of them), "C"
 * for the control node; joined by ", ". */
static void dump_request(const struct request *request, struct buffer *ret)
{
	char host[DEVICE_NAME_SIZE];

	buffer_add(ret, SLICE(""));
	for (size_t i = 0; i < request->n_functions; i++) {
		const struct request_function *function = &request->functions[i];

		device_name_format(&function->map->host, host);
		buffer_printf(ret, "%s%s>%s %c%c%c", ret->length ? ", " : "", host,
			      function->map->guest_text, flag(function->named, 'n'),
			      flag(function->want_group, 'g'),
			      flag(function->want_identity, 'i'));
	}
	for (size_t i = 0; i < request->n_nodes; i++)
		buffer_printf(ret, "%s%c%s", ret->length ? ", " : "",
			      "VFN"[request->nodes[i].kind], request -> nodes[i].path);
	if (request->vfio_nodes || request->vfio_nodes_of_files)
		buffer_printf(ret, "%s%c", ret->length ? ", " : "",
			      request->vfio_nodes ? 'L' : 'l');
	for (unsigned int i = 0; i < VFIO_KINDS; i++) {
		if (request->control[i])
			buffer_printf(ret, "%s%c", ret->length ? ", " : "", "CH"[i]);
	}
}

/* Remembers what it was asked, and answers as the machine does. */
static void record(const void *sysroot, const struct request *request,
		   struct inventory *ret)
{
	struct buffer *const *text = sysroot;

	dump_request(request, *text);
	machine_answer(NULL, request, ret);
}

static void check_request(const char *spec, const char *map, const char *machine_map,
			  const char *expected)
{
	auto_buffer text = { 0 };
	struct buffer *const at = &text;
	struct plan_run_input input = { .spec = slice_from(spec),
					.answer = record,
					.sysroot = &at };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	if (map)
		input.map = slice_from(map);
	if (machine_map)
		input.machine_map = slice_from(machine_map);
	check_done(spec, plan_run(&input, &run, &err), &err);
	check_text(spec, buffer_slice(&text), expected);
}

#define ENV(variables) "{\"process\":{\"env\":[" variables "]}}"
#define TWO                                                                              \
	"[" ENTRY("/dev/vfio/45",                                                        \
		  "\"0000:3b:02.0=06/"                                                   \
		  "00\",\"0000:3b:02.1=0000:06:00.1\"") "," ENTRY("/dev/vfio/46",        \
								  "\"0000:3b:03.0=07/"   \
								  "00\"") "]"

static void test_functions(void **state)
{
	(void)state;
	check_request("{}", NULL, NULL, "");
	check_request("{}", "[]", TWO, "");
	check_request(SPEC(DEV("/dev/vfio/45", "243", "5"), ""), MAP_45, NULL,
		      "0000:3b:02.0>06/00 ng-, C");
	check_request(SPEC(DEV("/dev/./vfio//45", "243", "5"), ""), NULL, TWO,
		      "0000:3b:02.0>06/00 ng-, 0000:3b:02.1>0000:06:00.1 ng-, C");
	/* By a mount's source, but by a bind mount only. */
	check_request(MOUNTS(MOUNT("/dev/vfio/46", "/x")), NULL, TWO, "");
	check_request(MOUNTS(MOUNT("/dev/vfio/46", "/dev/x")), NULL, TWO, "F/dev/x, l");
	check_request(MOUNTS(MOUNT("/x", "/dev/vfio/46")), NULL, TWO,
		      "0000:3b:03.0>07/00 ng-, C");
	check_request(
		MOUNTS("{\"destination\":\"/dev/vfio/46\",\"type\":\"tmpfs\",\"source\":\"/dev/vfio/46\"}"),
		NULL, TWO, "");
	/* By the environment: the one function, and of it the address alone. */
	check_request(ENV("\"PCIDEVICE_A=0000:3b:02.1\""), NULL, TWO,
		      "0000:3b:02.1>0000:06:00.1 ---");
	check_request(
		ENV("\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"0000:3b:03.0\\\":1}\""),
		NULL, TWO, "0000:3b:03.0>07/00 ---");
	check_request(ENV("\"A=0000:3b:02.1\""), NULL, TWO, "");
	/* A rule names nothing. */
	check_request(SPEC("", ALLOW("1", "2")), NULL, TWO, "");
	check_request(
		SPEC(DEV("/dev/vfio/46", "243", "6"), ""), NULL,
		"[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/46\",\"options\":[\"0000:3b:03.0=07/00\"],\"expect\":{\"vendor\":\"8086\"}}]",
		"0000:3b:03.0>07/00 ngi, C");
	/* Guest kernel: neither group nor control node. */
	check_request(SPEC(DEV("/dev/vfio/46", "243", "6"), ""), NULL,
		      "[" GK("/dev/vfio/46", "\"0000:3b:03.0=07/00\"") "]",
		      "0000:3b:03.0>07/00 n--");
}

static void test_nodes(void **state)
{
	(void)state;
	check_request(
		SPEC(NODE("/dev/sda", "b", "8", "0") "," NODE("/dev/sdb", "b", "8", "16"),
		     ""),
		NULL,
		"[" NODE_ENTRY("/dev/sda", "/dev/vda") "," NODE_ENTRY(
			"/dev/sdb", "/dev/vda") "," NODE_ENTRY("/dev/sdc",
							       "/dev/vdb") "]",
		"F/dev/vda");
	/* VFIO nodes that no entry names, where there is no map. */
	check_request(SPEC(DEV("/dev/vfio/9", "242", "9") "," CONTROL, ""), NULL, NULL,
		      "V/dev/vfio/9");
	check_request(
		MOUNTS(MOUNT("/dev/y", "/dev/vfio/9") "," MOUNT("/dev/z", "/dev/vfio/9")),
		NULL, NULL, "V/dev/vfio/9");
	/* Any device whose major might be VFIO's may be one of its nodes. */
	check_request(SPEC(DEV("/dev/x", "242", "100"), ""), NULL, NULL, "L");
	check_request(SPEC(DEV("/dev/x", "10", "229"), ""), NULL, NULL, "");
	check_request(SPEC(NODE("/dev/x", "b", "242", "100"), ""), NULL, NULL, "");
	check_request(MOUNTS(MOUNT("/x", "/dev/x")), NULL, NULL, "F/dev/x, l");
	/* So may what a rule allows, where it isn't the host's own. */
	check_request(SPEC("", ALLOW("242", "100")), NULL, TWO, "L");
	check_request(SPEC("", ALLOW("242", "100")), NULL, NULL, "");
	check_request(SPEC("", RULE("false", "c", "242", "100", "rwm")), NULL, TWO, "");
	check_request(SPEC("", ALLOW("10", "229")), NULL, TWO, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
