#!/usr/bin/env bash
# Usage: debian-python.sh FOLDER
# Unpacks Debian's Python 3.13 into FOLDER without installing it, so the machine's packages stay as they are. The C library it was
# built for is unpacked with it. FOLDER/usr/bin/python3 starts it.
set -euo pipefail
folder=$1
suite=trixie
version=3.13

command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || { echo "this machine has no apt-get" >&2; exit 1; }
# The mirror this machine already uses.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 || true)
[ -n "$mirror" ] || { echo "this machine does not take its packages from Debian" >&2; exit 1; }

rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{lists,cache/archives,state}/partial
touch "$apt/state/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
signed=
[ ! -e "$keyring" ] || signed="[signed-by=$keyring] "
echo "deb ${signed}${mirror% } $suite main" > "$apt/sources.list"
cat > "$apt/apt.conf" << CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Debug::NoLocking "1";
APT::Sandbox::User "root";
CONF
export APT_CONFIG=$apt/apt.conf
apt-get -qq update
# Nothing counts as installed, so everything it needs is unpacked too, even the C library.
apt-get -qq -y --no-install-recommends --download-only install "python$version" "python$version-venv" > "$apt/log" 2>&1 ||
  { tail -3 "$apt/log" >&2; exit 1; }
for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done

loader=$(find "$folder"/usr/lib64 "$folder"/usr/lib -name 'ld-linux*' 2> /dev/null | head -1)
libraries=$(dirname "$(find "$folder"/usr/lib -name 'libc.so.6' | head -1)")
cat > "$folder/usr/bin/python3" << START
#!/bin/sh
exec "$loader" --library-path "$libraries" --argv0 "\$0" "$folder/usr/bin/python$version" "\$@"
START
chmod +x "$folder/usr/bin/python3"
"$folder/usr/bin/python3" -c 'import ssl, ctypes, sys; assert sys.version_info >= (3, 12)'
