/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in what Cloud Hypervisor says of a VM. */
#include "oci-vfio-hook/vm_info.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/slice_index.h"

enum { DEVICE_PATH, DEVICE_ID };
static const struct json_member device_members[] = {
	[DEVICE_PATH] = JSON_MEMBER("path", &json_value),
	[DEVICE_ID] = JSON_MEMBER("id", &json_value),
};
static const struct json_shape device_shape = { .members = device_members,
						.n_members = ARRAY_SIZE(device_members),
						.map = true };
static const struct json_shape devices_shape = { .elements = &device_shape };

enum { CONFIG_DEVICES };
static const struct json_member config_members[] = {
	[CONFIG_DEVICES] = JSON_MEMBER("devices", &devices_shape),
};
static const struct json_shape config_shape = { .members = config_members,
						.n_members = ARRAY_SIZE(config_members),
						.map = true };

enum { NODE_PCI_BDF };
static const struct json_member node_members[] = {
	[NODE_PCI_BDF] = JSON_MEMBER("pci_bdf", &json_value),
};
static const struct json_shape node_shape = { .members = node_members,
					      .n_members = ARRAY_SIZE(node_members),
					      .map = true };
/* Its keys are the devices' ids. */
static const struct json_shape tree_shape = { .others = &node_shape, .map = true };

enum { INFO_CONFIG, INFO_STATE, INFO_DEVICE_TREE };
static const struct json_member info_members[] = {
	[INFO_CONFIG] = JSON_MEMBER("config", &config_shape),
	[INFO_STATE] = JSON_MEMBER("state", &json_value),
	[INFO_DEVICE_TREE] = JSON_MEMBER("device_tree", &tree_shape),
};
static const struct json_shape info_shape = { .members = info_members,
					      .n_members = ARRAY_SIZE(info_members),
					      .map = true };

/* The places of the devices, by id: the span of each. */
static void list_nodes(const struct json *doc, uint32_t tree, struct slice_index *ret)
{
	for (uint32_t json = tree ? json_child(doc, tree) : 0; json;
	     json = json_next(doc, json)) {
		if (json_type(doc, json) == JSON_KEY)
			slice_index_add(ret, json_decoded(doc, json),
					json_next(doc, json));
	}
	slice_index_sort(ret);
}

static int not_placed(const struct json *doc, uint32_t device, struct slice id,
		      struct error *err)
{
	auto_free char *quoted = text_quote(id);

	return json_error(
		err, ERROR_UNAVAILABLE, doc, device,
		"the device %s has no place: Cloud Hypervisor gives its devices places when it boots the VM; boot it, and ask again",
		quoted);
}

/* A segment is a domain of its own, with one bus and no bridges. */
static int find_path(const struct json *doc, uint32_t device, struct slice id,
		     const struct slice_index *nodes, char **ret, struct error *err)
{
	struct vm_path path = { 0 };
	struct pci_address address;
	struct slice text = { 0 };
	size_t count;
	const struct slice_place *found = slice_index_find(nodes, id, &count);
	uint32_t node = count ? (uint32_t)found->place : 0;
	int r = 0;

	if (!node || json_type(doc, node) != JSON_OBJECT)
		return not_placed(doc, device, id, err);
	r = json_member_string(doc, node, NODE_PCI_BDF, &text, err);
	if (r < 0)
		return r;
	if (!text.data)
		return not_placed(doc, device, id, err);
	if (pci_address_parse(text, &address) < 0)
		return json_error(err, ERROR_DATA, doc, node,
				  "\"pci_bdf\" is not a PCI address");
	path.domain = address.domain;
	path.root_bus = address.bus;
	vm_path_add(&path, address.slot, address.function);
	*ret = vm_path_format(&path);
	return 0;
}

static int add_device(const struct json *doc, uint32_t device,
		      const struct slice_index *nodes, struct vm_devices *ret,
		      struct error *err)
{
	struct slice path = { 0 }, id = { 0 };
	struct device_name host;
	char *guest = NULL;
	int r = json_expect(doc, device, JSON_OBJECT, err);

	if (r == 0)
		r = json_member_string(doc, device, DEVICE_PATH, &path, err);
	if (r == 0)
		r = json_member_string(doc, device, DEVICE_ID, &id, err);
	if (r < 0)
		return r;
	if (!path.data || vm_host_from_path(path, &host) < 0)
		return json_error(
			err, ERROR_DATA, doc, device,
			"\"path\" does not end in the PCI address or UUID of a device of this machine");
	r = find_path(doc, device, id.data ? id : SLICE(""), nodes, &guest, err);
	if (r == 0)
		vm_devices_add(ret, &host, guest);
	return r;
}

int vm_info_find_devices(const char *name, struct slice text, struct vm_devices *ret,
			 struct error *err)
{
	auto_json doc = { 0 };
	auto_vm_devices devices = { 0 };
	struct slice_index nodes = { 0 };
	uint32_t config, list, tree;
	int r = json_parse(name, text, &info_shape, NULL, &doc, err);

	if (r < 0)
		return r;
	config =
		json_type(&doc, 0) == JSON_OBJECT ? json_member(&doc, 0, INFO_CONFIG) : 0;
	if (!config || json_type(&doc, config) != JSON_OBJECT)
		return error_set(
			err, ERROR_DATA,
			"%s: has no \"config\", so it is not what Cloud Hypervisor's vm.info answers",
			name);
	list = json_member(&doc, config, CONFIG_DEVICES);
	tree = json_member(&doc, 0, INFO_DEVICE_TREE);
	if (list)
		r = json_expect(&doc, list, JSON_ARRAY, err);
	if (r == 0 && tree)
		r = json_expect(&doc, tree, JSON_OBJECT, err);
	if (r < 0)
		return r;
	list_nodes(&doc, tree, &nodes);
	for (uint32_t json = list ? json_child(&doc, list) : 0; json && r == 0;
	     json = json_next(&doc, json))
		r = add_device(&doc, json, &nodes, &devices, err);
	slice_index_free(&nodes);
	if (r == 0)
		*ret = take_struct(devices);
	return r;
}
