/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what was done: written, read, forged. */
#include "helpers.h"

#include "oci-vfio-hook/annotation.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static const struct pci_address host = { 0, 0x3b, 2, 0 }, guest = { 0x10000, 1, 0, 0 };

static void make(struct annotation *annotation)
{
	annotation_add_node(annotation, "/dev/vfio/45", "/dev/vfio/3", "/dev/vfio/3",
			    &(struct device_number) { 'c', 242, 0 });
	annotation_add_node(annotation, "/dev/a\"b", "/dev/\xc3\xa9", "/dev/x\\y",
			    &(struct device_number) { 'b', 4294967295, 1048575 });
	annotation_add_node(annotation, "/dev/vfio/46", NULL, NULL, NULL);
	annotation_add_address(annotation, &host, &guest);
}

static void test_round_trip(void **state)
{
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 }, same = { 0 };

	(void)state;
	make(&annotation);
	annotation_format(&annotation, TOKEN, &text);
	check_text(
		"format", buffer_slice(&text),
		"{\"token\":\"" TOKEN
		"\",\"nodes\":[{\"container_path\":\"/dev/vfio/45\",\"final_path\":\"/dev/vfio/3\",\"node\":\"/dev/vfio/3\",\"type\":\"c\",\"major\":242,\"minor\":0},{\"container_path\":\"/dev/a\\\"b\",\"final_path\":\"/dev/\xc3\xa9\",\"node\":\"/dev/x\\\\y\",\"type\":\"b\",\"major\":4294967295,\"minor\":1048575},{\"container_path\":\"/dev/vfio/46\"}],\"addresses\":[[\"0000:3b:02.0\",\"10000:01:00.0\"]]}");
	assert_int_equal(annotation_parse(buffer_slice(&text), TOKEN, &again), 0);
	assert_int_equal(again.n_nodes, 3);
	assert_int_equal(again.n_addresses, 1);
	annotation_format(&again, TOKEN, &same);
	check_text("again", buffer_slice(&same), text.data);
}

static void test_empty(void **state)
{
	auto_annotation annotation = { 0 }, again = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	annotation_format(&annotation, TOKEN, &text);
	check_text("empty", buffer_slice(&text),
		   "{\"token\":\"" TOKEN "\",\"nodes\":[],\"addresses\":[]}");
	assert_int_equal(annotation_parse(buffer_slice(&text), TOKEN, &again), 0);
	assert_int_equal(again.n_nodes, 0);
	assert_int_equal(again.n_addresses, 0);
}

static void test_added_once(void **state)
{
	auto_annotation annotation = { 0 };

	(void)state;
	make(&annotation);
	make(&annotation);
	assert_int_equal(annotation.n_nodes, 3);
	assert_int_equal(annotation.n_addresses, 1);
	/* The same container path at another place is another node. */
	annotation_add_node(&annotation, "/dev/vfio/45", "/dev/vfio/4", "/dev/vfio/4",
			    &(struct device_number) { 'c', 242, 1 });
	annotation_add_node(&annotation, "/dev/vfio/45", NULL, NULL, NULL);
	annotation_add_address(&annotation, &guest, &host);
	assert_int_equal(annotation.n_nodes, 5);
	assert_int_equal(annotation.n_addresses, 2);
}

static void test_find(void **state)
{
	auto_annotation annotation = { 0 };
	const struct annotation_node *node;

	(void)state;
	make(&annotation);
	node = annotation_find_final(&annotation, SLICE("/dev/vfio/3"));
	assert_non_null(node);
	assert_string_equal(node->container_path, "/dev/vfio/45");
	assert_int_equal(node->number.major, 242);
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/45")));
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/46")));
	assert_null(annotation_find_final(&annotation, SLICE("/dev/vfio/")));
	assert_true(annotation_has_container_path(&annotation, SLICE("/dev/vfio/45")));
	assert_true(annotation_has_container_path(&annotation, SLICE("/dev/vfio/46")));
	assert_false(annotation_has_container_path(&annotation, SLICE("/dev/vfio/3")));
	assert_true(annotation_has_guest(&annotation, &guest));
	assert_false(annotation_has_guest(&annotation, &host));
}

#define NODE                                                                             \
	"{\"container_path\":\"/c\",\"final_path\":\"/f\",\"node\":\"/"                  \
	"n\",\"type\":\"c\","                                                            \
	"\"major\":1,\"minor\":2}"

/* Not ours: it counts as absent, and nothing of it is taken. */
static void test_forged(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"null",
		"[]",
		"\"" TOKEN "\"",
		"{}",
		"{\"nodes\":[" NODE "]}",
		"{\"token\":null,\"nodes\":[" NODE "]}",
		"{\"token\":7,\"nodes\":[" NODE "]}",
		"{\"token\":\"\",\"nodes\":[" NODE "]}",
		"{\"token\":\"0123456789abcdef0123456789abcdee\",\"nodes\":[" NODE "]}",
		"{\"token\":\"0123456789abcdef0123456789abcde\",\"nodes\":[" NODE "]}",
		"{\"token\":\"" TOKEN "0\",\"nodes\":[" NODE "]}",
		"{\"token\":\"" TOKEN "\\u0000\",\"nodes\":[" NODE "]}",
		"{\"token\":\"0123456789ABCDEF0123456789ABCDEF\",\"nodes\":[" NODE "]}",
		"{\"Token\":\"" TOKEN "\",\"nodes\":[" NODE "]}",
		"{\"token\":\"x\",\"token\":\"" TOKEN "\"}",
		"{\"token\":\"" TOKEN "\",\"token\":\"x\"}",
		"{\"token\":\"" TOKEN "\"} x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_annotation annotation = { 0 };

		if (annotation_parse(slice_from(rows[i]), TOKEN, &annotation) != 1 ||
		    annotation.n_nodes || annotation.n_addresses)
			fail_row(rows[i], "it was taken");
	}
}

static void test_no_token(void **state)
{
	auto_annotation annotation = { 0 };

	(void)state;
	assert_int_equal(annotation_parse(SLICE("{\"token\":\"" TOKEN "\"}"), NULL,
					  &annotation),
			 1);
	assert_int_equal(annotation_parse(SLICE("{}"), NULL, &annotation), 1);
	assert_int_equal(annotation_parse(SLICE("{\"token\":\"\"}"), NULL, &annotation),
			 1);
}

/* With the right token but broken, as after somebody's edit: nothing of it is taken. */
static void test_broken(void **state)
{
	static const char *const rows[] = {
		"\"nodes\":[7]",
		"\"nodes\":[[]]",
		"\"nodes\":[null]",
		"\"nodes\":[" NODE ",{}]",
		"\"nodes\":[" NODE ",{\"container_path\":null}]",
		"\"nodes\":[" NODE ",{\"container_path\":7}]",
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
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{\"token\":\"" TOKEN "\",%s}", rows[i]);
		auto_annotation annotation = { 0 };

		if (annotation_parse(slice_from(text), TOKEN, &annotation) != 1 ||
		    annotation.n_nodes || annotation.n_addresses)
			fail_row(rows[i], "it was taken");
	}
}

static void test_null_and_unknown(void **state)
{
	static const char *const rows[] = {
		"",
		",\"nodes\":null",
		",\"addresses\":null",
		",\"later\":{\"x\":[1]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("{\"token\":\"" TOKEN "\"%s}", rows[i]);
		auto_annotation annotation = { 0 };

		assert_int_equal(annotation_parse(slice_from(text), TOKEN, &annotation),
				 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_added_once),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_null_and_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
