#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line: commands, options, and what isn't in this version.

load helpers

setup() {
	machine
	bundle
}

# SUBSTRING... -- ARGUMENT...: wrong usage, 64, before anything is read.
assert_usage() {
	local expected=()
	while [ "$1" != -- ]; do
		expected+=("$1")
		shift
	done
	shift
	hook "$@"
	assert_status 64
	assert_error "${expected[@]}"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
}

@test "--help: on stdout, with the commands and options of this version" {
	local arguments word
	for arguments in --help 'apply --help' '--help plan'; do
		# shellcheck disable=SC2086 # Words of a command line.
		hook $arguments
		assert_silent
		grep -q '^  *apply BUNDLE' "$STDOUT"
		for word in plan --device-map --root --config --unmapped --by-address --leftover --timeout --log-level --output --json --version; do
			grep -q -- "$word" "$STDOUT" || fail "--help lacks $word"
		done
	done
}

@test "--version: one line on stdout" {
	hook --version
	assert_silent
	[[ $(< "$STDOUT") =~ ^oci-vfio-hook\ [0-9]+\.[0-9]+[^[:space:]]*$ ]] || fail "$(show_output)"
	[ "$(wc -l < "$STDOUT")" = 1 ]
}

@test "options before and after the command, in both spellings" {
	common_case
	write_config
	remember
	hook apply --root "$ROOT" "$BUNDLE"
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	hook "--root=$ROOT" plan "$BUNDLE" --json
	assert_output '.changed == false'
	hook plan --json "$BUNDLE" "--root=$ROOT"
	assert_output '.changed == false'
	hook --json "--root=$ROOT" plan "$BUNDLE"
	assert_output '.changed == false'
}

