#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Logs: a file, the journal, syslog; one line for each run that changed something, and what went wrong. The daemons are
# stood in for by `listener`, on sockets where the real ones have theirs.

load helpers
load wrapper

JOURNAL=/run/systemd/journal/socket
SYSLOG=/dev/log
ID=8f00d0fdd34ed1741aca1334b11a31905acfe869f7053fd528f8e1030d211398

setup() {
	machine
	bundle
	wrapper
	common_case
	LISTENING=("$JOURNAL" "$SYSLOG")
	FILE=$BATS_TEST_TMPDIR/file.log
	RECEIVED=$BATS_TEST_TMPDIR/received
	STATE=$BATS_TEST_TMPDIR/state
	printf '{"ociVersion":"1.0.2","id":"box","status":"created","bundle":"%s"}' "$BUNDLE" > "$STATE"
	INPUT=/dev/null
}

broken_map() {
	echo broken > "$MAPS/45.json"
}

# TEXT: the configuration.
configuration() {
	mkdir -p "$ETC"
	printf '%s' "$1" > "$ETC/config.json"
}

# As podman's config says which container it is of.
podman_cgroup() {
	write_config
	sed -i "s|\"/test/box\"|\"machine.slice:libpod:$ID\"|" "$CONFIG"
}

# Nothing to say of the memory that the container may lock, whatever it is here.
unlimited_memory() {
	sed -i 's|"cwd":"/",|&"rlimits":[{"type":"RLIMIT_MEMLOCK","hard":18446744073709551615,"soft":18446744073709551615}],|' "$CONFIG"
	grep -q rlimits "$CONFIG"
}

# COMMAND [ARGUMENT...]: on the machine, with $INPUT on stdin, while somebody listens. Sets $status; what was logged is
# in $RECEIVED.
listened() {
	STDOUT=$BATS_TEST_TMPDIR/stdout
	STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	write_config
	rm -f "$RECEIVED"
	# shellcheck disable=SC2016 # For that bash.
	in_machine timeout 20 bash -euc '
		touch "$0"
		mount --bind /dev/null "$0"
		mount -t tmpfs none /dev
		touch /dev/null
		mount --bind "$0" /dev/null
		exec "$@"' "$BATS_TEST_TMPDIR/null" "$BATS_TEST_DIRNAME/listener" "$RECEIVED" "${LISTENING[@]}" -- "$@" \
		< "$INPUT" > "$STDOUT" 2> "$STDERR" || status=$?
	[ -e "$RECEIVED" ] || fail 'nobody listened' "$(show_output)"
}

# FILE [OPTION...] STAGE: a stage with this on stdin.
stage() {
	INPUT=$1
	listened "$OCI_VFIO_HOOK" "${@:2}"
}

# JQ EXPRESSION...: exactly one line was logged, and each is true of it.
assert_received() {
	[ "$(wc -l < "$RECEIVED")" = 1 ] || fail 'not one line was logged:' "$(< "$RECEIVED")" "$(show_output)"
	assert_json "$RECEIVED" "$@"
}

assert_nothing_received() {
	[ ! -s "$RECEIVED" ] || fail 'this was logged:' "$(< "$RECEIVED")"
}

# PATTERN: the file of --log has one line, and this is what it looks like.
assert_file() {
	[ "$(wc -l < "$FILE")" = 1 ] || fail 'not one line in the file:' "$(< "$FILE")"
	grep -qE "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z $1$" "$FILE" || fail "$(< "$FILE")"
	rm "$FILE"
}

# --- the journal --------------------------------------------------------------------------------------------------

