/* SPDX-License-Identifier: Apache-2.0 */
/* The environment: which tokens a variable has, and how variables are translated whole or
 * not at all. */
#include "helpers.h"

#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/settings.h"

struct fixture {
	struct buffer text;
	struct spec spec;
	struct environment environment;
};

#define auto_fixture __attribute__((cleanup(fixture_free))) struct fixture

static void fixture_free(struct fixture *fixture)
{
	environment_free(&fixture->environment);
	spec_free(&fixture->spec);
	buffer_free(&fixture->text);
}

/* A spec with these variables, joined by newlines. */
static void fixture_make(struct fixture *fixture, const char *variables)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	settings_init(&settings);
	buffer_add(&fixture->text, SLICE("{\"process\":{\"env\":["));
	while (*variables) {
		size_t length = strcspn(variables, "\n");

		json_quote(&fixture->text, (struct slice) { variables, length });
		variables += length + (variables[length] == '\n');
		if (*variables)
			buffer_add(&fixture->text, SLICE(", "));
	}
	buffer_add(&fixture->text, SLICE("]}}"));
	check_done(fixture->text.data,
		   spec_parse("c", buffer_slice(&fixture->text), &settings.prefixes,
			      &fixture->spec, &err),
		   &err);
	environment_parse(&fixture->spec, &fixture->environment);
}

/* "A0000:01:00.0 K0000:02:00.0 P/dev/vfio/1 U<UUID>": addresses, keys, paths, UUIDs; "@": in
 * the name; "!": broken. */
static void dump_tokens(const struct env_variable *variable, struct buffer *ret)
{
	buffer_add(ret, variable->broken ? SLICE("!") : SLICE(""));
	for (size_t i = 0; i < variable->n_references && !variable->broken; i++) {
		const struct env_reference *token = &variable->references[i];
		static const char letters[] = { 'A', 'K', 'P', 'U' };
		char text[PCI_ADDRESS_SIZE];

		buffer_printf(ret, "%s%s%c", i ? " " : "", token->in_name ? "@" : "",
			      letters[token->kind]);
		buffer_add(ret,
			   env_reference_is_address(token)
				   ? slice_from(pci_address_format(&token->address, text))
				   : env_reference_text(token));
	}
}

