#!/usr/bin/env bash
# Proves that a training run survives being ended at any moment: trains once without interruption, then once with KILLS interruptions at random
# moments (kill -9 and SIGTERM in turn), resuming each time, and compares the final weights and optimizer to the bit.
#   scripts/kill-and-resume.sh [KILLS=10] [STEPS=200] [SEED=1]
# A few seconds a kill on two cores. Prints 'same bits after N kills' and exits 0, or shows the difference and exits 1.
set -euo pipefail
kills=${1:-10} steps=${2:-200}
RANDOM=${3:-1}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

train=("$root/rcnn" train --data synthetic:easy:train:24 --model faster-rcnn-c4 --backbone mobilenet_v2 --steps "$steps" --seed 3
  --set model.backbone.widthMultiplier=0.25 --set model.input.minSize=96 --set model.input.maxSize=128 --set data.maxSide=128
  --set data.batchSize=2 --set data.flipProbability=0.5 --set checkpointEvery=2)
checkpoints() { ls "$work/cut" 2>/dev/null | grep '^checkpoint-[0-9]*$' || true; }

SECONDS=0
"${train[@]}" --out "$work/whole" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
echo "uninterrupted: $(tail -n 1 "$work/log") ($SECONDS s with start)"
# Moments from just after the start to well into the run.
longest=$((SECONDS * 100 / (kills + 2) + 200))

count=0
while :; do
  "${train[@]}" --out "$work/cut" --resume >"$work/log" 2>&1 &
  pid=$!
  if [ "$count" -lt "$kills" ]; then
    pause=$((30 + RANDOM % longest))
    sleep "$((pause / 100)).$(printf %02d $((pause % 100)))"
    signal=KILL
    [ $((count % 2)) = 0 ] || signal=TERM
    if kill -s "$signal" "$pid" 2>/dev/null; then
      count=$((count + 1))
      status=0
      wait "$pid" 2>/dev/null || status=$?
      echo "$signal after $pause/100 s: exit $status; newest $(checkpoints | tail -n 1)"
      [ "$status" = 0 ] || continue
    fi
  fi
  wait "$pid" 2>/dev/null || [ "${status:-1}" = 0 ] || { echo "resuming failed:"; cat "$work/log"; exit 1; }
  break
done

name=$(printf 'checkpoint-%08d' "$steps")
for file in weights optimizer; do
  cmp "$work/whole/$name/$file.safetensors" "$work/cut/$name/$file.safetensors" || exit 1
done
strip() { sed -E 's/"seconds":[0-9.]+,//' "$1"; }
cmp <(strip "$work/whole/metrics.jsonl") <(strip "$work/cut/metrics.jsonl") || { echo "metrics.jsonl differs"; exit 1; }
echo "same bits after $count kills"
