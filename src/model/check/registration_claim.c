/* SPDX-License-Identifier: Apache-2.0 */
/* Reads engines' files as far as they are about us. */
#include "oci-vfio-hook/registration_claim.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/toml.h"

#define OURS SLICE("oci-vfio")

void claims_list_free(struct claims_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct claim *claim = &list->items[i];

		free(claim->file);
		free(claim->name);
		free(claim->path);
		free(claim->instead);
		free(claim->real);
	}
	free(list->items);
	free(list->usual_runtime);
	*list = (struct claims_list) { 0 };
}

static struct claim *add(struct claims_list *ret, enum claim_kind kind, const char *file,
			 struct slice path)
{
	struct claim *claim = array_append(ret->items, ret->count, ret->capacity);

	claim->kind = kind;
	claim->file = xstrdup(file);
	claim->path = xstrndup(path.data, path.length);
	return claim;
}

enum { HOOK_PATH, HOOK_ARGS };
static const struct json_shape args_shape = { .elements = &json_value };
static const struct json_member hook_members[] = {
	[HOOK_PATH] = JSON_MEMBER("path", &json_value),
	[HOOK_ARGS] = JSON_MEMBER("args", &args_shape),
};
static const struct json_shape hook_shape = { .members = hook_members,
					      .n_members = ARRAY_SIZE(hook_members) };
enum { FILE_HOOK, FILE_STAGES };
static const struct json_member file_members[] = {
	[FILE_HOOK] = JSON_MEMBER("hook", &hook_shape),
	[FILE_STAGES] = JSON_MEMBER("stages", &args_shape),
};
static const struct json_shape file_shape = { .members = file_members,
					      .n_members = ARRAY_SIZE(file_members) };

/* Is one of the strings this one, or has it `part`? */
static bool has_string(const struct json *doc, uint32_t array, struct slice part,
		       bool whole)
{
	if (!array || json_type(doc, array) != JSON_ARRAY)
		return false;
	for (uint32_t json = json_child(doc, array); json; json = json_next(doc, json)) {
		if (json_type(doc, json) != JSON_STRING)
			continue;
		if (whole ? slice_equal(json_decoded(doc, json), part)
			  : slice_contains(json_decoded(doc, json), part))
			return true;
	}
	return false;
}

int claim_read_hook(const char *name, struct slice text, struct claims_list *ret,
		    struct text_list *directories, struct error *err)
{
	auto_json doc = { 0 };
	struct slice path = SLICE("");
	struct claim *claim;
	uint32_t hook;
	bool ours;
	int r = json_parse(name, text, &file_shape, NULL, &doc, err);

	(void)directories;
	if (r == 0)
		r = json_expect(&doc, 0, JSON_OBJECT, err);
	hook = r == 0 ? json_member(&doc, 0, FILE_HOOK) : 0;
	if (r < 0)
		return r;
	if (!hook || json_type(&doc, hook) != JSON_OBJECT)
		return error_set(err, ERROR_DATA, "%s: has no object \"hook\"", name);
	r = json_member_string(&doc, hook, HOOK_PATH, &path, err);
	if (r < 0)
		return r;
	ours = slice_contains(path, OURS) ||
	       has_string(&doc, json_member(&doc, hook, HOOK_ARGS), OURS, false);
	claim = add(ret, ours ? CLAIM_HOOK : CLAIM_FOREIGN, name, path);
	claim->precreate = has_string(&doc, json_member(&doc, 0, FILE_STAGES),
				      SLICE("precreate"), true);
	return 0;
}

/* The strings of an array; `append`: podman 5's {append=true}. */
static int read_strings(const char *name, const struct toml_statement *statement,
			struct text_list *ret, struct error *err)
{
	auto_text_list list = { 0 };
	struct slice element;
	bool append = false;
	size_t at = 0;

	while (toml_element(statement->value, &at, &element)) {
		auto_free char *text = toml_string(element);

		if (text)
			text_list_add(&list, text);
		else if (slice_contains(element, SLICE("append")))
			append = true;
		else
			return error_set(err, ERROR_DATA,
					 "%s: line %zu: is not a list of strings", name,
					 statement->line);
	}
	if (!append)
		text_list_free(ret);
	for (size_t i = 0; i < list.count; i++)
		text_list_add(ret, list.items[i]);
	return 0;
}

/* A runtime's program that is ours. */
static void add_runtime(struct claims_list *ret, const char *file, struct slice name,
			const char *path)
{
	if (slice_contains(slice_from(path), OURS))
		add(ret, CLAIM_RUNTIME, file, slice_from(path))->name =
			xstrndup(name.data, name.length);
}

/* Takes what a statement of a file says. */
typedef int take_fn(const char *name, const struct toml_statement *statement,
		    struct claims_list *ret, struct text_list *directories,
		    struct error *err);

