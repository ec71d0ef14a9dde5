/* SPDX-License-Identifier: Apache-2.0 */
/* Which driver a PCI function has: claims it among our own runs, changes it, puts it back. */
#include "oci-vfio-hook/function_driver.h"

#include <stdio.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/number.h"

#include "kernel_module.h"

#define DEVICES "/sys/bus/pci/devices/"
#define DRIVERS "/sys/bus/pci/drivers/"
#define PROBE "/sys/bus/pci/drivers_probe"

/* Room for a path of these: a driver's name has at most some dozens of characters. */
#define PATH_SIZE 512

/* "(null)" is what the kernel says where there is none. */
#define NO_OVERRIDE "(null)"

static bool has_claim(const struct bound_functions *bound, uint64_t claim)
{
	return bound->n_claims > 0 && bsearch(&claim, bound->claims, bound->n_claims,
					      sizeof claim, number_compare_u64);
}

/* Not a blocking lock: that could only be ended by a signal, and a hook has no timer of its own
 * to spare. */
static int lock(int fd, uint64_t claim, uint64_t end, struct error *err)
{
	long pause = 0;
	struct flock range = { .l_type = F_WRLCK,
			       .l_whence = SEEK_SET,
			       .l_start = (off_t)claim,
			       .l_len = 1 };

	while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return error_set(err, ERROR_IO, PROBE ": can't be locked: %s",
					 strerror(errno));
		if (clock_left(end) == 0)
			return error_set(
				err, ERROR_TIMEOUT,
				"another run is binding functions that this spec names as well, or puts them back; waited for it");
		clock_pause(&pause);
	}
	return 0;
}

int function_driver_claim(struct bound_functions *bound, const uint64_t *claims,
			  size_t count, uint64_t end, struct error *err)
{
	const size_t before = bound->n_claims;
	size_t n_new = 0;

	for (size_t i = 0; i < count; i++) {
		int r;

		if (has_claim(bound, claims[i]))
			continue;
		if (bound->claims_fd < 0)
			bound->claims_fd = RETRY_ON_EINTR(
				open(PROBE, O_WRONLY | O_CLOEXEC | O_NOCTTY));
		if (bound->claims_fd < 0)
			return 0;
		r = lock(bound->claims_fd, claims[i], end, err);
		if (r < 0)
			return r;
		array_grow(&bound->claims, &bound->claims_capacity, before + n_new + 1,
			   sizeof *bound->claims);
		bound->claims[before + n_new++] = claims[i];
	}
	bound->n_claims += n_new;
	if (n_new)
		array_sort(bound->claims, bound->n_claims, number_compare_u64);
	return n_new > 0;
}

/* 0 or -errno. */
static int write_attribute(const char *path, const char *text)
{
	auto_close int fd = RETRY_ON_EINTR(open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
	const size_t length = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = RETRY_ON_EINTR(write(fd, text, length));
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

/* Writes the path "<before><name><after>" to `path` and returns it. */
static const char *path_of(char path[static PATH_SIZE], const char *before,
			   const char *name, const char *after)
{
	snprintf(path, PATH_SIZE, "%s%s%s", before, name, after);
	return path;
}

/* The driver that the function has now, in `target`; NULL: none. */
static const char *read_driver(const char *address, char target[static PATH_SIZE])
{
	char path[PATH_SIZE];
	ssize_t length = readlinkat(AT_FDCWD, path_of(path, DEVICES, address, "/driver"),
				    target, PATH_SIZE - 1);

	if (length < 0)
		return NULL;
	target[length] = '\0';
	return path_name(target);
}

static bool has_driver(const char *address, const char *driver)
{
	char target[PATH_SIZE];
	const char *found = read_driver(address, target);

	return found && driver ? text_equal(found, driver) : found == driver;
}

/* ---- binding */

static int refused(const struct bound_function *function, const char *path, int number,
		   struct error *err)
{
	const char *why = strerror(number);

	if (number == EACCES || number == EPERM)
		return error_set(err, ERROR_PERMISSION,
				 "%s can't be bound to " BINDING_DRIVER
				 ": %s: %s; binding needs root of the machine itself",
				 function->address, path, why);
	if (number == EROFS)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s can't be bound to " BINDING_DRIVER
			": %s: sysfs is mounted read-only here; bind it where it isn't: driverctl set-override %s " BINDING_DRIVER,
			function->address, path, function->address);
	if (number == ENOENT)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s can't be bound to " BINDING_DRIVER
			": %s is not there: this kernel can't be told which driver a function gets, or the function is gone",
			function->address, path);
	return error_set(err, ERROR_UNAVAILABLE,
			 "%s can't be bound to " BINDING_DRIVER
			 ": the kernel refuses it: %s: %s",
			 function->address, path, why);
}