@test "journal: a run that changed something is one line, with fields to search for" {
	add_env PCIDEVICE_A=0000:3b:02.0
	podman_cgroup
	stage "$CONFIG" precreate
	assert_silent
	assert_received 'keys == ["MESSAGE", "OCI_CONTAINER_ID", "OCI_STAGE", "OCI_VFIO_CHANGES", "OCI_VFIO_DURATION_US",
			"PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER"]' \
		".MESSAGE | test(\"^container $ID: precreate: /dev/vfio/45 -> /dev/vfio/3 .243:5 -> 242:0., PCIDEVICE_A; 7 changes in [0-9]+[.][0-9] ms\$\")" \
		'.PRIORITY == "6"' '.SYSLOG_FACILITY == "3"' '.SYSLOG_IDENTIFIER == "oci-vfio-hook"' '.OCI_STAGE == "precreate"' \
		".OCI_CONTAINER_ID == \"$ID\"" '.OCI_VFIO_CHANGES == "7"' \
		'.OCI_VFIO_DURATION_US | tonumber | . > 0 and . < 20000000'
}

@test "journal: nothing to change gives no line, but for debugging" {
	add_map 45 "$(entry /dev/vfio/3 0000:3b:02.0=06/00)"
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	stage "$STATE" createRuntime
	assert_silent
	assert_nothing_received
	stage "$STATE" --log-level=info createRuntime
	assert_silent
	assert_nothing_received
	stage "$STATE" --log-level=debug createRuntime
	assert_status 0
	assert_received '.MESSAGE | test("^container box: createRuntime: nothing to change, [0-9]+[.][0-9] ms$")' \
		'.PRIORITY == "7"' '.OCI_CONTAINER_ID == "box"' '.OCI_STAGE == "createRuntime"' '.OCI_VFIO_CHANGES == "0"'
	runtime_line=$(sed -n 's/^oci-vfio-hook: container box: createRuntime: //p' "$STDERR")
	[[ $runtime_line == 'nothing to change, '* ]] || fail "$(show_output)"
}

@test "journal: an error names container, stage and bundle" {
	broken_map
	for name in createRuntime prestart; do
		stage "$STATE" "$name"
		assert_status 65
		assert_error 45.json
		assert_received ".MESSAGE == \"container box: $name: \" + $(sed 's/^oci-vfio-hook: //' "$STDERR" | jq -Rs 'rtrimstr("\n")')" \
			'.PRIORITY == "3"' '.OCI_CONTAINER_ID == "box"' ".OCI_STAGE == \"$name\"" ".OCI_BUNDLE == \"$BUNDLE\"" \
			'.OCI_VFIO_CHANGES == "0"' '.OCI_VFIO_DURATION_US | tonumber > 0'
	done
}

@test "journal: an error of precreate names podman's container" {
	podman_cgroup
	broken_map
	stage "$CONFIG" precreate
	assert_status 65
	assert_received ".MESSAGE | startswith(\"container $ID: precreate: \") and contains(\"45.json\")" '.PRIORITY == "3"' \
		".OCI_CONTAINER_ID == \"$ID\"" 'has("OCI_BUNDLE") | not'
}

@test "journal: what is wrong before there is a container" {
	stage "$STATE" --nonsense createRuntime
	assert_status 64
	assert_received '.MESSAGE | contains("--nonsense")' 'has("OCI_STAGE") or has("OCI_CONTAINER_ID") | not'
	stage "$STATE" poststop
	assert_status 64
	assert_received '.MESSAGE | startswith("poststop: ")'
	configuration '{"log-level":3}'
	stage "$STATE" createRuntime
	assert_status 65
	assert_received '.MESSAGE | startswith("createRuntime: ") and contains("log-level")' '.OCI_STAGE == "createRuntime"'
	rm "$ETC/config.json"
	echo '{"id":"box"}' > "$STATE"
	stage "$STATE" createRuntime
	assert_status 65
	assert_received '.OCI_STAGE == "createRuntime"'
}

@test "journal: warnings are lines of their own" {
	add_env PCIDEVICE_B=0000:3b:07.7
	write_config
	stage "$CONFIG" precreate
	assert_warning PCIDEVICE_B
	[ "$(jq -rs 'map(.PRIORITY + " " + .OCI_STAGE) | join(",")' "$RECEIVED")" = '4 precreate,6 precreate' ] || fail "$(< "$RECEIVED")"
	jq -es '.[0] | (.MESSAGE | startswith("precreate: ") and contains("PCIDEVICE_B")) and (has("OCI_VFIO_CHANGES") | not)' "$RECEIVED"
}

