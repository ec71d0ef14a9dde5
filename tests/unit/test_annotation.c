/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what was done: written, read, forged. */
#include "helpers.h"

#include "oci-vfio-hook/annotation_text.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
static const uint8_t key[SIPHASH_KEY_SIZE] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
					       0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
					       0x89, 0xab, 0xcd, 0xef };
static const struct annotation_binding binding = { .cgroups_path = { "/pod:box", 8 },
						   .root_path = { "/var/root", 9 } };
/* What `openssl mac` makes of what annotation_text.h says that the code is over. */
#define ROUND_TRIP_MAC "fc13ca1cd149ad0c46ddcd8ba7074c2c"
#define EMPTY_MAC "4b38c4c1c10e2e2e5ba6c30005b24807"
#define NODE_MAC "c257b327553e8006efc2d5fec3bf6bea"
#define FIELDS_MAC "6d80cb994eb382791eb0870c279efda0"

static const struct device_name host = { .address = { 0, 0x3b, 2, 0 } },
				guest = { .address = { 0x10000, 1, 0, 0 } };
static const struct device_number rule = { 'c', 242, 7 };

static void make(struct annotation *annotation)
{
	annotation_add_node(annotation, "/dev/vfio/45", "/dev/vfio/3", "/dev/vfio/3",
			    &(struct device_number) { 'c', 242, 0 });
	annotation_add_node(annotation, "/dev/a\"b", "/dev/\xc3\xa9", "/dev/x\\y",
			    &(struct device_number) { 'b', 4294967295, 1048575 });
	annotation_add_node(annotation, "/dev/vfio/46", NULL, NULL, NULL);
	annotation_add_address(annotation, &host, &guest);
	annotation_add_rule(annotation, &rule);
}

static void test_round_trip(void **state)
{
	static const char wanted[] =
		"{\"nodes\":[{\"container_path\":\"/dev/a\\\"b\",\"final_path\":\"/dev/\xc3\xa9\",\"node\":\"/dev/x\\\\y\",\"type\":\"b\",\"major\":4294967295,\"minor\":1048575},{\"container_path\":\"/dev/vfio/45\",\"final_path\":\"/dev/vfio/3\",\"node\":\"/dev/vfio/3\",\"type\":\"c\",\"major\":242,\"minor\":0},{\"container_path\":\"/dev/vfio/46\"}],\"addresses\":[[\"0000:3b:02.0\",\"10000:01:00.0\"]],\"rules\":[[242,7]],\"mac\":\"" ROUND_TRIP_MAC
		"\"}";
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 }, same = { 0 }, shown = { 0 };

	(void)state;
	make(&annotation);
	annotation_index(&annotation);
	annotation_format(&annotation, key, &binding, &text);
	check_text("format", buffer_slice(&text), wanted);
	assert_int_equal(annotation_parse(buffer_slice(&text), key, &binding, &again), 0);
	assert_int_equal(again.n_nodes, 3);
	assert_int_equal(again.n_addresses, 1);
	assert_int_equal(again.n_rules, 1);
	annotation_format(&again, key, &binding, &same);
	check_text("again", buffer_slice(&same), text.data);
	/* For a person: all but the code. */
	annotation_format(&annotation, NULL, &binding, &shown);
	assert_int_equal(shown.length, text.length - strlen(",\"mac\":\"\"") - 32);
	assert_null(strstr(shown.data, "mac"));
}