static int read_override(const char *path, char **ret)
{
	char text[4096] = { 0 };
	auto_close int fd = RETRY_ON_EINTR(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
	ssize_t length = fd < 0 ? -errno : fd_read(fd, text, sizeof text);

	if (length < 0)
		return (int)length;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	*ret = xstrndup(text, (size_t)length);
	if (text_equal(*ret, NO_OVERRIDE))
		**ret = '\0';
	return 0;
}

static int override_driver(struct bound_function *function, struct error *err)
{
	auto_free char *before = NULL, *after = NULL;
	char path[PATH_SIZE];
	int r;

	path_of(path, DEVICES, function->address, "/driver_override");
	r = read_override(path, &before);
	if (r == 0)
		r = write_attribute(path, BINDING_DRIVER);
	if (r < 0)
		return refused(function, path, -r, err);
	function->override = take_ptr(before);
	r = read_override(path, &after);
	if (r < 0 || !text_equal(after, BINDING_DRIVER))
		return refused(function, path, r < 0 ? -r : EIO, err);
	return 0;
}

/* Takes the function from the driver that it has now. */
static int unbind(struct bound_function *function, struct error *err)
{
	char target[PATH_SIZE], path[PATH_SIZE];
	const char *driver = read_driver(function->address, target);
	int r;

	if (!driver)
		return 0;
	function->driver = xstrdup(driver);
	path_of(path, DEVICES, function->address, "/driver/unbind");
	r = write_attribute(path, function->address);
	/* It has let go by itself. */
	return r == 0 || r == -ENOENT || r == -ENODEV ? 0
						      : refused(function, path, -r, err);
}

static int probe(const struct bound_function *function, struct error *err)
{
	char target[PATH_SIZE], group[PATH_SIZE];
	const char *driver;
	int r = write_attribute(PROBE, function->address);

	if (r < 0)
		return refused(function, PROBE, -r, err);
	/* A probe that ends without a driver succeeds as well. */
	driver = read_driver(function->address, target);
	if (driver && text_equal(driver, BINDING_DRIVER))
		return 0;
	path_of(group, DEVICES, function->address, "/iommu_group");
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: the kernel takes the driver override " BINDING_DRIVER
		", but the function has %s%s afterwards; %s",
		function->address, driver ? "the driver " : "no driver",
		driver ? driver : "",
		access(group, F_OK) == 0
			? "the kernel's log (dmesg) says why"
			: "it is in no IOMMU group: without an IOMMU the module vfio needs enable_unsafe_noiommu_mode=1");
}

static int bind_function(struct bound_function *function, struct error *err)
{
	int r;

	/* Somebody else was faster, and it may be in use by now. */
	if (has_driver(function->address, BINDING_DRIVER))
		return 0;
	r = override_driver(function, err);
	if (r == 0)
		r = unbind(function, err);
	return r < 0 ? r : probe(function, err);
}

static int load_driver(struct error *err)
{
	if (access(DRIVERS BINDING_DRIVER, F_OK) == 0)
		return 0;
	return kernel_module_load(BINDING_DRIVER, err);
}

int function_driver_bind(struct bound_functions *bound, const struct binding *binding,
			 struct error *err)
{
	int r = load_driver(err);

	for (size_t i = 0; i < binding->count && r == 0; i++) {
		struct bound_function *function =
			array_append(bound->items, bound->count, bound->capacity);

		pci_address_format(&binding->functions[i].address, function->address);
		r = bind_function(function, err);
	}
	return r;
}

/* ---- putting back */

/* Returns 0, or -errno where the override stays. */
static int put_back(const struct bound_function *function)
{
	char path[PATH_SIZE], override[PATH_SIZE];

	path_of(override, DEVICES, function->address, "/driver_override");
	if (has_driver(function->address, BINDING_DRIVER))
		write_attribute(DRIVERS BINDING_DRIVER "/unbind", function->address);
	/* What it had before it may have taken by an override, or an identity, that is gone. */
	if (function->driver && has_driver(function->address, NULL)) {
		write_attribute(override, function->driver);
		write_attribute(path_of(path, DRIVERS, function->driver, "/bind"),
				function->address);
	}
	/* An empty line takes an override away. */
	return write_attribute(override, *function->override ? function->override : "\n");
}

/* `override` is what putting that back gave. Whoever binds the function next, udev or a person,
 * gets what it says. */
static void tell(const struct bound_function *function, int override,
		 struct messages *messages)
{
	const char *driver = function->driver ? function->driver : "no driver";

	if (override < 0)
		messages_add(
			messages, MESSAGE_WARNING,
			"%s: its driver override could not be put back, and decides which driver it gets next: %s: write %s to " DEVICES
			"%s/driver_override",
			function->address, strerror(-override),
			*function->override ? function->override : "an empty line",
			function->address);
	if (has_driver(function->address, function->driver))
		messages_add(messages, MESSAGE_INFO, "%s is put back: it has %s again",
			     function->address, driver);
	else
		messages_add(messages, MESSAGE_WARNING,
			     "%s could not be put back: it had %s before",
			     function->address, driver);
}

void function_driver_put_back(struct bound_functions *bound, struct messages *messages)
{
	while (bound->count > 0) {
		struct bound_function *function = &bound->items[--bound->count];

		if (function->override) {
			int override = put_back(function);

			if (messages)
				tell(function, override, messages);
		}
		free(function->override);
		free(function->driver);
	}
}