@test "-- ends the options" {
	common_case
	write_config
	mv "$BUNDLE" "$BATS_TEST_TMPDIR/--json"
	cd "$BATS_TEST_TMPDIR"
	hook --root "$ROOT" apply -- --json
	assert_silent
	CONFIG=$BATS_TEST_TMPDIR/--json/config.json
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "a bundle by a relative path, with a slash at its end, as ." {
	common_case
	write_config
	cd "$BATS_TEST_TMPDIR"
	hook --root machine apply bundle/
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	cd bundle
	remember
	hook --root ../machine apply .
	assert_silent
	assert_unchanged
}

@test "unknown commands" {
	local command
	for command in nonsense '' Apply appl; do
		assert_usage "\"$command\"" -- "$command" "$BUNDLE"
	done
}

@test "hook stages that can never work: the reason" {
	local stage why
	while read -r stage why; do
		assert_usage "$stage" -- "$stage"
		assert_error "$stage: a hook of this stage can't change devices: $why; register it for createRuntime"
	done <<-'END'
		createContainer it runs inside the container's namespaces, where neither the machine's devices nor the cgroup can be reached
		startContainer it runs inside the container, after its devices are made
		poststart it runs after the process has started
		poststop it runs after the container is gone
	END
}

@test "no command, and stdin a terminal: wrong usage" {
	local arguments
	for arguments in '' createRuntime prestart precreate; do
		status=0
		# util-linux gives it a terminal; both outputs come by files of their own.
		script -qec "'$OCI_VFIO_HOOK' $arguments > '$BATS_TEST_TMPDIR/stdout' 2> '$BATS_TEST_TMPDIR/stderr'" /dev/null \
			> /dev/null < /dev/null || status=$?
		STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
		assert_status 64
		assert_error
	done
}

@test "no command, and nothing useful on stdin: refused, with any argv[0] or none" {
	local name
	for name in oci-vfio-hook '' createRuntime; do
		status=0
		STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
		bash -c "exec -a '$name' '$OCI_VFIO_HOOK'" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
		[ "$status" = 64 ] || [ "$status" = 65 ] || fail "$(show_output)"
		assert_error
	done
	# The kernel makes argc 0 an empty name, where it doesn't take it as it is.
	status=0
	perl -e 'my @none; exec { $ARGV[0] } @none' "$OCI_VFIO_HOOK" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
	[ "$status" = 64 ] || [ "$status" = 65 ] || fail "$(show_output)"
	assert_error
}

@test "unknown options" {
	local option
	for option in --nonsense --nonsense=x --Root --=x -r -x -h -V; do
		assert_usage "\"$option\": unknown option; see oci-vfio-hook --help" -- apply "$option" "$BUNDLE"
	done
	# One letter at a time.
	assert_usage '"-x": unknown option' -- apply -xy "$BUNDLE"
}

@test "options may be cut as long as they stay the only ones" {
	common_case
	write_config
	hook "--roo=$ROOT" plan "$BUNDLE" --js
	assert_output '.changed == true'
	hook --vers
	assert_silent
	# A whole name is never ambiguous, though others begin with it.
	hook "--root=$ROOT" plan "$BUNDLE" --json --log "$BATS_TEST_TMPDIR/log"
	assert_output '.changed == true'
	assert_usage '"--lo": ambiguous, could be --log, --log-format, --log-level; see oci-vfio-hook --help' -- apply --lo x "$BUNDLE"
	assert_usage '"--log-=x": ambiguous, could be --log-format, --log-level;' -- apply --log-=x "$BUNDLE"
}

@test "options without their argument, or with one that they don't take" {
	local option
	for option in --root --config --device-map --unmapped --by-address --leftover --env --log --log-format --timeout --log-level --output; do
		assert_usage "$option needs an argument; see oci-vfio-hook --help" -- apply "$BUNDLE" "$option"
	done
	for option in --json --help --version; do
		assert_usage "$option takes no argument; see oci-vfio-hook --help" -- "$option=x" plan "$BUNDLE"
		assert_usage "$option takes no argument" -- "$option=" plan "$BUNDLE"
	done
	assert_usage '--json takes no argument' -- plan --js=x "$BUNDLE"
	assert_usage '--log-format needs an argument' -- plan "$BUNDLE" --log-f
}

@test "POSIXLY_CORRECT doesn't change what the command line means" {
	common_case
	write_config
	POSIXLY_CORRECT=1 hook plan "$BUNDLE" --json "--root=$ROOT"
	assert_output '.changed == true'
}

@test "options with a bad value" {
	assert_usage --unmapped sometimes -- apply "$BUNDLE" --unmapped=sometimes
	assert_usage --unmapped -- apply "$BUNDLE" --unmapped=
	assert_usage --unmapped 'auto, own, drop, keep or error' -- apply "$BUNDLE" --unmapped=remap
	assert_usage --by-address 'refuse or remap, not "keep"' -- apply "$BUNDLE" --by-address=keep
	assert_usage --by-address -- apply "$BUNDLE" --by-address=
	assert_usage --leftover 'warn, translate or error, not "refuse"' -- apply "$BUNDLE" --leftover=refuse
	assert_usage --env 'error or warn, not "translate"' -- createRuntime --env=translate
	assert_usage --log-level loud -- apply "$BUNDLE" --log-level=loud
	local timeout
	for timeout in x '' -1 1.5 3s 0x10 ' 3' 99999999999999999999; do
		assert_usage --timeout -- apply "$BUNDLE" --timeout "$timeout"
	done
}

@test "every value of an option is accepted" {
	local option
	add_device /dev/fuse c 10 229
	for option in --unmapped={auto,own,drop,keep,error} --by-address={refuse,remap} --leftover={warn,translate,error} --log-format={text,json} \
		--timeout=0 --timeout=3 --log-level=error --log-level=warn --log-level=info --log-level=debug; do
		apply "$option"
		assert_status 0
		assert_unchanged
	done
}

@test "options without an argument, and options of another command" {
	local option
	write_config
	assert_usage --bind 'takes no argument' -- --root "$ROOT" apply "$BUNDLE" --bind=yes
	for option in --all --groups --tree --dot --vfio --driver=x; do
		assert_usage "${option%=*}" 'is for list, not for plan; remove it' -- --root "$ROOT" plan "$BUNDLE" "$option"
	done
}

@test "--log: errors, and messages of the level, in the file as well" {
	local log=$BATS_TEST_TMPDIR/log
	common_case
	echo not-a-map > "$BATS_TEST_TMPDIR/bad.json"
	apply --log="$log" --device-map "$BATS_TEST_TMPDIR/bad.json"
	assert_refused 65 bad.json
	[ "$(wc -l < "$log")" = 1 ]
	grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z error: .*bad\.json: .*invalid JSON' "$log"
	[ "$(stat -c %a "$log")" = 600 ]
	apply --log="$log" --log-format=json --device-map "$BATS_TEST_TMPDIR/bad.json"
	tail -n 1 "$log" | jq -e '.level == "error" and (.msg | contains("bad.json")) and (.time | endswith("Z"))'
	[ "$(wc -l < "$log")" = 2 ]
	apply --log="$log" --log-level=info
	assert_status 0
	tail -n 1 "$log" | grep -q ' info: apply: .* changes'
	[ "oci-vfio-hook: $(tail -n 1 "$log" | cut -d ' ' -f 3-)" = "$(< "$STDERR")" ]
	assert_usage loud -- --root "$ROOT" apply "$BUNDLE" --log-format=loud
}

@test "--log: a file that can't be written stops nothing, and a FIFO doesn't either" {
	write_config
	apply --log="$BATS_TEST_TMPDIR/missing/log" --log-level=debug
	assert_status 0
	grep -q 'can.t be opened for the log' "$STDERR"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	apply --log="$BATS_TEST_TMPDIR/fifo" --log-level=debug
	assert_status 0
}

@test "no bundle, or more than one" {
	local command
	for command in apply plan; do
		assert_usage BUNDLE -- --root "$ROOT" "$command"
		assert_usage 'one argument too many' -- --root "$ROOT" "$command" "$BUNDLE" "$BUNDLE"
	done
}

@test "options of another command" {
	write_config
	assert_usage '--json is for plan, list and check, not for apply; remove it' -- --root "$ROOT" apply "$BUNDLE" --json
	assert_usage '--env is for createRuntime and prestart, not for apply; remove it' -- --root "$ROOT" apply "$BUNDLE" --env=warn
	assert_usage '--output is for apply and cdi, not for plan; remove it' -- --root "$ROOT" plan "$BUNDLE" --output "$BATS_TEST_TMPDIR/x"
	[ ! -e "$BATS_TEST_TMPDIR/x" ]
}

@test "--root that isn't there, or is not a directory" {
	write_config
	remember
	hook --root "$BATS_TEST_TMPDIR/no" apply "$BUNDLE"
	assert_refused 66 "$BATS_TEST_TMPDIR/no: can't be used as the root of a machine: No such file or directory"
	hook --root "$CONFIG" apply "$BUNDLE"
	assert_refused 65 "$CONFIG"
}

@test "control bytes of arguments are quoted in messages" {
	assert_usage '\x1B[31m' '\x0A' -- $'a\nb\e[31m'
	assert_usage '\x07' -- $'--x\ay' apply
	hook --root "$ROOT" apply $'/no/\n\e[31m\xff'
	assert_status 66
	assert_error '\x0A\x1B[31m\xFF'
}

@test "nothing is read from the environment or from stdin" {
	common_case
	write_config
	env -i PCIDEVICE_A=0000:3b:02.0 OCI_VFIO_HOOK_ROOT=/nonsense "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" \
		<&- > "$BATS_TEST_TMPDIR/out" 2>&1
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "out of memory: 70, and nothing is written" {
	enlarge_config
	starve "$OCI_VFIO_HOOK"
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr status=0
	"${STARVED[@]}" "$OCI_VFIO_HOOK" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
	assert_starved 70 'oci-vfio-hook: out of memory'
	status=0
	"${STARVED[@]}" "$OCI_VFIO_HOOK" precreate > "$STDOUT" 2> "$STDERR" < "$CONFIG" || status=$?
	assert_starved 70 'oci-vfio-hook: out of memory'
}

@test "closed stdin, stdout and stderr: the spec comes out whole" {
	common_case
	write_config
	"$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" <&- >&- 2>&-
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_no_leftover
}

@test "stdout that can't be written: 74" {
	local arguments
	common_case
	write_config
	remember
	for arguments in --help --version "--root $ROOT plan $BUNDLE" "--root $ROOT plan --json $BUNDLE"; do
		status=0
		STDOUT=/dev/null STDERR=$BATS_TEST_TMPDIR/stderr
		# shellcheck disable=SC2086 # Words of a command line.
		"$OCI_VFIO_HOOK" $arguments > /dev/full 2> "$STDERR" || status=$?
		assert_status 74
		assert_error
	done
	assert_unchanged
}

@test "oci-vfio-admin isn't beside the program: said, and all else works" {
	mkdir "$BATS_TEST_TMPDIR/alone"
	cp "$OCI_VFIO_HOOK" "$BATS_TEST_TMPDIR/alone"
	run "$BATS_TEST_TMPDIR/alone/oci-vfio-hook" list
	[ "$status" = 66 ]
	[[ $output == *"$BATS_TEST_TMPDIR/alone/oci-vfio-admin: can't be run: No such file or directory: it must be beside oci-vfio-hook" ]]
	"$BATS_TEST_TMPDIR/alone/oci-vfio-hook" --version
}
