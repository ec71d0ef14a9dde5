/* SPDX-License-Identifier: Apache-2.0 */
/* Where device maps come from: the user, the machine's directories, and what whoever started
 * a virtual machine handed in. What is in a map is device_map's business, who may have
 * written it trusted_file's. */
#include "oci-vfio-hook/map_source.h"

#include <errno.h>

#include "oci-vfio-hook/base64.h"
#include "oci-vfio-hook/smbios.h"
#include "oci-vfio-hook/trusted_file.h"

#define CREDENTIAL_MAP "/run/credentials/@system/oci-vfio-hook.devices"
#define FW_CFG_MAP                                                                       \
	"/sys/firmware/qemu_fw_cfg/by_name/opt/io.github.oci-vfio-hook/devices/raw"
#define SMBIOS_STRUCTURES "/sys/firmware/dmi/entries/11-"
#define SMBIOS_FIRST SMBIOS_STRUCTURES "0/raw"

const char *const map_source_directories[MAP_SOURCE_DIRECTORIES] = {
	"/etc/oci-vfio-hook/devices.d",
	"/run/oci-vfio-hook/devices.d",
};

/* What is added to, and where from. */
struct adding {
	const struct sysroot *sysroot; /* NULL: files that the user named */
	struct device_map *map;
	struct messages *messages;
	struct error *err;
};

static int add_text(const struct adding *to, enum map_source source, const char *name,
		    struct slice text)
{
	to->map->exists = true;
	return device_map_add(to->map, source, name, text, to->messages, to->err);
}

static int close_source(const struct adding *to)
{
	return device_map_close_source(to->map, to->messages, to->err);
}

static int add_file(const struct adding *to, enum map_source source, const char *path)
{
	auto_close int fd = trusted_file_open(to->sysroot, path);
	auto_free char *name = trusted_file_display(to->sysroot, path);
	auto_free char *text = NULL;
	size_t length = 0;
	int r;

	/* Not there, although listed: a link to nowhere. */
	if (fd < 0)
		return trusted_file_error(name, -fd, to->err);
	r = trusted_file_read_fd(fd, name, &text, &length, to->err);
	return r < 0 ? r : add_text(to, source, name, (struct slice) { text, length });
}

int map_source_add_file(const struct sysroot *sysroot, const char *path,
			struct device_map *map, struct messages *messages,
			struct error *err)
{
	const struct adding to = { sysroot, map, messages, err };
	int r = add_file(&to, MAP_SOURCE_DIRECTORY, path);

	return r < 0 ? r : close_source(&to);
}

int map_source_add_options(const char *const *files, size_t n_files,
			   struct device_map *map, struct messages *messages,
			   struct error *err)
{
	const struct adding to = { NULL, map, messages, err };

	for (size_t i = 0; i < n_files; i++) {
		int r = add_file(&to, MAP_SOURCE_OPTION, files[i]);

		if (r < 0)
			return r;
	}
	return close_source(&to);
}

bool map_source_is_name(const char *name)
{
	return name[0] != '.' && slice_ends(slice_from(name), SLICE(".json"));
}

/* Adds the maps of both lists, which are sorted, as one sorted list; of one name the
 * first's. */
static int add_merged(const struct adding *to,
		      const struct names lists[MAP_SOURCE_DIRECTORIES])
{
	size_t at[MAP_SOURCE_DIRECTORIES] = { 0 };

	while (at[0] < lists[0].count || at[1] < lists[1].count) {
		auto_free char *path = NULL;
		const char *name;
		int order, r;
		size_t from;

		if (at[0] == lists[0].count)
			order = 1;
		else if (at[1] == lists[1].count)
			order = -1;
		else
			order = strcmp(lists[0].items[at[0]], lists[1].items[at[1]]);
		from = order > 0;
		name = lists[from].items[at[from]];
		at[0] += order <= 0;
		at[1] += order >= 0;
		if (!map_source_is_name(name))
			continue;
		path = text_join(map_source_directories[from], "/", name, NULL);
		r = add_file(to, MAP_SOURCE_DIRECTORY, path);
		if (r < 0)
			return r;
	}
	return close_source(to);
}

static int add_directories(const struct adding *to)
{
	struct names lists[MAP_SOURCE_DIRECTORIES] = { 0 };
	int r = 0;

	for (size_t i = 0; i < MAP_SOURCE_DIRECTORIES && r >= 0; i++)
		r = trusted_directory_list(to->sysroot, map_source_directories[i],
					   &lists[i], to->err);
	if (r >= 0)
		r = add_merged(to, lists);
	for (size_t i = 0; i < MAP_SOURCE_DIRECTORIES; i++)
		names_free(&lists[i]);
	return r;
}

/* One that whoever started this machine may have handed in; or not, as almost always: there is
 * no text made for that. */
