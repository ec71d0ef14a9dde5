#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a run costs where a container's author multiplies something: ten times as much of it costs at most twelve times the
# instructions and memory. To be run by `machine`. GROWTH_COUNT is the larger count (4,000 in the test, 100,000 by
# hand); GROWTH_ONLY names the kinds to look at, GROWTH_LOG is a file for the counts, GROWTH_LOOK only counts.

load helpers

COUNT=${GROWTH_COUNT:-4000}

setup_file() {
	make_configs
	use_machine 5 0
	use_map 1
}

# COUNT FILTER: the small config through jq, with $count, and `address`, which makes a PCI address of a number.
grow() {
	jq -c --argjson count "$1" '
		def hex: [. / 16, .] | map(floor % 16 | "0123456789abcdef"[.:. + 1]) | join("");
		def address: "000\(1 + . / 65536 | floor):\(. / 256 % 256 | hex):\(. / 8 % 32 | hex).\(. % 8)";
		'"$2" "$CONFIGS/small-noop.json"
}

# KIND COUNT: prints the config.
config_of() {
	# shellcheck disable=SC2016 # jq's variables
	case $1 in
	# Bind mounts that one entry names.
	mounts) grow "$2" '.mounts += [range($count) | { destination: "/run/card\(.)", type: "bind", source: "/dev/vfio/45", options: ["bind"] }]' ;;
	# The same place again and again.
	mounts-of-one-destination) grow "$2" '.mounts += [range($count) | { destination: "/dev/vfio/45", type: "bind", source: "/dev/vfio/45", options: ["rw", "bind"] }]' ;;
	# Without options, which get some.
	mounts-without-options) grow "$2" '.mounts += [range($count) | { destination: "/run/card\(.)", type: "bind", source: "/dev/vfio/45" }]' ;;
	# Elsewhere than at /dev.
	far-mounts) grow "$2" '.mounts += [range($count) | { destination: "/run/volume\(.)", type: "bind", source: "/srv/volume\(.)", options: ["rbind", "rw"] }]
		| .linux.devices = [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]' ;;
	# One variable of a mapped device again and again, with and without what is said of it.
	variables) grow "$2" '.process.env += [range($count / 2) | "PCIDEVICE_X=0000:3b:02.0",
		"PCIDEVICE_X_INFO={\"0000:3b:02.0\":{\"generic\":{\"deviceID\":\"0000:3b:02.0\"},\"vfio\":{\"dev-mount\":\"/dev/vfio/45\",\"mount\":\"/dev/vfio/vfio\"}}}"]
		| .linux.devices = [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]' ;;
	other-variables) grow "$2" '.process.env += [range($count) | "PCIDEVICE_\(.)=0000:\(. % 256 | hex):02.7"]
		| .linux.devices = [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]' ;;
	# As short as one can be that has an address, in a container without a device.
	short-variables) grow "$2" '.process.env += [range($count) | "QAT1=3b:02.1"]' ;;
	# Of nodes that no entry names.
	other-mounts) grow "$2" '.mounts += [range($count) | { destination: "/run/card\(.)", type: "bind", source: "/dev/card\(.)", options: ["bind"] }]' ;;
	# One mapped device among others.
	device-among-devices) grow "$2" '.linux.devices = [range($count) | { path: "/dev/card\(.)", type: "c", major: 10, minor: . }]
		+ [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]' ;;
	devices-and-no-rules) grow "$2" '.linux.devices = [range($count) | { path: "/dev/card\(.)", type: "c", major: 10, minor: . }]
		+ [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }] | .linux.resources.devices = []' ;;
	# Equal rules for equal devices, of which one is mapped.
	rules-for-devices) grow "$2" '.linux.devices = [range($count) | { path: "/dev/card\(.)", type: "c", major: 243, minor: 5 }]
		+ [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]
		| .linux.resources.devices += [range($count) | { allow: true, type: "c", major: 243, minor: 5, access: "rwm" }]' ;;
	rules-and-devices) grow "$2" '.linux.devices = [range($count) | { path: "/dev/card\(.)", type: "c", major: 10, minor: . }]
		+ [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]
		| .linux.resources.devices += [range($count) | { allow: true, type: "c", major: 10, minor: ., access: "rwm" }]' ;;
	# Rules alone: of no device, and of a node of this machine that the container does not have.
	rules) grow "$2" '.linux.resources.devices += [range($count) | { allow: true, type: "c", major: 243, minor: ., access: "rwm" }]' ;;
	rules-of-others) grow "$2" '.linux.resources.devices += [range($count) | { allow: true, type: "c", major: 242, minor: 1, access: "rwm" }]' ;;
	rules-of-wildcards) grow "$2" '.linux.devices = [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]
		| .linux.resources.devices += [range($count) | { allow: true, type: "c", major: 242, access: "rwm" }]' ;;
	# VFIO devices that no entry names.
	keep) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/\(100 + .)", type: "c", major: 243, minor: (100 + .) }]' ;;
	drop) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/\(100 + .)", type: "c", major: 243, minor: (100 + .) }]
		| .linux.resources.devices = [{ allow: true, access: "rwm" }] + [range($count) | { allow: true, type: "c", major: 243, minor: (100 + .), access: "rwm" }]' ;;
	drop-mounts) grow "$2" '.mounts += [range($count) | { destination: "/dev/vfio/\(100 + .)", type: "bind", source: "/dev/vfio/\(100 + .)", options: ["bind"] }]
		| .linux.resources.devices = []' ;;
	# One path again and again.
	one-path) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/100", type: "c", major: 243, minor: 100 }]
		+ [range($count) | { path: "/dev/card", type: "c", major: 10, minor: . }]
		+ [range($count) | { path: "/dev/vfio/vfio", type: "c", major: 10, minor: 196 }]
		+ [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]' ;;
	# Names of the host elsewhere.
	left-overs) grow "$2" '.linux.devices = [{ path: "/dev/vfio/45", type: "c", major: 243, minor: 5 }]
		| .process.args += [range($count) | "--allow=0000:3b:02.0"] | .annotations += ([range($count) | { "key\(.)": "/dev/vfio/45" }] | add)' ;;
	# This machine's own nodes, each said to be a function's by variables.
	own) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/3", type: "c", major: 242, minor: 0 }]
		| .mounts += [range($count) | { destination: "/run/card\(.)", type: "bind", source: "/dev/vfio/3", options: ["bind"] }]
		| .process.env += [range($count) | "PCIDEVICE_\(.)_INFO={\"0000:01:00.0\":{\"vfio\":{\"dev-mount\":\"/dev/vfio/3\"}}}"]' ;;
	own-remapped) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/\(100 + .)", type: "c", major: 243, minor: . }]
		| .process.env += [range($count) | "PCIDEVICE_\(.)_INFO={\"0000:02:00.0\":{\"vfio\":{\"dev-mount\":\"/dev/vfio/\(100 + .)\"}}}"]' ;;
	own-privileged) grow "$2" '.linux.devices = [range($count) | { path: "/dev/vfio/\(100 + .)", type: "c", major: 243, minor: (100 + .) }]
		| .linux.resources.devices = [{ allow: true, access: "rwm" }]' ;;
	own-addresses) grow "$2" '.linux.devices = [{ path: "/dev/vfio/3", type: "c", major: 242, minor: 0 }]
		| .process.env += ["PCIDEVICE_A=0000:01:00.0" + ([range($count) | "," + address] | join(""))]' ;;
	esac
}