/* One node at many paths, and many paths of one node, come as one. */
static void test_lists(void **state)
{
	static const char lists[] =
		"{\"nodes\":[{\"container_path\":\"/a\",\"final_path\":[\"/x\",\"/y\",\"/z\"],\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":2},{\"container_path\":[\"/b\",\"/c\"],\"final_path\":\"/x\",\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":2},{\"container_path\":\"/d\",\"final_path\":\"/x\",\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":3},{\"container_path\":\"/e\"},{\"container_path\":\"/f\"}],\"addresses\":[]}";
	static const char *const malformed[] = {
		"{\"nodes\":[{\"container_path\":[\"/a\"],\"final_path\":[\"/x\"],\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":2}]}",
		"{\"nodes\":[{\"container_path\":[\"/a\"]}]}",
		"{\"nodes\":[{\"container_path\":[\"/a\",7],\"final_path\":\"/x\",\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":2}]}",
		"{\"nodes\":[{\"container_path\":\"/a\",\"final_path\":[\"/x\"],\"node\":\"/n\",\"major\":1,\"minor\":2}]}",
	};
	const struct device_number number = { 'c', 1, 2 }, other = { 'c', 1, 3 };
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 }, shown = { 0 }, same = { 0 };

	(void)state;
	annotation_add_node(&annotation, "/a", "/z", "/n", &number);
	annotation_add_node(&annotation, "/a", "/y", "/n", &number);
	annotation_add_node(&annotation, "/a", "/x", "/n", &number);
	annotation_add_node(&annotation, "/c", "/x", "/n", &number);
	annotation_add_node(&annotation, "/b", "/x", "/n", &number);
	annotation_add_node(&annotation, "/d", "/x", "/n", &other);
	annotation_add_node(&annotation, "/e", NULL, NULL, NULL);
	annotation_add_node(&annotation, "/f", NULL, NULL, NULL);
	annotation_index(&annotation);
	annotation_format(&annotation, NULL, &binding, &shown);
	check_text("lists", buffer_slice(&shown), lists);
	annotation_format(&annotation, key, &binding, &text);
	assert_int_equal(annotation_parse(buffer_slice(&text), key, &binding, &again), 0);
	assert_int_equal(again.n_nodes, 8);
	annotation_format(&again, key, &binding, &same);
	check_text("again", buffer_slice(&same), text.data);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		auto_annotation claimed = { 0 };

		if (annotation_parse(slice_from(malformed[i]), key, &binding, &claimed) !=
			    1 ||
		    claimed.n_nodes != 0)
			fail_row(malformed[i], "it was taken");
	}
}

/* A mediated device may be a function here. */
static void test_mediated(void **state)
{
	static const char lists[] =
		"{\"nodes\":[],\"addresses\":[[\"0000:3b:02.0\",\"10000:01:00.0\"],[\"5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90\",\"10000:01:00.0\"]]}";
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 }, shown = { 0 };
	struct device_name uuid;

	(void)state;
	assert_int_equal(device_name_parse(SLICE("5C2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90"),
					   &uuid),
			 0);
	annotation_add_address(&annotation, &uuid, &guest);
	annotation_add_address(&annotation, &host, &guest);
	annotation_index(&annotation);
	annotation_format(&annotation, NULL, &binding, &shown);
	check_text("mediated", buffer_slice(&shown), lists);
	annotation_format(&annotation, key, &binding, &text);
	assert_int_equal(annotation_parse(buffer_slice(&text), key, &binding, &again), 0);
	assert_int_equal(again.n_addresses, 2);
	assert_true(annotation_has_address(&again, &uuid, &guest));
	assert_false(annotation_has_guest(&again, &uuid));
}

static void test_empty(void **state)
{
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	annotation_format(&annotation, key, &binding, &text);
	check_text("empty", buffer_slice(&text),
		   "{\"nodes\":[],\"addresses\":[],\"mac\":\"" EMPTY_MAC "\"}");
	assert_int_equal(annotation_parse(buffer_slice(&text), key, &binding, &again), 0);
	assert_int_equal(again.n_nodes, 0);
	assert_int_equal(again.n_addresses, 0);
}

