#!/bin/bash -eu
# Builds the fuzz targets with their seeds and dictionaries into $OUT, as OSS-Fuzz and ClusterFuzzLite
# expect it of a project: one program for each target, and beside it TARGET_seed_corpus.zip and
# TARGET.options, which names one of the dictionaries. In their containers $SRC, $OUT and $SANITIZER are set; elsewhere:
#
#     OUT=/some/folder fuzz/engines/build.sh
cd "$(dirname "$0")/.."
: "${OUT:?the folder to put the targets into}"
mkdir -p "$OUT"
# Inside the container nightly is the default already.
toolchain=${FUZZ_TOOLCHAIN-}
cargo ${toolchain:+"+$toolchain"} fuzz build -O --sanitizer "${SANITIZER:-address}"

built=${CARGO_TARGET_DIR:-target}/$(rustc -vV | sed -n 's/^host: //p')/release
for source in fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    cp "$built/$target" "$OUT/"
    rm -f "$OUT/${target}_seed_corpus.zip"
    # What once made it fail is worth to begin with as well.
    python3 - "$OUT/${target}_seed_corpus.zip" "seeds/$target" "crashes/$target" <<'PYTHON'
import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as corpus:
    for folder in map(pathlib.Path, sys.argv[2:]):
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            corpus.write(file, f"{folder.parts[0]}-{file.name}")
PYTHON
    cp "options/$target.options" "$OUT/"
done
cp dictionaries/*.dict "$OUT/"
