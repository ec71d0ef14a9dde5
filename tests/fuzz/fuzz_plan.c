/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the plan by structure: the bytes choose devices, rules, mounts, variables and
 * map entries from a few names and numbers, so that they meet. What must hold of every
 * plan is checked, and then what a container needs: its devices are allowed, no path is
 * twice, a group has its control node. */
#include "fuzz.h"

#include <stdio.h>

#include "../unit/plan_run.h"
#include "machine.h"

struct choices {
	struct slice rest;
};

/* The next choice of `count`; 0 at the end of the input. */
static unsigned int choose(struct choices *choices, unsigned int count)
{
	unsigned char byte;

	if (choices->rest.length == 0)
		return 0;
	byte = (unsigned char)choices->rest.data[0];
	choices->rest = slice_from_to(choices->rest, 1, choices->rest.length);
	return byte % count;
}

#define CHOOSE(choices, table) (table)[choose(choices, sizeof(table) / sizeof *(table))]

static const char *const paths[] = {
	"/dev/vfio/1",
	"/dev/vfio/2",
	"/dev/vfio/3",
	"/dev/vfio/vfio",
	"//dev/./vfio/1/",
	"/dev/x",
	"/dev/gpu",
	"/dev/vfio/4",
	"/dev/vfio/noiommu-1",
	"/dev/iommu",
	"/dev/vfio/devices/vfio4",
	"/dev/vfio/devices/vfio8",
	"/dev/vfio/devices/vfio5",
};
static const char *const mount_paths[] = {
	"/dev/vfio/1",
	"/dev/vfio/2",
	"/dev/vfio/3",
	"/dev/vfio/vfio",
	"/dev/vfio//4",
	"/dev/x",
	"/dev/vfio",
	"/srv",
	"/dev/iommu",
	"/dev/vfio/devices/vfio4",
	"/dev/vfio/devices/vfio8",
};
static const char *const addresses[] = {
	"0000:01:00.0", "0000:01:01.0", "0000:01:02.0", "0000:02:00.0",
	"0000:02:01.0", "0000:03:00.0", "0000:0a:00.0",
};
static const char *const uuids[] = {
	"5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90",
	"5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b91",
	"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
};
static const char *const spaces[] = { "", "", " ", "\n\t" };

static void add_comma(struct buffer *text, unsigned int i)
{
	if (i)
		buffer_add(text, SLICE(","));
}

static void add_device(struct choices *choices, const char *space, struct buffer *text)
{
	static const char *const types[] = { "c", "c", "c", "b", "u", "p" };
	static const char *const numbers[] = {
		"\"major\":242,\"minor\":1",  "\"major\":242,\"minor\":2",
		"\"minor\":3,\"major\":242",  "\"major\":243,\"minor\":1",
		"\"major\":10,\"minor\":196", "\"major\":null,\"minor\":1",
		"\"major\":244,\"minor\":4",  "\"major\":244,\"minor\":8",
		"\"major\":10,\"minor\":257",
	};
	static const char *const rest[] = { "", "", ",\"fileMode\":438", ",\"uid\":7" };

	buffer_printf(text, "%s{%s\"path\":\"%s\",%s\"type\":\"%s\",%s%s%s}", space,
		      space, CHOOSE(choices, paths), space, CHOOSE(choices, types),
		      CHOOSE(choices, numbers), CHOOSE(choices, rest), space);
}

