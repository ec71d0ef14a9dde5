/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in QEMU's object model. */
#include "oci-vfio-hook/qom.h"

#include "oci-vfio-hook/json.h"

#define PERIPHERAL "/machine/peripheral"

enum { OBJECT_NAME, OBJECT_TYPE };
static const struct json_member object_members[] = {
	[OBJECT_NAME] = JSON_MEMBER("name", &json_value),
	[OBJECT_TYPE] = JSON_MEMBER("type", &json_value),
};
static const struct json_shape object_shape = { .members = object_members,
						.n_members = ARRAY_SIZE(object_members),
						.map = true };
static const struct json_shape return_shape = { .elements = &object_shape };

enum { ERROR_CLASS, ERROR_DESC };
static const struct json_member error_members[] = {
	[ERROR_CLASS] = JSON_MEMBER("class", &json_value),
	[ERROR_DESC] = JSON_MEMBER("desc", &json_value),
};
static const struct json_shape error_shape = { .members = error_members,
					       .n_members = ARRAY_SIZE(error_members),
					       .map = true };

enum { MESSAGE_RETURN, MESSAGE_FAILED, MESSAGE_QMP, MESSAGE_HAPPENED };
static const struct json_member message_members[] = {
	[MESSAGE_RETURN] = JSON_MEMBER("return", &return_shape),
	[MESSAGE_FAILED] = JSON_MEMBER("error", &error_shape),
	[MESSAGE_QMP] = JSON_MEMBER("QMP", &json_value),
	[MESSAGE_HAPPENED] = JSON_MEMBER("event", &json_value),
};
static const struct json_shape message_shape = { .members = message_members,
						 .n_members = ARRAY_SIZE(message_members),
						 .map = true };

static int not_qmp(const char *name, struct slice line, struct error *err)
{
	auto_free char *quoted = text_quote(line);

	return error_set(
		err, ERROR_DATA,
		"%s: does not speak QMP: it says %s; start QEMU with -qmp unix:SOCKET,server=on,wait=off and name that socket",
		name, quoted);
}

/* Parses a line that must be an object of one of the kinds. */
static int parse_message(const char *name, struct slice line, struct json *ret,
			 enum qmp_message *ret_kind, struct error *err)
{
	auto_error ignored = { 0 };

	if (json_parse(name, line, &message_shape, NULL, ret, &ignored) < 0 ||
	    json_type(ret, 0) != JSON_OBJECT)
		return not_qmp(name, line, err);
	if (json_member(ret, 0, MESSAGE_QMP))
		*ret_kind = QMP_GREETING;
	else if (json_member(ret, 0, MESSAGE_HAPPENED))
		*ret_kind = QMP_EVENT;
	else if (json_member_raw(ret, 0, MESSAGE_RETURN) ||
		 json_member(ret, 0, MESSAGE_FAILED))
		*ret_kind = QMP_REPLY;
	else
		return not_qmp(name, line, err);
	return 0;
}

int qmp_message_parse(const char *name, struct slice line, enum qmp_message *ret,
		      struct error *err)
{
	auto_json doc = { 0 };

	return parse_message(name, line, &doc, ret, err);
}

struct reply {
	char *text; /* which the document borrows; owned */
	struct json doc;
	uint32_t value; /* what was returned; 0: QEMU refused */
};

static void reply_free(struct reply *reply)
{
	json_free(&reply->doc);
	free(reply->text);
	*reply = (struct reply) { 0 };
}
#define auto_reply __attribute__((cleanup(reply_free))) struct reply

/* Asks for the list of an object's children, or with a property for its value. */
static int ask(const struct qom *qom, const char *object, const char *property,
	       struct reply *ret, struct error *err)
{
	auto_buffer command = { 0 };
	enum qmp_message kind = QMP_EVENT;
	int r;

	buffer_printf(&command, "{\"execute\":\"%s\",\"arguments\":{\"path\":",
		      property ? "qom-get" : "qom-list");
	json_quote(&command, slice_from(object));
	if (property)
		buffer_printf(&command, ",\"property\":\"%s\"", property);
	buffer_add(&command, SLICE("}}\n"));
	r = qom->ask(qom->context, command.data, &ret->text, err);
	if (r < 0)
		return r;
	r = parse_message(qom->name, slice_from(ret->text), &ret->doc, &kind, err);
	if (r == 0 && kind != QMP_REPLY)
		return not_qmp(qom->name, slice_from(ret->text), err);
	if (r == 0)
		ret->value = json_member(&ret->doc, 0, MESSAGE_RETURN);
	return r;
}

