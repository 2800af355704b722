#!/usr/bin/env bash
# Purpose   Accept the public API of Rcnn.Ops as it stands: rewrites Rcnn.Ops/PublicAPI.Unshipped.txt, which the build compares with the code. Review its diff as you review code.
# Command   scripts/accept-public-api.sh
# Time      one build of Rcnn.Ops
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
file=Rcnn.Ops/PublicAPI.Unshipped.txt before=$(mktemp) log=$(mktemp)
trap 'rm -f "$before" "$log"' EXIT
cp "$file" "$before"

# Against an empty file the analyzer names every public symbol (RS0016); any other error is a real one.
printf '#nullable enable\n' >"$file"
dotnet build Rcnn.Ops -c Release --nologo -v quiet >"$log" 2>&1 || true
if grep -E 'error [A-Z]+[0-9]+:' "$log" | grep -v 'error RS0016:' | sort -u | head -n 5 | grep . >&2; then
  cp "$before" "$file"
  echo "accept-public-api: the build has other errors; $file is as it was" >&2
  exit 1
fi

sed -nE "s/.*error RS0016: Symbol '(.*)' is not part of the declared public API.*/\1/p" "$log" | LC_ALL=C sort -u >>"$file"
{ diff -U0 "$before" "$file" || true; } | grep -E '^[+-][^+-]' || echo "accept-public-api: nothing changed"