# KIND: the options that it needs.
options_of() {
	case $1 in
	keep | one-path | rules-for-devices) echo --unmapped=keep ;;
	drop | drop-mounts) echo --unmapped=drop ;;
	left-overs) echo --leftover=translate ;;
	own-remapped) echo --unmapped=own --by-address=remap ;;
	own*) echo --unmapped=own ;;
	esac
}

# KIND COUNT: makes the config, and everything ready for a run.
prepare_growth() {
	local config=$CONFIGS/$1-$2.json options
	[ -e "$config" ] || config_of "$1" "$2" > "$config"
	prepare precreate "$1-$2"
	read -ra options <<< "$(options_of "$1")"
	ARGV=("$OCI_VFIO_HOOK" "${options[@]}" precreate)
}

# KIND COUNT: prints the instructions of a run.
instructions_of() {
	local log=$BENCH_WORK/valgrind.log
	prepare_growth "$@"
	run_under /usr/bin/valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$log" 2> "$BENCH_WORK/stderr" ||
		complain "$*: $(head -c 500 "$BENCH_WORK/stderr")" || return
	sed -n 's/^==[0-9]*== Collected : \([0-9]*\)$/\1/p' "$log" | grep .
}

# KIND...: ten times as much costs at most twelve times.
assert_growth() {
	local kind few many
	for kind; do
		[[ " ${GROWTH_ONLY:-$kind} " == *" $kind "* ]] || continue
		few=$(instructions_of "$kind" $((COUNT / 10))) && many=$(instructions_of "$kind" "$COUNT") || return
		echo "# $kind: $many instructions for $COUNT, $few for a tenth: $((many * 10 / few)) tenths" | tee -a "${GROWTH_LOG:-/dev/null}"
		[ "$many" -le $((few * 12)) ] || [ -n "${GROWTH_LOOK:-}" ] || return
	done
}