/* Reads a property that is text; *ret stays NULL where the object hasn't it. The caller frees. */
static int get_text(const struct qom *qom, const char *object, const char *property,
		    char **ret, struct error *err)
{
	auto_reply reply = { 0 };
	struct slice text;
	int r = ask(qom, object, property, &reply, err);

	if (r < 0 || !reply.value || json_type(&reply.doc, reply.value) != JSON_STRING)
		return r;
	r = json_string(&reply.doc, reply.value, &text, err);
	if (r == 0)
		*ret = xstrndup(text.data, text.length);
	return r;
}

/* The same of a number from 0 to 255; newer versions may have `addr` as "06.0". */
static int get_byte(const struct qom *qom, const char *object, const char *property,
		    bool *ret_has, uint8_t *ret, struct error *err)
{
	auto_reply reply = { 0 };
	struct pci_address address;
	int64_t number = 0;
	int r = ask(qom, object, property, &reply, err);

	*ret_has = false;
	if (r < 0 || !reply.value)
		return r;
	if (json_type(&reply.doc, reply.value) == JSON_STRING) {
		auto_free char *text = NULL;
		struct slice place;

		r = json_string(&reply.doc, reply.value, &place, err);
		if (r < 0)
			return r;
		text = xasprintf("0000:00:%.*s", (int)place.length, place.data);
		if (pci_address_parse(slice_from(text), &address) < 0)
			return json_error(err, ERROR_DATA, &reply.doc, reply.value,
					  "\"%s\" of %s is not a place on a bus",
					  property, object);
		number = address.slot << 3 | address.function;
	} else {
		r = json_integer(&reply.doc, reply.value, 0, UINT8_MAX, &number, err);
		if (r < 0)
			return error_prefix(err, "\"%s\" of %s", property, object);
	}
	*ret_has = true;
	*ret = (uint8_t)number;
	return 0;
}

/* An unset address, as a device of another machine's, is all ones. */
static bool is_set(const struct device_name *name)
{
	return name->bus != DEVICE_BUS_PCI || name->address.domain != UINT32_MAX;
}

static int find_host(const struct qom *qom, const char *device, struct device_name *ret,
		     struct error *err)
{
	auto_free char *host = NULL, *sysfsdev = NULL, *quoted = NULL;
	int r = get_text(qom, device, "host", &host, err);

	if (r < 0)
		return r;
	if (host && device_name_parse(slice_from(host), ret) == 0 && is_set(ret))
		return 0;
	r = get_text(qom, device, "sysfsdev", &sysfsdev, err);
	if (r < 0)
		return r;
	if (sysfsdev && vm_host_from_path(slice_from(sysfsdev), ret) == 0)
		return 0;
	quoted = text_quote(slice_from(sysfsdev ? sysfsdev : ""));
	return error_set(
		err, ERROR_DATA,
		"%s: %s: QEMU doesn't say which device of this machine it is (sysfsdev is %s); start it with -device vfio-pci,host=ADDRESS",
		qom->name, device, quoted);
}

/* Who has a bus, from "/machine/peripheral/port6/port6"; NULL: nobody. The caller frees. */
static char *owner_of(const char *bus)
{
	const char *slash = strrchr(bus, '/');

	return slash && slash > bus ? xstrndup(bus, (size_t)(slash - bus)) : NULL;
}

/* The number of a root bus: 0, but for an expander's. pxb has a bridge on its bus that is numbered
 * as the bus is; pxb-pcie calls the bus as it is called itself. */
