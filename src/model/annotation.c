/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what was done. */
#include "oci-vfio-hook/annotation.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/spec.h"

enum node_member {
	NODE_CONTAINER_PATH,
	NODE_FINAL_PATH,
	NODE_NODE,
	NODE_TYPE,
	NODE_MAJOR,
	NODE_MINOR,
	NODE_MEMBERS,
};
static const struct json_member node_members[] = {
	[NODE_CONTAINER_PATH] = JSON_MEMBER("container_path", &json_value),
	[NODE_FINAL_PATH] = JSON_MEMBER("final_path", &json_value),
	[NODE_NODE] = JSON_MEMBER("node", &json_value),
	[NODE_TYPE] = JSON_MEMBER("type", &json_value),
	[NODE_MAJOR] = JSON_MEMBER("major", &json_value),
	[NODE_MINOR] = JSON_MEMBER("minor", &json_value),
};
static const struct json_shape node_shape = { .members = node_members,
					      .n_members = NODE_MEMBERS };
static const struct json_shape nodes_shape = { .elements = &node_shape };

enum annotation_member {
	ANNOTATION_TOKEN,
	ANNOTATION_NODES,
	ANNOTATION_ADDRESSES,
	ANNOTATION_MEMBERS
};
static const struct json_member annotation_members[] = {
	[ANNOTATION_TOKEN] = JSON_MEMBER("token", &json_value),
	[ANNOTATION_NODES] = JSON_MEMBER("nodes", &nodes_shape),
	[ANNOTATION_ADDRESSES] = JSON_MEMBER("addresses", &json_any),
};
static const struct json_shape annotation_shape = { .members = annotation_members,
						    .n_members = ANNOTATION_MEMBERS };

static int read_text(const struct json *doc, uint32_t object, enum node_member member,
		     char **ret, struct error *err)
{
	uint32_t json = json_member(doc, object, member);
	struct slice text;
	int r = json ? json_string(doc, json, &text, err) : 0;

	*ret = json && r == 0 ? xstrndup(text.data, text.length) : NULL;
	return r;
}

static int read_node(const struct json *doc, uint32_t object,
		     struct annotation *annotation, struct error *err)
{
	struct annotation_node *node = array_append(
		annotation->nodes, annotation->n_nodes, annotation->nodes_capacity);
	auto_free char *type = NULL;
	uint32_t major, minor;
	int64_t value = 0;
	int r = read_text(doc, object, NODE_CONTAINER_PATH, &node->container_path, err);

	if (r == 0)
		r = read_text(doc, object, NODE_FINAL_PATH, &node->final_path, err);
	if (r == 0)
		r = read_text(doc, object, NODE_NODE, &node->node, err);
	if (r == 0)
		r = read_text(doc, object, NODE_TYPE, &type, err);
	if (r == 0 && !node->container_path)
		return json_error(err, ERROR_DATA, doc, object, "has no container_path");
	if (r < 0 || !node->final_path)
		return r;
	major = json_member(doc, object, NODE_MAJOR);
	minor = json_member(doc, object, NODE_MINOR);
	if (!node->node || !type || !major || !minor)
		return json_error(err, ERROR_DATA, doc, object, "a field is missing");
	if (strcmp(type, "c") != 0 && strcmp(type, "b") != 0)
		return json_error(err, ERROR_DATA, doc, object,
				  "the type is neither c nor b");
	node->number.type = *type;
	r = json_integer(doc, major, 0, UINT32_MAX, &value, err);
	if (r < 0)
		return r;
	node->number.major = (uint32_t)value;
	r = json_integer(doc, minor, 0, UINT32_MAX, &value, err);
	node->number.minor = (uint32_t)value;
	return r;
}

/* One pair [host, guest]. */
static int read_address(const struct json *doc, uint32_t pair,
			struct annotation *annotation, struct error *err)
{
	struct annotation_address address;
	struct slice host, guest;
	uint32_t first = json_child(doc, pair),
		 second = first ? json_next(doc, first) : 0;

	if (!second || json_string(doc, first, &host, err) < 0 ||
	    json_string(doc, second, &guest, err) < 0 ||
	    pci_address_parse(host, &address.host) < 0 ||
	    pci_address_parse(guest, &address.guest) < 0)
		return json_error(err, ERROR_DATA, doc, pair,
				  "must be a pair of addresses");
	annotation_add_address(annotation, &address.host, &address.guest);
	return 0;
}

typedef int read_fn(const struct json *doc, uint32_t json, struct annotation *annotation,
		    struct error *err);

