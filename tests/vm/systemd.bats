#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers in scopes of systemd, changed at createRuntime and prestart: what they got must outlast systemd's reloading,
# which gives a scope the device rules anew that systemd knows. Runs as root in the guest that `boot` starts with
# VM_INIT=systemd, machine.conf and map.json.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c),
# DEVICE_CGROUP that of device_cgroup.c, ENGINES the directory that `engines` prints.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

edu_port=0000:01:00.0
testdev=0000:00:07.0
device="$edu_port 0x010000ed"
newer_crun=$ENGINES/newer/usr/bin/crun
newer_runc=$ENGINES/newer/usr/sbin/runc

load helpers

# A spec for all: runtimes and jq take their time here. The container's process runs what it is told, since a new process
# of the runtime's for each check would take seconds.
setup_file() {
	bind_to vfio-pci $edu_port
	bind_to vfio-pci $testdev
	bundle=$BATS_FILE_TMPDIR
	new_spec crun
	# The host's numbers of its group 45 are another device's here.
	add_device INTEL_COM_SRIOV $edu_port 45 "$(numbers_of "$(group_of $testdev)")"
	add_control_node
	edit_spec '.process.args = ["/bin/sh", "-c",
		"while read command; do sh -c \"$command\" 2>&1; echo status $?; done < /commands > /answers"]'
}

setup() {
	bundle=$BATS_TEST_TMPDIR
	name=box-$BATS_TEST_NUMBER
	scope=test-$name.scope
	runtime=''
	log=$bundle/log
	group=$(group_of $edu_port)
	stale=$(numbers_of "$(group_of $testdev)")
	final=$(numbers_of "$group")
	mkdir -p "$bundle/rootfs/bin"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	ln -s busybox "$bundle/rootfs/bin/sh"
	mknod "$bundle/rootfs/stale" c "${stale%:*}" "${stale#*:}"
	mknod "$bundle/rootfs/final" c "${final%:*}" "${final#*:}"
	mkfifo "$bundle"/rootfs/{commands,answers}
}

teardown() {
	[ -z "$runtime" ] || "$runtime" --systemd-cgroup delete --force "$name"
}

# RUNTIME
new_container() {
	runtime=$1
	cp "$BATS_FILE_TMPDIR/config.json" "$bundle"
	edit_spec --arg path "system.slice:test:$name" '.linux.cgroupsPath = $path'
}

# STAGE [SCRIPT]: our hook, or the script with its command line as arguments. No hook has an environment.
add_our_hook() {
	local script=${2:-'exec "$@"'}
	add_hook "$1" /bin/bash bash -c "$script" hook "$OCI_VFIO_HOOK" --log "$log" "$1"
}

start_container() {
	"$runtime" --systemd-cgroup run --detach --bundle "$bundle" "$name" < /dev/null > "$bundle/out" 2>&1 3>&- || {
		cat "$bundle/out" "$log"
		return 1
	}
	[ ! -e "$log" ] || cat "$log"
	exec {commands}> "$bundle/rootfs/commands" {answers}< "$bundle/rootfs/answers"
}

# COMMAND: runs in the container; its output, and at last the line "status N".
inside() {
	local line
	echo "inside: $1" >&2
	echo "$1" >&"$commands"
	while read -r -t 20 line <&"$answers"; do
		echo "$line"
		[[ $line != status* ]] || return 0
	done
	return 1
}

can_open() {
	expect 0 'status 0' inside ": <> $1"
}

cannot_open() {
	expect 0 'Operation not permitted' inside ": <> $1"
}

# A new open, each time: what a process has open stays open.
has_final() {
	can_open "/dev/vfio/$group"
	cannot_open /stale
	can_open /dev/null
}

has_stale() {
	can_open /stale
	cannot_open /final
	can_open /dev/null
}