static void test_added_once(void **state)
{
	auto_annotation annotation = { 0 };

	(void)state;
	make(&annotation);
	make(&annotation);
	annotation_index(&annotation);
	assert_int_equal(annotation.n_nodes, 3);
	assert_int_equal(annotation.n_addresses, 1);
	assert_int_equal(annotation.n_rules, 1);
	/* The same container path at another place is another node. */
	annotation_add_node(&annotation, "/dev/vfio/45", "/dev/vfio/4", "/dev/vfio/4",
			    &(struct device_number) { 'c', 242, 1 });
	annotation_add_node(&annotation, "/dev/vfio/45", NULL, NULL, NULL);
	annotation_add_address(&annotation, &guest, &host);
	annotation_index(&annotation);
	assert_int_equal(annotation.n_nodes, 5);
	assert_int_equal(annotation.n_addresses, 2);
}

static void test_find(void **state)
{
	auto_annotation annotation = { 0 }, empty = { 0 };
	const struct annotation_node *node;

	(void)state;
	annotation_index(&empty);
	assert_null(annotation_find_final(&empty, SLICE("/dev/vfio/3")));
	assert_null(annotation_find_container_path(&empty, SLICE("/dev/vfio/3")));
	assert_false(annotation_has_guest(&empty, &guest));
	assert_false(annotation_has_address(&empty, &guest, &guest));
	assert_false(annotation_has_rule(&empty, &rule));
	make(&annotation);
	annotation_add_node(&annotation, "/dev/vfio/45", "/dev/vfio/9", "/dev/vfio/3",
			    &(struct device_number) { 'c', 242, 0 });
	annotation_index(&annotation);
	node = annotation_find_final(&annotation, SLICE("/dev/vfio/3"));
	assert_non_null(node);
	assert_string_equal(node->container_path, "/dev/vfio/45");
	assert_int_equal(node->number.major, 242);
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/45")));
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/46")));
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/")));
	assert_null(annotation_find_final(&annotation, SLICE("/z")));
	node = annotation_find_container_path(&annotation, SLICE("/dev/vfio/45"));
	assert_string_equal(node->final_path, "/dev/vfio/3");
	assert_non_null(
		annotation_find_container_path(&annotation, SLICE("/dev/vfio/46")));
	assert_null(annotation_find_container_path(&annotation, SLICE("/dev/vfio/3")));
	assert_null(annotation_find_container_path(&annotation, SLICE("/dev/vfio/4")));
	assert_null(annotation_find_container_path(&annotation, SLICE("/z")));
	assert_true(annotation_has_node(&annotation, "/dev/vfio/45", "/dev/vfio/9"));
	assert_false(annotation_has_node(&annotation, "/dev/vfio/45", "/dev/vfio/45"));
	assert_true(annotation_has_guest(&annotation, &guest));
	assert_false(annotation_has_guest(&annotation, &host));
	assert_true(annotation_has_address(&annotation, &host, &guest));
	assert_false(annotation_has_address(&annotation, &guest, &guest));
	assert_true(annotation_has_rule(&annotation, &rule));
	assert_false(annotation_has_rule(&annotation,
					 &(struct device_number) { 'c', 242, 8 }));
}

/* Many, in any order. */
static void test_many(void **state)
{
	auto_annotation annotation = { 0 };
	const uint32_t count = 1000;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t number = i * 7 % count;
		auto_free char *path = xasprintf("/dev/h%u", number),
			       *final_path = xasprintf("/dev/f%u", count - number);
		const struct device_number node = { 'c', number, 0 };
		const struct device_name address = { .address.domain = number };

		annotation_add_node(
			&annotation, text_pool_add(&annotation.texts, slice_from(path)),
			text_pool_add(&annotation.texts, slice_from(final_path)),
			"/dev/n", &node);
		annotation_add_address(&annotation, &address, &address);
		annotation_add_rule(&annotation, &node);
	}
	annotation_index(&annotation);
	assert_int_equal(annotation.n_nodes, count);
	for (uint32_t i = 0; i < count; i++) {
		auto_free char *path = xasprintf("/dev/h%u", i),
			       *final_path = xasprintf("/dev/f%u", count - i);
		const struct device_number node = { 'c', i, 0 };
		const struct device_name address = { .address.domain = i };

		assert_int_equal(annotation_find_final(&annotation,
						       slice_from(final_path))
					 ->number.major,
				 i);
		assert_non_null(
			annotation_find_container_path(&annotation, slice_from(path)));
		assert_true(annotation_has_node(&annotation, path, final_path));
		assert_true(annotation_has_guest(&annotation, &address));
		assert_true(annotation_has_rule(&annotation, &node));
	}
}

