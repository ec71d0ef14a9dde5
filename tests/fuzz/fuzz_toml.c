/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes TOML, and what enable and disable make of an engine's files: what enable made it leaves
 * as it is, and disable brings back what was there. */
#include "fuzz.h"

#include "oci-vfio-hook/registration.h"
#include "oci-vfio-hook/toml.h"

static bool make(registration_make_fn *maker, const char *path, struct slice before,
		 struct buffer *ret)
{
	const struct registration_text other = { "/etc/other.conf", "other", before };
	const struct registration_input input = {
		"/usr/bin", { path, "own", before }, &other, 1
	};
	auto_error err = { 0 };

	return maker(&input, ret, &err) == 0;
}

static void check_file(const struct registration_file *file, struct slice text)
{
	auto_buffer enabled = { 0 };
	auto_buffer again = { 0 };
	auto_buffer disabled = { 0 };
	auto_buffer before = { 0 };

	if (!make(file->disable, file->path, text, &before) ||
	    !make(file->enable, file->path, buffer_slice(&before), &enabled))
		return;
	fuzz_check(make(file->enable, file->path, buffer_slice(&enabled), &again),
		   "not enabled again");
	fuzz_check(slice_equal(buffer_slice(&enabled), buffer_slice(&again)),
		   "changed again");
	if (make(file->disable, file->path, buffer_slice(&enabled), &disabled) &&
	    slice_ends(slice_from(file->path), SLICE(".toml")))
		fuzz_check(slice_equal(buffer_slice(&disabled), buffer_slice(&before)),
			   "not undone");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const engines[] = { "containerd", "docker", "crio" };
	struct slice text = { (const char *)data, size };
	auto_free char *copy = fuzz_copy(text);
	auto_toml toml = { .name = "toml", .text = { copy, size } };
	struct toml_statement statement;
	auto_error err = { 0 };
	size_t line = 1;

	text.data = copy;
	while (toml_next(&toml, &statement, &err) > 0) {
		struct slice element;
		size_t at = 0;

		fuzz_check(statement.line >= line, "it goes back");
		line = statement.line;
		while (toml_element(statement.value, &at, &element))
			fuzz_check(element.length > 0 && at <= statement.value.length,
				   "not a part of the array");
	}
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		check_file(registration_find(engines[i])->files, text);
	check_file(&registration_find("podman")->files[2], text);
	return 0;
}
