/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the environment: variables, with 0xff between, that are translated by a rule
 * that needs no machine. What is translated has the same name, but for an address in it,
 * and is JSON where it was; no address comes from nowhere; a second run, which knows what
 * the first one did, changes nothing. */
#include "fuzz.h"

#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/settings.h"

/* Of an address the bus, of a UUID the last byte: 0xfe and up is unknown, 0xfd stays, any other
 * goes up by one, to what may be the host's name of another. */
static uint8_t *part_of(struct device_name *name)
{
	return name->bus == DEVICE_BUS_PCI ? &name->address.bus
					   : &name->uuid.bytes[sizeof name->uuid - 1];
}

static enum translation_result translate(void *context,
					 const struct env_variable *variable,
					 const struct env_reference *reference,
					 char **ret, char **why)
{
	struct device_name name;

	(void)context;
	fuzz_check(reference->owner < variable->n_references, "an owner");
	if (reference->kind == ENV_PATH) {
		if (!path_is_vfio_node(env_reference_text(reference)))
			return TRANSLATION_DONE;
		*ret = xasprintf("/dev/vfio/%zu", env_reference_text(reference).length);
		return TRANSLATION_DONE;
	}
	fuzz_check(env_reference_get_name(reference, &name), "a name");
	if (*part_of(&name) >= 0xfe) {
		*why = xasprintf("unknown");
		return TRANSLATION_NONE;
	}
	if (*part_of(&name) == 0xfd)
		return TRANSLATION_KEPT;
	++*part_of(&name);
	*ret = env_reference_spell(reference, &name);
	fuzz_check(*ret, "a text");
	return TRANSLATION_DONE;
}

/* What a run lists of a variable that it changed. */
static void list(const struct env_variable *variable, struct annotation *ret)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *reference = &variable->references[i];
		struct device_name host, guest;

		if (reference->kind == ENV_PATH) {
			auto_free char *text = xasprintf(
				"/dev/vfio/%zu", env_reference_text(reference).length);
			const char *path = text_pool_add(&ret->texts,
							 env_reference_text(reference)),
				   *final = text_pool_add(&ret->texts, slice_from(text));
			const struct device_number number = { 'c', 242, 0 };

			if (path_is_vfio_node(env_reference_text(reference)))
				annotation_add_node(ret, path, final, final, &number);
			continue;
		}
		env_reference_get_name(reference, &host);
		guest = host;
		if (*part_of(&guest) != 0xfd)
			++*part_of(&guest);
		annotation_add_address(ret, &host, &guest);
	}
}

static void check_change(const struct env_change *change)
{
	struct slice text = slice_from(change->text);
	const char *equals = memchr(text.data, '=', text.length);
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice name, old = variable_name(change->variable->source);

	fuzz_check(text_is_utf8(text), "not UTF-8: %s", change->text);
	fuzz_check(equals, "no name: %s", change->text);
	name = slice_from_to(text, 0, (size_t)(equals - text.data));
	fuzz_check(slice_equal(name, old) || slice_starts(old, SLICE("SRIOVNETWORK_")),
		   "another name: %s", change->text);
	text = slice_from_to(text, name.length + 1, text.length);
	if (change->variable->is_json)
		fuzz_check(json_parse("info", text, &json_any, NULL, &doc, &err) == 0 &&
				   (!change->variable->info ||
				    json_type(&doc, 0) == JSON_OBJECT),
			   "not JSON: %s", change->text);
}

/* A spec with these entries of process.env. */
struct run {
	struct buffer text;
	struct spec spec;
	struct environment environment;
	struct env_changes changes;
	struct messages messages;
};

static void run_free(struct run *run)
{
	env_changes_free(&run->changes);
	environment_free(&run->environment);
	messages_free(&run->messages);
	spec_free(&run->spec);
	buffer_free(&run->text);
}

static void add_entry(struct run *run, struct slice entry)
{
	buffer_add(&run->text,
		   run->text.length ? SLICE(",") : SLICE("{\"process\":{\"env\":["));
	json_quote(&run->text, entry);
}

static int run(struct run *run, const struct annotation *annotation)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	settings_init(&settings);
	if (run->text.length == 0)
		return -1;
	buffer_add(&run->text, SLICE("]}}"));
	if (spec_parse("fuzz", buffer_slice(&run->text), &settings.prefixes, &run->spec,
		       &err) < 0)
		return -1;
	environment_parse(&run->spec, &run->environment);
	environment_mark_done(&run->environment, annotation);
	fuzz_check(run->environment.count == run->spec.n_variables,
		   "variables are missing");
	environment_translate(&run->environment, translate, NULL, &run->changes,
			      &run->messages);
	return 0;
}

static bool is_known(const struct environment *environment,
		     const struct annotation *annotation,
		     const struct env_reference *reference)
{
	struct device_name name;

	return !env_reference_get_name(reference, &name) ||
	       environment_has_name(environment, &name) ||
	       annotation_has_guest(annotation, &name);
}

/* On what came out of the first run. */
static void check_second(const struct run *first)
{
	auto_annotation annotation = { 0 };
	struct run second = { 0 };
	size_t k = 0;

	for (size_t i = 0; i < first->changes.count; i++) {
		size_t at = first->changes.items[i].variable->leader;

		for (; at < first->environment.count;
		     at = first->environment.variables[at].next)
			list(&first->environment.variables[at], &annotation);
	}
	annotation_index(&annotation);
	for (size_t i = 0; i < first->environment.count; i++) {
		const struct spec_variable *source =
			first->environment.variables[i].source;

		if (k < first->changes.count &&
		    first->changes.items[k].variable == &first->environment.variables[i])
			add_entry(&second, slice_from(first->changes.items[k++].text));
		else
			add_entry(&second, variable_text(source));
	}
	fuzz_check(k == first->changes.count, "changes out of order");
	fuzz_check(run(&second, &annotation) == 0, "the new text is not a spec");
	fuzz_check(second.changes.count == 0, "the second run changes %s",
		   second.changes.count ? second.changes.items[0].text : "");
	for (size_t i = 0; i < second.environment.count; i++) {
		const struct env_variable *variable = &second.environment.variables[i];

		for (size_t r = 0; r < variable->n_references; r++)
			fuzz_check(is_known(&first->environment, &annotation,
					    &variable->references[r]),
				   "a device from nowhere");
	}
	run_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	const struct annotation none = { 0 };
	struct run first = { 0 };

	while (rest.length)
		add_entry(&first, fuzz_part(&rest));
	if (run(&first, &none) == 0) {
		for (size_t i = 0; i < first.changes.count; i++)
			check_change(&first.changes.items[i]);
		if (first.environment.count)
			check_second(&first);
	}
	run_free(&first);
	return 0;
}
