/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation's text. */
#include "oci-vfio-hook/annotation_text.h"

#include <errno.h>

#include "oci-vfio-hook/hex.h"
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/spec.h"

#include "annotation_mac.h"

/* How the annotation ends. */
#define MAC_START SLICE(",\"mac\":\"")
#define MAC_DIGITS ((size_t)2 * SIPHASH_SIZE)
#define MAC_END SLICE("\"}")

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
	[NODE_CONTAINER_PATH] = JSON_MEMBER("container_path", &json_any),
	[NODE_FINAL_PATH] = JSON_MEMBER("final_path", &json_any),
	[NODE_NODE] = JSON_MEMBER("node", &json_value),
	[NODE_TYPE] = JSON_MEMBER("type", &json_value),
	[NODE_MAJOR] = JSON_MEMBER("major", &json_value),
	[NODE_MINOR] = JSON_MEMBER("minor", &json_value),
};
static const struct json_shape node_shape = { .members = node_members,
					      .n_members = NODE_MEMBERS };
static const struct json_shape nodes_shape = { .elements = &node_shape };

enum annotation_member {
	ANNOTATION_NODES,
	ANNOTATION_ADDRESSES,
	ANNOTATION_RULES,
	ANNOTATION_MEMBERS
};
static const struct json_member annotation_members[] = {
	[ANNOTATION_NODES] = JSON_MEMBER("nodes", &nodes_shape),
	[ANNOTATION_ADDRESSES] = JSON_MEMBER("addresses", &json_any),
	[ANNOTATION_RULES] = JSON_MEMBER("rules", &json_any),
};
static const struct json_shape annotation_shape = { .members = annotation_members,
						    .n_members = ANNOTATION_MEMBERS };

/* ---- reading: whatever is wrong, the annotation counts as absent, and nobody is told why */

static int read_text(const struct json *doc, uint32_t object, enum node_member member,
		     struct text_pool *texts, const char **ret, struct error *err)
{
	uint32_t json = json_member(doc, object, member);
	struct slice text;
	int r = json ? json_string(doc, json, &text, err) : 0;

	*ret = json && r == 0 ? text_pool_add(texts, text) : NULL;
	return r;
}

static int read_number(const struct json *doc, uint32_t object, enum node_member member,
		       uint32_t *ret, struct error *err)
{
	uint32_t json = json_member(doc, object, member);
	int64_t value;

	if (!json || json_integer(doc, json, 0, UINT32_MAX, &value, err) < 0)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

/* What a node is on the machine. */
static int read_target(const struct json *doc, uint32_t object, struct text_pool *texts,
		       struct annotation_node *ret, struct error *err)
{
	const char *type = NULL;
	int r = read_text(doc, object, NODE_NODE, texts, &ret->node, err);

	if (r == 0)
		r = read_text(doc, object, NODE_TYPE, texts, &type, err);
	if (r < 0)
		return r;
	if (!ret->node || !type || (strcmp(type, "c") != 0 && strcmp(type, "b") != 0))
		return -EINVAL;
	ret->number.type = *type;
	r = read_number(doc, object, NODE_MAJOR, &ret->number.major, err);
	return r < 0 ? r : read_number(doc, object, NODE_MINOR, &ret->number.minor, err);
}

/* A list of paths of which each is one node's, and what else the node has. */
static int read_nodes(const struct json *doc, uint32_t list, enum node_member member,
		      struct annotation_node *like, struct annotation *annotation,
		      struct error *err)
{
	for (uint32_t json = json_child(doc, list); json; json = json_next(doc, json)) {
		struct slice text;
		int r = json_string(doc, json, &text, err);

		if (r < 0)
			return r;
		*(member == NODE_FINAL_PATH ? &like->final_path : &like->container_path) =
			text_pool_add(&annotation->texts, text);
		annotation_add_node(annotation, like->container_path, like->final_path,
				    like->node, &like->number);
	}
	return 0;
}

static int read_node(const struct json *doc, uint32_t object,
		     struct annotation *annotation, struct error *err)
{
	const uint32_t path = json_member(doc, object, NODE_CONTAINER_PATH),
		       final = json_member(doc, object, NODE_FINAL_PATH);
	const bool finals = final && json_type(doc, final) == JSON_ARRAY,
		   paths = final && path && json_type(doc, path) == JSON_ARRAY;
	struct text_pool *texts = &annotation->texts;
	struct annotation_node node = { 0 };
	int r = 0;

	if (!path || (paths && finals))
		return -EINVAL;
	if (!paths)
		r = read_text(doc, object, NODE_CONTAINER_PATH, texts,
			      &node.container_path, err);
	if (r == 0 && !finals)
		r = read_text(doc, object, NODE_FINAL_PATH, texts, &node.final_path, err);
	if (r == 0 && final)
		r = read_target(doc, object, texts, &node, err);
	if (r < 0)
		return r;
	if (finals)
		return read_nodes(doc, final, NODE_FINAL_PATH, &node, annotation, err);
	if (paths)
		return read_nodes(doc, path, NODE_CONTAINER_PATH, &node, annotation, err);
	annotation_add_node(annotation, node.container_path, node.final_path, node.node,
			    &node.number);
	return 0;
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
	    device_name_parse(host, &address.host) < 0 ||
	    device_name_parse(guest, &address.guest) < 0)
		return -EINVAL;
	*array_append(annotation->addresses, annotation->n_addresses,
		      annotation->addresses_capacity) = address;
	return 0;
}