@test "journal: names with newlines add no field" {
	local odd=$'odd\nPRIORITY=0\n'
	mv "$BUNDLE" "$BUNDLE$odd"
	BUNDLE+=$odd CONFIG=$BUNDLE/config.json
	broken_map
	jq -nc --arg bundle "$BUNDLE" '{ociVersion: "1.0.2", id: "a\nPRIORITY=1", bundle: $bundle}' > "$STATE"
	stage "$STATE" createRuntime
	assert_status 65
	assert_received '.PRIORITY == "3"' '.OCI_CONTAINER_ID == "a\nPRIORITY=1"' ".OCI_BUNDLE == $(jq -n --arg b "$BUNDLE" '$b')" \
		'.MESSAGE | startswith("container \"a\\x0APRIORITY=1\": createRuntime: ") and (contains("\n") | not)'
}

@test "journal: an id of a megabyte and a long message are cut" {
	broken_map
	jq -nc --arg bundle "$BUNDLE" '{ociVersion: "1.0.2", id: ("é" * 400000), bundle: $bundle}' > "$STATE"
	stage "$STATE" createRuntime
	assert_status 65
	assert_received '.OCI_CONTAINER_ID == "é" * 2048' '.MESSAGE | contains("45.json") and length < 8300'
}

@test "journal: the wrapper's changes and errors" {
	listened "$RECORDER_LINK" --root /x create --bundle "$BUNDLE" box
	assert_ran --root /x create --bundle "$BUNDLE" box
	assert_received '.MESSAGE | startswith("container box: create: /dev/vfio/45 -> /dev/vfio/3 (243:5 -> 242:0); ")' '.PRIORITY == "6"' \
		'.SYSLOG_IDENTIFIER == "oci-vfio-runtime"' '.OCI_STAGE == "create"' '.OCI_CONTAINER_ID == "box"' ".OCI_BUNDLE == \"$BUNDLE\"" \
		'.OCI_VFIO_CHANGES == "6"'
	# Again: nothing changes, and nothing is said.
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_nothing_received
	listened "$RECORDER_LINK" state box
	assert_ran state box
	assert_nothing_received
	rm "$CONFIG"
	broken_map
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_not_ran 45.json
	assert_received ".MESSAGE == \"container box: create: \" + $(sed 's/^oci-vfio-runtime: //' "$STDERR" | jq -Rs 'rtrimstr("\n")')" '.PRIORITY == "3"'
	listened "$RECORDER_LINK" --nonsense create box
	assert_not_ran --nonsense
	assert_received '.MESSAGE | contains("--nonsense")'
}

@test "the runtime gets no descriptor of a log" {
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_received '.OCI_STAGE == "create"'
	[ "$(sed -n 's/^fd \([0-9]*\) .*/\1/p' "$STDOUT" | xargs)" = '0 1 2' ] || fail "$(show_output)"
}

# --- syslog -------------------------------------------------------------------------------------------------------

@test "syslog: where there is no journal" {
	LISTENING=("$SYSLOG")
	write_config
	stage "$CONFIG" precreate
	assert_silent
	assert_received '.text | test("^<30>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 1-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] oci-vfio-hook\\[[0-9]+\\]: precreate: /dev/vfio/45 -> .* ms$")'
	broken_map
	stage "$STATE" createRuntime
	assert_status 65
	assert_received '.text | test("^<27>.{15} oci-vfio-hook\\[[0-9]+\\]: container box: createRuntime: .*45[.]json.*[^\\n]$")'
}

@test "syslog: where the journal is a socket that nobody has open" {
	mkdir -p "$ROOT/run/systemd/journal"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(sys.argv[1])' "$ROOT$JOURNAL"
	LISTENING=("$SYSLOG")
	write_config
	stage "$CONFIG" precreate
	assert_silent
	assert_received '.text | contains("precreate: /dev/vfio/45 -> ")'
}