static void add_rule(struct choices *choices, const char *space, struct buffer *text)
{
	static const char *const allows[] = { "true", "true", "false", "null" };
	static const char *const numbers[] = {
		",\"type\":\"c\",\"major\":242,\"minor\":1",
		",\"type\":\"c\",\"major\":242,\"minor\":2",
		",\"type\":\"c\",\"minor\":3,\"major\":242",
		",\"type\":\"c\",\"major\":243,\"minor\":1",
		",\"type\":\"c\",\"major\":10,\"minor\":196",
		",\"type\":\"c\",\"major\":244,\"minor\":4",
		",\"type\":\"c\",\"major\":10,\"minor\":257",
		",\"type\":\"b\",\"major\":242,\"minor\":1",
		",\"type\":\"c\",\"major\":242",
		",\"type\":\"a\",\"major\":-1,\"minor\":-1",
		"",
	};
	static const char *const accesses[] = { "rwm", "rw", "r", "m", "" };

	buffer_printf(text, "%s{\"allow\":%s%s,%s\"access\":\"%s\"}", space,
		      CHOOSE(choices, allows), CHOOSE(choices, numbers), space,
		      CHOOSE(choices, accesses));
}

static void add_mount(struct choices *choices, const char *space, struct buffer *text)
{
	static const char *const types[] = { "bind", "bind", "none", "tmpfs" };
	static const char *const options[] = { "", "\"bind\"", "\"ro\",\"rbind\"" };

	buffer_printf(
		text,
		"%s{\"destination\":\"%s\",\"type\":\"%s\",\"source\":\"%s\",\"options\":[%s]%s}",
		space, CHOOSE(choices, mount_paths), CHOOSE(choices, types),
		CHOOSE(choices, mount_paths), CHOOSE(choices, options), space);
}

static void add_variable(struct choices *choices, struct buffer *text)
{
	static const char *const names[] = { "A", "A", "B" };
	const char *name = CHOOSE(choices, names);
	const unsigned int kind = choose(choices, 5);

	if (kind == 4) {
		buffer_printf(text, "\"MDEV_PCI_RESOURCE_%s=%s,%s\"", name,
			      CHOOSE(choices, uuids), CHOOSE(choices, uuids));
		return;
	}
	if (kind % 2) {
		buffer_printf(text, "\"PCIDEVICE_%s=%s,%s\"", name,
			      CHOOSE(choices, addresses), CHOOSE(choices, addresses));
		return;
	}
	buffer_printf(
		text,
		"\"PCIDEVICE_%s_INFO={\\\"%s\\\":\\\"%s\\\",\\\"%s\\\":[\\\"%s\\\"]}\"",
		name, CHOOSE(choices, addresses), CHOOSE(choices, paths),
		CHOOSE(choices, addresses), CHOOSE(choices, addresses));
}

/* The spec but for its process and annotations; the variables that rule 4 knows. */
static void add_spec(struct choices *choices, struct buffer *text, struct buffer *env,
		     const char **ret_space, unsigned int *ret_annotations)
{
	const char *space = CHOOSE(choices, spaces);
	unsigned int count;

	*ret_space = space;

	buffer_printf(text, "{%s\"linux\":{", space);
	buffer_add(text, SLICE("\"devices\":["));
	count = choose(choices, 6);
	for (unsigned int i = 0; i < count; i++) {
		add_comma(text, i);
		add_device(choices, space, text);
	}
	buffer_printf(text, "%s]", space);
	count = choose(choices, 8);
	if (count < 6) {
		buffer_printf(text, ",%s\"resources\":{\"devices\":[", space);
		for (unsigned int i = 0; i < count; i++) {
			add_comma(text, i);
			add_rule(choices, space, text);
		}
		buffer_printf(text, "%s]}", space);
	} else if (count == 6) {
		buffer_add(text, SLICE(",\"resources\":null"));
	}
	buffer_printf(text, "%s},\"mounts\":[", space);
	count = choose(choices, 5);
	for (unsigned int i = 0; i < count; i++) {
		add_comma(text, i);
		add_mount(choices, space, text);
	}
	buffer_printf(text, "%s]", space);
	count = choose(choices, 4);
	for (unsigned int i = 0; i < count; i++) {
		buffer_add(env, SLICE(", "));
		add_variable(choices, env);
	}
	*ret_annotations = choose(choices, 4);
}

