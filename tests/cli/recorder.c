// SPDX-License-Identifier: Apache-2.0
/*
 * Stands in for an OCI runtime where a test must see what a runtime is given: prints its
 * arguments, environment, descriptors, directory, signals and input, a line each, and
 * does nothing else.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Of /proc/self/status: what a process inherits. */
static const char *const inherited[] = {
	"Umask:",  "PPid:",   "Uid:",	 "Gid:",	"Groups:", "NSpid:",
	"SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:",	"CapInh:", "CapPrm:",
	"CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:",
};

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		err(70, "%s", path);
	return file;
}

static void print_status(void)
{
	FILE *file = open_file("/proc/self/status");
	char line[4096];

	while (fgets(line, sizeof line, file)) {
		for (size_t i = 0; i < sizeof(inherited) / sizeof(*inherited); i++) {
			if (strncmp(line, inherited[i], strlen(inherited[i])) == 0)
				printf("status %s", line);
		}
	}
	fclose(file);
}

static void print_limits(void)
{
	FILE *file = open_file("/proc/self/limits");
	char line[4096];

	while (fgets(line, sizeof line, file))
		printf("limit %s", line);
	fclose(file);
}

/* Where the descriptor stands, and its flags. */
static void print_descriptor(int fd)
{
	char path[64], target[4096], line[4096];
	ssize_t length;
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof target - 1);
	if (length < 0)
		err(70, "%s", path);
	target[length] = '\0';
	printf("fd %d %s", fd, target);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	file = open_file(path);
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "pos:", 4) == 0 || strncmp(line, "flags:", 6) == 0)
			printf(" %s", line);
	}
	printf("\n");
	fclose(file);
}

static void print_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory)
		err(70, "/proc/self/fd");
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			print_descriptor(atoi(entry->d_name));
	}
	closedir(directory);
}

static void print_input(void)
{
	char data[65536];
	ssize_t length;

	printf("input:\n");
	fflush(stdout);
	while ((length = read(STDIN_FILENO, data, sizeof data)) > 0)
		fwrite(data, 1, (size_t)length, stdout);
}

/* A file that is only there as a descriptor, which the last such argument names. */
static void print_file(int argc, char **argv)
{
	const char *path = NULL;
	FILE *file;
	int c;

	for (int i = 1; i < argc; i++) {
		const char *found = strstr(argv[i], "/proc/self/fd/");

		path = found ? found : path;
	}
	if (!path)
		return;
	file = open_file(path);
	printf("file:\n");
	while ((c = fgetc(file)) != EOF)
		putchar(c);
	fclose(file);
}

int main(int argc, char **argv)
{
	char *directory = getcwd(NULL, 0);

	print_descriptors();
	printf("pid %d\n", (int)getpid());
	printf("directory %s\n", directory ? directory : "-");
	free(directory);
	for (int i = 0; i < argc; i++)
		printf("argument %d %s\n", i, argv[i]);
	for (char **variable = environ; *variable; variable++)
		printf("variable %s\n", *variable);
	print_status();
	print_limits();
	print_input();
	print_file(argc, argv);
	return 0;
}
