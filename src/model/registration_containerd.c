/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's configuration. A file that it imports would replace all other settings of the
 * plugin (1.6, 1.7), so our tables are a block at the end of the main file, which disable
 * removes to the byte. */
#include "registration.h"

#define BEGIN                                                                            \
	"# BEGIN oci-vfio-hook (enable containerd made it, disable containerd removes it)\n"
#define END "# END oci-vfio-hook\n"

/* The parts of the file before and after our block, if it is there. */
struct parts {
	struct slice before, after;
	bool found;
};

static int split(const struct registration_text *file, struct parts *ret,
		 struct error *err)
{
	const struct slice text = file->text;
	const struct slice begin = SLICE(BEGIN), end = SLICE(END);
	size_t at, stop;

	*ret = (struct parts) { .before = text };
	for (at = 0; at < text.length; at++) {
		if ((at == 0 || text.data[at - 1] == '\n') &&
		    slice_starts(slice_from_to(text, at, text.length), begin))
			break;
	}
	if (at >= text.length)
		return 0;
	for (stop = at; stop < text.length; stop++) {
		if (slice_starts(slice_from_to(text, stop, text.length), end))
			break;
	}
	if (stop >= text.length)
		return error_set(
			err, ERROR_DATA,
			"%s: the block of oci-vfio-hook has no end: remove it by hand, from the line \"# BEGIN oci-vfio-hook\" on",
			file->name);
	ret->found = true;
	ret->before.length = at;
	ret->after = slice_from_to(text, stop + end.length, text.length);
	return 0;
}

/* What the file says, our block apart. */
struct found {
	char version; /* '2', '3'; '\0': there is none */
	bool any;     /* there is a statement */
	bool has_runc;
	struct buffer runtime, options; /* of runc, without what is ours to say */
	bool crun;			/* runc's BinaryName is that */
};

static void found_free(struct found *found)
{
	buffer_free(&found->runtime);
	buffer_free(&found->options);
}

static const char *plugin_of(char version)
{
	return version == '3' ? "plugins.\"io.containerd.cri.v1.runtime\""
			      : "plugins.\"io.containerd.grpc.v1.cri\"";
}

static bool is_below(struct slice path, struct slice table)
{
	return slice_equal(path, table) ||
	       (path.length > table.length && path.data[table.length] == '.' &&
		slice_starts(path, table));
}

static int refuse(const struct toml *toml, const struct toml_statement *statement,
		  const char *why, struct error *err)
{
	return error_set(
		err, ERROR_DATA,
		"%s: line %zu: %s; edit it by hand: oci-vfio-hook enable --print containerd shows what it takes",
		toml->name, statement->line, why);
}

/* Would a header of a table in `runtimes` name again what this statement has closed: is it a
 * value at, or with dotted keys through, a table above? */
static bool closes(const struct toml_statement *statement, const char *plugin)
{
	static const char *const rests[] = { "", ".containerd", ".containerd.runtimes" };

	for (size_t i = 0; i <= ARRAY_SIZE(rests); i++) {
		auto_free char *joined =
			i ? text_join(plugin, rests[i - 1], NULL) : xstrdup("plugins");
		const struct slice above = slice_from(joined);

		if (statement->kind == TOML_ARRAY_TABLE &&
		    slice_equal(statement->path, above))
			return true;
		if (statement->kind == TOML_VALUE && is_below(statement->path, above) &&
		    above.length > statement->table.length)
			return true;
	}
	return false;
}

static void take_setting(const struct toml_statement *statement, struct slice table,
			 struct found *found)
{
	auto_free char *runc = xasprintf("%.*s.runc", (int)table.length, table.data);
	auto_free char *options = text_join(runc, ".options", NULL);
	auto_free char *value = toml_string(statement->value);
	struct buffer *to = NULL;

	found->has_runc |= is_below(statement->path, slice_from(runc));
	if (statement->kind != TOML_VALUE)
		return;
	if (slice_equal(statement->table, slice_from(runc)))
		to = &found->runtime;
	else if (slice_equal(statement->table, slice_from(options)))
		to = &found->options;
	if (slice_equal(statement->key, SLICE("BinaryName")) && to) {
		found->crun = value && text_equal(path_name(value), "crun");
		return;
	}
	if (!to || slice_equal(statement->key, SLICE("runtime_type")))
		return;
	buffer_add(to, statement->key);
	buffer_add(to, SLICE(" = "));
	buffer_add(to, statement->value);
	buffer_add(to, SLICE("\n"));
}

static int look_at(const struct toml *toml, const struct toml_statement *statement,
		   struct found *found, struct error *err)
{
	auto_free char *table =
		text_join(plugin_of(found->version), ".containerd.runtimes", NULL);
	auto_free char *own = text_join(table, "." REGISTRATION_HANDLER, NULL);

	if (is_below(statement->path, slice_from(own)))
		return error_set(
			err, ERROR_DATA,
			"%s: line %zu: it has a runtime \"%s\" already: remove it",
			toml->name, statement->line, REGISTRATION_HANDLER);
	if (closes(statement, plugin_of(found->version)))
		return refuse(toml, statement,
			      "no table can be added to what is set here in one line",
			      err);
	take_setting(statement, slice_from(table), found);
	return 0;
}

