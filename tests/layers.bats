#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does the check of the layers find what it is there for? On a small tree of its own, broken in one way each.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p tree/src/{base,model,edge,hook} tree/cmd/program tree/include/oci-vfio-hook
	local layer name
	for name in base/text base/json model/plan edge/sysfs hook/hook; do
		layer=${name%/*} name=${name#*/}
		: > "tree/include/oci-vfio-hook/$name.h"
		printf '#include "oci-vfio-hook/%s.h"\n' "$name" > "tree/src/$layer/$name.c"
	done
	printf '#include <yajl/yajl_parse.h>\n' >> tree/src/base/json.c
	printf '#include "oci-vfio-hook/text.h"\n' > tree/include/oci-vfio-hook/plan.h
	printf '#include "command.h"\n#include "oci-vfio-hook/hook.h"\n' > tree/cmd/program/main.c
	for name in json plan sysfs; do
		printf '#include "oci-vfio-hook/%s.h"\n' "$name" >> tree/cmd/program/main.c
	done
	: > tree/cmd/program/command.h
	make_library 'exit(2); fputs("", stderr);'
}

# STATEMENTS: a library with a function of them.
make_library() {
	printf '#define _GNU_SOURCE\n#include <%s>\n' fcntl.h stdio.h stdlib.h sys/mount.h sys/socket.h unistd.h > code.c
	printf 'void function(void);\nvoid function(void) { %s }\n' "$1" >> code.c
	"${CC:-cc}" -w -Wno-error=implicit-function-declaration -O0 -c code.c -o code.o
	rm -f library.a
	ar rc library.a code.o
}

check() {
	run "$BATS_TEST_DIRNAME/layers" tree library.a
}

# TEXT: the check failed and says so.
assert_found() {
	check
	if [ "$status" != 1 ] || [[ $output != *"$1"* ]]; then
		echo "expected: $1"
		echo "status $status: $output"
		return 1
	fi
}

@test "a tree that keeps the rules passes" {
	check
	echo "$output"; [ "$status" = 0 ]
	echo "$output"; [ -z "$output" ]
}

@test "base may not include a header of model" {
	echo '#include "oci-vfio-hook/plan.h"' >> tree/src/base/text.c
	assert_found 'src/base/text.c:2: the layer base includes plan.h of the higher layer model'
}

@test "model may not include a header of edge" {
	echo '#  include "oci-vfio-hook/sysfs.h"' >> tree/src/model/plan.c
	assert_found 'src/model/plan.c:2: the layer model includes sysfs.h of the higher layer edge'
}

@test "edge may not include a header of hook" {
	echo '#include "oci-vfio-hook/hook.h"' >> tree/src/edge/sysfs.c
	assert_found 'src/edge/sysfs.c:2: the layer edge includes hook.h of the higher layer hook'
}

@test "a header is bound to its layer too" {
	echo '#include "oci-vfio-hook/sysfs.h"' >> tree/include/oci-vfio-hook/plan.h
	assert_found 'include/oci-vfio-hook/plan.h:2: the layer model includes sysfs.h of the higher layer edge'
}

@test "a header without a layer is found" {
	echo '#include "oci-vfio-hook/nobody.h"' >> tree/src/hook/hook.c
	assert_found 'nobody.h belongs to no layer'
}

@test "a header of two layers is found" {
	cp tree/src/base/text.c tree/src/edge/text.c
	assert_found 'text.h belongs to no layer'
}

@test "a private header of another directory is found" {
	echo '#include "command.h"' >> tree/src/hook/hook.c
	assert_found 'src/hook/hook.c:2: command.h is not in the same directory'
	echo '#include "../../cmd/program/command.h"' > tree/src/hook/hook.c
	assert_found 'src/hook/hook.c:1: includes a file by another path'
}

@test "only json.c may include yajl" {
	echo '#include <yajl/yajl_tree.h>' >> tree/src/model/plan.c
	assert_found 'src/model/plan.c:2: only src/base/json.c may include yajl'
}

@test "an empty tree does not keep the rules" {
	rm -r tree/src/* tree/cmd/* tree/include/*
	assert_found 'there is no source file'
}

@test "a pure library may not reach out of the process" {
	local statement
	for statement in 'open("", 0);' 'openat(0, "", 0);' 'read(0, 0, 0);' 'write(1, "", 0);' 'getenv("");' 'fork();' \
		'execv("", 0);' 'execvpe("", 0, 0);' 'mount("", "", "", 0, 0);' 'socket(0, 0, 0);' 'fopen("", "");' \
		'printf("%d", 1);' 'ioctl(0, 0);' 'mnt_new_context();' 'udev_new();' 'system("");' 'syscall(0);'; do
		make_library "$statement"
		assert_found "library.a: uses ${statement%%(*}"
	done
}

@test "fortified and large-file names are the plain ones" {
	local symbol
	for symbol in __read_chk open64 __open_2 __openat64_2 __printf_chk; do
		make_library "void call(void) __asm__(\"$symbol\"); call();"
		assert_found "library.a: uses $symbol"
	done
}

@test "a library that isn't there is a mistake of the caller" {
	run "$BATS_TEST_DIRNAME/layers" tree nowhere.a
	[ "$status" = 64 ]
	run "$BATS_TEST_DIRNAME/layers" tree
	[ "$status" = 64 ]
}

# NAME STATEMENTS...: adds FILE.o of a function each to a library of that name.
add_object() {
	printf '%s\n' "$3" > "$2.c"
	"${CC:-cc}" -w -Wno-error=implicit-function-declaration -O0 -c "$2.c" -o "$2.c.o"
	ar rc "$1" "$2.c.o"
}

@test "two files that call each other are found, in one library or in two" {
	add_object one.a first 'void second(void); void first(void) { second(); }'
	add_object one.a second 'void first(void); void second(void) { first(); }'
	run "$BATS_TEST_DIRNAME/layers" tree library.a -- one.a
	[ "$status" = 1 ]
	[[ $output == *"these files need each other in a circle:"*first*second* ]]
	rm one.a
	add_object one.a first 'void second(void); void first(void) { second(); }'
	add_object two.a second 'void third(void); void second(void) { third(); }'
	run "$BATS_TEST_DIRNAME/layers" tree library.a -- one.a two.a
	[ "$status" = 0 ]
	add_object two.a third 'void first(void); void third(void) { first(); }'
	run "$BATS_TEST_DIRNAME/layers" tree library.a -- one.a two.a
	[ "$status" = 1 ]
	[[ $output == *first*second*third* ]]
}

@test "a header that only its own folder uses is found" {
	: > tree/include/oci-vfio-hook/alone.h
	echo '#include "oci-vfio-hook/alone.h"' > tree/src/edge/alone.c
	assert_found "include/oci-vfio-hook/alone.h: only src/edge uses it, where it belongs"
	echo '#include "oci-vfio-hook/alone.h"' >> tree/src/hook/hook.c
	check
	[ "$status" = 0 ]
}

@test "a private header of a folder below a layer is found where another folder includes it" {
	mkdir tree/src/edge/live
	: > tree/src/edge/live/live_internal.h
	echo '#include "live_internal.h"' > tree/src/edge/live/live.c
	check
	[ "$status" = 0 ]
	echo '#include "live_internal.h"' >> tree/src/edge/sysfs.c
	assert_found 'src/edge/sysfs.c:2: live_internal.h is not in the same directory'
}
