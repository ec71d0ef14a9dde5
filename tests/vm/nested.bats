#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From one end to the other: this guest is the host of a virtual machine of its own, which gets one of its functions and,
# by fw_cfg, the map that was made of it. The spec is written here, for this machine's group; the container runs there,
# and drives the function. Software emulation in software emulation: minutes. Runs as root in the guest that `boot` starts
# with machine.conf.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the container (probe.c).
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

edu=0000:00:05.0

load helpers

setup() {
	untraced
	# What both machines see: /run is each one's own.
	shared=/var/tmp/nested
	bundle=$shared/bundle
	devices=(-device 'pcie-root-port,id=port6,bus=pcie.0,addr=06.0,chassis=1' -device "vfio-pci,id=given,host=$edu,bus=port6")
	modprobe vfio-pci
	bind_to vfio-pci $edu
}

# Of a machine with the same devices that never starts.
make_map() {
	local socket=$BATS_TEST_TMPDIR/qmp machine
	qemu-system-x86_64 -M q35 -accel tcg -m 64 -S -display none -nodefaults -qmp "unix:$socket,server=on,wait=off" \
		"${devices[@]}" 3>&- &
	machine=$!
	until [ -S "$socket" ]; do
		kill -0 $machine
		sleep 0.2
	done
	"$OCI_VFIO_HOOK" map --timeout 60 --from "qmp=$socket" > "$shared/map.json"
	kill $machine
	wait $machine || true
}

@test "a spec of this machine's, a map by fw_cfg, a container in the virtual machine" {
	local group
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	group=$(group_of $edu)
	make_spec crun
	add_device INTEL_COM_SRIOV $edu "$group" "$(numbers_of "$group")"
	make_map
	cat > "$shared/inside" <<-END
		set -e
		modprobe vfio-pci
		for function in /sys/bus/pci/devices/*; do
			[ "\$(cat \$function/device)" != 0x11e8 ] || address=\${function##*/}
		done
		echo vfio-pci > /sys/bus/pci/devices/\$address/driver_override
		echo \$address > /sys/bus/pci/drivers_probe
		$OCI_VFIO_HOOK apply $bundle
		crun run --bundle $bundle nested
	END
	VM_TIMEOUT=1000 VM_MEMORY=768 VM_KERNEL_ROOT=$(tests/vm/kernel) run tests/vm/boot -global intel-iommu.caching-mode=on \
		"${devices[@]}" -fw_cfg "name=opt/io.github.oci-vfio-hook/devices,file=$shared/map.json" -- bash "$shared/inside"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *' 0x010000ed'* ]]
}