/* The version stands before all tables, but need not be the first line. */
static int read_version(const struct registration_text *file, struct slice text,
			struct found *ret, struct error *err)
{
	auto_toml toml = { .name = file->name, .text = text };
	struct toml_statement statement;
	int r;

	while ((r = toml_next(&toml, &statement, err)) > 0) {
		ret->any = true;
		if (!slice_equal(statement.path, SLICE("version")))
			continue;
		if (!slice_equal(statement.value, SLICE("2")) &&
		    !slice_equal(statement.value, SLICE("3")))
			return refuse(&toml, &statement,
				      "only versions 2 and 3 of the format are known",
				      err);
		ret->version = statement.value.data[0];
	}
	if (r == 0 && ret->any && !ret->version)
		return error_set(
			err, ERROR_DATA,
			"%s: is in version 1 of the format, for it has no \"version\": write it in version 2 first, as containerd config migrate prints it",
			file->name);
	return r;
}

static int read_part(const struct registration_text *file, struct slice text,
		     struct found *ret, struct error *err)
{
	auto_toml toml = { .name = file->name, .text = text };
	struct toml_statement statement;
	int r;

	while ((r = toml_next(&toml, &statement, err)) > 0) {
		r = look_at(&toml, &statement, ret, err);
		if (r < 0)
			return r;
	}
	return r;
}

static void add_table(struct buffer *ret, char version, const char *name,
		      const char *rest)
{
	buffer_printf(ret, "[%s.containerd.runtimes.%s%s]\n", plugin_of(version), name,
		      rest);
}

static void add_tables(const struct registration_input *input, const struct found *found,
		       struct buffer *ret)
{
	auto_free char *runtime =
		text_join(input->programs,
			  found->crun ? "/oci-vfio-crun" : "/oci-vfio-runtime", NULL);
	char version = '2';

	if (found->version)
		version = found->version;
	else
		buffer_add(ret, SLICE("version = 2\n\n"));
	/* As soon as a runtime is named the default one must be. */
	if (!found->has_runc) {
		add_table(ret, version, "runc", "");
		buffer_add(ret, SLICE("runtime_type = \"io.containerd.runc.v2\"\n\n"));
	}
	add_table(ret, version, REGISTRATION_HANDLER, "");
	buffer_add(ret, SLICE("runtime_type = \"io.containerd.runc.v2\"\n"));
	buffer_add(ret, buffer_slice(&found->runtime));
	buffer_add(ret, SLICE("\n"));
	add_table(ret, version, REGISTRATION_HANDLER, ".options");
	buffer_add(ret, SLICE("BinaryName = "));
	toml_quote(ret, slice_from(runtime));
	buffer_add(ret, SLICE("\n"));
	buffer_add(ret, buffer_slice(&found->options));
}

int registration_containerd(const struct registration_input *input, struct buffer *ret,
			    struct error *err)
{
	__attribute__((cleanup(found_free))) struct found found = { 0 };
	auto_buffer rest = { 0 };
	struct parts parts;
	int r = split(&input->own, &parts, err);

	if (r < 0)
		return r;
	buffer_add(&rest, parts.before);
	buffer_add(&rest, parts.after);
	r = read_version(&input->own, buffer_slice(&rest), &found, err);
	if (r == 0)
		r = read_part(&input->own, buffer_slice(&rest), &found, err);
	if (r < 0)
		return r;
	buffer_add(ret, parts.before);
	/* The empty line, or the end of the last one, goes with the block. */
	if (!parts.found && parts.before.length)
		buffer_add(ret, SLICE("\n"));
	buffer_add(ret, SLICE(BEGIN));
	add_tables(input, &found, ret);
	buffer_add(ret, SLICE(END));
	buffer_add(ret, parts.after);
	return 0;
}

/* The tables alone, also where they can't be added: for people. */
int registration_containerd_tables(const struct registration_input *input,
				   struct buffer *ret, struct error *err)
{
	__attribute__((cleanup(found_free))) struct found found = { 0 };
	auto_error ignored = { 0 };
	struct parts parts;

	(void)err;
	if (split(&input->own, &parts, &ignored) == 0 &&
	    read_version(&input->own, parts.before, &found, &ignored) == 0)
		(void)!read_part(&input->own, parts.before, &found, &ignored);
	add_tables(input, &found, ret);
	return 0;
}

int registration_no_containerd(const struct registration_input *input, struct buffer *ret,
			       struct error *err)
{
	struct registration_input rest = *input;
	struct registration_text file = input->own;
	struct parts parts;
	int r = split(&input->own, &parts, err);

	if (r < 0)
		return r;
	if (parts.found && parts.before.length)
		parts.before.length--;
	buffer_add(ret, parts.before);
	buffer_add(ret, parts.after);
	if (!parts.found)
		return 0;
	file.text = buffer_slice(ret);
	rest.others = &file;
	rest.n_others = 1;
	for (const char *version = "23"; r == 0 && *version; version++) {
		auto_free char *key = text_join(plugin_of(*version),
						".containerd.default_runtime_name", NULL);

		r = registration_check_default(&rest, key, err);
	}
	return r;
}
