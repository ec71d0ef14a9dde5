#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many containers that are alive at once (CONTAINERS: how many, 64), each changed by createRuntime: none has another's
# device, each reads its own, and nothing is left behind. Runs as root in the guest that `boot` starts with machine.conf.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c).
#
# jq's variables look like the shell's:
# shellcheck disable=SC2016

load helpers

containers=${CONTAINERS:-64}
in_flight=8
functions=(0000:00:05.0 0000:01:00.0 0000:21:00.0 0000:00:0f.0 0000:00:0b.0 0000:00:0c.0 0000:00:0d.0 0000:00:0e.0)
many=/run/live-many

setup() {
	untraced
	local address
	for address in "${functions[@]}"; do bind_to vfio-pci "$address"; done
	mkdir -p $many/out
	mkfifo $many/alive $many/end
	exec 8<> $many/end 9<> $many/alive
}

teardown() {
	exec 8>&-
	wait
	rm -f /run/oci-vfio-hook/devices.d/many.json
}

# The n-th function was in the host's group 100 + n.
write_map() {
	mkdir -p /run/oci-vfio-hook/devices.d
	jq -n '[$ARGS.positional | to_entries[] | {type: "vfio-pci", container_path: "/dev/vfio/\(100 + .key)",
		options: ["0000:5e:00.\(.key)=\(.value)"]}]' --args "${functions[@]}" > /run/oci-vfio-hook/devices.d/many.json
}

# A container says on stdout what it has and reads, on stderr that it is alive, and stays until its stdin ends.
write_spec() {
	local script
	# shellcheck disable=SC2034 # for new_spec and the others
	bundle=$many
	# A group can be opened once only, and others have it, too.
	script='/busybox stat -c "%n %t:%T" /dev/vfio/*
		until word=$(/probe 2>&1) || [ "${tries=0}" = 300 ]; do tries=$((tries + 1)); /busybox usleep 100000; done
		echo "$word"
		echo alive >&2
		/busybox cat'
	new_spec crun
	add_device EDU ADDRESS GROUP 243:5
	add_control_node
	edit_spec --arg script "$script" --arg hook "$OCI_VFIO_HOOK" '.process.args = ["/busybox", "sh", "-c", $script]
		| .hooks.createRuntime = [{path: $hook, args: ["oci-vfio-hook", "--log-level", "error", "createRuntime"]}]'
}

make_bundles() {
	local n function spec text busybox
	spec=$(< $many/config.json)
	busybox=$(command -v busybox)
	for ((n = 0; n < containers; n++)); do
		function=$((n % ${#functions[@]}))
		install -D -t "$many/$n/rootfs" "$VFIO_PROBE" "$busybox"
		text=${spec/ADDRESS/${functions[function]}}
		echo "${text/GROUP/$((100 + function))}" > "$many/$n/config.json"
	done
}

# What comes first is an error if there is one.
one_more_is_alive() {
	local line
	IFS= read -r -t 120 -u 9 line
	[ "$line" = alive ] || { echo "$line"; return 1; }
}

# N: what the containers of the n-th function must have said.
expected() {
	local group
	group=$(group_of "${functions[$1]}")
	stat -c '%n %t:%T' "/dev/vfio/$group" /dev/vfio/vfio
	echo "${functions[$1]} 0x010000ed"
}

@test "$containers containers at once" {
	local n pids=() right=()
	write_map
	write_spec
	make_bundles
	# The first ones race for the token of this boot.
	rm -f /run/oci-vfio-hook/token
	for ((n = 0; n < containers; n++)); do
		crun run --bundle "$many/$n" "many-$n" < $many/end > "$many/out/$n" 2> $many/alive 3>&- 8>&- 9>&- &
		pids+=($!)
		[ $n -lt $in_flight ] || one_more_is_alive
	done
	for ((n = 0; n < in_flight; n++)); do one_more_is_alive; done
	[ "$(crun list --quiet | grep -c '^many-')" = "$containers" ]
	exec 8>&-
	for n in "${!pids[@]}"; do wait "${pids[n]}"; done
	for n in "${!functions[@]}"; do right+=("$(expected "$n")"); done
	for n in "${!pids[@]}"; do
		echo "$n: $(< "$many/out/$n")"
		[ "$(< "$many/out/$n")" = "${right[n % ${#functions[@]}]}" ]
	done
	[ "$(find $many/*/rootfs -mindepth 2)" = '' ]
	[ "$(find $many/[0-9]* -maxdepth 1 -type f -printf '%f\n' | sort | uniq -c | xargs)" = "$containers config.json" ]
	[ "$(cat $many/[0-9]*/config.json | grep -c '"path": *"/dev/vfio/10[0-9]"')" = 0 ]
}
