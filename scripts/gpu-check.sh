#!/usr/bin/env bash
# Checks and times the CUDA kernels on a machine with an NVIDIA GPU: goldens, training and detection, compute-sanitizer, benchmarks beside torchvision's kernels.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

usage() {
  cat <<'TEXT'
usage: scripts/gpu-check.sh [--golden DIR]... [--out DIR] [--quick] [--no-sanitizer] [--no-training]

Needs an NVIDIA driver, the .NET SDK, a C++ compiler, CMake, and PyTorch for CUDA (from pip) or libtorch for CUDA. No CUDA toolkit.

  --golden DIR     folder of golden cases; may be given again. Default: ../shared/golden/ops and ../shared/golden/models, where they exist
  --out DIR        where reports go. Default: artifacts/gpu-check
  --quick          half a second for each benchmark instead of 1.5
  --no-sanitizer   leave compute-sanitizer out even where it is installed
  --no-training    leave training, evaluation and detection out

Environment: TORCH_HOME names the libtorch to build against: the folder that holds lib/libtorch_cuda.so. Default: that of `python3 -c 'import torch'`.
Steps: 1. build; 2. goldens on the GPU; 3. train, eval and detect on embedded scenes with each kind of detector: the loss of the first step on the GPU
against that on the CPU (1e-3 relative, each part), 20 steps on the GPU, evaluation there and on the CPU, going on on the CPU; 4. a part of the goldens under
compute-sanitizer (memcheck, racecheck, synccheck), where it is installed; 5. benchmarks beside torchvision on the same GPU, where python3 has it. Exit code 0 when nothing failed and every ratio that has a goal reaches it
(RoIAlign 1.5, NMS of 20000 boxes 2), 1 otherwise.
TEXT
}

say() { printf '\n== %s\n' "$*"; }
die() { printf 'gpu-check: %s\n' "$*" >&2; exit 1; }

goldens=() out=$root/artifacts/gpu-check seconds=1.5 sanitizer=yes training=yes
while [ $# -gt 0 ]; do
  case $1 in
    --golden) goldens+=("${2:?--golden needs a folder}"); shift 2 ;;
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    --quick) seconds=0.5; shift ;;
    --no-sanitizer) sanitizer=no; shift ;;
    --no-training) training=no; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