static int parse(const char *text)
{
	auto_annotation annotation = { 0 };

	return annotation_parse(slice_from(text), key, &binding, &annotation);
}

#define NODE                                                                             \
	"{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\","              \
	"\"type\":\"c\",\"major\":1,\"minor\":2}"
#define NODES "\"nodes\":[" NODE "]"

/* Not ours: it counts as absent. */
static void test_forged(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"null",
		"[]",
		"\"" NODE_MAC "\"",
		"{}",
		"{" NODES "}",
		"{" NODES ",\"mac\":null}",
		"{" NODES ",\"mac\":7}",
		"{" NODES ",\"mac\":\"\"}",
		"{" NODES ",\"mac\":\"00000000000000000000000000000000\"}",
		"{" NODES ",\"mac\":\"" NODE_MAC "0\"}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\\u0000\"}",
		"{" NODES ",\"Mac\":\"" NODE_MAC "\"}",
		/* Twice, or more after it. */
		"{" NODES ",\"mac\":\"x\",\"mac\":\"" NODE_MAC "\"}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\",\"mac\":\"x\"}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\",\"nodes\":[]}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\",\"x\":1,\"x\":2}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\"} x",
		"{" NODES ",\"mac\":\"" NODE_MAC "\"}{}",
		/* The code comes last, and the text is as it was written. */
		"{\"mac\":\"" NODE_MAC "\"," NODES "}",
		"{" NODES ",\"mac\":\"" NODE_MAC "\" }",
		"{" NODES ", \"mac\":\"" NODE_MAC "\"}",
		"{ " NODES ",\"mac\":\"" NODE_MAC "\"}",
		",\"mac\":\"" NODE_MAC "\"}",
		/* As version 0.1.0 wrote it. */
		"{\"token\":\"" TOKEN "\"," NODES "}",
	};

	(void)state;
	assert_int_equal(parse("{" NODES ",\"mac\":\"" NODE_MAC "\"}"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse(rows[i]) != 1)
			fail_row(rows[i], "it was taken");
	}
}

/* What is not the form that we write is not even a claim. */
static void test_malformed(void **state)
{
#define FINAL "{\"container_path\":\"/c\",\"final_path\":\"/f\""
	static const char *const rows[] = {
		"{\"nodes\":[" NODE ",{}]}",
		"{\"nodes\":[" NODE ",{\"container_path\":7}]}",
		"{\"nodes\":[" NODE "," FINAL "}]}",
		"{\"nodes\":[" NODE "," FINAL
		",\"node\":\"/n\",\"major\":1,\"minor\":2}]}",
		"{\"nodes\":[" NODE "," FINAL
		",\"node\":\"/n\",\"type\":\"c\",\"major\":1}]}",
		"{\"nodes\":[" NODE "," FINAL
		",\"node\":\"/n\",\"type\":\"u\",\"major\":1,\"minor\":2}]}",
		"{\"nodes\":[" NODE "," FINAL
		",\"node\":\"/n\",\"type\":\"c\",\"major\":-1,\"minor\":2}]}",
		"{\"nodes\":[" NODE "," FINAL
		",\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":4294967296}]}",
		"{" NODES ",\"addresses\":[[]]}",
		"{" NODES ",\"addresses\":[[\"0000:01:00.0\"]]}",
		"{" NODES ",\"addresses\":[[\"0000:01:00.0\",7]]}",
		"{" NODES ",\"addresses\":[[\"0000:01:00.0\",\"01\"]]}",
		"{" NODES ",\"rules\":[[1]]}",
		"{" NODES ",\"rules\":[[1,\"2\"]]}",
		"{" NODES ",\"rules\":[[1,-2]]}",
	};
	auto_annotation claimed = { 0 };

	(void)state;
	assert_int_equal(annotation_parse(SLICE("{" NODES "}"), key, &binding, &claimed),
			 1);
	assert_int_equal(claimed.n_nodes, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_annotation annotation = { 0 };

		if (annotation_parse(slice_from(rows[i]), key, &binding, &annotation) !=
			    1 ||
		    annotation.n_nodes != 0)
			fail_row(rows[i], "it was taken");
	}
}

