# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the guest's test files share: the machine's functions, specs as a host's engine writes them, and what must come
# out of a command. The test sets `bundle`, a directory.
#
# jq's variables look like the shell's, and bats' own and the test's are set elsewhere:
# shellcheck disable=SC2016,SC2154

# shellcheck disable=SC1091 # beside it
. "${BASH_SOURCE[0]%/*}/../builtins.bash"

# To be called in setup: bats traces each command, which takes more time here than most commands. The test's own lines
# are enough.
untraced() {
	set +T
}

bind_to() {
	local driver=$1 address=$2 device=/sys/bus/pci/devices/$2
	echo "$driver" > "$device/driver_override"
	[ ! -e "$device/driver" ] || echo "$address" > "$device/driver/unbind"
	echo "$address" > /sys/bus/pci/drivers_probe
	# A probe without a driver succeeds as well.
	[ "$(basename "$(readlink "$device/driver")")" = "$driver" ]
}

group_of() {
	basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"
}

# "MAJOR:MINOR" of a group's node on this machine.
numbers_of() {
	cat "/sys/class/vfio/$1/dev"
}

# NAME COMMAND...: what the command made of config.json when it was called first.
once() {
	local kept=/run/specs/$1.json
	if [ ! -e "$kept" ]; then
		"${@:2}"
		install -D "$bundle/config.json" "$kept"
	fi
	cp "$kept" "$bundle/config.json"
}

# The runtime's own default spec, with the probe as its process.
new_spec() {
	once "$1" make_spec "$1"
}

make_spec() {
	(cd "$bundle" && rm -f config.json && "$1" spec)
	edit_spec '.process.args = ["/probe"] | .process.terminal = false | .root.path = "rootfs"'
}

edit_spec() {
	local text
	text=$(jq "$@" < "$bundle/config.json")
	echo "$text" > "$bundle/config.json"
}

# What a host's engine adds for one device: node, rule and environment. RESOURCE ADDRESSES GROUP NUMBERS
add_device() {
	edit_spec --arg resource "$1" --arg addresses "$2" --arg path "/dev/vfio/$3" --arg numbers "$4" '
		($numbers | split(":") | map(tonumber)) as [$major, $minor]
		| .process.env += ["PCIDEVICE_\($resource)=\($addresses)"]
		| .linux.devices += [{path: $path, type: "c", $major, $minor, fileMode: 384, uid: 0, gid: 0}]
		| .linux.resources.devices += [{allow: true, type: "c", $major, $minor, access: "rwm"}]'
}

add_control_node() {
	edit_spec '.linux.devices += [{path: "/dev/vfio/vfio", type: "c", major: 10, minor: 196, fileMode: 438, uid: 0, gid: 0}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 196, access: "rwm"}]'
}

# For a bundle that others can reach.
user_namespace() {
	edit_spec '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	# The mapped root may not make it there.
	mkdir -p "$bundle"/rootfs/{proc,sys,dev}
}

# EXPECTED-STATUS TEXT COMMAND...: bats' own `run -N` doesn't show the output where the text is missing.
expect() {
	local expected=$1 text=$2
	shift 2
	run "$@"
	echo "$*: status $status, expected $expected and '$text'"
	echo "$output"
	[ "$status" -eq "$expected" ]
	[[ $output == *"$text"* ]]
}

# PID: until this process waits for the kernel's events. 15: NETLINK_KOBJECT_UEVENT; they are group 1.
until_it_listens() {
	until awk -v pid="$1" '$2 == 15 && $3 == pid && $4 == "00000001" { found = 1 } END { exit !found }' /proc/net/netlink; do
		kill -0 "$1"
		sleep 0.05
	done
}

# STAGE PATH ARGUMENT...
add_hook() {
	edit_spec --arg stage "$1" --arg path "$2" '.hooks[$stage] += [{$path, args: $ARGS.positional}]' --args -- "${@:3}"
}

# DIRECTORY: podman keeps everything there, and does without what isn't here.
podman_in_guest() {
	mkdir -p /etc/containers/containers.conf.d
	cat > /etc/containers/storage.conf <<-CONF
	[storage]
	driver = "overlay"
	graphroot = "$1/graph"
	runroot = "$1/run"
	CONF
	# Neither systemd nor its journal is here.
	cat > /etc/containers/containers.conf.d/guest.conf <<-CONF
	[containers]
	netns = "none"
	log_driver = "k8s-file"
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "none"
	CONF
}
