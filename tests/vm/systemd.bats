#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers in scopes of systemd, changed at createRuntime and prestart: what they got must outlast systemd's reloading,
# which gives a scope again the device rules that systemd knows. Runs as root in the guest that `boot` starts with
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
systemd_sockets=(/run/systemd/private /run/dbus/system_bus_socket)

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

# HIDDEN-FILE...: prints a script that runs its arguments where these files are empty.
without() {
	printf 'exec unshare --mount bash -c "mount --make-rprivate /'
	printf '; mount --bind /dev/null %s' "$@"
	echo '; exec \"\$@\"" bash "$@"'
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

# KIND: what systemd has about the container's devices: a list of its own that refuses the rest by its policy or by being
# there, nothing, or a program of the runtime's.
unit_is() {
	local rules
	rules=$(systemctl show "$scope" --property DevicePolicy,DeviceAllow,BPFProgram | sort)
	echo "$rules"
	case $1 in
	strict) [[ $rules == *DeviceAllow=*DevicePolicy=strict* ]] ;;
	auto) [ "$rules" = DevicePolicy=auto ] ;;
	listed) [[ $rules == *DeviceAllow=*DevicePolicy=auto ]] ;;
	pinned) [[ $rules == BPFProgram=device:/sys/fs/bpf/*DevicePolicy=auto ]] ;;
	esac
}

# systemd turns the list round when it reads it again.
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

@test "crun, prestart" { lasts crun prestart auto; }

# The control: the same start, but systemd can't be told of it. RUNTIME KIND
is_lost() {
	new_container "$1"
	add_our_hook createRuntime "$(without "${systemd_sockets[@]}")"
	start_container
	unit_is "$2"
	has_final
	grep "warning: .*/$scope.*daemon-reload may bring the old device rules back (systemd can't be reached.*" "$log" |
		grep 'lasts: precreate (podman), oci-vfio-runtime, apply$'
	systemctl daemon-reload
	cannot_open "/dev/vfio/$group"
	can_open /dev/null
}

@test "runc, systemd isn't told: the device is lost" { is_lost runc strict; }
@test "a newer crun, systemd isn't told: the device is lost" { is_lost "$newer_crun" pinned; }

@test "runc, systemd executes itself again between two questions" {
	new_container runc
	# It stops where it joins the container's namespace: when it has asked, and before it tells. It goes on while nobody
	# listens: systemd does so only when it has started.
	add_our_hook createRuntime "strace -qq -o $bundle/trace -e trace=setns -e inject=setns:signal=STOP:when=1 \"\$@\" <&0 &
		while kill -0 \$! && ! grep -qs 'stopped by' $bundle/trace; do sleep 0.1; done
		systemctl daemon-reexec
		for socket in ${systemd_sockets[*]}; do mv \$socket \$socket.away; done
		kill -CONT \$(< /proc/\$!/task/\$!/children)
		sleep 0.3
		for socket in ${systemd_sockets[*]}; do mv \$socket.away \$socket; done
		wait \$!"
	start_container
	[ "$(grep -c 'may bring' "$log")" = 0 ]
	has_final
	outlasts daemon-reload
}

# An administrator's list on a scope of crun's, which is open without one.
@test "crun, DeviceAllow= where DevicePolicy= is auto" {
	new_container crun
	add_hook createRuntime /bin/bash bash -c "systemctl set-property --runtime $scope \
		'DeviceAllow=/dev/null rw' 'DeviceAllow=/dev/char/$stale rw' 'DeviceAllow=char-pts r'"
	add_our_hook createRuntime
	start_container
	[ "$(grep -c 'may bring' "$log")" = 0 ]
	unit_is listed
	printf 'DeviceAllow=%s\n' '/dev/char/10:196 rwm' "/dev/char/$final rwm" '/dev/null rw' 'char-pts r' |
		diff - <(allowed)
	has_final
	outlasts daemon-reload
}

# Such a list with no entry left would open the scope to all devices.
@test "crun, the only entry of DeviceAllow= is the device that goes" {
	new_container crun
	edit_spec '.linux.devices |= map(select(.path != "/dev/vfio/vfio"))
		| .linux.resources.devices |= map(select([.major, .minor] != [10, 196]))'
	jq -n '[{type: "vfio-pci-gk", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=06/00"]}]' > "$bundle/map.json"
	add_hook createRuntime /bin/bash bash -c "systemctl set-property --runtime $scope 'DeviceAllow=/dev/char/$stale rw'"
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook --log "$log" --device-map "$bundle/map.json" createRuntime
	start_container
	grep -F 'it names no other device in DeviceAllow=' "$log"
	echo "DeviceAllow=/dev/char/$stale rw" | diff - <(allowed)
	cannot_open /stale
}

@test "runc, what was done is one entry of systemd's journal" {
	local entry
	systemctl start systemd-journald.service
	new_container runc
	# About which there would be a warning: no entry of the map names its address.
	edit_spec '.process.env |= map(select(startswith("PCIDEVICE_") | not))'
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook createRuntime
	start_container
	has_final
	journalctl --sync
	entry=$(journalctl --output json OCI_CONTAINER_ID="$name")
	echo "$entry"
	[ "$(wc -l <<< "$entry")" = 1 ]
	jq --exit-status --arg name "$name" --arg bundle "$bundle" --arg change "/dev/vfio/45 -> /dev/vfio/$group ($stale -> $final)" '
		._TRANSPORT == "journal" and .SYSLOG_IDENTIFIER == "oci-vfio-hook" and .PRIORITY == "6"
		and .OCI_STAGE == "createRuntime" and .OCI_BUNDLE == $bundle
		and (.OCI_VFIO_DURATION_US | tonumber) > 0
		and ((.OCI_VFIO_CHANGES | tonumber) as $changes | $changes > 0 and (.MESSAGE
			| startswith("container \($name): createRuntime: \($change); \($changes) changes in ") and endswith(" ms")))' \
		<<< "$entry"
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
	expect 0 '' bash -c "$(without "$@")" bash "$DEVICE_CGROUP" widen "$pid" "c:$stale" "c:$final" rwm
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
	widen_without "${systemd_sockets[@]}"
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

# RUNTIME EDIT FAULT-ARGUMENT...: a container in which each step fails once, or every FAULT_STRIDE-th (see `fault`).
new_faulty_container() {
	# Not in the bundle, which must stay as it is.
	work=$(mktemp -d)
	new_container "$1"
	# What is undone leaves systemd's own program there, so that it must have been there before.
	add_hook createRuntime /bin/bash bash -c 'systemctl daemon-reload'
	add_hook createRuntime "$BATS_TEST_DIRNAME/fault" fault "${@:3}" "$bundle" "$work/table" "$work/errors" \
		"$OCI_VFIO_HOOK" createRuntime
	edit_spec --arg path "PATH=$PATH" --arg program "DEVICE_CGROUP=$DEVICE_CGROUP" \
		--arg stride "FAULT_STRIDE=${FAULT_STRIDE:-}" "$2 | .hooks.createRuntime[-1].env = [\$path, \$program, \$stride]"
	chattr +i "$bundle/config.json"
}

# OUTCOME SYSTEM-CALL...: those of which at least one had that outcome.
had() {
	local call
	for call in "${@:2}"; do
		echo "$call: $1?"
		grep "^$call .* $1$" "$work/table"
	done
}

@test "runc, each step that is systemd's fails once" {
	new_faulty_container runc . --only connect,sendmsg,recvmsg,bpf
	start_container
	cat "$work/table" "$work/errors"
	echo "# $(cat "$work/table.count")" >&3
	had undone bpf
	had endured connect sendmsg recvmsg
	# How often it asks for an answer depends on when that comes.
	[ "$(grep -vcE ' (undone|endured)$|^recvmsg .* missed$' "$work/table")" = 0 ]
	has_final
	outlasts daemon-reload
}

@test "a newer crun, each step of pinning fails once, and in the end the last one" {
	new_faulty_container "$newer_crun" '.process.args = ["/bin/sh", "-c", "echo started"]' \
		--only bpf,rename,unlink --end rename
	run "$runtime" --systemd-cgroup run --bundle "$bundle" "$name" 3>&-
	runtime=''
	echo "$output"
	cat "$work/table" "$work/errors"
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
	echo "# $(cat "$work/table.count")" >&3
	had undone bpf rename unlink
	[ "$(grep -vcE ' (undone|endured)$' "$work/table")" = 0 ]
}

@test "podman with systemd's cgroups, createRuntime" {
	local podman=(podman --root /run/podman/graph --runroot /run/podman/run --cgroup-manager systemd --runtime runc
		--events-backend none --hooks-dir "$bundle/hooks")
	mkdir -p "$bundle/hooks" /etc/cdi
	jq -n --arg path "$OCI_VFIO_HOOK" --arg log "$log" '{version: "1.0.0", when: {always: true}, stages: ["createRuntime"],
		hook: {$path, args: ["oci-vfio-hook", "--log", $log, "createRuntime"]}}' > "$bundle/hooks/hook.json"
	# With type and numbers given podman doesn't look for the node, which isn't here.
	jq -n --arg numbers "$stale" '($numbers | split(":") | map(tonumber)) as [$major, $minor]
		| {cdiVersion: "0.3.0", kind: "test.example/vfio", devices: [{name: "45", containerEdits: {
			deviceNodes: [{path: "/dev/vfio/45", type: "c", $major, $minor, permissions: "rwm"}]}}]}' > /etc/cdi/vfio.json
	"${podman[@]}" run --detach --name "$name" --network none --log-driver k8s-file --device test.example/vfio=45 \
		--env PCIDEVICE_INTEL_COM_SRIOV=$edu_port --rootfs "$bundle/rootfs" /bin/busybox sleep 600 3>&-
	cat "$log"
	[ "$(grep -c 'may bring' "$log")" = 0 ]
	scope=libpod-$("${podman[@]}" inspect --format '{{.Id}}' "$name").scope
	unit_is strict
	expect 0 "$device" "${podman[@]}" exec "$name" /probe
	systemctl daemon-reload
	expect 0 "$device" "${podman[@]}" exec "$name" /probe
	"${podman[@]}" rm --force --time 0 "$name"
}
