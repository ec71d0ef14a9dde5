// The shape of nvidia-container-runtime and its kind: decode the spec into specs.Spec, edit it, encode it. JSON only: it
// looks nothing up and reads no map.
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func edit(spec *specs.Spec) {
	for i := range spec.Linux.Devices {
		device := &spec.Linux.Devices[i]
		if device.Path == "/dev/vfio/45" {
			device.Path, device.Major, device.Minor = "/dev/vfio/3", 242, 0
		}
	}
	for i := range spec.Linux.Resources.Devices {
		rule := &spec.Linux.Resources.Devices[i]
		if rule.Major != nil && *rule.Major == 243 {
			*rule.Major, *rule.Minor = 242, 0
		}
	}
	for i, variable := range spec.Process.Env {
		if strings.HasPrefix(variable, "PCIDEVICE_") {
			spec.Process.Env[i] = strings.ReplaceAll(variable, "0000:3b:02.0", "0000:01:00.0")
		}
	}
}

func main() {
	var spec specs.Spec
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&spec); err != nil {
		log.Fatal(err)
	}
	edit(&spec)
	text, err := json.Marshal(&spec)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(text); err != nil {
		log.Fatal(err)
	}
}