static int read_toml(const char *name, struct slice text, take_fn *take,
		     struct claims_list *ret, struct text_list *directories,
		     struct error *err)
{
	auto_toml toml = { .name = name, .text = text };
	struct toml_statement statement;
	int r;

	while ((r = toml_next(&toml, &statement, err)) > 0) {
		if (statement.kind != TOML_VALUE)
			continue;
		r = take(name, &statement, ret, directories, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int take_podman(const char *name, const struct toml_statement *statement,
		       struct claims_list *ret, struct text_list *directories,
		       struct error *err)
{
	static const struct slice runtimes = SLICE("engine.runtimes.");
	struct slice element, path = statement->path;
	size_t at = 0;

	if (slice_equal(path, SLICE("engine.hooks_dir")))
		return read_strings(name, statement, directories, err);
	if (slice_equal(path, SLICE("engine.runtime"))) {
		free(ret->usual_runtime);
		ret->usual_runtime = toml_string(statement->value);
	}
	if (!slice_starts(path, runtimes))
		return 0;
	while (toml_element(statement->value, &at, &element)) {
		auto_free char *text = toml_string(element);

		if (text)
			add_runtime(ret, name,
				    slice_from_to(path, runtimes.length, path.length),
				    text);
	}
	return 0;
}

int claim_read_podman(const char *name, struct slice text, struct claims_list *ret,
		      struct text_list *directories, struct error *err)
{
	return read_toml(name, text, take_podman, ret, directories, err);
}

static int take_crio(const char *name, const struct toml_statement *statement,
		     struct claims_list *ret, struct text_list *directories,
		     struct error *err)
{
	auto_free char *text = NULL;

	if (slice_equal(statement->path, SLICE("crio.runtime.hooks_dir")))
		return read_strings(name, statement, directories, err);
	if (!slice_equal(statement->key, SLICE("runtime_path")))
		return 0;
	text = toml_string(statement->value);
	if (text)
		add_runtime(ret, name, statement->table, text);
	return 0;
}

int claim_read_crio(const char *name, struct slice text, struct claims_list *ret,
		    struct text_list *directories, struct error *err)
{
	return read_toml(name, text, take_crio, ret, directories, err);
}

static int take_containerd(const char *name, const struct toml_statement *statement,
			   struct claims_list *ret, struct text_list *directories,
			   struct error *err)
{
	auto_free char *text = NULL;

	(void)directories;
	(void)err;
	if (!slice_ends(statement->path, SLICE("BinaryName")))
		return 0;
	text = toml_string(statement->value);
	if (text)
		add_runtime(ret, name, statement->table, text);
	return 0;
}

int claim_read_containerd(const char *name, struct slice text, struct claims_list *ret,
			  struct text_list *directories, struct error *err)
{
	return read_toml(name, text, take_containerd, ret, directories, err);
}

enum { RUNTIME_PATH };
static const struct json_member runtime_members[] = {
	[RUNTIME_PATH] = JSON_MEMBER("path", &json_value),
};
static const struct json_shape runtime_shape = { .members = runtime_members,
						 .n_members =
							 ARRAY_SIZE(runtime_members) };
static const struct json_shape runtimes_shape = { .others = &runtime_shape, .map = true };
enum { DAEMON_RUNTIMES };
static const struct json_member daemon_members[] = {
	[DAEMON_RUNTIMES] = JSON_MEMBER("runtimes", &runtimes_shape),
};
static const struct json_shape daemon_shape = { .members = daemon_members,
						.n_members = ARRAY_SIZE(daemon_members) };

int claim_read_docker(const char *name, struct slice text, struct claims_list *ret,
		      struct text_list *directories, struct error *err)
{
	auto_json doc = { 0 };
	uint32_t runtimes, key;
	int r = json_parse(name, text, &daemon_shape, NULL, &doc, err);

	(void)directories;
	if (r == 0)
		r = json_expect(&doc, 0, JSON_OBJECT, err);
	runtimes = r == 0 ? json_member(&doc, 0, DAEMON_RUNTIMES) : 0;
	if (r < 0 || !runtimes)
		return r;
	r = json_expect(&doc, runtimes, JSON_OBJECT, err);
	for (key = r == 0 ? json_child(&doc, runtimes) : 0; key && r == 0;) {
		uint32_t value = json_next(&doc, key);
		struct slice path = SLICE("");
		auto_free char *text_path = NULL;

		if (json_type(&doc, value) == JSON_OBJECT)
			r = json_member_string(&doc, value, RUNTIME_PATH, &path, err);
		text_path = xstrndup(path.data, path.length);
		add_runtime(ret, name, json_decoded(&doc, key), text_path);
		key = json_next(&doc, value);
	}
	return r;
}