static bool is_absent(int fd)
{
	return fd == -ENOENT || fd == -ENOTDIR;
}

/* Reads what is root's alone; *ret stays NULL where somebody else asks, who can't tell whether
 * there is a map. */
static int read_root_only(const struct adding *to, int fd, const char *name, char **ret,
			  size_t *ret_length)
{
	if (fd == -EACCES || fd == -EPERM) {
		messages_add(
			to->messages, MESSAGE_INFO,
			"%s: only root may read it: a device map there counts as absent",
			name);
		return 0;
	}
	if (fd < 0)
		return trusted_file_error(name, -fd, to->err);
	return trusted_file_read_fd(fd, name, ret, ret_length, to->err);
}

/* The kernel lets only root open the item, and only CAP_SYS_ADMIN read it. */
static int read_fw_cfg(const struct adding *to, int fd, const char *name, char **ret,
		       size_t *ret_length)
{
	auto_free char *directory = NULL;
	auto_error found = { 0 };

	if (fd < 0)
		trusted_file_error(name, -fd, &found);
	else if (trusted_file_read_fd(fd, name, ret, ret_length, &found) >= 0)
		return 0;
	if (found.class != ERROR_PERMISSION)
		return error_set(to->err, found.class, "%s", found.message);
	directory = sysroot_display(to->sysroot, map_source_directories[0]);
	return error_set(
		to->err, found.class,
		"%s; run as root, or copy the map to %s and set \"fw_cfg\": false in the configuration file",
		found.message, directory);
}

/* Reads the opened file; *ret stays NULL where it counts as absent. */
typedef int read_fn(const struct adding *to, int fd, const char *name, char **ret,
		    size_t *ret_length);

/* One map, which may have been handed in. */
static int add_handed_in(const struct adding *to, enum map_source source,
			 const char *path, read_fn *read_map)
{
	auto_close int fd = trusted_file_open(to->sysroot, path);
	auto_free char *text = NULL, *name = NULL;
	size_t length = 0;
	int r;

	if (is_absent(fd))
		return 0;
	name = sysroot_display(to->sysroot, path);
	r = read_map(to, fd, name, &text, &length);
	if (r < 0 || text == NULL)
		return r;
	r = add_text(to, source, name, (struct slice) { text, length });
	return r < 0 ? r : close_source(to);
}

/* Adds the maps among the strings of one structure. */
static int add_strings(const struct adding *to, const char *name, struct slice structure)
{
	struct smbios_map found;
	size_t at = 0;

	while (smbios_find_map(structure, &at, &found)) {
		auto_free char *decoded = NULL;
		struct slice text = found.value;
		int r;

		if (found.is_base64) {
			if (base64_decode(found.value, &decoded, &text.length) < 0)
				return error_set(
					to->err, ERROR_DATA,
					"%s: the value of " SMBIOS_MAP_BINARY
					" is not base64; make it with: base64 -w 0 map.json",
					name);
			text.data = decoded;
		}
		r = add_text(to, MAP_SOURCE_SMBIOS, name, text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The structure of type 11 with this number. Returns 1 where there is none. */
static int add_structure(const struct adding *to, const char *path)
{
	auto_close int fd = trusted_file_open(to->sysroot, path);
	auto_free char *structure = NULL, *name = NULL;
	size_t length = 0;
	int r;

	if (is_absent(fd))
		return 1;
	name = sysroot_display(to->sysroot, path);
	r = read_root_only(to, fd, name, &structure, &length);
	if (r < 0 || structure == NULL)
		return r < 0 ? r : 1;
	return add_strings(to, name, (struct slice) { structure, length });
}

/* They are numbered from 0 on. */
static int add_smbios(const struct adding *to)
{
	int r = add_structure(to, SMBIOS_FIRST);

	if (r != 0)
		return r < 0 ? r : 0;
	for (uint64_t i = 1; r == 0; i++) {
		auto_free char *path = text_number(SMBIOS_STRUCTURES, i, "/raw");

		r = add_structure(to, path);
	}
	return r < 0 ? r : close_source(to);
}

int map_source_add_machine(const struct sysroot *sysroot,
			   const struct map_sources *wanted, struct device_map *map,
			   struct messages *messages, struct error *err)
{
	const struct adding to = { sysroot, map, messages, err };
	int r = add_directories(&to);

	if (r == 0 && wanted->credential)
		r = add_handed_in(&to, MAP_SOURCE_CREDENTIAL, CREDENTIAL_MAP,
				  read_root_only);
	if (r == 0 && wanted->fw_cfg)
		r = add_handed_in(&to, MAP_SOURCE_FW_CFG, FW_CFG_MAP, read_fw_cfg);
	if (r == 0 && wanted->smbios)
		r = add_smbios(&to);
	return r;
}
