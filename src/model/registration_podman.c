/* SPDX-License-Identifier: Apache-2.0 */
/* podman's files. A list in one of them replaces that of the files that podman reads before
 * it, so ours say again what those say. */
#include "registration.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/text_list.h"

#define HOOK_DIRECTORY "/etc/containers/oci-vfio-hook"

/* podman shows a hook's args where it fails, and nothing else of it. */
int registration_podman_hook(const struct registration_input *input, struct buffer *ret,
			     struct error *err)
{
	auto_free char *program = text_join(input->programs, "/oci-vfio-hook", NULL);

	(void)err;
	buffer_add(ret,
		   SLICE("{\n\t\"version\": \"1.0.0\",\n\t\"hook\": {\n\t\t\"path\": "));
	json_quote(ret, slice_from(program));
	buffer_add(
		ret,
		SLICE(",\n\t\t\"args\": [\"oci-vfio-hook: why: journalctl -n1 -t oci-vfio-hook;\",\n"
		      "\t\t\t\"--unmapped=own\", \"--by-address=remap\", \"precreate\"]\n"
		      "\t},\n\t\"when\": {\"always\": true},\n\t\"stages\": [\"precreate\"]\n}\n"));
	return 0;
}

static void add_all(struct text_list *list, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_list_add_new(list, texts[i]);
}

/* podman 5: {append=true} in a list adds it to that of the files before. */
static bool is_appended(struct slice array)
{
	struct slice element;
	size_t at = 0;
	bool appended = false;

	while (toml_element(array, &at, &element)) {
		if (element.data[0] == '{')
			appended = slice_contains(element, SLICE("append")) &&
				   slice_contains(element, SLICE("true"));
	}
	return appended;
}

static int read_list(const struct toml *toml, const struct toml_statement *statement,
		     struct text_list *ret, struct error *err)
{
	struct slice element;
	size_t at = 0;

	if (!is_appended(statement->value))
		text_list_free(ret);
	while (toml_element(statement->value, &at, &element)) {
		auto_free char *text = NULL;

		if (element.data[0] == '{')
			continue;
		text = toml_string(element);
		if (!text)
			return error_set(err, ERROR_DATA,
					 "%s: line %zu: not a list of plain strings",
					 toml->name, statement->line);
		text_list_add_new(ret, text);
	}
	return 0;
}

/* What a file says of a list, if anything. *ret_replaced: it replaces those before. */
static int read_file(const struct registration_text *file, const char *key,
		     struct text_list *ret, bool *ret_replaced, struct error *err)
{
	auto_toml toml = { .name = file->name, .text = file->text };
	struct toml_statement statement;
	int r;

	*ret_replaced = false;
	while ((r = toml_next(&toml, &statement, err)) > 0) {
		if (statement.kind != TOML_VALUE ||
		    !slice_equal(statement.path, slice_from(key)))
			continue;
		r = read_list(&toml, &statement, ret, err);
		if (r < 0)
			return r;
		*ret_replaced = !is_appended(statement.value);
	}
	return r;
}

/* Does podman read the file after ours? Files of the directories come in the order of their
 * names, after the others. */
static bool is_later(const struct registration_text *file,
		     const struct registration_input *input)
{
	return slice_contains(slice_from(file->path), SLICE("/containers.conf.d/")) &&
	       strcmp(path_name(file->path), path_name(input->own.path)) > 0;
}

/* Appends `key` and the list that podman has without us, then `ours`. */
static int add_list(const struct registration_input *input, const char *key,
		    const char *const *defaults, size_t n_defaults,
		    const char *const *ours, size_t n_ours, struct buffer *ret,
		    struct error *err)
{
	auto_text_list list = { 0 };
	auto_text_list earlier = { 0 };
	auto_free char *path = text_join("engine.", key, NULL);
	bool replaced;
	int r = 0;