static int find_root_bus(const struct qom *qom, const char *owner, const char *bus,
			 const char *below, uint8_t *ret, struct error *err)
{
	auto_free char *type = NULL, *expander = NULL;
	bool has = false;
	int r = get_text(qom, owner, "type", &type, err);

	*ret = 0;
	if (r < 0 || !type || !slice_starts(slice_from(type), SLICE("pxb-")))
		return r;
	if (text_equal(path_name(bus), "pxb-internal")) {
		r = get_byte(qom, below, "chassis_nr", &has, ret, err);
	} else {
		expander = text_join(PERIPHERAL "/", path_name(bus), NULL);
		r = get_byte(qom, expander, "bus_nr", &has, ret, err);
	}
	if (r < 0 || has)
		return r;
	return error_set(
		err, ERROR_DATA,
		"%s: the number of the root bus %s is not known: give its expander an id (-device pxb-pcie,id=...)",
		qom->name, bus);
}

static int too_deep(const struct qom *qom, const char *device, struct error *err)
{
	return error_set(err, ERROR_DATA, "%s: %s: more than %d bridges are above it",
			 qom->name, device, PCI_PATH_STEPS_MAX - 1);
}

static int not_plugged(const struct qom *qom, const char *device, struct error *err)
{
	return error_set(err, ERROR_DATA,
			 "%s: %s: is not plugged into a PCI bus; look again", qom->name,
			 device);
}

/* Goes from a function up to its root bus. */
static int find_path(const struct qom *qom, const char *device, char **ret,
		     struct error *err)
{
	auto_free char *at = xstrdup(device);
	struct vm_path path = { 0 };
	bool has = false;
	uint8_t place = 0;
	int r = get_byte(qom, at, "addr", &has, &place, err);

	if (r == 0 && !has)
		return not_plugged(qom, at, err);
	while (r == 0) {
		auto_free char *bus = NULL, *owner = NULL;

		if (!vm_path_add(&path, place >> 3, place & 7))
			return too_deep(qom, device, err);
		r = get_text(qom, at, "parent_bus", &bus, err);
		owner = bus ? owner_of(bus) : NULL;
		if (r == 0 && !owner)
			return not_plugged(qom, at, err);
		if (r == 0)
			r = get_byte(qom, owner, "addr", &has, &place, err);
		if (r == 0 && !has) {
			r = find_root_bus(qom, owner, bus, at, &path.root_bus, err);
			if (r == 0)
				*ret = vm_path_format(&path);
			return r;
		}
		free(at);
		at = take_ptr(owner);
	}
	return r;
}

static int add_device(const struct qom *qom, const char *device, struct vm_devices *ret,
		      struct error *err)
{
	struct device_name host;
	char *guest = NULL;
	int r = find_host(qom, device, &host, err);

	if (r == 0)
		r = find_path(qom, device, &guest, err);
	if (r == 0)
		vm_devices_add(ret, &host, guest);
	return r;
}

/* Adds those among the children of a container, the user's devices with an id or without. */
static int add_children(const struct qom *qom, const char *container,
			struct vm_devices *ret, struct error *err)
{
	auto_reply reply = { 0 };
	int r = ask(qom, container, NULL, &reply, err);

	if (r < 0)
		return r;
	if (!reply.value || json_type(&reply.doc, reply.value) != JSON_ARRAY)
		return error_set(err, ERROR_DATA, "%s: QEMU doesn't list %s", qom->name,
				 container);
	for (uint32_t json = json_child(&reply.doc, reply.value); json && r == 0;
	     json = json_next(&reply.doc, json)) {
		auto_free char *device = NULL;
		struct slice name = { 0 }, type = { 0 };

		r = json_expect(&reply.doc, json, JSON_OBJECT, err);
		if (r == 0)
			r = json_member_string(&reply.doc, json, OBJECT_NAME, &name, err);
		if (r == 0)
			r = json_member_string(&reply.doc, json, OBJECT_TYPE, &type, err);
		if (r < 0 || !slice_starts(type, SLICE("child<vfio-pci")))
			continue;
		device = xasprintf("%s/%.*s", container, (int)name.length, name.data);
		r = add_device(qom, device, ret, err);
	}
	return r;
}

int qom_find_devices(const struct qom *qom, struct vm_devices *ret, struct error *err)
{
	auto_vm_devices devices = { 0 };
	int r = add_children(qom, PERIPHERAL, &devices, err);

	if (r == 0)
		r = add_children(qom, PERIPHERAL "-anon", &devices, err);
	if (r == 0)
		*ret = take_struct(devices);
	return r;
}
