/* SPDX-License-Identifier: Apache-2.0 */
/* docker's daemon.json: one member of "runtimes". Every other byte stays. */
#include "registration.h"

#include "oci-vfio-hook/splice.h"

enum { ROOT_RUNTIMES, ROOT_DEFAULT };
enum { RUNTIMES_OWN };

static const struct json_member runtime_members[] = {
	JSON_MEMBER(REGISTRATION_HANDLER, &json_value),
};
static const struct json_shape runtimes_shape = {
	.members = runtime_members,
	.n_members = ARRAY_SIZE(runtime_members),
	.others = &json_value,
	.map = true,
};
static const struct json_member root_members[] = {
	JSON_MEMBER("runtimes", &runtimes_shape),
	JSON_MEMBER("default-runtime", &json_value),
};
static const struct json_shape root_shape = {
	.members = root_members,
	.n_members = ARRAY_SIZE(root_members),
	.others = &json_value,
};

static bool is_empty(struct slice text)
{
	return json_skip_space(text, 0) >= text.length;
}

static void add_runtime(const struct registration_input *input, struct buffer *ret)
{
	auto_free char *program = text_join(input->programs, "/oci-vfio-runtime", NULL);

	buffer_add(ret, SLICE("{\"path\": "));
	json_quote(ret, slice_from(program));
	buffer_add(ret, SLICE("}"));
}

/* daemon.json is an object, its "runtimes" one or absent. */
static int parse(const struct registration_text *file, struct json *ret,
		 struct error *err)
{
	uint32_t runtimes;
	int r = json_parse(file->name, file->text, &root_shape, NULL, ret, err);

	if (r == 0)
		r = json_expect(ret, 0, JSON_OBJECT, err);
	if (r < 0)
		return r;
	runtimes = json_member_raw(ret, 0, ROOT_RUNTIMES);
	return runtimes ? json_expect(ret, runtimes, JSON_OBJECT, err) : 0;
}

static int finish(const struct json *doc, struct splices *splices, struct buffer *ret,
		  struct error *err)
{
	int r = splices_sort(splices, err);

	if (r == 0)
		splices_apply(splices, doc->text, ret);
	return r;
}

int registration_docker(const struct registration_input *input, struct buffer *ret,
			struct error *err)
{
	auto_json doc = { 0 };
	auto_splices splices = { 0 };
	auto_buffer value = { 0 };
	auto_buffer member = { 0 };
	uint32_t runtimes, own;
	int r;

	add_runtime(input, &value);
	buffer_printf(&member, "{\n\t\t\"%s\": %s\n\t}", REGISTRATION_HANDLER,
		      value.data);
	if (is_empty(input->own.text)) {
		buffer_printf(ret, "{\n\t\"runtimes\": %s\n}\n", member.data);
		return 0;
	}
	r = parse(&input->own, &doc, err);
	if (r < 0)
		return r;
	runtimes = json_member_raw(&doc, 0, ROOT_RUNTIMES);
	own = runtimes ? json_member_raw(&doc, runtimes, RUNTIMES_OWN) : 0;
	if (!runtimes)
		splice_add_member(&splices, &doc, 0, "runtimes", buffer_slice(&member));
	else if (!own)
		splice_add_member(&splices, &doc, runtimes, REGISTRATION_HANDLER,
				  buffer_slice(&value));
	else if (!slice_equal(json_raw(&doc, own), buffer_slice(&value)))
		splice_replace(&splices, &doc, own, buffer_slice(&value));
	return finish(&doc, &splices, ret, err);
}

/* Has the object no member but this one? */
static bool is_only(const struct json *doc, uint32_t object, uint32_t member)
{
	return json_child(doc, object) == member && !json_next(doc, member);
}

int registration_no_docker(const struct registration_input *input, struct buffer *ret,
			   struct error *err)
{
	auto_json doc = { 0 };
	auto_splices splices = { 0 };
	uint32_t runtimes, own, usual;
	int r;

	if (is_empty(input->own.text)) {
		buffer_add(ret, input->own.text);
		return 0;
	}
	r = parse(&input->own, &doc, err);
	if (r < 0)
		return r;
	runtimes = json_member_raw(&doc, 0, ROOT_RUNTIMES);
	own = runtimes ? json_member_raw(&doc, runtimes, RUNTIMES_OWN) : 0;
	usual = json_member_raw(&doc, 0, ROOT_DEFAULT);
	if (own && usual && json_type(&doc, usual) == JSON_STRING &&
	    slice_equal(json_decoded(&doc, usual), SLICE(REGISTRATION_HANDLER)))
		return json_error(
			err, ERROR_DATA, &doc, usual,
			"is the runtime that would be gone: name another one first");
	if (own && is_only(&doc, runtimes, own)) {
		/* The file was made for it, or its other members stay. */
		if (is_only(&doc, 0, runtimes))
			return 0;
		splice_remove_member(&splices, &doc, runtimes);
	} else if (own) {
		splice_remove_member(&splices, &doc, own);
	}
	return finish(&doc, &splices, ret, err);
}
