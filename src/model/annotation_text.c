/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation's text, and the code that proves who wrote it. */
#include "oci-vfio-hook/annotation_text.h"

#include <errno.h>

#include "oci-vfio-hook/hex.h"
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/spec.h"

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

static int read_node(const struct json *doc, uint32_t object,
		     struct annotation *annotation, struct error *err)
{
	struct annotation_node *node = array_append(
		annotation->nodes, annotation->n_nodes, annotation->nodes_capacity);
	struct text_pool *texts = &annotation->texts;
	const char *type = NULL;
	uint32_t major, minor;
	int64_t value = 0;
	int r = read_text(doc, object, NODE_CONTAINER_PATH, texts, &node->container_path,
			  err);

	if (r == 0)
		r = read_text(doc, object, NODE_FINAL_PATH, texts, &node->final_path,
			      err);
	if (r == 0)
		r = read_text(doc, object, NODE_NODE, texts, &node->node, err);
	if (r == 0)
		r = read_text(doc, object, NODE_TYPE, texts, &type, err);
	if (r == 0 && !node->container_path)
		return -EINVAL;
	if (r < 0 || !node->final_path)
		return r;
	major = json_member(doc, object, NODE_MAJOR);
	minor = json_member(doc, object, NODE_MINOR);
	if (!node->node || !type || !major || !minor)
		return -EINVAL;
	if (strcmp(type, "c") != 0 && strcmp(type, "b") != 0)
		return -EINVAL;
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

bool annotation_needs_bundle(const struct annotation_binding *binding)
{
	return binding->cgroups_path.length == 0 ||
	       !slice_starts(binding->root_path, SLICE("/"));
}

bool annotation_can_bind(const struct annotation_binding *binding)
{
	return binding->has_bundle || binding->cgroups_path.length > 0 ||
	       slice_starts(binding->root_path, SLICE("/"));
}

/* A field of what the code is over. Its length comes first, so that no bytes of one field
 * can pass for those of the next. */
static void add_field(struct buffer *ret, struct slice field)
{
	buffer_add_number(ret, field.length);
	buffer_add(ret, SLICE(":"));
	buffer_add(ret, field);
}

static void add_number(struct buffer *ret, uint64_t number)
{
	char digits[NUMBER_DIGITS];

	add_field(ret, number_format(number, digits));
}

static void add_bundle(const struct annotation_binding *binding, struct buffer *ret)
{
	if (!binding->has_bundle || !annotation_needs_bundle(binding))
		return;
	add_number(ret, binding->device);
	add_number(ret, binding->inode);
}

/* The code of an annotation that begins with this text. */
static void make_mac(struct slice lists, const uint8_t *key,
		     const struct annotation_binding *binding,
		     uint8_t ret[static SIPHASH_SIZE])
{
	auto_buffer after = { 0 };
	char digits[NUMBER_DIGITS];

	add_field(&after, binding->cgroups_path);
	add_field(&after, binding->root_path);
	add_bundle(binding, &after);
	/* The number is this form's: another one gets another. */
	siphash(key,
		(struct slice[]) { SLICE(ANNOTATION_KEY " 1 "),
				   number_format(lists.length, digits), SLICE(":"), lists,
				   buffer_slice(&after) },
		5, ret);
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
		make_mac(text, key, binding, right);
		if (siphash_equal(right, found))
			return true;
	}
	/* What a run wrote that didn't know the bundle. */
	elsewhere.has_bundle = false;
	if (!binding->has_bundle || !annotation_can_bind(&elsewhere))
		return false;
	make_mac(text, key, &elsewhere, right);
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
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		buffer_add(ret, i ? SLICE(",") : SLICE(""));
		format_node(&annotation->nodes[i], ret);
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
	make_mac(slice_from_to(buffer_slice(ret), start, ret->length), key, binding, mac);
	buffer_add(ret, MAC_START);
	hex_format(mac, sizeof mac, ret);
	buffer_add(ret, MAC_END);
}