# --- nobody listens -------------------------------------------------------------------------------------------------

@test "no daemon: nothing is said of it" {
	LISTENING=()
	write_config
	stage "$CONFIG" precreate
	assert_silent
	[ -s "$STDOUT" ] || fail 'nothing came out'
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
}

@test "daemons that don't read hold nothing up" {
	LISTENING=(--full "$JOURNAL" "$SYSLOG")
	write_config
	stage "$CONFIG" precreate
	assert_silent
	[ -s "$STDOUT" ] || fail 'nothing came out'
	assert_nothing_received
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_nothing_received
	rm "$CONFIG"
	broken_map
	stage "$STATE" createRuntime
	assert_status 65
	assert_nothing_received
}

# --- who logs where -----------------------------------------------------------------------------------------------

@test "by hand and below --root the machine's log is told nothing" {
	listened "$OCI_VFIO_HOOK" plan "$BUNDLE"
	assert_status 0
	assert_nothing_received
	listened "$OCI_VFIO_HOOK" apply "$BUNDLE"
	assert_silent
	assert_nothing_received
	rm "$CONFIG"
	broken_map
	listened "$OCI_VFIO_HOOK" apply "$BUNDLE"
	assert_status 65
	assert_nothing_received
	stage "$STATE" --root / createRuntime
	assert_status 65
	assert_nothing_received
}

@test "a file instead of the machine's log, by option or configuration" {
	write_config
	stage "$CONFIG" --log "$FILE" precreate
	assert_silent
	assert_nothing_received
	assert_file 'info: precreate: /dev/vfio/45 -> /dev/vfio/3 \(243:5 -> 242:0\); 6 changes in [0-9]+\.[0-9] ms'
	configuration "{\"log\":\"$FILE\"}"
	stage "$CONFIG" precreate
	assert_silent
	assert_nothing_received
	assert_file 'info: precreate: .*'
	broken_map
	stage "$STATE" createRuntime
	assert_status 65
	assert_nothing_received
	assert_file 'error: container box: createRuntime: .*45\.json.*'
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_not_ran 45.json
	assert_nothing_received
	assert_file 'error: container box: create: .*45\.json.*'
}

@test "--log counts even where the configuration is broken" {
	configuration '{"nonsense":1}'
	stage "$STATE" --log "$FILE" createRuntime
	assert_status 65
	assert_nothing_received
	assert_file 'error: createRuntime: .*nonsense.*'
}

@test "a file that can't be written: the machine's log gets it" {
	write_config
	stage "$CONFIG" --log /no/such/file precreate
	assert_warning '/no/such/file'
	assert_received '.MESSAGE | startswith("precreate: /dev/vfio/45 -> ")'
	configuration '{"log":"/no/such/file"}'
	listened "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_received '.MESSAGE | startswith("container box: create: /dev/vfio/45 -> ")'
}

# TEXT...: all three logs are $FILE, which is refused with this text: the machine's log gets what should be in it, and the
# runtime is run.
assert_refused_file() {
	rm -f "$CONFIG"
	write_config
	stage "$CONFIG" --log "$FILE" precreate
	assert_warning "$FILE: " "$@"
	assert_received '.MESSAGE | startswith("precreate: /dev/vfio/45 -> ")'
	configuration "{\"log\":\"$FILE\"}"
	listened "$RECORDER_LINK" --log "$FILE" --log-format json create --bundle "$BUNDLE" box
	assert_ran --log "$FILE" --log-format json create --bundle "$BUNDLE" box
	assert_received '.MESSAGE | startswith("container box: create: /dev/vfio/45 -> ")'
	rm "$ETC/config.json"
	rm "$CONFIG"
	broken_map
	listened "$RECORDER_LINK" --log "$FILE" --log-format json create --bundle "$BUNDLE" box
	assert_not_ran 45.json
	two_entries
}

