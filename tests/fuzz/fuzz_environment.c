/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the environment: variables, with 0xff between, that are translated by a rule
 * that needs no machine. What is translated is a variable of the same name and, as _INFO,
 * an object. */
#include "fuzz.h"

#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/settings.h"

/* Bus 0xfe and up is unknown, 0xfd stays, any other goes up by one: not injective, so
 * keys can meet. */
static enum translation_result translate(void *context, const struct env_reference *token,
					 char **ret, char **why)
{
	struct pci_address address = token->address;
	char text[PCI_ADDRESS_SIZE];

	(void)context;
	if (token->kind == ENV_PATH) {
		fuzz_check(path_is_vfio_node(slice_from(token->path)), "%s", token->path);
		*ret = xasprintf("/dev/vfio/%zu", strlen(token->path));
		return TRANSLATION_DONE;
	}
	if (address.bus >= 0xfe) {
		*why = xasprintf("unknown");
		return TRANSLATION_NONE;
	}
	if (address.bus == 0xfd)
		return TRANSLATION_KEPT;
	address.bus |= 1;
	*ret = xasprintf("%s", pci_address_format(&address, text));
	return TRANSLATION_DONE;
}

static void check_change(const struct env_change *change)
{
	const struct spec_variable *source = change->variable->source;
	struct slice text = slice_from(change->text), name = source->name;
	auto_error err = { 0 };
	auto_json doc = { 0 };

	fuzz_check(slice_starts(text, name) && text.data[name.length] == '=',
		   "another name: %s", change->text);
	text = slice_from_to(text, name.length + 1, text.length);
	fuzz_check(text_is_utf8(text), "not UTF-8: %s", change->text);
	if (change->variable->info)
		fuzz_check(json_parse("info", text, &json_any, NULL, &doc, &err) == 0 &&
				   json_type(&doc, 0) == JSON_OBJECT,
			   "no object: %s", change->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	auto_environment environment = { 0 };
	struct env_changes changes = { 0 };
	auto_messages messages = { 0 };
	auto_buffer text = { 0 };
	auto_error err = { 0 };
	auto_settings settings = { 0 };
	auto_spec spec = { 0 };

	settings_init(&settings);
	buffer_add(&text, SLICE("{\"process\":{\"env\":["));
	while (rest.length) {
		struct slice part = fuzz_part(&rest);

		if (text.data[text.length - 1] != '[')
			buffer_add(&text, SLICE(","));
		json_quote(&text, part);
	}
	buffer_add(&text, SLICE("]}}"));
	if (spec_parse("fuzz", buffer_slice(&text), &settings.prefixes, &spec, &err) < 0)
		return 0;
	environment_parse(&spec, &environment);
	fuzz_check(environment.count == spec.n_variables, "variables are missing");
	environment_translate(&environment, translate, NULL, &changes, &messages);
	for (size_t i = 0; i < changes.count; i++)
		check_change(&changes.items[i]);
	env_changes_free(&changes);
	return 0;
}