/* The inside of a string with names of the host, or nearly. */
static void add_text(struct choices *choices, struct buffer *text)
{
	static const char *const pieces[] = {
		"",
		"0000:01:00.0",
		"01:01.0",
		"0000_01_02_0",
		"02_00_0",
		"0000:02:01.0",
		"0000:0a:00.0",
		"0000:0A:00.0",
		"/dev/vfio/1",
		"\\/dev\\/vfio\\/2",
		"/dev/vfio/3",
		"/dev/x",
		"0000:0\\u0031:00.0",
		"\\u002fdev/vfio/4",
		"\\ud800",
	};
	static const char *const separators[] = { ",", ":", ".", "_",	"-",
						  "x", " ", "=", "\\n", "00:" };
	const unsigned int count = choose(choices, 4);

	for (unsigned int i = 0; i < count; i++) {
		if (i)
			buffer_add(text, slice_from(CHOOSE(choices, separators)));
		buffer_add(text, slice_from(CHOOSE(choices, pieces)));
	}
}

static void add_texts(struct choices *choices, const char *begin, struct buffer *text)
{
	const unsigned int count = choose(choices, 4);

	for (unsigned int i = 0; i < count; i++) {
		buffer_printf(text, "%s\"%s", i ? "," : "", begin);
		add_text(choices, text);
		buffer_add(text, SLICE("\""));
	}
}

/* Completes the spec. */
static void add_process(struct choices *choices, const char *space,
			const struct buffer *env, unsigned int annotations,
			struct buffer *text)
{
	static const char *const limits[] = {
		"",
		",\"rlimits\":null",
		",\"rlimits\":[ ]",
		",\"rlimits\":[{\"type\":\"RLIMIT_MEMLOCK\",\"soft\":1,\"hard\":4096}]",
		",\"rlimits\":[ {\"type\":\"RLIMIT_CORE\"} , {\"type\":\"RLIMIT_MEMLOCK\"}]",
	};

	buffer_printf(text, ",\"process\":{\"args\":[%s", space);
	add_texts(choices, "", text);
	buffer_printf(text, "],\"env\":[\"PATH=/\"%s", env->data ? env->data : "");
	if (choose(choices, 2)) {
		buffer_add(text, SLICE(","));
		buffer_add(text, SLICE("\"A="));
		add_text(choices, text);
		buffer_add(text, SLICE("\""));
	}
	buffer_printf(text, "]%s}", CHOOSE(choices, limits));
	if (annotations == 1 || annotations == 2) {
		buffer_printf(text, ",%s\"annotations\":{%s", space, space);
		if (annotations == 2)
			buffer_add(text, SLICE("\"io.kubernetes.cri.x\":\"\""));
		if (choose(choices, 2)) {
			add_comma(text, annotations == 2);
			buffer_add(text, SLICE("\"k "));
			add_text(choices, text);
			buffer_add(text, SLICE("\":\""));
			add_text(choices, text);
			buffer_add(text, SLICE("\""));
		}
		buffer_add(text, SLICE("}"));
	}
	buffer_printf(text, "%s}", space);
}

/* HOST=GUEST, now and then of a mediated device, which may be a function here. */
static void add_option(struct choices *choices, struct buffer *text)
{
	const unsigned int kind = choose(choices, 8);
	const char *host = kind < 6 ? CHOOSE(choices, addresses) : CHOOSE(choices, uuids);

	buffer_printf(text, "\"%s=%s\"", host,
		      kind < 7 ? CHOOSE(choices, addresses) : CHOOSE(choices, uuids));
}