@test "a log that is a symbolic link isn't followed" {
	local target=$BATS_TEST_TMPDIR/target
	ln -s "$target" "$FILE"
	assert_refused_file 'is a symbolic link, which a log must not be; name the file itself'
	[ ! -e "$target" ]
	touch "$target"
	assert_refused_file 'is a symbolic link'
	[ ! -s "$target" ] || fail "$(< "$target")"
	# One on the way is: /var/run is often one.
	mkdir "$BATS_TEST_TMPDIR/directory"
	ln -s directory "$BATS_TEST_TMPDIR/link"
	FILE=$BATS_TEST_TMPDIR/link/log
	write_config
	stage "$CONFIG" --log "$FILE" precreate
	assert_silent
	assert_file 'info: precreate: .*'
}

@test "a log that is a FIFO is not written, though somebody reads it" {
	mkfifo "$FILE"
	exec 7<> "$FILE"
	assert_refused_file 'is not a regular file, which a log must be'
	! read -r -t 0 -u 7 || fail 'something was written'
	exec 7>&-
}

@test "/dev/null as a log: nothing is written, and nothing is said of it" {
	write_config
	stage "$CONFIG" --log /dev/null precreate
	assert_silent
	assert_nothing_received
}

@test "a log must be root's or the caller's own" {
	needs_root
	touch "$FILE"
	chown 65534 "$FILE"
	assert_refused_file 'is owned by user 65534, but a log must be owned by root or by the user who writes it'
	[ ! -s "$FILE" ] || fail "$(< "$FILE")"
	# The effective user's, and root's where anybody may write to it.
	open_to_nobody
	write_config
	for owner in 65534 0; do
		: > "$FILE"
		chown "$owner" "$FILE"
		chmod 666 "$FILE"
		INPUT=$CONFIG listened setpriv --reuid=65534 --regid=65534 --clear-groups "$OCI_VFIO_HOOK" --log "$FILE" precreate
		grep -q 'info: precreate: ' "$FILE" || fail "owner $owner" "$(show_output)"
	done
}

@test "a new log has mode 0600, whatever the umask" {
	local mask
	for mask in 0777 0; do
		rm -f "$FILE" "$LOG" "$CONFIG"
		write_config
		(umask "$mask" && stage "$CONFIG" --log "$FILE" precreate)
		[ "$(stat -c %a "$FILE")" = 600 ] || fail "umask $mask: $(stat -c %a "$FILE")"
		broken_map
		(umask "$mask" && listened "$RECORDER_LINK" --log "$LOG" --log-format json create --bundle "$BUNDLE" box)
		[ "$(stat -c %a "$LOG")" = 600 ] || fail "umask $mask: $(stat -c %a "$LOG")"
		two_entries
	done
}

@test "a limit on the size of files: the machine's log gets what the file can't take" {
	head -c 8192 /dev/zero > "$FILE"
	write_config
	INPUT=$CONFIG listened prlimit --fsize=8192 -- "$OCI_VFIO_HOOK" --log "$FILE" precreate
	assert_warning "$FILE: the log can't be written: File too large"
	assert_received '.MESSAGE | startswith("precreate: /dev/vfio/45 -> ")'
	# What is cut off by it is not all.
	truncate -s 8180 "$FILE"
	INPUT=$CONFIG listened prlimit --fsize=8192 -- "$OCI_VFIO_HOOK" --log "$FILE" precreate
	assert_warning "$FILE: the log can't be written: File too large"
	assert_received '.MESSAGE | startswith("precreate: /dev/vfio/45 -> ")'
}

@test "names in files are cut" {
	local id
	broken_map
	jq -nc --arg bundle "$BUNDLE" '{ociVersion: "1.0.2", id: ("é" * 400000), bundle: $bundle}' > "$STATE"
	stage "$STATE" --log "$FILE" --log-format json createRuntime
	assert_status 65
	assert_json "$FILE" '.container == "é" * 2048' '.msg | contains("45.json")'
	rm "$FILE"
	# An argument can't be longer.
	printf -v id '%0120000d' 0
	listened "$OCI_VFIO_HOOK" --log "$FILE" --log-format json apply "/$id"
	assert_status 65
	assert_json "$FILE" '.msg | length < 400' '.bundle | length == 4096'
}