/* One pair [major, minor]. */
static int read_rule(const struct json *doc, uint32_t pair, struct annotation *annotation,
		     struct error *err)
{
	int64_t major, minor;
	uint32_t first = json_child(doc, pair),
		 second = first ? json_next(doc, first) : 0;

	if (!second || json_integer(doc, first, 0, UINT32_MAX, &major, err) < 0 ||
	    json_integer(doc, second, 0, UINT32_MAX, &minor, err) < 0)
		return -EINVAL;
	*array_append(annotation->rules, annotation->n_rules,
		      annotation->rules_capacity) =
		(struct device_number) { 'c', (uint32_t)major, (uint32_t)minor };
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

static int read_lists(const struct json *doc, struct annotation *annotation,
		      struct error *err)
{
	int r = read_each(doc, ANNOTATION_NODES, read_node, annotation, err);

	if (r == 0)
		r = read_each(doc, ANNOTATION_ADDRESSES, read_address, annotation, err);
	if (r == 0)
		r = read_each(doc, ANNOTATION_RULES, read_rule, annotation, err);
	return r;
}

/* Cuts the code off the end of the text, where it has one. */
static int cut_mac(struct slice *text, uint8_t ret[static SIPHASH_SIZE])
{
	const size_t length = MAC_START.length + MAC_DIGITS + MAC_END.length;
	struct slice end;

	if (text->length < length)
		return -EINVAL;
	end = slice_from_to(*text, text->length - length, text->length);
	text->length -= length;
	if (!slice_starts(end, MAC_START) || !slice_ends(end, MAC_END))
		return -EINVAL;
	return hex_parse(slice_from_to(end, MAC_START.length,
				       MAC_START.length + MAC_DIGITS),
			 ret, SIPHASH_SIZE);
}

static bool is_right(struct slice text, const uint8_t *key,
		     const struct annotation_binding *binding)
{
	struct annotation_binding elsewhere = *binding;
	uint8_t found[SIPHASH_SIZE], right[SIPHASH_SIZE];

	if (!key || cut_mac(&text, found) < 0)
		return false;
	if (annotation_can_bind(binding)) {
		annotation_make_mac(text, key, binding, right);
		if (siphash_equal(right, found))
			return true;
	}
	/* What a run wrote that didn't know the bundle. */
	elsewhere.has_bundle = false;
	if (!binding->has_bundle || !annotation_can_bind(&elsewhere))
		return false;
	annotation_make_mac(text, key, &elsewhere, right);
	return siphash_equal(right, found);
}

int annotation_parse(struct slice text, const uint8_t *key,
		     const struct annotation_binding *binding, struct annotation *ret)
{
	auto_annotation annotation = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	if (json_parse("annotation", text, &annotation_shape, NULL, &doc, &err) < 0 ||
	    json_type(&doc, 0) != JSON_OBJECT || read_lists(&doc, &annotation, &err) < 0)
		return 1;
	annotation_index(&annotation);
	*ret = take_struct(annotation);
	return is_right(text, key, binding) ? 0 : 1;
}

static const char *path_of(const struct annotation_node *node, enum node_member member)
{
	return member == NODE_FINAL_PATH ? node->final_path : node->container_path;
}

/* Are both the same node of the machine, and the path is the same, too? */
static bool share(const struct annotation_node *a, const struct annotation_node *b,
		  enum node_member member)
{
	return a->final_path && b->final_path && text_equal(a->node, b->node) &&
	       device_number_equal(&a->number, &b->number) &&
	       text_equal(path_of(a, member), path_of(b, member));
}

/* How many nodes from the first on share the path. */
static size_t count_shared(const struct annotation_node *nodes, size_t count,
			   enum node_member member)
{
	size_t i = 1;

