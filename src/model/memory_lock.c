/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_MEMLOCK, and the memory that it is measured against. Looks at the texts again: for the
 * few runs that ask. */
#include "oci-vfio-hook/memory_lock.h"

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/splice.h"

#define TYPE "RLIMIT_MEMLOCK"

enum { RLIMIT_TYPE, RLIMIT_HARD, RLIMIT_SOFT };
static const struct json_member rlimit_members[] = {
	[RLIMIT_TYPE] = JSON_MEMBER("type", &json_value),
	[RLIMIT_HARD] = JSON_MEMBER("hard", &json_value),
	[RLIMIT_SOFT] = JSON_MEMBER("soft", &json_value),
};
static const struct json_shape rlimit_shape = { .members = rlimit_members,
						.n_members = ARRAY_SIZE(rlimit_members) };
static const struct json_shape rlimits_shape = { .elements = &rlimit_shape };

enum { MEMORY_LIMIT };
static const struct json_member memory_members[] = {
	[MEMORY_LIMIT] = JSON_MEMBER("limit", &json_value),
};
static const struct json_shape memory_shape = { .members = memory_members,
						.n_members = ARRAY_SIZE(memory_members) };
enum { RESOURCES_MEMORY };
static const struct json_member resources_members[] = {
	[RESOURCES_MEMORY] = JSON_MEMBER("memory", &memory_shape),
};
static const struct json_shape resources_shape = {
	.members = resources_members, .n_members = ARRAY_SIZE(resources_members)
};

/* To parse a text costs more than all else here, and few have what is looked for. (A key or
 * type that is written with escapes isn't found: this is for what is only told.) */
static bool may_have(struct slice text, const char *word)
{
	return slice_contains(text, slice_from(word));
}

static int open_rlimits(const char *name, struct slice text, struct json *ret,
			struct error *err)
{
	int r = json_parse(name, text, &rlimits_shape, NULL, ret, err);

	return r < 0 ? r : json_expect(ret, 0, JSON_ARRAY, err);
}

/* Is it the limit that this is about? */
static int check_type(const struct json *doc, uint32_t rlimit, bool *ret,
		      struct error *err)
{
	struct slice type;
	int r = 0;

	*ret = false;
	if (json_type(doc, rlimit) == JSON_NULL)
		return 0;
	r = json_expect(doc, rlimit, JSON_OBJECT, err);
	if (r == 0)
		r = json_member_string(doc, rlimit, RLIMIT_TYPE, &type, err);
	if (r == 0)
		*ret = slice_equal(type, SLICE(TYPE));
	return r;
}

/* Absent is 0, as Go has it. */
static int read_number(const struct json *doc, uint32_t rlimit, unsigned int member,
		       uint64_t *ret, struct error *err)
{
	uint32_t json = json_member(doc, rlimit, member);
	int r = json ? json_expect(doc, json, JSON_NUMBER, err) : 0;

	*ret = 0;
	if (r < 0 || !json)
		return r;
	if (number_parse(json_raw(doc, json), 10, 20, UINT64_MAX, ret) < 0)
		return json_error(err, ERROR_DATA, doc, json,
				  "must be a whole number from 0 to 2^64 - 1");
	return 0;
}

int memory_lock_parse(const char *name, struct slice rlimits, bool *ret_has,
		      uint64_t *ret_soft, struct error *err)
{
	auto_json doc = { 0 };
	int r;

	*ret_has = false;
	if (!may_have(rlimits, TYPE))
		return 0;
	r = open_rlimits(name, rlimits, &doc, err);
	for (uint32_t json = r == 0 ? json_child(&doc, 0) : 0; json && r == 0;
	     json = json_next(&doc, json)) {
		bool found;

		r = check_type(&doc, json, &found, err);
		if (r < 0 || !found)
			continue;
		r = read_number(&doc, json, RLIMIT_SOFT, ret_soft, err);
		*ret_has = r == 0;
	}
	return r;
}

/* One of the two limits. `number` must outlive the edits. */
static int raise_number(struct splices *splices, const struct json *doc, uint32_t rlimit,
			unsigned int member, uint64_t want, struct slice number,
			struct error *err)
{
	uint32_t json = json_member_raw(doc, rlimit, member);
	uint64_t value;
	int r = read_number(doc, rlimit, member, &value, err);

	if (r < 0 || value >= want)
		return r;
	if (json)
		splice_replace(splices, doc, json, number);
	else
		splice_add_member(splices, doc, rlimit, rlimit_members[member].key.data,
				  number);
	return 0;
}

static void format_one(uint64_t want, struct buffer *ret)
{
	buffer_add(ret, SLICE("{\"type\":\"" TYPE "\",\"hard\":"));
	buffer_add_number(ret, want);
	buffer_add(ret, SLICE(",\"soft\":"));
	buffer_add_number(ret, want);
	buffer_add(ret, SLICE("}"));
}

void memory_lock_format(uint64_t want, struct buffer *ret)
{
	buffer_add(ret, SLICE("["));
	format_one(want, ret);
	buffer_add(ret, SLICE("]"));
}

int memory_lock_raise(const char *name, struct slice rlimits, uint64_t want,
		      struct buffer *ret, struct error *err)
{
	auto_json doc = { 0 };
	auto_splices splices = { 0 };
	auto_buffer number = { 0 }, one = { 0 };
	bool any = false;
	int r = open_rlimits(name, rlimits, &doc, err);

	buffer_add_number(&number, want);
	for (uint32_t json = r == 0 ? json_child(&doc, 0) : 0; json && r == 0;
	     json = json_next(&doc, json)) {
		bool found;

		r = check_type(&doc, json, &found, err);
		any |= r == 0 && found;
		if (r == 0 && found)
			r = raise_number(&splices, &doc, json, RLIMIT_HARD, want,
					 buffer_slice(&number), err);
		if (r == 0 && found)
			r = raise_number(&splices, &doc, json, RLIMIT_SOFT, want,
					 buffer_slice(&number), err);
	}
	if (r < 0)
		return r;
	if (!any) {
		const struct slice *added;
		struct slice text;

		format_one(want, &one);
		text = buffer_slice(&one);
		added = &text;
		splice_array(&splices, &doc, 0, NULL, 0, added, 1);
	}
	r = splices_sort(&splices, err);
	if (r == 0 && splices.count > 0)
		splices_apply(&splices, rlimits, ret);
	return r;
}

int memory_limit_parse(const char *name, struct slice resources, uint64_t *ret,
		       struct error *err)
{
	auto_json doc = { 0 };
	int64_t limit;
	uint32_t memory, json;
	int r;

	*ret = MEMORY_LOCK_UNLIMITED;
	if (!may_have(resources, "\"memory\""))
		return 0;
	r = json_parse(name, resources, &resources_shape, NULL, &doc, err);
	memory = r == 0 ? json_member(&doc, 0, RESOURCES_MEMORY) : 0;
	if (r < 0 || !memory)
		return r;
	r = json_expect(&doc, memory, JSON_OBJECT, err);
	json = r == 0 ? json_member(&doc, memory, MEMORY_LIMIT) : 0;
	if (r == 0 && json)
		r = json_expect(&doc, json, JSON_NUMBER, err);
	if (r < 0 || !json)
		return r;
	if (number_parse_integer(json_raw(&doc, json), INT64_MIN + 1, INT64_MAX, &limit) <
	    0)
		return json_error(err, ERROR_DATA, &doc, json, "must be a whole number");
	/* -1, and as runtimes have it 0, are no limit. */
	if (limit > 0)
		*ret = (uint64_t)limit;
	return 0;
}
