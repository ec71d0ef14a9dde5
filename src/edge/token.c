/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of this boot, in a file below /run that only we can read. */
#include "oci-vfio-hook/token.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "oci-vfio-hook/hex.h"
#include "oci-vfio-hook/user_namespace.h"

#define TOKEN_DIRECTORY "oci-vfio-hook"
#define TOKEN_FILE "token"
/* Hex digits and a newline. */
#define TOKEN_LENGTH (2 * SIPHASH_KEY_SIZE + 1)

/* Which of root's and the users' own directories below /run is ours? Root is also
 * root in a user namespace that maps it to the parent's. */
static int runtime_directory(char **ret, struct error *err)
{
	struct user_namespace user_namespace;
	int r = user_namespace_read(&user_namespace, err);

	if (r < 0)
		return r;
	if (user_namespace.outer_uid == 0)
		*ret = xstrdup("/run");
	else
		*ret = text_number("/run/user/", user_namespace.outer_uid, "");
	return 0;
}

/* As geteuid() says, which is a system call: nothing here changes it. */
static uid_t own_user(void)
{
	return (uid_t)getauxval(AT_EUID);
}

static int check_status(int fd, const char *path, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(err, ERROR_IO, "%s: can't be examined: %s", path,
				 strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_DATA, "%s: is not a regular file: remove it",
				 path);
	if (status.st_uid != own_user() || (status.st_mode & 07177) != 0)
		return error_set(
			err, ERROR_PERMISSION,
			"%s: must be mode 0600 and owned by user %u, but is mode %04o and owned by user %u: remove it",
			path, own_user(), status.st_mode & 07777, status.st_uid);
	return 0;
}

static int read_file(int fd, const char *path, uint8_t ret[static SIPHASH_KEY_SIZE],
		     struct error *err)
{
	char text[TOKEN_LENGTH + 1];
	ssize_t length;

	/* One more than there should be: a longer file isn't ours. */
	length = fd_read(fd, text, sizeof(text));
	if (length < 0)
		return error_set(err, ERROR_IO, "%s: can't be read: %s", path,
				 strerror((int)-length));
	if (length != TOKEN_LENGTH || text[TOKEN_LENGTH - 1] != '\n' ||
	    hex_parse((struct slice) { text, TOKEN_LENGTH - 1 }, ret, SIPHASH_KEY_SIZE) <
		    0)
		return error_set(err, ERROR_DATA,
				 "%s: is not a token that oci-vfio-hook made: remove it",
				 path);
	return 0;
}

/* token_read() in the directory that is known already. Who may write the token's
 * directory isn't asked here: a file that is ours alone was made by us. */
static int read_token(const struct sysroot *sysroot, const char *directory,
		      uint8_t ret[static SIPHASH_KEY_SIZE], struct error *err)
{
	auto_close int fd = -1;
	auto_free char *path =
		text_join(directory, "/" TOKEN_DIRECTORY "/" TOKEN_FILE, NULL);
	int r;

	fd = sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -ENOENT)
		return 1;
	if (fd < 0)
		return error_set(err, error_class_of_errno(-fd),
				 "%s: can't be opened: %s", path, strerror(-fd));
	r = check_status(fd, path, err);
	return r < 0 ? r : read_file(fd, path, ret, err);
}

/* Opens the directory of the token, which is made if it isn't there. */
static int open_directory(const struct sysroot *sysroot, const char *directory,
			  struct error *err)
{
	auto_close int parent = -1, fd = -1;
	struct stat status;
	bool made;