	while (i < count && share(&nodes[0], &nodes[i], member))
		i++;
	return i;
}

/* The path of each, of more than one as a list. */
static void format_paths(const struct annotation_node *nodes, size_t count,
			 enum node_member member, struct buffer *ret)
{
	buffer_add(ret, count > 1 ? SLICE("[") : SLICE(""));
	for (size_t i = 0; i < count; i++) {
		buffer_add(ret, i ? SLICE(",") : SLICE(""));
		json_quote(ret, slice_from(path_of(&nodes[i], member)));
	}
	buffer_add(ret, count > 1 ? SLICE("]") : SLICE(""));
}

/* Nodes that are one on the machine, and one of whose paths is the same, come as one: there may be
 * thousands. Returns how many came. */
static size_t format_node(const struct annotation_node *nodes, size_t count,
			  struct buffer *ret)
{
	size_t finals = count_shared(nodes, count, NODE_CONTAINER_PATH);
	size_t paths = finals == 1 ? count_shared(nodes, count, NODE_FINAL_PATH) : 1;
	const struct annotation_node *node = &nodes[0];

	buffer_add(ret, SLICE("{\"container_path\":"));
	format_paths(nodes, paths, NODE_CONTAINER_PATH, ret);
	if (node->final_path) {
		buffer_add(ret, SLICE(",\"final_path\":"));
		format_paths(nodes, finals, NODE_FINAL_PATH, ret);
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
	return finals * paths;
}

static void format_addresses(const struct annotation *annotation, struct buffer *ret)
{
	char host[DEVICE_NAME_SIZE], guest[DEVICE_NAME_SIZE];

	for (size_t i = 0; i < annotation->n_addresses; i++) {
		device_name_format(&annotation->addresses[i].host, host);
		device_name_format(&annotation->addresses[i].guest, guest);
		buffer_add(ret, i ? SLICE(",[") : SLICE("["));
		json_quote(ret, slice_from(host));
		buffer_add(ret, SLICE(","));
		json_quote(ret, slice_from(guest));
		buffer_add(ret, SLICE("]"));
	}
}

static void format_rules(const struct annotation *annotation, struct buffer *ret)
{
	for (size_t i = 0; i < annotation->n_rules; i++) {
		buffer_add(ret, i ? SLICE(",[") : SLICE("["));
		buffer_add_number(ret, annotation->rules[i].major);
		buffer_add(ret, SLICE(","));
		buffer_add_number(ret, annotation->rules[i].minor);
		buffer_add(ret, SLICE("]"));
	}
}

void annotation_format(const struct annotation *annotation, const uint8_t *key,
		       const struct annotation_binding *binding, struct buffer *ret)
{
	const size_t start = ret->length;
	uint8_t mac[SIPHASH_SIZE];

	buffer_add(ret, SLICE("{\"nodes\":["));
	for (size_t i = 0; i < annotation->n_nodes;) {
		buffer_add(ret, i ? SLICE(",") : SLICE(""));
		i += format_node(&annotation->nodes[i], annotation->n_nodes - i, ret);
	}
	buffer_add(ret, SLICE("],\"addresses\":["));
	format_addresses(annotation, ret);
	buffer_add(ret, SLICE("]"));
	if (annotation->n_rules) {
		buffer_add(ret, SLICE(",\"rules\":["));
		format_rules(annotation, ret);
		buffer_add(ret, SLICE("]"));
	}
	if (!key) {
		buffer_add(ret, SLICE("}"));
		return;
	}
	annotation_make_mac(slice_from_to(buffer_slice(ret), start, ret->length), key,
			    binding, mac);
	buffer_add(ret, MAC_START);
	hex_format(mac, sizeof mac, ret);
	buffer_add(ret, MAC_END);
}