@test "a file in JSON has members for all of it" {
	podman_cgroup
	stage "$CONFIG" --log "$FILE" --log-format json precreate
	assert_silent
	assert_json "$FILE" 'keys == ["changes", "container", "duration_us", "level", "msg", "stage", "time"]' '.level == "info"' \
		'.msg | test("^/dev/vfio/45 -> .*; 6 changes in [0-9]+[.][0-9] ms$")' ".container == \"$ID\"" '.stage == "precreate"' '.changes == 6' \
		'.duration_us > 0' '.time | test("^20.*Z$")'
	rm "$FILE"
	broken_map
	configuration "{\"log\":\"$FILE\",\"log-format\":\"json\"}"
	stage "$STATE" createRuntime
	assert_status 65
	assert_json "$FILE" 'keys == ["bundle", "changes", "container", "duration_us", "level", "msg", "stage", "time"]' '.level == "error"' \
		".msg == $(sed 's/^oci-vfio-hook: //' "$STDERR" | jq -Rs 'rtrimstr("\n")')" '.container == "box"' '.stage == "createRuntime"' \
		".bundle == \"$BUNDLE\"" '.changes == 0'
}

# --- levels -------------------------------------------------------------------------------------------------------

# LEVEL WARNINGS INFO: so many lines of these levels are on stderr and in both logs.
assert_levels() {
	stage "$CONFIG" --log-level="$1" precreate
	assert_status 0
	[ "$(grep -c '^oci-vfio-hook: warning: ' "$STDERR") $(grep -c ' changes in ' "$STDERR")" = "$2 $3" ] || fail "$1" "$(show_output)"
	[ "$(jq -rs 'map(.PRIORITY)|"\(map(select(. == "4")) | length) \(map(select(. == "6")) | length)"' "$RECEIVED")" = "$2 $3" ] ||
		fail "$1" "$(< "$RECEIVED")"
	rm -f "$FILE"
	touch "$FILE"
	stage "$CONFIG" --log-level="$1" --log "$FILE" precreate
	[ "$(grep -c 'Z warning: ' "$FILE") $(grep -c 'Z info: ' "$FILE")" = "$2 $3" ] || fail "$1" "$(< "$FILE")"
	rm "$FILE"
	configuration "{\"log-level\":\"$1\"}"
	stage "$CONFIG" precreate
	rm "$ETC/config.json"
	[ "$(jq -rs 'map(.PRIORITY)|"\(map(select(. == "4")) | length) \(map(select(. == "6")) | length)"' "$RECEIVED")" = "$2 $3" ] ||
		fail "$1" "$(< "$RECEIVED")"
}

@test "--log-level is one for stderr, file and journal" {
	add_env PCIDEVICE_B=0000:3b:07.7
	write_config
	unlimited_memory
	assert_levels error 0 0
	assert_levels warn 1 0
	assert_levels info 1 1
	assert_levels debug 1 1
}

@test "--log-level of the configuration is the wrapper's, too" {
	add_env PCIDEVICE_B=0000:3b:07.7
	write_config
	unlimited_memory
	remember
	configuration '{"log-level":"error"}'
	listened "$RECORDER_LINK" --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_ran --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_nothing_received
	[ ! -e "$LOG" ] || fail "$(< "$LOG")"
	cp "$BEFORE" "$CONFIG"
	configuration '{"log-level":"debug"}'
	listened "$RECORDER_LINK" --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_ran --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	[ "$(jq -rs 'map(.PRIORITY) | join(" ")' "$RECEIVED")" = '4 6' ] || fail "$(< "$RECEIVED")"
	[ "$(jq -r .level "$LOG")" = warning ] || fail "$(< "$LOG")"
}