	add_all(&list, defaults, n_defaults);
	for (size_t i = 0; r == 0 && i < input->n_others; i++) {
		const struct registration_text *file = &input->others[i];

		r = read_file(file, path, &list, &replaced, err);
		if (r == 0 && replaced && is_later(file, input))
			return error_set(
				err, ERROR_DATA,
				"%s: sets %s and is read after %s, which would have no effect: give it a name that comes before",
				file->name, key, input->own.name);
	}
	/* What somebody has added to ours. */
	if (r == 0 && input->own.text.data)
		r = read_file(&input->own, path, &earlier, &replaced, err);
	if (r < 0)
		return r;
	add_all(&list, (const char *const *)earlier.items, earlier.count);
	add_all(&list, ours, n_ours);
	buffer_printf(ret, "%s = [\n", key);
	for (size_t i = 0; i < list.count; i++) {
		buffer_add(ret, SLICE("\t"));
		toml_quote(ret, slice_from(list.items[i]));
		buffer_add(ret, SLICE(",\n"));
	}
	buffer_add(ret, SLICE("]\n"));
	return 0;
}

#define HEAD(what)                                                                               \
	REGISTRATION_MARK                                                                        \
	" enable podman; disable podman removes it.\n" what                                      \
	"# A list here replaces the one of the files that podman reads before: after a change\n" \
	"# there enable it again.\n"                                                             \
	"[engine]\n"

int registration_podman_precreate(const struct registration_input *input,
				  struct buffer *ret, struct error *err)
{
	static const char *const defaults[] = {
		"/usr/share/containers/oci/hooks.d",
		"/etc/containers/oci/hooks.d",
	};
	/* Its own, because CRI-O, which reads the others, doesn't start where it finds this
	 * stage. */
	static const char *const ours[] = { HOOK_DIRECTORY };
	int r = registration_check_own(input, err);

	buffer_add(
		ret,
		SLICE(HEAD(
			"# podman runs oci-vfio-hook before each container's start.\n")));
	return r < 0 ? r
		     : add_list(input, "hooks_dir", defaults, ARRAY_SIZE(defaults), ours,
				ARRAY_SIZE(ours), ret, err);
}

int registration_podman_runtime(const struct registration_input *input,
				struct buffer *ret, struct error *err)
{
	static const char *const json[] = { "crun",  "runc",  "kata",
					    "runsc", "youki", "krun" };
	static const char *const our_json[] = { "oci-vfio-crun", "oci-vfio-runc",
						"oci-vfio-runtime" };
	/* crun's ability: of runc's wrapper podman must not ask it. */
	static const char *const no_cgroups[] = { "crun", "krun" };
	static const char *const our_no_cgroups[] = { "oci-vfio-crun" };
	int r = registration_check_own(input, err);

	buffer_add(
		ret,
		SLICE(HEAD(
			"# podman --runtime oci-vfio-crun: the wrapper instead of crun. It changes nothing for containers\n"
			"# that don't ask for it.\n")));
	if (r == 0)
		r = add_list(input, "runtime_supports_json", json, ARRAY_SIZE(json),
			     our_json, ARRAY_SIZE(our_json), ret, err);
	if (r == 0)
		r = add_list(input, "runtime_supports_nocgroup", no_cgroups,
			     ARRAY_SIZE(no_cgroups), our_no_cgroups,
			     ARRAY_SIZE(our_no_cgroups), ret, err);
	buffer_add(ret, SLICE("\n[engine.runtimes]\n"));
	for (size_t i = 0; i < ARRAY_SIZE(our_json); i++) {
		auto_free char *program =
			text_join(input->programs, "/", our_json[i], NULL);

		buffer_printf(ret, "%s = [", our_json[i]);
		toml_quote(ret, slice_from(program));
		buffer_add(ret, SLICE("]\n"));
	}
	return r;
}

int registration_podman_no_precreate(const struct registration_input *input,
				     struct buffer *ret, struct error *err)
{
	(void)ret;
	return registration_check_own(input, err);
}

int registration_podman_no_runtime(const struct registration_input *input,
				   struct buffer *ret, struct error *err)
{
	int r = registration_check_own(input, err);

	(void)ret;
	return r < 0 ? r : registration_check_default(input, "engine.runtime", err);
}