# KIND COUNT: prints the KiB that a run takes at its peak.
memory_of() {
	local line
	prepare_growth "$@"
	{
		printf '%s\t%s\t%s\t%s' "$1" "$INPUT" "$FROM" "$TO"
		printf '\t%s' "${ARGV[@]}"
		echo
	} > "$BENCH_WORK/plan"
	line=$("$BENCH_TOOLS/driver" time 3 < "$BENCH_WORK/plan" 2> /dev/null) && cut -f 8 <<< "$line"
}

# KIND: prints how many times the config a run may take besides 1 MiB, in tenths. The config itself is one of them; a
# record of what is read of it is another; what changes is there as a record, as an edit and as new text.
share_of() {
	case $1 in
	far-mounts) echo 16 ;;
	rules) echo 22 ;;
	rules-of-wildcards) echo 38 ;;
	other-mounts | rules-and-devices) echo 42 ;;
	own | one-path | rules-for-devices) echo 46 ;;
	rules-of-others | keep | device-among-devices) echo 52 ;;
	drop | left-overs | other-variables) echo 59 ;;
	mounts | mounts-of-one-destination | drop-mounts | variables) echo 64 ;;
	devices-and-no-rules) echo 68 ;;
	mounts-without-options | own-remapped | own-privileged) echo 76 ;;
	own-addresses) echo 110 ;;
	short-variables) echo 130 ;;
	esac
}

# KIND...: ten times as much takes at most twelve times the memory, and never more than its share.
assert_memory() {
	local kind empty size few many
	empty=$(peak_memory empty small)
	for kind; do
		[[ " ${GROWTH_ONLY:-$kind} " == *" $kind "* ]] || continue
		few=$(memory_of "$kind" $((COUNT / 10))) && many=$(memory_of "$kind" "$COUNT") || return
		size=$(stat -c %s "$CONFIGS/$kind-$COUNT.json")
		few=$((few - empty)) many=$((many - empty))
		echo "# $kind: $many KiB more than the empty program, $few for a tenth, the config has $((size / 1024))" | tee -a "${GROWTH_LOG:-/dev/null}"
		[ -z "${GROWTH_LOOK:-}" ] || continue
		[ $many -le $((few * 12)) ] && [ $many -le $((1024 + $(share_of "$kind") * size / 10240)) ] || return
	done
}

MAPPED='mounts mounts-of-one-destination mounts-without-options far-mounts variables other-variables short-variables other-mounts device-among-devices devices-and-no-rules rules-for-devices
	rules-and-devices rules rules-of-others rules-of-wildcards keep drop drop-mounts one-path left-overs'
OWN='own own-remapped own-privileged own-addresses'

@test "G11: ten times the devices, rules and mounts cost at most twelve times the instructions" {
	# shellcheck disable=SC2086 # kinds
	assert_growth $MAPPED
}

@test "G11: ten times this machine's own devices and what is said of them cost at most twelve times the instructions" {
	# shellcheck disable=SC2086 # kinds
	assert_growth $OWN
}

@test "G11: ten times as much takes at most twelve times the memory, and a few times the config" {
	# shellcheck disable=SC2086 # kinds
	assert_memory $MAPPED $OWN
}