static void add_entry(struct choices *choices, struct buffer *text)
{
	static const char *const types[] = { "vfio-pci", "vfio-pci", "vfio-pci-gk",
					     "node" };
	static const char *const rest[] = {
		"",
		"",
		",\"host_dev\":\"242:1\"",
		",\"host_dev\":\"243:1\"",
		",\"stand_in\":true",
		",\"stand_in\":true,\"host_dev\":\"242:2\"",
		",\"node\":\"group\"",
		",\"node\":\"handle\"",
		",\"node\":\"auto\"",
		",\"allow_noiommu\":true",
		",\"node\":\"auto\",\"allow_noiommu\":true",
		",\"memlock\":\"unlimited\"",
		",\"memlock\":4096",
	};
	static const char *const vm_paths[] = { "/dev/gpu", "/dev/gpu", "/dev/iommu" };
	const char *type = CHOOSE(choices, types);
	unsigned int n_options = 1 + choose(choices, 2);

	buffer_printf(
		text,
		"{\"type\":\"%s\",\"container_path\":\"%s\",\"vm_path\":\"%s\",\"options\":[",
		type, CHOOSE(choices, paths), CHOOSE(choices, vm_paths));
	for (unsigned int i = 0; i < n_options; i++) {
		add_comma(text, i);
		add_option(choices, text);
	}
	buffer_add(text, SLICE("]"));
	if (choose(choices, 4) == 1)
		buffer_printf(text, ",\"final_path\":\"%s\"", CHOOSE(choices, paths));
	buffer_printf(text, "%s}", CHOOSE(choices, rest));
}

static void add_map(struct choices *choices, struct buffer *text)
{
	unsigned int count = choose(choices, 5);

	buffer_add(text, SLICE("["));
	for (unsigned int i = 0; i < count; i++) {
		add_comma(text, i);
		add_entry(choices, text);
	}
	buffer_add(text, SLICE("]"));
}

/* May it be opened for both? 1, 0, or -1: an allow rule names it with less. */
static int is_allowed(const struct spec *spec, const struct spec_device *device)
{
	const struct device_number *number = &device->number;
	int found = 0;

	for (size_t i = spec->n_rules; i-- > 0;) {
		const struct spec_rule *rule = &spec->rules[i];
		bool exact = rule->type == number->type && rule->major == number->major &&
			     rule->minor == number->minor;
		bool fits = (rule->type == 'a' || rule->type == number->type) &&
			    (rule->major < 0 || rule->major == number->major) &&
			    (rule->minor < 0 || rule->minor == number->minor);
		bool both = rule->access.length ? memchr(rule->access.data, 'r',
							 rule->access.length) &&
							  memchr(rule->access.data, 'w',
								 rule->access.length)
						: !rule->allow;

		if (fits && both)
			return rule->allow;
		if (exact && rule->allow)
			found = -1;
	}
	return found;
}

/* What this run put there, or its numbers; NULL: nothing. */
static const struct plan_node *find_planned(const struct plan_run *run,
					    const struct spec_device *device)
{
	for (size_t i = 0; i < run->plan.n_nodes; i++) {
		const struct plan_node *node = &run->plan.nodes[i];

		if (!node->mount && node->final_path &&
		    slice_equal(slice_from(node->final_path), device->path))
			return node;
	}
	return NULL;
}

static bool has_exact_rule(const struct spec *spec, const struct device_number *number)
{
	char type = number->type == 'u' ? 'c' : number->type;

	for (size_t i = 0; i < spec->n_rules; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		if (rule->allow && rule->type == type && rule->major == number->major &&
		    rule->minor == number->minor)
			return true;
	}
	return false;
}

static bool had_exact_rule(const struct plan_run *run, struct slice container_path)
{
	for (size_t i = 0; i < run->spec.n_devices; i++) {
		const struct spec_device *before = &run->spec.devices[i];

		if (slice_equal(before->path, container_path) &&
		    has_exact_rule(&run->spec, &before->number))
			return true;
	}
	return false;
}

/* A rule of the spec before says what the device may, of which this one may be a part. */
static bool had_rule(const struct plan_run *run, const struct spec_device *device)
{
	const struct annotation *done = &run->plan.annotation;

	if (path_is_control_node(device->path))
		return had_exact_rule(run, device->path);
	for (size_t i = 0; i < done->n_nodes; i++) {
		const struct annotation_node *node = &done->nodes[i];

		if (node->final_path &&
		    slice_equal(slice_from(node->final_path), device->path) &&
		    had_exact_rule(run, slice_from(node->container_path)))
			return true;
	}
	return false;
}

