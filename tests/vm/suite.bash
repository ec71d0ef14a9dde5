# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packages of another Debian than this machine's, without this machine's apt knowing of it. For the scripts here that
# unpack packages.

# Prints where this machine has its own Debian from, or fails: a mirror has the other suites beside it.
own_mirror() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME") || return
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $codename" |
		sed -n 1p | grep .
}

# SUITE DIRECTORY: has apt know that suite alone, from now on in this shell, with lists and downloads below DIRECTORY.
# What it downloads it verifies as ever, with Debian's keys.
use_suite() {
	local directory=$2/apt mirror
	# apt knows whose a mirror is when it has its lists.
	mirror=$(own_mirror) || { apt-get -q update >&2; mirror=$(own_mirror); } || {
		echo "apt's sources name no mirror of this Debian: $1 can't be found" >&2
		return 1
	}
	mkdir -p "$directory"/{lists,archives}/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" > "$directory/sources"
	cat > "$directory/conf" <<-CONF
	Dir::State::lists "$directory/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$directory";
	Dir::Etc::sourcelist "$directory/sources";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	APT::Sandbox::User "root";
	CONF
	export APT_CONFIG=$directory/conf
	apt-get -q -o APT::Update::Error-Mode=any update >&2
}
