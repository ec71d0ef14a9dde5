#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does the check for functions that are defined twice find them?

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'help() {\n\ttrue\n}\n' > helpers.bash
	printf 'load helpers\n\none() {\n\thelp\n}\n\ntwo() {\n\tone\n}\n' > case.bats
	printf '. "%s"\n\nthree() {\n\thelp\n}\n' "\$(dirname \"\$0\")/helpers.bash" > program
}

# TEXT FILE...
assert_found() {
	run "$BATS_TEST_DIRNAME/functions" "${@:2}"
	echo "$output"
	[ "$status" = 1 ] && [[ $output == *"$1"* ]]
}

@test "functions with a name each" {
	"$BATS_TEST_DIRNAME/functions" case.bats helpers.bash program
}

@test "a function twice in a file" {
	printf 'one() {\n\tfalse\n}\n' >> case.bats
	assert_found 'one() is defined in ./case.bats:3 and ./case.bats:10' case.bats
}

@test "a function of the helpers again" {
	printf '\tfunction help () {\n\t\tfalse\n\t}\n' >> case.bats
	assert_found 'help() is defined in ./case.bats:10 and ./helpers.bash:1' case.bats
	printf 'help() { false; }\n' >> program
	assert_found 'help() is defined in ./helpers.bash:1 and ./program:6' program
}