static bool has_control(const struct spec *spec, enum vfio_kind kind)
{
	const struct slice path = vfio_control_node(kind);

	for (size_t i = 0; i < spec->n_devices; i++) {
		if (slice_equal(spec->devices[i].path, path))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (slice_equal(spec->mounts[i].destination, path) ||
		    (kind == VFIO_GROUP &&
		     slice_equal(spec->mounts[i].destination, SLICE("/dev/vfio"))))
			return true;
	}
	return false;
}

static enum vfio_kind kind_of(struct slice path)
{
	return path_is_vfio_handle(path, NULL) ? VFIO_HANDLE : VFIO_GROUP;
}

static void check_devices(const struct plan_run *run, const struct spec *after)
{
	for (size_t i = 0; i < after->n_devices; i++) {
		const struct spec_device *device = &after->devices[i];
		const struct plan_node *planned = find_planned(run, device);

		if (!planned)
			continue;
		fuzz_check(is_allowed(after, device) == 1 || had_rule(run, device),
			   "%.*s isn't allowed", (int)device->path.length,
			   device->path.data);
		fuzz_check(!path_is_vfio_node(slice_from(planned->node)) ||
				   has_control(after, kind_of(slice_from(planned->node))),
			   "no control node");
		/* Equal control nodes stay, corrected as one. */
		for (size_t k = 0; k < after->n_devices; k++)
			fuzz_check(
				k == i ||
					!slice_equal(device->path,
						     after->devices[k].path) ||
					(path_is_control_node(device->path) &&
					 device_number_equal(&device->number,
							     &after->devices[k].number)),
				"%.*s is in it twice", (int)device->path.length,
				device->path.data);
	}
}

/* A node of this machine. */
struct node {
	enum vfio_kind kind;
	uint32_t number;
};

static bool is_of(const struct node *node, bool has_group, uint32_t group,
		  const struct inventory_handle *handle)
{
	return node->kind == VFIO_HANDLE
		       ? handle->exists && handle->handle == node->number
		       : has_group && group == node->number;
}

/* Does an entry that the spec names, or whose node is in a directory that is mounted, ask for
 * such a node of a function that has this one? */
static bool entry_gives(const struct sysroot *sysroot, const struct plan_run *run,
			const struct node *node)
{
	for (size_t i = 0; i < run->inventory.n_functions; i++) {
		const struct inventory_function *function = &run->inventory.functions[i];
		const struct map_entry *entry = run->request.functions[i].entry;

		if (!function->absent && run->request.functions[i].want_group &&
		    map_entry_takes(entry, node->kind) &&
		    is_of(node, function->has_group, function->group,
			  &function->handle) &&
		    (entry->allow_noiommu || node->kind == VFIO_HANDLE ||
		     !machine_is_noiommu(sysroot, node->number)))
			return true;
	}
	return false;
}

/* Does a variable name a function that has this node, where that may give it? */
static bool address_gives(const struct plan_run_input *input, const struct plan_run *run,
			  const struct node *node)
{
	if (input->by_address != BY_ADDRESS_REMAP ||
	    (node->kind == VFIO_GROUP &&
	     machine_is_noiommu(input->sysroot, node->number)) ||
	    spec_is_pods(&run->spec))
		return false;
	for (size_t i = 0; i < run->inventory.n_own; i++) {
		const struct inventory_own *own = &run->inventory.own[i];

		if (own->vfio && is_of(node, own->has_group, own->group, &own->handle))
			return true;
	}
	return false;
}

/* Is it the only group that no entry names? */
static bool match_gives(const struct plan_run_input *input, const struct plan_run *run,
			const struct node *node)
{
	return input->match && run->request.match && run->inventory.n_unnamed == 1 &&
	       node->kind == VFIO_GROUP && run->inventory.unnamed[0] == node->number;
}

/* May what the spec had stay by itself? */
static bool keeps_own(const struct plan_run *run)
{
	return run->request.unmapped == UNMAPPED_KEEP ||
	       run->request.unmapped == UNMAPPED_OWN;
}

