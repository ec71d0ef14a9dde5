/* SPDX-License-Identifier: Apache-2.0 */
/* What makes an engine call us is put into its configuration, or removed. No engine is told. */
#include "oci-vfio-hook/enable.h"

#include "oci-vfio-hook/config_file.h"
#include "oci-vfio-hook/program.h"

/* Files as they are read; they own their texts. */
struct texts {
	struct registration_text *items;
	size_t count, capacity;
};

static void texts_free(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		free((char *)(uintptr_t)texts->items[i].path);
		free((char *)(uintptr_t)texts->items[i].name);
		free((char *)(uintptr_t)texts->items[i].text.data);
	}
	free(texts->items);
}

#define auto_texts __attribute__((cleanup(texts_free))) struct texts

static int read_text(const struct sysroot *sysroot, const char *path, bool replaced,
		     struct texts *ret, struct error *err)
{
	char *text;
	size_t length;
	int r = config_file_read(sysroot, path, replaced, &text, &length, err);

	if (r < 0 || (!text && !replaced))
		return r;
	*array_append(ret->items, ret->count, ret->capacity) =
		(struct registration_text) { xstrdup(path),
					     sysroot_display(sysroot, path),
					     { text, length } };
	return 0;
}

static bool is_own(const struct registration_engine *engine, const char *path)
{
	for (size_t i = 0; i < engine->n_files; i++) {
		if (text_equal(engine->files[i].path, path))
			return true;
	}
	return false;
}

static int read_directory(const struct sysroot *sysroot,
			  const struct registration_engine *engine, const char *directory,
			  struct texts *ret, struct error *err)
{
	auto_names names = { 0 };
	int r = config_directory_list(sysroot, directory, &names, err);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		auto_free char *path = text_join(directory, names.items[i], NULL);

		if (slice_ends(slice_from(path), SLICE(".conf")) && !is_own(engine, path))
			r = read_text(sysroot, path, false, ret, err);
	}
	return r;
}

static int read_others(const struct sysroot *sysroot,
		       const struct registration_engine *engine, struct texts *ret,
		       struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < engine->n_others; i++) {
		const char *path = engine->others[i];

		r = *path_name(path) ? read_text(sysroot, path, false, ret, err)
				     : read_directory(sysroot, engine, path, ret, err);
	}
	return r;
}

/* All of an engine's files as they are and shall be. */
struct change {
	struct texts own;
	struct buffer *made; /* for each file */
};

static registration_make_fn *maker(const struct enable_request *request,
				   const struct registration_file *file)
{
	if (request->disable)
		return file->disable;
	return request->print && file->show ? file->show : file->enable;
}

static int make(const struct sysroot *sysroot, const struct enable_request *request,
		const char *programs, struct change *change, struct error *err)
{
	const struct registration_engine *engine = request->engine;
	auto_texts others = { 0 };
	int r = read_others(sysroot, engine, &others, err);

	for (size_t i = 0; r == 0 && i < engine->n_files; i++) {
		struct registration_input input = {
			.programs = programs,
			.others = others.items,
			.n_others = others.count,
		};

		r = read_text(sysroot, engine->files[i].path, true, &change->own, err);
		if (r < 0)
			return r;
		input.own = change->own.items[i];
		r = maker(request, &engine->files[i])(&input, &change->made[i], err);
	}
	return r;
}

/* Returns 1 if the file was changed. */
static int put(const struct sysroot *sysroot, const struct registration_text *own,
	       struct slice made, struct buffer *ret, struct error *err)
{
	const char *done;
	int r = 0;

	if (own->text.data ? slice_equal(own->text, made) : !made.length) {
		buffer_printf(ret, "%s: %s\n", own->name,
			      own->text.data ? "is as it shall be" : "isn't there");
		return 0;
	}
	if (made.length) {
		r = config_file_write(sysroot, own->path, made, 0644, err);
		done = own->text.data ? "changed" : "written";
	} else {
		r = config_file_remove(sysroot, own->path, err);
		done = "removed";
	}
	if (r < 0)
		return r;
	buffer_printf(ret, "%s: %s\n", own->name, done);
	return 1;
}

static int put_all(const struct sysroot *sysroot, const struct enable_request *request,
		   const struct change *change, struct buffer *ret, struct error *err)
{
	const struct registration_engine *engine = request->engine;
	bool changed = false;

	/* Last what makes the engine look for the rest, and first when that goes. */
	for (size_t i = 0; i < engine->n_files; i++) {
		const size_t at = request->disable ? engine->n_files - 1 - i : i;
		int r = put(sysroot, &change->own.items[at],
			    buffer_slice(&change->made[at]), ret, err);

		if (r < 0)
			return r;
		changed |= r > 0;
	}
	if (request->disable && engine->directory)
		config_directory_remove(sysroot, engine->directory);
	if (changed)
		buffer_add(ret, slice_from(request->disable ? engine->disabled
							    : engine->enabled));
	return 0;
}

static void print_all(const struct enable_request *request, const struct change *change,
		      struct buffer *ret)
{
	const size_t count = request->engine->n_files;

	for (size_t i = 0; i < count; i++) {
		const struct slice text = buffer_slice(&change->made[i]);

		if (count > 1)
			buffer_printf(ret, "%s==> %s <==\n", i ? "\n" : "",
				      change->own.items[i].name);
		buffer_add(ret, text);
	}
}

/* An engine is told of programs that are there, and told no more of them before they go. */
static int change_all(const struct sysroot *sysroot, const struct enable_request *request,
		      const char *programs, struct change *change, struct buffer *ret,
		      struct error *err)
{
	int r = make(sysroot, request, programs, change, err);

	if (r == 0 && request->print) {
		print_all(request, change, ret);
		return 0;
	}
	if (r == 0 && request->copy && !request->disable)
		r = program_copy(sysroot, programs, ret, err);
	if (r == 0 && !request->disable)
		r = program_check_wrapper(sysroot, programs, err);
	if (r == 0)
		r = put_all(sysroot, request, change, ret, err);
	if (r == 0 && request->copy && request->disable)
		r = program_remove(sysroot, programs, ret, err);
	return r;
}

int enable_run(const struct sysroot *sysroot, const struct enable_request *request,
	       struct buffer *ret, struct error *err)
{
	auto_free char *found = NULL;
	struct change change = { 0 };
	int r = 0;

	if (!request->programs)
		r = program_directory(sysroot, &found, err);
	if (r < 0)
		return r;
	change.made = xzalloc(request->engine->n_files * sizeof *change.made);
	r = change_all(sysroot, request, request->programs ? request->programs : found,
		       &change, ret, err);
	for (size_t i = 0; i < request->engine->n_files; i++)
		buffer_free(&change.made[i]);
	free(change.made);
	texts_free(&change.own);
	return r;
}