/* Every bit of the code counts. */
static void test_mac_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < 32; i++) {
		auto_free char *text = xstrdup("{" NODES ",\"mac\":\"" NODE_MAC "\"}");
		char *digit = strstr(text, NODE_MAC) + i;

		*digit = *digit == '0' ? '1' : '0';
		if (parse(text) != 1)
			fail_row(text, "it was taken");
	}
}

/* With a right code, every field that is changed makes it wrong. */
static void test_fields(void **state)
{
	static const char whole[] =
		"{\"nodes\":[{\"container_path\":\"/dev/vfio/45\",\"final_path\":\"/dev/vfio/3\",\"node\":\"/dev/vfio/4\",\"type\":\"c\",\"major\":242,\"minor\":0},{\"container_path\":\"/dev/vfio/46\"}],\"addresses\":[[\"0000:3b:02.0\",\"0000:01:00.0\"],[\"0000:3b:02.1\",\"0000:01:00.1\"]],\"rules\":[[242,7]],\"mac\":\"" FIELDS_MAC
		"\"}";
	static const char *const changes[][2] = {
		{ "/dev/vfio/45", "/dev/vfio/44" },
		{ "/dev/vfio/3", "/dev/vfio/5" },
		{ "/dev/vfio/4\",\"type", "/dev/vfio/5\",\"type" },
		{ "\"c\"", "\"b\"" },
		{ "\"major\":242", "\"major\":243" },
		{ "\"minor\":0", "\"minor\":1" },
		{ "/dev/vfio/46", "/dev/vfio/47" },
		{ ",{\"container_path\":\"/dev/vfio/46\"}", "" },
		{ "\"/dev/vfio/46\"}",
		  "\"/dev/vfio/46\",\"final_path\":\"\",\"node\":\"\",\"type\":\"c\",\"major\":0,\"minor\":0}" },
		{ "\"0000:3b:02.0\"", "\"0000:3b:02.2\"" },
		{ "\"0000:01:00.0\"", "\"0000:01:00.2\"" },
		{ "[[\"0000:3b:02.0\",\"0000:01:00.0\"],", "[" },
		{ "[[\"0000:3b:02.0\",\"0000:01:00.0\"],[\"0000:3b:02.1\",\"0000:01:00.1\"]]",
		  "[[\"0000:3b:02.1\",\"0000:01:00.1\"],[\"0000:3b:02.0\",\"0000:01:00.0\"]]" },
		{ "[242,7]", "[243,7]" },
		{ "[242,7]", "[242,8]" },
		{ "[242,7]", "" },
		{ "[242,7]", "[242,7],[242,7]" },
		/* The bytes of one field for those of the next. */
		{ "\"final_path\":\"/dev/vfio/3\",\"node\":\"/dev/vfio/4\"",
		  "\"final_path\":\"/dev/vfio/3/dev\",\"node\":\"/vfio/4\"" },
	};

	(void)state;
	assert_int_equal(parse(whole), 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(whole, changes[i][0]);
		auto_free char *text = NULL;

		assert_non_null(at);
		text = xasprintf("%.*s%s%s", (int)(at - whole), whole, changes[i][1],
				 at + strlen(changes[i][0]));
		if (parse(text) != 1)
			fail_row(text, "it was taken");
	}
}

