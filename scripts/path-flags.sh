#!/bin/sh
# path-flags.sh FLAG...: prints flags for CARGO_ENCODED_RUSTFLAGS with which nothing that is compiled names a place of this
# machine: the messages of panics carry the paths of sources, and who gets a program has no use for those of its builder. The
# same sources give the same bytes wherever they lie. Those of the caller come before them, since cargo reads no others then, and
# those that are given behind.
set -eu
cd "$(dirname "$0")/.."

# What cargo takes for the separator of flags.
separator=$(printf '\037')
flags=${CARGO_ENCODED_RUSTFLAGS-}
add() { flags=$flags${flags:+$separator}$1; }
[ -n "$flags" ] || for flag in ${RUSTFLAGS-}; do add "$flag"; done
remap() { add "--remap-path-prefix=$1=$2"; }
remap "${CARGO_HOME:-$HOME/.cargo}" /cargo
remap "$(rustc --print sysroot)" /rust
remap "$PWD" /license-backup
for flag; do add "$flag"; done
printf '%s' "$flags"
