#!/bin/sh
# Runs the tests of the program for Windows under Wine, in a prefix of its own below target/wine,
# which needs no display. Run `make build-windows` first.
set -eu
cd "$(dirname "$0")/.."
. scripts/windows-toolchain.sh

directory=$PWD/target/wine
export WINEPREFIX="$directory/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" LC_ALL=C.UTF-8
unset DISPLAY WAYLAND_DISPLAY

mkdir -p "$directory/bin"
cp "target/$windows_target/release/license-backup.exe" "$directory/bin"
# compile PROGRAM SOURCE OPTION...
compile() {
	compiled=$directory/bin/$1
	source=tests/windows/$2
	shift 2
	"$windows_cc" -O2 -Wall -Wextra -Werror -s -o "$compiled" "$source" "$@" -ladvapi32
}
compile bcryptprimitives.dll bcryptprimitives.c -shared
compile helper.exe helper.c -municode
repair=$directory/bin/wine_repair.so
cc -O2 -Wall -Wextra -Werror -shared -fPIC -s -o "$repair" tests/windows/wine_repair.c
# wine ARGUMENT...
wine() {
	LD_PRELOAD=$repair wine64 "$@" >/dev/null 2>&1 </dev/null
}

# This server serves all programs of the prefix, until it is ended: otherwise each run starts one.
wineserver -k 2>/dev/null || true
[ -d "$WINEPREFIX" ] || {
	echo "test-windows: creating the prefix $WINEPREFIX with $(wine64 --version)"
	wine wineboot --init
	wineserver -w
}
LD_PRELOAD=$repair wineserver -p
# Ends it by its ID, which it keeps in the directory of the prefix.
trap 'wineserver -k' EXIT

# The first program starts the services of the prefix, which would keep the output of a test open.
wine cmd /c exit

# A server `nas` with a share: Wine looks for shares in this directory.
mkdir -p "$WINEPREFIX/dosdevices/unc/nas" "$directory/share"
ln -sfn "$directory/share" "$WINEPREFIX/dosdevices/unc/nas/backups"

cargo test --locked --package license-backup-tests --test end_to_end -- --ignored windows::