if [ ${#goldens[@]} = 0 ]; then
  for folder in "$root/../shared/golden/ops" "$root/../shared/golden/models"; do
    if [ -d "$folder" ]; then goldens+=("$folder"); fi
  done
fi

command -v nvidia-smi >/dev/null || die "no nvidia-smi: this machine has no NVIDIA driver"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || die "nvidia-smi finds no GPU"
if [ -z "${TORCH_HOME:-}" ]; then
  TORCH_HOME=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null) || die "TORCH_HOME is not set and python3 has no torch"
fi
[ -e "$TORCH_HOME/lib/libtorch_cuda.so" ] || die "$TORCH_HOME/lib/libtorch_cuda.so does not exist: this libtorch is not built for CUDA"
export TORCH_HOME
mkdir -p "$out"
failures=0

say "build against $TORCH_HOME"
"$root/rcnn" --help >/dev/null || die "the build failed"

if [ ${#goldens[@]} -gt 0 ]; then
  say "goldens on the GPU: ${goldens[*]}"
  "$root/rcnn" golden "${goldens[@]}" --device cuda --json "$out/golden.json" | tee "$out/golden.txt" | grep -v '^pass' || true
  tail -n 1 "$out/golden.txt" | grep -q ', 0 failed, 0 skipped$' || failures=$((failures + 1))
else
  say "goldens: no folder given; --golden DIR"
fi

# train MODEL DEVICE FOLDER [OPTION…]: on embedded scenes, from random weights. With batch normalisation: fixed statistics would let the maps of an
# untrained network shrink to nothing, and every device would agree.
train() {
  local model=$1 device=$2 folder=$3
  shift 3
  local settings=(--set data.batchSize=2 --set data.maxSide=320 --set model.input.minSize=256 --set model.input.maxSize=320
    --set model.backbone.norm=bn --set model.backbone.freezeStages=0)
  if [ "$model" = fast-rcnn ]; then settings+=(--set data.proposals.method=sliding-windows --set data.proposals.limit=300); fi
  "$root/rcnn" train --data synthetic:train:16 --val synthetic:val:4 --model "$model" --backbone mobilenet_v2 --seed 1 --device "$device" --out "$folder" "$@" "${settings[@]}"
}

# same_losses A B: every loss of the first line of two metrics.jsonl, within 1e-3 of the first.
same_losses() {
  local part a b worst=0
  for part in $(head -n 1 "$1" | grep -o '"loss[a-z_]*"' | tr -d '"'); do
    a=$(head -n 1 "$1" | sed -nE "s/.*\"$part\":([-+0-9.eE]+).*/\1/p") b=$(head -n 1 "$2" | sed -nE "s/.*\"$part\":([-+0-9.eE]+).*/\1/p")
    awk -v p="$part" -v a="$a" -v b="$b" 'BEGIN { d = a - b; if (d < 0) d = -d; s = a < 0 ? -a : a; ok = b != "" && d <= 1e-3 * s + 1e-6
      printf "  %-20s %-22s %-22s %s\n", p, a, b, ok ? "same" : "DIFFERENT"; exit !ok }' || worst=1
  done
  return $worst
}

# check_model MODEL: fails at the first step that fails.
check_model() {
  local model=$1 folder=$out/train/$1 log=$out/train/$1.txt
  rm -rf "$folder" && mkdir -p "$folder"
  # The comparison is of float32: without this, convolutions of newer cards round to ten bits of mantissa.
  train "$model" cpu "$folder/cpu" --steps 1 >"$log" 2>&1 &&
    NVIDIA_TF32_OVERRIDE=0 train "$model" cuda "$folder/first" --steps 1 >>"$log" 2>&1 &&
    echo "  loss of the first step: part, CPU, GPU" && same_losses "$folder/cpu/metrics.jsonl" "$folder/first/metrics.jsonl" &&
    train "$model" cuda "$folder/run" --steps 20 >>"$log" 2>&1 &&
    "$root/rcnn" eval --run "$folder/run" --json "$folder/cuda.json" >>"$log" 2>&1 &&
    "$root/rcnn" eval --run "$folder/run" --device cpu --json "$folder/cpu.json" >>"$log" 2>&1 &&
    "$root/rcnn" detect --run "$folder/run" --score 0.05 --json "$folder/detections.json" "$root/docs/images/detections.jpg" >>"$log" 2>&1 &&
    "$root/rcnn" train --resume --out "$folder/run" --device cpu --steps 22 >>"$log" 2>&1 && tail -n 1 "$log" ||
    { tail -n 5 "$log"; return 1; }
}

if [ "$training" = yes ]; then
  for model in faster-rcnn-c4 faster-rcnn-fpn mask-rcnn-fpn fast-rcnn; do
    say "train, eval and detect: $model"
    check_model "$model" || failures=$((failures + 1))
  done
fi

if [ "$sanitizer" = yes ] && command -v compute-sanitizer >/dev/null && [ ${#goldens[@]} -gt 0 ]; then
  for tool in memcheck racecheck synccheck; do
    say "compute-sanitizer --tool $tool"
    if compute-sanitizer --tool "$tool" --target-processes all --error-exitcode 9 "$root/rcnn" golden "${goldens[0]}" \
      --device cuda >"$out/$tool.txt" 2>&1; then
      grep 'ERROR SUMMARY\|RACECHECK SUMMARY' "$out/$tool.txt" || true
    else
      tail -n 20 "$out/$tool.txt"
      failures=$((failures + 1))
    fi
  done
else
  say "compute-sanitizer: not installed, or left out"
fi

say "benchmarks"
peer=no
bench=("$root/rcnn" bench ops --device cuda --seconds "$seconds" --json "$out/bench.json")
if python3 -c 'import torch, torchvision; assert torch.cuda.is_available()' 2>/dev/null; then
  peer=yes
  bench+=(--peer "python3 $root/scripts/peers/torchvision_ops.py")
else
  echo "python3 has no torchvision with CUDA: our times alone"
fi
"${bench[@]}" | tee "$out/bench.txt" || failures=$((failures + 1))

# The goals, where there is a peer: name, ratio of torchvision's median to ours.
while [ "$peer" = yes ] && read -r name goal; do
  ratio=$(awk -v name="$name" '$1 == name { print $6 }' "$out/bench.txt")
  case $ratio in
    '' | - | [^0-9]*) continue ;;
  esac
  if awk -v r="$ratio" -v g="$goal" 'BEGIN { exit !(r >= g) }'; then
    printf '%-24s %8s of %s: reached\n' "$name" "$ratio" "$goal"
  else
    printf '%-24s %8s of %s: NOT REACHED\n' "$name" "$ratio" "$goal"
    failures=$((failures + 1))
  fi
done <<'GOALS'
roi_align_fwd 1.5
roi_align_bwd 1.5
roi_align_fwd_nhwc 1.5
roi_align_bwd_nhwc 1.5
nms_20000 2
GOALS

say "reports in $out; $failures step(s) failed"
[ "$failures" = 0 ]
