// The shape of the Kata agent and youki: serde_json into typed structs, edit, and back to text. JSON only: it looks
// nothing up and reads no map.
// SPDX-License-Identifier: Apache-2.0
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{Read, Write};

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(rename = "ociVersion")]
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Process>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<Root>,
    #[serde(skip_serializing_if = "String::is_empty")]
    hostname: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<Mount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hooks: Option<Hooks>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    annotations: HashMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linux: Option<Linux>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Process {
    terminal: bool,
    user: User,
    args: Vec<String>,
    env: Vec<String>,
    cwd: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Capabilities>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rlimits: Vec<Rlimit>,
    no_new_privileges: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    apparmor_profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oom_score_adj: Option<i32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    selinux_label: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct User {
    uid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    umask: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_gids: Vec<u32>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Capabilities {
    bounding: Vec<String>,
    effective: Vec<String>,
    inheritable: Vec<String>,
    permitted: Vec<String>,
    ambient: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Rlimit {
    #[serde(rename = "type")]
    kind: String,
    hard: u64,
    soft: u64,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Root {
    path: String,
    readonly: bool,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Mount {
    destination: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Hooks {
    prestart: Vec<Hook>,
    create_runtime: Vec<Hook>,
    create_container: Vec<Hook>,
    start_container: Vec<Hook>,
    poststart: Vec<Hook>,
    poststop: Vec<Hook>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Hook {
    path: String,
    args: Vec<String>,
    env: Vec<String>,
    timeout: Option<i64>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Linux {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uid_mappings: Vec<IdMapping>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gid_mappings: Vec<IdMapping>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    sysctl: HashMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Resources>,
    #[serde(skip_serializing_if = "String::is_empty")]
    cgroups_path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    namespaces: Vec<Namespace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<Device>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seccomp: Option<Seccomp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    rootfs_propagation: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masked_paths: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readonly_paths: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    mount_label: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdMapping {
    #[serde(rename = "containerID")]
    container_id: u32,
    #[serde(rename = "hostID")]
    host_id: u32,
    size: u32,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Resources {
    devices: Vec<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<Cpu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pids: Option<Pids>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Rule {
    allow: bool,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    major: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minor: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    access: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Memory {
    limit: Option<i64>,
    reservation: Option<i64>,
    swap: Option<i64>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Cpu {
    shares: Option<u64>,
    quota: Option<i64>,
    period: Option<u64>,
    cpus: String,
    mems: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Pids {
    limit: i64,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Namespace {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Device {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    major: i64,
    minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_mode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Seccomp {
    default_action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_errno_ret: Option<u32>,
    architectures: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<String>,
    syscalls: Vec<Syscall>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Syscall {
    names: Vec<String>,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno_ret: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<SyscallArgument>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SyscallArgument {
    index: u32,
    value: u64,
    value_two: u64,
    op: String,
}

fn edit(spec: &mut Spec) {
    if let Some(linux) = &mut spec.linux {
        for device in &mut linux.devices {
            if device.path == "/dev/vfio/45" {
                device.path = "/dev/vfio/3".to_string();
                (device.major, device.minor) = (242, 0);
            }
        }
        for rule in linux.resources.iter_mut().flat_map(|r| &mut r.devices) {
            if rule.major == Some(243) {
                (rule.major, rule.minor) = (Some(242), Some(0));
            }
        }
    }
    for variable in spec.process.iter_mut().flat_map(|p| &mut p.env) {
        if variable.starts_with("PCIDEVICE_") {
            *variable = variable.replace("0000:3b:02.0", "0000:01:00.0");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let mut spec: Spec = serde_json::from_slice(&text)?;
    edit(&mut spec);
    std::io::stdout().write_all(&serde_json::to_vec(&spec)?)?;
    Ok(())
}
