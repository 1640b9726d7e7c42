#!/bin/sh
# Installs mlopsctl @VERSION@ for one user: downloads the archive for this machine, compares its checksum with the one
# below, and puts the binary into a folder. Nothing else changes on the machine, and nothing asks for root.
#
#   MLOPSCTL_INSTALL_DIR  the folder for the binary; ~/.local/bin if unset
#   MLOPSCTL_DOWNLOAD     the address of the files of the release, for mirrors, which need not be trusted
set -eu

version="@VERSION@"
from="${MLOPSCTL_DOWNLOAD:-@REPOSITORY@/releases/download/v$version}"
sums="@SUMS@"
into="${MLOPSCTL_INSTALL_DIR:-$HOME/.local/bin}"

fail() {
  echo "mlopsctl was not installed: $1" >&2
  exit 1
}

target() {
  case "$(uname -s)" in
    Linux) system=unknown-linux-gnu ;;
    Darwin) system=apple-darwin ;;
    *) fail "there is no build for $(uname -s)" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) processor=x86_64 ;;
    aarch64 | arm64) processor=aarch64 ;;
    *) fail "there is no build for the processor $(uname -m)" ;;
  esac
  if [ "$system" = unknown-linux-gnu ] && ldd --version 2>&1 | grep -qi musl; then
    fail "this system has musl and no glibc; use the container image"
  fi
  echo "$processor-$system"
}

# download NAME: into the temporary folder. Redirects stay on HTTPS, unless a mirror is given with another scheme.
download() {
  case "$from" in
    https://*) only='=https' ;;
    *) only='=http,https,file' ;;
  esac
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto "$only" --retry 3 --output "$temporary/$1" "$from/$1" ||
      fail "$from/$1 cannot be downloaded"
  elif command -v wget >/dev/null; then
    wget --quiet --output-document="$temporary/$1" "$from/$1" || fail "$from/$1 cannot be downloaded"
  else
    fail "neither curl nor wget is there"
  fi
}

checksum() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1"
  else
    fail "neither sha256sum nor shasum is there to compare the checksum"
  fi
}

# A download that ends halfway must not run half a script: everything happens here, in the last line.
main() {
  # A failure within $( ) ends only that.
  name="mlopsctl-$(target)" || exit 1
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 1' HUP INT TERM
  expected=$(echo "$sums" | awk -v name="$name.tar.gz" '$2 == name { print $1 }')
  [ -n "$expected" ] || fail "the release has no $name.tar.gz"
  download "$name.tar.gz"
  actual=$(checksum "$temporary/$name.tar.gz") || exit 1
  [ "${actual%% *}" = "$expected" ] || fail "the checksum of $name.tar.gz is ${actual%% *}, and not $expected"
  tar -xzf "$temporary/$name.tar.gz" -C "$temporary"
  mkdir -p "$into"
  # In one step, so that a running mlopsctl keeps its file.
  cp "$temporary/$name/mlopsctl" "$into/.mlopsctl.$$"
  mv -f "$into/.mlopsctl.$$" "$into/mlopsctl"
  "$into/mlopsctl" -V >/dev/null || fail "$into/mlopsctl does not start"
  echo "installed mlopsctl $version in $into"
  case ":$PATH:" in
    *":$into:"*) ;;
    *) echo "add $into to your PATH: export PATH=\"$into:\$PATH\"" ;;
  esac
}

main