	parent = sysroot_openat(sysroot, AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
	/* A captured machine may have been captured without its /run. */
	if (parent == -ENOENT && !sysroot->real && strcmp(directory, "/run") == 0 &&
	    mkdirat(sysroot->root, "run", 0755) == 0) {
		parent = sysroot_openat(sysroot, AT_FDCWD, directory,
					O_RDONLY | O_DIRECTORY);
		if (parent >= 0 && fchmod(parent, 0755) < 0)
			return error_set(err, ERROR_IO, "/run: can't be made: %s",
					 strerror(errno));
	}
	if (parent < 0)
		return error_set(
			err, error_class_of_errno(-parent),
			"%s: can't be opened to keep the token of this boot there: %s",
			directory, strerror(-parent));
	made = mkdirat(parent, TOKEN_DIRECTORY, 0755) == 0;
	if (!made && errno != EEXIST)
		return error_set(err, error_class_of_errno(errno),
				 "%s/" TOKEN_DIRECTORY ": can't be made: %s", directory,
				 strerror(errno));
	fd = openat(parent, TOKEN_DIRECTORY,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Not left to the umask. */
	if (fd < 0 || (made && fchmod(fd, 0755) < 0) || fstat(fd, &status) < 0)
		return error_set(err, error_class_of_errno(errno),
				 "%s/" TOKEN_DIRECTORY
				 ": can't be opened as a directory: %s",
				 directory, strerror(errno));
	if (status.st_uid != own_user() || (status.st_mode & 022) != 0)
		return error_set(
			err, ERROR_PERMISSION,
			"%s/" TOKEN_DIRECTORY
			": must be owned by user %u and writable by nobody else, but is mode %04o and owned by user %u",
			directory, own_user(), status.st_mode & 07777, status.st_uid);
	return take_fd(fd);
}

/* Appends so many random bytes in hex. Returns 0 or -errno. */
static int add_random_hex(size_t count, struct buffer *ret)
{
	uint8_t bytes[SIPHASH_KEY_SIZE];
	ssize_t n = RETRY_ON_EINTR(getrandom(bytes, count, 0));

	if (n != (ssize_t)count)
		return n < 0 ? -errno : -EIO;
	hex_format(bytes, count, ret);
	return 0;
}

static int write_file(int directory, const char *name, struct slice text)
{
	auto_close int fd = fd_make(directory, name, O_WRONLY | O_EXCL, 0600);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text.data, text.length);
	if (n != (ssize_t)text.length)
		return n < 0 ? -errno : -ENOSPC;
	return 0;
}

/* Makes the file whole and then gives it its name: nobody reads half a token, and of
 * several at once one wins. Returns 0 or -errno. */
static int create_token(int directory)
{
	auto_buffer token = { 0 }, name = { 0 };
	int r = add_random_hex(SIPHASH_KEY_SIZE, &token);

	buffer_add(&token, SLICE("\n"));
	buffer_add(&name, SLICE("." TOKEN_FILE "."));
	if (r == 0)
		r = add_random_hex(8, &name);
	if (r < 0)
		return r;
	r = write_file(directory, name.data, buffer_slice(&token));
	if (r == 0 && linkat(directory, name.data, directory, TOKEN_FILE, 0) < 0 &&
	    errno != EEXIST)
		r = -errno;
	if (r != -EEXIST)
		unlinkat(directory, name.data, 0);
	return r;
}

/* Finds the token, and else the directory where it would be. As read_token(). Most runs are
 * root's and not the first of this boot: who we are outside, which takes as long to find out
 * as all of the sysfs part, needn't be asked where root's token is ours. (Below a --root it
 * may be anybody's.) */
static int find_token(const struct sysroot *sysroot, char **ret_directory,
		      uint8_t ret[static SIPHASH_KEY_SIZE], struct error *err)
{
	auto_error ignored = { 0 };
	int r;

	if (sysroot->real && read_token(sysroot, "/run", ret, &ignored) == 0)
		return 0;
	r = runtime_directory(ret_directory, err);
	return r < 0 ? r : read_token(sysroot, *ret_directory, ret, err);
}

int token_read(const struct sysroot *sysroot, uint8_t ret[static SIPHASH_KEY_SIZE],
	       struct error *err)
{
	auto_free char *directory = NULL;

	return find_token(sysroot, &directory, ret, err);
}

int token_make(const struct sysroot *sysroot, uint8_t ret[static SIPHASH_KEY_SIZE],
	       struct error *err)
{
	auto_close int fd = -1;
	auto_free char *directory = NULL;
	int r = find_token(sysroot, &directory, ret, err);

	if (r != 1)
		return r;
	fd = open_directory(sysroot, directory, err);
	if (fd < 0)
		return fd;
	r = create_token(fd);
	if (r < 0)
		return error_set(err, error_class_of_errno(-r),
				 "%s/" TOKEN_DIRECTORY "/" TOKEN_FILE
				 ": can't be made: %s",
				 directory, strerror(-r));
	r = read_token(sysroot, directory, ret, err);
	if (r == 1)
		return error_set(
			err, ERROR_IO,
			"%s/" TOKEN_DIRECTORY "/" TOKEN_FILE
			": is gone as soon as it is made: is something cleaning up there?",
			directory);
	return r;
}
