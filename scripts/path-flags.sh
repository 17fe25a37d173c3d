#!/bin/sh
# path-flags.sh FLAG...: prints a value for CARGO_ENCODED_RUSTFLAGS that keeps paths of this machine
# out of the binaries: panic messages contain the paths of sources. With these flags, the same
# sources yield the same bytes in any directory. The output is the flags of the caller, which cargo
# would ignore otherwise, then these, then the arguments.
set -eu
cd "$(dirname "$0")/.."

# The separator that cargo defines.
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
