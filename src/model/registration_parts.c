/* SPDX-License-Identifier: Apache-2.0 */
/* What several engines' files have in common. */
#include "registration.h"

/* Earlier versions installed theirs without the mark, but with this line. */
int registration_check_own(const struct registration_input *input, struct error *err)
{
	const struct slice text = input->own.text;

	if (!text.data || slice_starts(text, SLICE(REGISTRATION_MARK)) ||
	    slice_starts(text, SLICE("# SPDX-License-Identifier: Apache-2.0\n")))
		return 0;
	return error_set(err, ERROR_DATA,
			 "%s: was not made by oci-vfio-hook: move it away, or rename it",
			 input->own.name);
}

int registration_check_default(const struct registration_input *input, const char *key,
			       struct error *err)
{
	for (size_t i = 0; i < input->n_others; i++) {
		auto_toml toml = { .name = input->others[i].name,
				   .text = input->others[i].text };
		struct toml_statement statement;
		int r;

		while ((r = toml_next(&toml, &statement, err)) > 0) {
			auto_free char *value = toml_string(statement.value);

			if (value && slice_equal(statement.path, slice_from(key)) &&
			    slice_starts(slice_from(value), SLICE("oci-vfio")))
				return error_set(
					err, ERROR_DATA,
					"%s: line %zu: the default runtime is \"%s\", which would be gone: name another one first",
					toml.name, statement.line, value);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int registration_no_file(const struct registration_input *input, struct buffer *ret,
			 struct error *err)
{
	(void)input;
	(void)ret;
	(void)err;
	return 0;
}