static bool had_device(const struct plan_run *run, const struct spec_device *device)
{
	for (size_t i = 0; i < run->spec.n_devices; i++) {
		const struct spec_device *before = &run->spec.devices[i];

		if (slice_equal(before->path, device->path) &&
		    device_number_equal(&before->number, &device->number))
			return true;
	}
	return false;
}

static bool had_mount(const struct plan_run *run, const struct spec_mount *mount)
{
	for (size_t i = 0; i < run->spec.n_mounts; i++) {
		const struct spec_mount *before = &run->spec.mounts[i];

		if (slice_equal(before->source, mount->source) &&
		    slice_equal(before->destination, mount->destination))
			return true;
	}
	return false;
}

/* Is it the number of one? */
static bool find_by_number(const struct sysroot *sysroot,
			   const struct device_number *number, struct node *ret)
{
	*ret = (struct node) { VFIO_GROUP, number->minor };
	if (number->type != 'c')
		return false;
	if (number->major == MACHINE_MAJOR)
		return machine_has_node(sysroot, number->minor);
	ret->kind = VFIO_HANDLE;
	return number->major == MACHINE_HANDLE_MAJOR && machine_has_handles(sysroot) &&
	       number->minor < MACHINE_HANDLES;
}

/* Or the path? */
static bool find_by_path(const struct sysroot *sysroot, struct slice path,
			 struct node *ret)
{
	if (!path_is_vfio_node(path))
		return false;
	*ret = (struct node) { VFIO_HANDLE, 0 };
	if (path_is_vfio_handle(path, &ret->number))
		return machine_has_handles(sysroot) && ret->number < MACHINE_HANDLES;
	ret->kind = VFIO_GROUP;
	ret->number = (uint32_t)(path.data[path.length - 1] - '0');
	return machine_has_node(sysroot, ret->number);
}

/* A node is in the container only where somebody who may has given it. */
static void check_given(const struct plan_run_input *input, const struct plan_run *run,
			const struct spec *after)
{
	struct node node;

	for (size_t i = 0; i < after->n_devices; i++) {
		const struct spec_device *device = &after->devices[i];

		if (!device->has_numbers ||
		    !find_by_number(input->sysroot, &device->number, &node))
			continue;
		fuzz_check(entry_gives(input->sysroot, run, &node) ||
				   address_gives(input, run, &node) ||
				   match_gives(input, run, &node) ||
				   (keeps_own(run) && had_device(run, device)),
			   "nobody gave %.*s", (int)device->path.length,
			   device->path.data);
	}
	for (size_t i = 0; i < after->n_mounts; i++) {
		const struct spec_mount *mount = &after->mounts[i];

		if (!find_by_path(input->sysroot, mount->source, &node))
			continue;
		fuzz_check(entry_gives(input->sysroot, run, &node) ||
				   address_gives(input, run, &node) ||
				   match_gives(input, run, &node) ||
				   (keeps_own(run) && had_mount(run, mount)),
			   "nobody gave the mount of %.*s", (int)mount->source.length,
			   mount->source.data);
	}
}

/* Is it this machine's by its own path and numbers? */
static bool is_own(const struct plan_run *run, const struct spec_device *device)
{
	for (size_t i = 0; i < run->spec.n_devices; i++) {
		size_t node = run->request.devices[i].node;
		const struct inventory_node *found =
			node == REQUEST_NONE ? NULL : &run->inventory.nodes[node];

		if (slice_equal(run->spec.devices[i].path, device->path) && found &&
		    !found->absent &&
		    device_number_equal(&found->number, &device->number))
			return run->request.unmapped == UNMAPPED_OWN;
	}
	return false;
}