# KIND: what systemd has about the container's devices: a list of its own that refuses the rest, nothing, or a program
# of the runtime's.
unit_is() {
	local rules
	rules=$(systemctl show "$scope" --property DevicePolicy,DeviceAllow,BPFProgram | sort)
	echo "$rules"
	case $1 in
	strict) [[ $rules == *DeviceAllow=*DevicePolicy=strict* ]] ;;
	auto) [ "$rules" = DevicePolicy=auto ] ;;
	pinned) [[ $rules == BPFProgram=device:/sys/fs/bpf/*DevicePolicy=auto ]] ;;
	esac
}

# systemd turns the list round when it reads it anew.
allowed() {
	systemctl show "$scope" --property DeviceAllow | sort
}

# RUNTIME STAGE KIND [SCRIPT]
lasts() {
	new_container "$1"
	add_our_hook "$2" "${@:4}"
	start_container
	[ "$(grep -c 'may bring' "$log")" = 0 ]
	unit_is "$3"
	expect 0 "$device" inside /probe
	has_final
	outlasts daemon-reload
}

# systemctl's COMMAND
outlasts() {
	systemctl "$1"
	has_final
}

@test "runc, createRuntime" {
	lasts runc createRuntime strict
	outlasts daemon-reexec
}

@test "crun, createRuntime" {
	lasts crun createRuntime auto
	outlasts daemon-reexec
}

@test "a newer crun, createRuntime" {
	lasts "$newer_crun" createRuntime pinned
	outlasts daemon-reexec
}

@test "a newer runc, createRuntime" { lasts "$newer_runc" createRuntime strict; }

@test "runc, prestart, with systemd's own program there" {
	lasts runc prestart strict 'systemctl daemon-reload; exec "$@"'
}

@test "runc, systemd executes itself anew between two questions" {
	new_container runc
	# It stops where it joins the container's namespace: when it has asked, and before it tells.
	add_our_hook createRuntime "strace -qq -o $bundle/trace -e trace=setns -e inject=setns:signal=STOP:when=1 \"\$@\" <&0 &
		while kill -0 \$! && ! grep -qs 'stopped by' $bundle/trace; do sleep 0.1; done
		systemctl daemon-reexec
		until systemctl show $scope > /dev/null; do sleep 0.1; done
		kill -CONT \$(< /proc/\$!/task/\$!/children)
		wait \$!"
	start_container
	[ "$(grep -c 'may bring' "$log")" = 0 ]
	has_final
	outlasts daemon-reload
}

# The last step fails: config.json can't be replaced. RUNTIME KIND
undone() {
	new_container "$1"
	mkdir -p "$bundle/.config.json.oci-vfio-hook/in-the-way"
	add_hook createRuntime /bin/bash bash -c "systemctl show $scope --property DeviceAllow | sort > $bundle/before"
	add_our_hook createRuntime '! "$@"'
	start_container
	grep -F config.json.oci-vfio-hook "$log"
	[ "$(grep -c 'put back' "$log")" = 0 ]
	unit_is "$2"
	allowed | diff "$bundle/before" -
	has_stale
	systemctl daemon-reload
	has_stale
}

@test "runc, config.json can't be replaced" { undone runc strict; }
@test "a newer crun, config.json can't be replaced" { undone "$newer_crun" pinned; }

# HIDDEN-FILE...: our hook's work, where these files are empty.
widen_without() {
	local file script='mount --make-rprivate /'
	for file; do script+="; mount --bind /dev/null $file"; done
	run unshare --mount bash -c "$script; exec \"\$@\"" bash \
		"$DEVICE_CGROUP" widen "$pid" "c:$stale" "c:$final" rwm
	echo "$output"
	[ "$status" = 0 ]
}

@test "runc, what can be done without systemd's socket, D-Bus and libsystemd" {
	local rules
	new_container runc
	start_container
	pid=$(runc state "$name" | jq .pid)
	rules=$(allowed)
	has_stale
	# systemd's own program must be widened too then.
	systemctl daemon-reload
	widen_without /run/systemd/private /run/dbus/system_bus_socket
	[[ $output == *"whose daemon-reload may bring the old device rules back"*"systemd can't be reached"*precreate* ]]
	can_open /final
	cannot_open /stale
	[ "$rules" = "$(allowed)" ]
	widen_without "$(readlink -e /usr/lib/x86_64-linux-gnu/libsystemd.so.0)"
	[[ $output == *"may bring the old device rules back"*"install the package libsystemd0"* ]]
	# The system bus is as good.
	widen_without /run/systemd/private
	[[ $output != *daemon-reload* ]]
	systemctl daemon-reload
	can_open /final
	cannot_open /stale
}
