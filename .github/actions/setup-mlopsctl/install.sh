#!/usr/bin/env bash
# install.sh: downloads $URL, checks it against $SHA256 before anything of it is read, and puts mlopsctl into the PATH
# of the job's later steps.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 1
}
[[ $SHA256 =~ ^[0-9a-f]{64}$ ]] || fail "sha256 has to be 64 hexadecimal digits"
[[ $URL =~ ^(https://|http://127\.0\.0\.1:) ]] || fail "url has to begin with https://"

folder=$RUNNER_TOOL_CACHE/mlopsctl/$SHA256
if [ ! -x "$folder/mlopsctl" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$work/file" "$URL"
  sum=sha256sum
  command -v sha256sum >/dev/null || sum="shasum -a 256"
  [ "$($sum "$work/file" | cut -d ' ' -f 1)" = "$SHA256" ] || fail "$URL has another digest than sha256 says"
  case $URL in
    *.tar.gz)
      mkdir "$work/archive"
      tar -xzf "$work/file" -C "$work/archive"
      found=$(find "$work/archive" -type f -name mlopsctl)
      [ -f "$found" ] || fail "$URL does not hold one file named mlopsctl"
      ;;
    *) found=$work/file ;;
  esac
  mkdir -p "$folder"
  install -m 755 "$found" "$folder/mlopsctl"
fi
"$folder/mlopsctl" --version
echo "$folder" >>"$GITHUB_PATH"