/* No device of the host stays, whatever its path. */
static void check_host_numbers(const struct plan_run *run, const struct spec *after)
{
	for (size_t i = 0; i < after->n_devices; i++) {
		const struct spec_device *device = &after->devices[i];

		if (!device->has_numbers || run->request.unmapped == UNMAPPED_KEEP ||
		    find_planned(run, device) || is_own(run, device))
			continue;
		for (size_t k = 0; k < run->map.n_entries; k++) {
			const struct map_entry *entry = &run->map.entries[k];

			fuzz_check(!entry->has_host_dev || device->number.type == 'p' ||
					   (device->number.type == 'b' &&
					    map_entry_is_vfio(entry)) ||
					   device->number.major !=
						   entry->host_dev.major ||
					   device->number.minor != entry->host_dev.minor,
				   "%.*s has the numbers of %s on the host",
				   (int)device->path.length, device->path.data,
				   entry->container_path);
		}
	}
}

/* /dev/iommu is this machine's, but where nothing says that the spec isn't, or what it has is
 * kept. */
static void check_iommu(const struct plan_run *run, const struct spec *after)
{
	const bool can_tell = run->map.exists && run->request.unmapped != UNMAPPED_KEEP;

	for (size_t i = 0; i < after->n_devices && can_tell; i++) {
		const struct spec_device *device = &after->devices[i];

		fuzz_check(!slice_equal(device->path, vfio_control_node(VFIO_HANDLE)) ||
				   device_number_equal(&device->number, &machine_iommu),
			   "the host's /dev/iommu");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum unmapped_policy policies[] = { UNMAPPED_KEEP, UNMAPPED_AUTO,
							 UNMAPPED_OWN, UNMAPPED_DROP,
							 UNMAPPED_ERROR };
	static const enum by_address_policy by_address[] = { BY_ADDRESS_REFUSE,
							     BY_ADDRESS_REMAP };
	struct choices choices = { { (const char *)data, size } };
	struct sysroot sysroot = { .seed = choose(&choices, 8) };
	struct plan_run_input input = { .answer = machine_answer,
					.sysroot = &sysroot,
					.annotate = true };
	static const enum leftover_policy leftovers[] = { LEFTOVER_WARN,
							  LEFTOVER_TRANSLATE,
							  LEFTOVER_ERROR };
	auto_buffer spec = { 0 }, map = { 0 }, machine_map = { 0 }, env = { 0 };
	unsigned int annotations;
	const char *space;
	auto_plan_run run = { 0 };
	auto_error err = { 0 };
	auto_spec after = { 0 };
	int r;

	input.unmapped = CHOOSE(&choices, policies);
	input.by_address = CHOOSE(&choices, by_address);
	input.require_host_dev = choose(&choices, 4) == 1;
	input.match = choose(&choices, 4) == 1;
	sysroot.few = input.match;
	add_spec(&choices, &spec, &env, &space, &annotations);
	if (choose(&choices, 2)) {
		add_map(&choices, &map);
		input.map = buffer_slice(&map);
	}
	if (choose(&choices, 4)) {
		add_map(&choices, &machine_map);
		input.machine_map = buffer_slice(&machine_map);
	}
	input.leftover = CHOOSE(&choices, leftovers);
	add_process(&choices, space, &env, annotations, &spec);
	input.spec = buffer_slice(&spec);
	/* To see what an input that was kept stands for. */
	if (getenv("FUZZ_SHOW"))
		fprintf(stderr, "spec: %s\nmap: %s\nmachine's map: %s\n", spec.data,
			map.data ? map.data : "-",
			machine_map.data ? machine_map.data : "-");
	r = plan_run(&input, &run, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	if (getenv("FUZZ_SHOW"))
		fprintf(stderr, "new: %s\n", run.text.data);
	fuzz_check_null(plan_run_check(&run));
	fuzz_check(plan_run_parse(buffer_slice(&run.text), &after, &err) == 0, "%s",
		   err.message);
	check_devices(&run, &after);
	check_given(&input, &run, &after);
	check_host_numbers(&run, &after);
	check_iommu(&run, &after);
	fuzz_check_null(plan_run_check_second(&input, &run));
	return 0;
}