static int read_each(const struct json *doc, enum annotation_member member,
		     read_fn *read_one, struct annotation *annotation, struct error *err)
{
	uint32_t array = json_member(doc, 0, member);

	for (uint32_t json = array ? json_child(doc, array) : 0; json;
	     json = json_next(doc, json)) {
		int r = read_one(doc, json, annotation, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int annotation_parse(struct slice text, const char *token, struct annotation *ret)
{
	auto_annotation annotation = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice found;
	uint32_t json;

	if (!token ||
	    json_parse("annotation", text, &annotation_shape, NULL, &doc, &err) < 0 ||
	    json_type(&doc, 0) != JSON_OBJECT)
		return 1;
	json = json_member(&doc, 0, ANNOTATION_TOKEN);
	if (!json || json_string(&doc, json, &found, &err) < 0 ||
	    !slice_equal(found, slice_from(token)))
		return 1;
	if (read_each(&doc, ANNOTATION_NODES, read_node, &annotation, &err) < 0 ||
	    read_each(&doc, ANNOTATION_ADDRESSES, read_address, &annotation, &err) < 0)
		return 1;
	*ret = take_struct(annotation);
	return 0;
}

static void format_node(const struct annotation_node *node, struct buffer *ret)
{
	buffer_add(ret, SLICE("{\"container_path\":"));
	json_quote(ret, slice_from(node->container_path));
	if (node->final_path) {
		buffer_add(ret, SLICE(",\"final_path\":"));
		json_quote(ret, slice_from(node->final_path));
		buffer_add(ret, SLICE(",\"node\":"));
		json_quote(ret, slice_from(node->node));
		buffer_add(ret, SLICE(",\"type\":"));
		json_quote(ret, (struct slice) { &node->number.type, 1 });
		buffer_add(ret, SLICE(",\"major\":"));
		buffer_add_number(ret, node->number.major);
		buffer_add(ret, SLICE(",\"minor\":"));
		buffer_add_number(ret, node->number.minor);
	}
	buffer_add(ret, SLICE("}"));
}

void annotation_format(const struct annotation *annotation, const char *token,
		       struct buffer *ret)
{
	char host[PCI_ADDRESS_SIZE], guest[PCI_ADDRESS_SIZE];

	buffer_add(ret, SLICE("{\"token\":"));
	json_quote(ret, slice_from(token));
	buffer_add(ret, SLICE(",\"nodes\":["));
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		buffer_add(ret, i ? SLICE(",") : SLICE(""));
		format_node(&annotation->nodes[i], ret);
	}
	buffer_add(ret, SLICE("],\"addresses\":["));
	for (size_t i = 0; i < annotation->n_addresses; i++) {
		pci_address_format(&annotation->addresses[i].host, host);
		pci_address_format(&annotation->addresses[i].guest, guest);
		buffer_add(ret, i ? SLICE(",[") : SLICE("["));
		json_quote(ret, slice_from(host));
		buffer_add(ret, SLICE(","));
		json_quote(ret, slice_from(guest));
		buffer_add(ret, SLICE("]"));
	}
	buffer_add(ret, SLICE("]}"));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? text_equal(a, b) : a == b;
}

void annotation_add_node(struct annotation *annotation, const char *container_path,
			 const char *final_path, const char *node,
			 const struct device_number *number)
{
	struct annotation_node *added;

	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (same_text(annotation->nodes[i].container_path, container_path) &&
		    same_text(annotation->nodes[i].final_path, final_path))
			return;
	}
	added = array_append(annotation->nodes, annotation->n_nodes,
			     annotation->nodes_capacity);
	added->container_path = xstrndup(container_path, strlen(container_path));
	if (final_path) {
		added->final_path = xstrndup(final_path, strlen(final_path));
		added->node = xstrndup(node, strlen(node));
		added->number = *number;
	}
}

void annotation_add_address(struct annotation *annotation, const struct pci_address *host,
			    const struct pci_address *guest)
{
	for (size_t i = 0; i < annotation->n_addresses; i++) {
		if (pci_address_equal(&annotation->addresses[i].host, host) &&
		    pci_address_equal(&annotation->addresses[i].guest, guest))
			return;
	}
	*array_append(annotation->addresses, annotation->n_addresses,
		      annotation->addresses_capacity) =
		(struct annotation_address) { *host, *guest };
}

const struct annotation_node *annotation_find_final(const struct annotation *annotation,
						    struct slice path)
{
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		const struct annotation_node *node = &annotation->nodes[i];

		if (node->final_path && slice_equal(slice_from(node->final_path), path))
			return node;
	}
	return NULL;
}

bool annotation_is_vfio(const struct annotation *annotation, struct slice final_path)
{
	const struct annotation_node *node =
		annotation_find_final(annotation, final_path);

	return node && path_is_vfio_node(slice_from(node->node));
}

bool annotation_has_container_path(const struct annotation *annotation, struct slice path)
{
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (slice_equal(slice_from(annotation->nodes[i].container_path), path))
			return true;
	}
	return false;
}

bool annotation_has_guest(const struct annotation *annotation,
			  const struct pci_address *address)
{
	for (size_t i = 0; i < annotation->n_addresses; i++) {
		if (pci_address_equal(&annotation->addresses[i].guest, address))
			return true;
	}
	return false;
}

void annotation_add_rule(struct annotation *annotation,
			 const struct device_number *number)
{
	*array_append(annotation->rules, annotation->n_rules,
		      annotation->rules_capacity) = *number;
}

void annotation_free(struct annotation *annotation)
{
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		free(annotation->nodes[i].container_path);
		free(annotation->nodes[i].final_path);
		free(annotation->nodes[i].node);
	}
	free(annotation->nodes);
	free(annotation->addresses);
	free(annotation->rules);
	*annotation = (struct annotation) { 0 };
}
