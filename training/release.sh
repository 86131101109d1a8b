#!/bin/sh
# Quantises, exports and measures trained squads in one go.
#   release.sh SETS POSE BUNDLE CHECKPOINT...
# SETS: folder with the prepared sets lspet, street and lspet-held. POSE: folder with studio.json, studio/ and
# coco-mini-*.json. BUNDLE: folder that gets manifest.json and weights.safetensors.
set -eu
sets=$1 pose=$2 bundle=$3
shift 3
python=${PYTHON:-python3}
cd "$(dirname "$0")"
mkdir -p "$bundle"
"$python" -m flock.export --checkpoints "$@" --sets "$sets/lspet" "$sets/street" --out "$bundle"
"$python" -m flock.evaluate --bundle "$bundle" --checkpoints "$@" --calibrate "$sets/lspet" "$sets/street" \
    --held "$sets/lspet-held" --coco "$pose/studio.json" "$pose/studio" \
    --coco "$pose/coco-mini-val2017.json" "$pose/coco-mini-val2017" \
    --coco "$pose/coco-mini-train2017.json" "$pose/coco-mini-train2017" ${JSON:+--json "$JSON"}