static void test_tokens(void **state)
{
	static const struct {
		const char *variable;
		bool info;
		const char *references;
	} rows[] = {
		{ "PCIDEVICE_A=", false, "" },
		{ "PCIDEVICE_A=0000:01:00.0", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A=0000:01:00.0,0000:01:00.1", false,
		  "A0000:01:00.0 A0000:01:00.1" },
		{ "PCIDEVICE_A=10000:0A:1F.7", false, "A10000:0a:1f.7" },
		{ "PCIDEVICE_A=,0000:01:00.0,,", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A=mlx5_core.sf.10,0000:01:00.0", false, "A0000:01:00.0" },
		/* Commas, blanks and semicolons separate. */
		{ "PCIDEVICE_A= 0000:01:00.0", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A=0000:01:00.0 ", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A=0000:01:00.0;0000:01:00.1", false,
		  "A0000:01:00.0 A0000:01:00.1" },
		{ "PCIDEVICE_A=0000:01:00.0, 0000:01:00.1\t0000:01:00.2\r", false,
		  "A0000:01:00.0 A0000:01:00.1 A0000:01:00.2" },
		{ "PCIDEVICE_A=0000:01:00.0|0000:01:00.1", false, "" },
		{ "PCIDEVICE_A=x0000:01:00.0", false, "" },
		/* Without a domain it is 0000. */
		{ "PCIDEVICE_A=3b:0A.1,x3b:0a.1", false, "A0000:3b:0a.1" },
		{ "PCIDEVICE_A=3b:20.1,3b:0a.8,b:0a.1,3b:0a", false, "" },
		/* Underscores are for names. */
		{ "PCIDEVICE_A=0000_3b_0a_1", false, "" },
		{ "PCIDEVICE_A=/dev/vfio/1,//x/./y", false, "P/dev/vfio/1 P/x/y" },
		{ "PCIDEVICE_A=/dev/vfio/vfio", false, "" },
		{ "PCIDEVICE_A=dev/vfio/1", false, "" },
		/* What begins as JSON is JSON, whatever the name. */
		{ "PCIDEVICE_A={\"0000:01:00.0\":1}", false, "K0000:01:00.0" },
		{ "PCIDEVICE_A=[\"0000:01:00.0\",[\"01:00.1\"]]", false,
		  "A0000:01:00.0 A0000:01:00.1" },
		{ "PCIDEVICE_A={\"0000:01:00.0\":", false, "!" },
		{ "PCIDEVICE_A=[1] x", false, "!" },
		{ "PCIDEVICE_INFO=0000:01:00.0", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A_INFO=[\"0000:01:00.0\"]", true, "!" },
		/* The other families. */
		{ "PCI_RESOURCE_NVIDIA_COM_A=0000:01:00.0", false, "A0000:01:00.0" },
		{ "MDEV_PCI_RESOURCE_A=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90,0000:01:00.0,5C2F6E0A-8a34-4b6e-9d51-0a1f3c7e2b90,5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9,5c2f6e0a-8a34-4b6e-9d510-a1f3c7e2b90",
		  false,
		  "U5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90 A0000:01:00.0 U5C2F6E0A-8a34-4b6e-9d51-0a1f3c7e2b90" },
		{ "PCIDEVICE_A=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90", false, "" },
		{ "SRIOVNETWORK_PCI_ADDRESSES=0000:01:00.0", false, "A0000:01:00.0" },
		{ "SRIOVNETWORK_VF_DEVICE_x=0000:01:00.0", false, "A0000:01:00.0" },
		{ "SRIOVNETWORK_VF_DEVICE_0000_01_00_0=0000:01:00.0", false,
		  "@A0000:01:00.0 A0000:01:00.0" },
		{ "SRIOVNETWORK_VF_DEVICE_0000_01_00_0_1=0000:01:00.0", false,
		  "A0000:01:00.0" },
		{ "SRIOVNETWORK_10000_3B_0a_1_VFIO_DEVICE=/dev/vfio/45", false,
		  "@A10000:3b:0a.1 P/dev/vfio/45" },
		{ "SRIOVNETWORK_0000_01_00_0_RDMA_UVERBS=/dev/infiniband/uverbs14", false,
		  "@A0000:01:00.0 P/dev/infiniband/uverbs14" },
		{ "SRIOVNETWORK_0000_01_00_0_RDMA_DEVICE=mlx5_14", false,
		  "@A0000:01:00.0" },
		{ "VFIO_BDF0=01:00.0", false, "A0000:01:00.0" },
		{ "QAT15=0000:01:00.0", false, "A0000:01:00.0" },
		{ "PCIDEVICE_A_INFO={}", true, "" },
		{ "PCIDEVICE_A_INFO={\"0000:01:00.0\":{\"generic\":{\"deviceID\":\"0000:01:00.0\"}}}",
		  true, "K0000:01:00.0 A0000:01:00.0" },
		{ "PCIDEVICE_A_INFO={\"a\":[\"0000:01:00.0\",[\"0000:02:00.0\"]]}", true,
		  "A0000:01:00.0 A0000:02:00.0" },
		{ "PCIDEVICE_A_INFO={\"a\":\"0000:01:00.0,0000:02:00.0\"}", true, "" },
		{ "PCIDEVICE_A_INFO={\"a\":\"at 0000:01:00.0\",\"b\":7,\"c\":null}", true,
		  "" },
		{ "PCIDEVICE_A_INFO={\"v\":{\"dev-mount\":\"/dev/vfio/45\",\"mount\":\"/dev/vfio/vfio\"}}",
		  true, "P/dev/vfio/45" },
		{ "PCIDEVICE_A_INFO={\"v\":\"//dev/./vfio/45/\"}", true,
		  "P/dev/vfio/45" },
		{ "PCIDEVICE_A_INFO={\"v\":\"dev/vfio/45\",\"w\":\"/dev/x\"}", true,
		  "P/dev/x" },
		{ "PCIDEVICE_A_INFO={\"/dev/vfio/45\":1}", true, "" },
		{ "PCIDEVICE_A_INFO={\"0000:\\u00301:00.0\":\"\\/dev\\/vfio\\/1\"}", true,
		  "K0000:01:00.0 P/dev/vfio/1" },
		{ "PCIDEVICE_A_INFO= {\"0000:01:00.0\":1}", false, "" },
		{ "PCIDEVICE_A_INFO={\"0000:01:00.0\":[\"3b:0a.1\",\"3b_0a_1\"]}", true,
		  "K0000:01:00.0 A0000:3b:0a.1" },
		{ "PCIDEVICE_A_INFO={", true, "!" },
		{ "PCIDEVICE_A_INFO={\"0000:01:00.0\":1", true, "!" },
		{ "PCIDEVICE_A_INFO={} x", true, "!" },
		{ "PCIDEVICE_A_INFO={\"a\":1,\"a\":2}", true, "!" },
		{ "PCIDEVICE_A_INFO={\"a\":{\"b\":1,\"\\u0062\":2}}", true, "!" },
		{ "PCIDEVICE_A_INFO={\"a\":\"\\u0000\"}", true, "!" },
		{ "PCIDEVICE_A_INFO={\"\\ud800\":1}", true, "!" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fixture fixture = { 0 };
		auto_buffer references = { 0 };

		fixture_make(&fixture, rows[i].variable);
		assert_int_equal(fixture.environment.count, 1);
		if (fixture.environment.variables[0].info != rows[i].info)
			fail_row(rows[i].variable, "info should be %d", rows[i].info);
		dump_tokens(&fixture.environment.variables[0], &references);
		check_text(rows[i].variable, buffer_slice(&references),
			   rows[i].references);
	}
}

/* An _INFO whose variable is there is one even if it is not an object. */
static void test_info_without_object(void **state)
{
	static const char *const values[] = {
		"", "x", "[]", "null", "0000:01:00.0", " {}", "\"{}\""
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		auto_free char *text =
			xasprintf("PCIDEVICE_A=1\nPCIDEVICE_A_INFO=%s", values[i]);
		auto_fixture fixture = { 0 };

		fixture_make(&fixture, text);
		assert_true(fixture.environment.variables[1].info);
		if (fixture.environment.variables[1].broken == (i == 5))
			fail_row(values[i], "broken: %d",
				 fixture.environment.variables[1].broken);
	}
}

static void test_has_address(void **state)
{
	auto_fixture fixture = { 0 };

	(void)state;
	fixture_make(&fixture, "PCIDEVICE_A=0000:01:00.0,x\n"
			       "PCIDEVICE_A_INFO={\"0000:02:00.0\":\"/dev/vfio/3\"}");
	assert_true(environment_has_name(
		&fixture.environment,
		&(struct device_name) { .address = { 0, 1, 0, 0 } }));
	assert_true(environment_has_name(
		&fixture.environment,
		&(struct device_name) { .address = { 0, 2, 0, 0 } }));
	assert_false(environment_has_name(
		&fixture.environment,
		&(struct device_name) { .address = { 0, 3, 0, 0 } }));
	assert_false(environment_has_name(
		&fixture.environment,
		&(struct device_name) { .address = { 0, 0, 0, 0 } }));
}

#define UUID(last) "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9" last

static void check_uuid(const struct fixture *fixture, const char *text, bool expected)
{
	struct device_name name;

	assert_int_equal(device_name_parse(slice_from(text), &name), 0);
	assert_int_equal(environment_has_name(&fixture->environment, &name), expected);
}

static void test_has_uuid(void **state)
{
	auto_fixture fixture = { 0 }, none = { 0 };

	(void)state;
	fixture_make(&fixture, "MDEV_PCI_RESOURCE_A=" UUID("2") "," UUID(
				       "1") "\n"
					    "PCIDEVICE_A=" UUID("3"));
	check_uuid(&fixture, UUID("1"), true);
	check_uuid(&fixture, UUID("2"), true);
	check_uuid(&fixture, UUID("3"), false);
	assert_true(environment_has_names(&fixture.environment));
	fixture_make(&none, "PCIDEVICE_A=" UUID("3"));
	check_uuid(&none, UUID("3"), false);
	assert_false(environment_has_names(&none.environment));
}

/* Bus 1 becomes 2, 2 becomes 3, 3 becomes 1; 4 stays; 5 stays with a warning; 6 becomes
 * 7, where 7 stays; anything else isn't known. A VFIO group gets "0" after it. */
static enum translation_result translate(void *context,
					 const struct env_variable *variable,
					 const struct env_reference *token, char **ret,
					 char **why)
{
	static const uint8_t buses[] = { 0, 2, 3, 1, 4, 5, 7, 7 };
	struct pci_address address = { 0 };
	char text[PCI_ADDRESS_SIZE];

	(void)variable;
	(*(size_t *)context)++;
	if (token->kind == ENV_PATH) {
		*ret = xasprintf("%.*s0", (int)token->text_length, token->text_data);
		return TRANSLATION_DONE;
	}
	if (env_reference_is_address(token))
		address = token->address;
	if (address.bus == 0)
		return TRANSLATION_NONE;
	if (address.bus > 7) {
		*why = xasprintf("bus %u isn't known", address.bus);
		return TRANSLATION_NONE;
	}
	if (address.bus == 5)
		*why = xasprintf("bus 5 stays");
	address.bus = buses[address.bus];
	if (address.bus == token->address.bus)
		return address.bus == 5 ? TRANSLATION_KEPT : TRANSLATION_DONE;
	*ret = xasprintf("%s", pci_address_spell(&address, token->spelling, text));
	return TRANSLATION_DONE;
}

static const struct {
	const char *before, *after; /* changed variables */
	const char *warning;	    /* NULL: none */
} translations[] = {
	{ "PCIDEVICE_A=0000:01:00.0", "PCIDEVICE_A=0000:02:00.0", NULL },
	{ "PCIDEVICE_A=0000:01:00.0,0000:02:00.0,0000:03:00.0",
	  "PCIDEVICE_A=0000:02:00.0,0000:03:00.0,0000:01:00.0", NULL },
	{ "PCIDEVICE_A=0000:01:00.0,0000:01:00.0",
	  "PCIDEVICE_A=0000:02:00.0,0000:02:00.0", NULL },
	{ "PCIDEVICE_A=,0000:01:00.0,,x", "PCIDEVICE_A=,0000:02:00.0,,x", NULL },
	{ "PCIDEVICE_A=mlx5_core.sf.10", "", NULL },
	{ "PCIDEVICE_A=0000:04:00.0", "", NULL },
	{ "PCIDEVICE_A=0000:05:00.0", "", "process.env[0]: bus 5 stays" },
	{ "PCIDEVICE_A=0000:05:00.0,0000:01:00.0",
	  "PCIDEVICE_A=0000:05:00.0,0000:02:00.0", "process.env[0]: bus 5 stays" },
	{ "PCIDEVICE_A=0000:01:00.0,0000:09:00.0", "",
	  "process.env[0]: \"PCIDEVICE_A\" is left as it is: bus 9 isn't known" },
	{ "PCIDEVICE_A=0000:01:00.0,0000:00:00.0", "", NULL },
	/* Each element keeps its form, and what is between them stays. */
	{ "PCIDEVICE_A=0000:01:00.0, 01:00.0;\t 00000000:02:1F.7,",
	  "PCIDEVICE_A=0000:02:00.0, 02:00.0;\t 0000:03:1f.7,", NULL },
	{ "PCIDEVICE_A=[\"01:00.0\", {\"02:00.0\":\"0000:03:00.0\"}]",
	  "PCIDEVICE_A=[\"02:00.0\", {\"03:00.0\":\"0000:01:00.0\"}]", NULL },
	{ "PCIDEVICE_A={x", "",
	  "process.env[0]: \"PCIDEVICE_A\" is left as it is: it begins as JSON, but" },
	/* The address in a name. */
	{ "SRIOVNETWORK_VF_DEVICE_0000_01_00_0=0000:01:00.0\n"
	  "SRIOVNETWORK_0000_01_00_0_VFIO_DEVICE=/dev/vfio/4\n"
	  "SRIOVNETWORK_0000_01_00_0_RDMA_DEVICE=mlx5_14",
	  "SRIOVNETWORK_VF_DEVICE_0000_02_00_0=0000:02:00.0\n"
	  "SRIOVNETWORK_0000_02_00_0_VFIO_DEVICE=/dev/vfio/40\n"
	  "SRIOVNETWORK_0000_02_00_0_RDMA_DEVICE=mlx5_14",
	  NULL },
	{ "SRIOVNETWORK_0000_09_00_0_VFIO_DEVICE=/dev/vfio/4", "",
	  "process.env[0]: \"SRIOVNETWORK_0000_09_00_0_VFIO_DEVICE\" is left as it is: bus 9" }, /* Each variable for itself. */
	{ "PCIDEVICE_A=0000:09:00.0\nPCIDEVICE_B=0000:01:00.0",
	  "PCIDEVICE_B=0000:02:00.0", "\"PCIDEVICE_A\" is left" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A=0000:02:00.0",
	  "PCIDEVICE_A=0000:02:00.0\nPCIDEVICE_A=0000:03:00.0", NULL },
	/* Of one name all, or none. */
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A=0000:09:00.0", "",
	  "process.env[0]: \"PCIDEVICE_A\" is left as it is: process.env[1], which it goes with, has to stay" },
	{ "PCIDEVICE_A=0000:09:00.0\nPCIDEVICE_B=0000:01:00.0\nPCIDEVICE_A=0000:01:00.0",
	  "PCIDEVICE_B=0000:02:00.0",
	  "process.env[2]: \"PCIDEVICE_A\" is left as it is: process.env[0], which it goes with" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_B=0000:02:00.0\n"
	  "PCIDEVICE_A_INFO={\"0000:01:00.0\":1}\nPCIDEVICE_A_INFO_INFO={\"0000:09:00.0\":1}",
	  "PCIDEVICE_A_B=0000:03:00.0",
	  "process.env[0]: \"PCIDEVICE_A\" is left as it is: process.env[3], which it goes with" },
	/* _INFO: keys and values in one go. */
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_INFO={\"0000:01:00.0\":{\"generic\":{\"deviceID\":\"0000:01:00.0\"},\"vfio\":{\"dev-mount\":\"/dev/vfio/4\",\"mount\":\"/dev/vfio/vfio\"}}}",
	  "PCIDEVICE_A=0000:02:00.0\nPCIDEVICE_A_INFO={\"0000:02:00.0\":{\"generic\":{\"deviceID\":\"0000:02:00.0\"},\"vfio\":{\"dev-mount\":\"/dev/vfio/40\",\"mount\":\"/dev/vfio/vfio\"}}}",
	  NULL },
	{ "PCIDEVICE_A=\nPCIDEVICE_A_INFO={ \"0000:01:00.0\" : [ 1.0, \"\\t\" ],\t\"0000:02:00.0\":\"0000:03:00.0\"}",
	  "PCIDEVICE_A_INFO={ \"0000:02:00.0\" : [ 1.0, \"\\t\" ],\t\"0000:03:00.0\":\"0000:01:00.0\"}",
	  NULL },
	{ "PCIDEVICE_A=\nPCIDEVICE_A_INFO={\"0000:06:00.0\":1,\"0000:07:00.0\":2}", "",
	  "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: two of its keys" },
	{ "PCIDEVICE_A=\nPCIDEVICE_A_INFO={\"0000:01:00.0\":1,\"a\":\"0000:09:00.0\"}",
	  "", "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: bus 9" },
	/* _INFO goes with its variable. */
	{ "PCIDEVICE_A=0000:09:00.0\nPCIDEVICE_A_INFO={\"0000:01:00.0\":1}", "",
	  "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: process.env[0], which it goes with, has to stay" },
	{ "PCIDEVICE_A_INFO={\"0000:01:00.0\":1}", "", "the variable without _INFO" },
	{ "PCIDEVICE_A_INFO={\"x\":1}", "", NULL },
	{ "PCIDEVICE_A_INFO={\"0000:01:00.0\":1}\nPCIDEVICE_A=0000:01:00.0",
	  "PCIDEVICE_A=0000:02:00.0\nPCIDEVICE_A_INFO={\"0000:02:00.0\":1}", NULL },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_INFO={\"0000:01:00.0\":1\n"
	  "PCIDEVICE_B=0000:02:00.0",
	  "PCIDEVICE_B=0000:03:00.0",
	  "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: it is not a JSON object" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_INFO={\"a\":1,\"a\":2}", "",
	  "\"PCIDEVICE_A_INFO\" is left as it is: it is not a JSON object, or has a key twice" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_INFO=[\"0000:01:00.0\"]", "",
	  "\"PCIDEVICE_A\" is left as it is: process.env[1], which it goes with" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A=0000:09:00.0\n"
	  "PCIDEVICE_A_INFO={\"0000:01:00.0\":1}",
	  "",
	  "\"PCIDEVICE_A_INFO\" is left as it is: process.env[1], which it goes with" },
	{ "PCIDEVICE_A=0000:01:00.0\nPCIDEVICE_A_INFO={\"0000:06:00.0\":1,\"0000:07:00.0\":2}",
	  "", "\"PCIDEVICE_A\" is left as it is: process.env[1], which it goes with" },
};

/* Changed variables, in the order of the spec, joined by newlines. */
static void join_changes(const struct environment *environment,
			 const struct env_changes *changes, struct buffer *ret)
{
	buffer_add(ret, SLICE(""));
	for (size_t i = 0; i < environment->count; i++) {
		for (size_t k = 0; k < changes->count; k++) {
			if (changes->items[k].variable == &environment->variables[i])
				buffer_printf(ret, "%s%s", ret->length ? "\n" : "",
					      changes->items[k].text);
		}
	}
}

/* Variables are compared as a set: order of the rows is that of the spec. */
static bool same_lines(const char *a, const char *b)
{
	if (strlen(a) != strlen(b))
		return false;
	while (*a) {
		size_t length = strcspn(a, "\n");
		auto_free char *line = xstrndup(a, length);

		if (!strstr(b, line))
			return false;
		a += length + (a[length] == '\n');
	}
	return true;
}

static void test_translate(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(translations); i++) {
		const char *before = translations[i].before;
		struct env_changes changes = { 0 };
		auto_messages messages = { 0 };
		auto_fixture fixture = { 0 };
		auto_buffer after = { 0 };
		size_t asked = 0;

		fixture_make(&fixture, before);
		environment_translate(&fixture.environment, translate, &asked, &changes,
				      &messages);
		join_changes(&fixture.environment, &changes, &after);
		if (!same_lines(after.data, translations[i].after))
			fail_row(before, "expected: %s\nfound:    %s",
				 translations[i].after, after.data);
		env_changes_free(&changes);
		if (translations[i].warning)
			check_message(before, &messages, MESSAGE_WARNING,
				      translations[i].warning);
		else if (messages.count)
			fail_row(before, "warns: %s", messages.items[0].text);
	}
}

static void test_many(void **state)
{
	auto_buffer text = { 0 }, list = { 0 };
	struct env_changes changes = { 0 };
	auto_messages messages = { 0 };
	auto_fixture fixture = { 0 };
	size_t asked = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		buffer_printf(&list, "%s0000:01:%02x.%x", i ? "," : "", i / 8, i % 8);
	for (int i = 0; i < 50; i++)
		buffer_printf(
			&text,
			"PCIDEVICE_A%d=%s\nPCIDEVICE_A%d_INFO={\"a\":\"0000:01:00.0\"}\n",
			i, list.data, i);
	fixture_make(&fixture, text.data);
	assert_int_equal(fixture.environment.count, 100);
	environment_translate(&fixture.environment, translate, &asked, &changes,
			      &messages);
	assert_int_equal(changes.count, 100);
	assert_int_equal(asked, 50 * 201);
	assert_int_equal(messages.count, 0);
	env_changes_free(&changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_info_without_object),
		cmocka_unit_test(test_has_address),
		cmocka_unit_test(test_has_uuid),
		cmocka_unit_test(test_translate),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