/* In another container's spec it is worth nothing. */
static void test_binding(void **state)
{
	static const struct {
		struct annotation_binding written, read;
		bool right;
	} rows[] = {
#define CGROUP SLICE("/a:b")
#define ROOT SLICE("/var/root")
#define NONE SLICE("")
#define BUNDLE true, 7, 9
#define NO_BUNDLE false, 0, 0
		{ { CGROUP, ROOT, BUNDLE }, { CGROUP, ROOT, BUNDLE }, true },
		{ { CGROUP, ROOT, BUNDLE }, { SLICE("/a:c"), ROOT, BUNDLE }, false },
		{ { CGROUP, ROOT, BUNDLE }, { NONE, ROOT, BUNDLE }, false },
		{ { CGROUP, ROOT, BUNDLE },
		  { CGROUP, SLICE("/var/roo"), BUNDLE },
		  false },
		{ { CGROUP, ROOT, BUNDLE }, { CGROUP, NONE, BUNDLE }, false },
		{ { CGROUP, ROOT, BUNDLE },
		  { SLICE("/a:b/var"), SLICE("/root"), BUNDLE },
		  false },
		/* Both tell it, wherever the bundle lies. */
		{ { CGROUP, ROOT, BUNDLE }, { CGROUP, ROOT, NO_BUNDLE }, true },
		{ { CGROUP, ROOT, BUNDLE }, { CGROUP, ROOT, true, 8, 9 }, true },
		/* Else it is the bundle. */
		{ { NONE, ROOT, BUNDLE }, { NONE, ROOT, BUNDLE }, true },
		{ { NONE, ROOT, BUNDLE }, { NONE, ROOT, true, 8, 9 }, false },
		{ { NONE, ROOT, BUNDLE }, { NONE, ROOT, true, 7, 8 }, false },
		{ { NONE, ROOT, BUNDLE }, { NONE, ROOT, NO_BUNDLE }, false },
		{ { CGROUP, SLICE("r"), BUNDLE }, { CGROUP, SLICE("r"), BUNDLE }, true },
		{ { CGROUP, SLICE("r"), BUNDLE },
		  { CGROUP, SLICE("r"), true, 7, 10 },
		  false },
		{ { NONE, NONE, BUNDLE }, { NONE, NONE, BUNDLE }, true },
		{ { NONE, NONE, BUNDLE }, { NONE, NONE, true, 9, 7 }, false },
		/* precreate doesn't know the bundle, createRuntime does. */
		{ { NONE, ROOT, NO_BUNDLE }, { NONE, ROOT, BUNDLE }, true },
		{ { CGROUP, NONE, NO_BUNDLE }, { CGROUP, NONE, BUNDLE }, true },
		{ { NONE, ROOT, NO_BUNDLE }, { NONE, SLICE("/other"), BUNDLE }, false },
		/* Nothing tells the container from others: then nothing is right. */
		{ { NONE, NONE, NO_BUNDLE }, { NONE, NONE, NO_BUNDLE }, false },
		{ { NONE, SLICE("r"), NO_BUNDLE },
		  { NONE, SLICE("r"), NO_BUNDLE },
		  false },
		{ { NONE, SLICE("r"), NO_BUNDLE }, { NONE, SLICE("r"), BUNDLE }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_annotation annotation = { 0 }, again = { 0 };
		auto_buffer text = { 0 };
		bool right;

		make(&annotation);
		annotation_index(&annotation);
		annotation_format(&annotation, key, &rows[i].written, &text);
		right = annotation_parse(buffer_slice(&text), key, &rows[i].read,
					 &again) == 0;
		if (right != rows[i].right)
			fail_row(text.data, "row %zu: right: %d", i, right);
	}
}

/* Another boot has another token, or none yet. */
static void test_other_key(void **state)
{
	auto_annotation annotation = { 0 }, again = { 0 }, claimed = { 0 };
	uint8_t other[SIPHASH_KEY_SIZE];
	auto_buffer text = { 0 };

	(void)state;
	make(&annotation);
	annotation_index(&annotation);
	annotation_format(&annotation, key, &binding, &text);
	for (size_t i = 0; i < 8 * sizeof other; i++) {
		auto_annotation unused = { 0 };

		memcpy(other, key, sizeof other);
		other[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(annotation_parse(buffer_slice(&text), other, &binding,
						  &unused),
				 1);
	}
	assert_int_equal(annotation_parse(buffer_slice(&text), NULL, &binding, &claimed),
			 1);
	/* Then it is only what somebody says. */
	assert_int_equal(claimed.n_nodes, 3);
	assert_non_null(annotation_find_final(&claimed, SLICE("/dev/vfio/3")));
	assert_int_equal(annotation_parse(buffer_slice(&text), key, &binding, &again), 0);
}

/* Not in our form: nothing of it is taken, not even as a claim. */
static void test_broken(void **state)
{
	static const char *const rows[] = {
		"\"nodes\":[7]",
		"\"nodes\":[[]]",
		"\"nodes\":[null]",
		"\"nodes\":[" NODE ",{}]",
		"\"nodes\":[" NODE ",{\"container_path\":null}]",
		"\"nodes\":[" NODE ",{\"container_path\":7}]",
		"\"nodes\":[" NODE
		",{\"container_path\":\"/c\",\"container_path\":\"/c\"}]",
		"\"nodes\":[" NODE ",{\"container_path\":\"/c\",\"final_path\":\"/f\"}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"type\":\"c\",\"major\":1}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"major\":1,\"minor\":2}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"type\":\"c\",\"major\":1,\"minor\":2}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"type\":\"c\",\"major\":-1,\"minor\":2}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"type\":\"c\",\"major\":1,\"minor\":\"2\"}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"type\":\"\",\"major\":1,\"minor\":2}]",
		"\"nodes\":[{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/n\",\"type\":\"cb\",\"major\":1,\"minor\":2}]",
		"\"nodes\":[" NODE "],\"addresses\":[[]]",
		"\"nodes\":[" NODE "],\"addresses\":[[\"0000:01:00.0\"]]",
		"\"nodes\":[" NODE "],\"addresses\":[[\"0000:01:00.0\",\"x\"]]",
		"\"nodes\":[" NODE "],\"addresses\":[[\"0000:01:00.0\",7]]",
		"\"nodes\":[" NODE "],\"addresses\":[7]",
		"\"nodes\":[" NODE "],\"addresses\":{\"0000:01:00.0\":\"0000:02:00.0\"}",
		"\"nodes\":[" NODE "],\"rules\":[[]]",
		"\"nodes\":[" NODE "],\"rules\":[[1]]",
		"\"nodes\":[" NODE "],\"rules\":[[1,-1]]",
		"\"nodes\":[" NODE "],\"rules\":[[1.0,1]]",
		"\"nodes\":[" NODE "],\"rules\":[7]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{%s}", rows[i]);
		auto_annotation annotation = { 0 };

		if (annotation_parse(slice_from(text), key, &binding, &annotation) != 1 ||
		    annotation.n_nodes || annotation.n_addresses)
			fail_row(rows[i], "it was taken");
	}
}

static void test_null_and_unknown(void **state)
{
	static const char *const rows[] = {
		"{\"nodes\":null,\"addresses\":null,\"rules\":null,\"mac\":\"be19b4d4a4dfced2294a20515655e92c\"}",
		"{\"nodes\":[],\"later\":{\"x\":[1]},\"mac\":\"fd956e59b902e646225713f0f510b2ab\"}",
		"{\"later\":1,\"mac\":\"611b64ca1ab2e56bba692876f6607659\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse(rows[i]) != 0)
			fail_row(rows[i], "it wasn't taken");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_mediated),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_added_once),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_mac_bits),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_other_key),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_null_and_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
