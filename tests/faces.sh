#!/bin/sh
# Runs every verb through the three faces (the host library, the host binary, the command component under the wasmtime CLI) on
# the same store, compares what they write, what they print and how they end, and prints a line for each run.
#
# `make build setup-tests` builds and installs what it runs. It ends with 1 if the faces differ, or end otherwise than they should.
set -eu
cd "$(dirname "$0")/.."

faces='library binary wasmtime'
binaries=$PWD/target/release
component=$PWD/target/components/license-backup-command.wasm
wasmtime=$PWD/target/tools/bin/wasmtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
failures=0
runs=0
# What is printed while faults are gathered.
exec 3>&1

# face FACE VERB DIR [OPTION...]: one run, in the directory of the face; DIR is `-` for the store of a listing.
face() {
	face=$1 verb=$2 directory=$3
	shift 3
	case $face in
	library)
		if [ "$directory" != - ]; then set -- "$directory" "$@"; fi
		"$binaries/library-face" store "$verb" "$@"
		;;
	binary)
		case $verb in
		backup) "$binaries/license-backup" backup --store store --to "$directory" "$@" ;;
		restore) "$binaries/license-backup" restore --from "$directory" --store store "$@" ;;
		verify) "$binaries/license-backup" verify --from "$directory" "$@" ;;
		list)
			if [ "$directory" = - ]; then set -- --store store "$@"; else set -- --from "$directory" "$@"; fi
			"$binaries/license-backup" list "$@"
			;;
		esac
		;;
	wasmtime)
		# The directories that there are, under names of the guest.
		option=--from
		if [ "$verb" = backup ]; then option=--to; fi
		if [ "$directory" != - ]; then set -- "$option" "/$directory" "$@"; fi
		set -- "$component" "$verb" "$@"
		if [ -d "$directory" ]; then set -- --dir "$directory::/$directory" "$@"; fi
		if [ -d store ]; then set -- --dir store::/licenses "$@"; fi
		"$wasmtime" run "$@"
		;;
	esac
}

# Makes comparable what a face has printed: the component knows the directories by other names, what to do about one that
# is not open differs, and when there is progress to tell, and how long it takes, is chance.
comparable() {
	sed -E -e '/"event":"progress"/d' -e '/^Done in /d' -e 's/"milliseconds":[0-9]+,//' \
		-e 's#/(backup|missing)#\1#g' -e 's#/licenses([^/.]|$)#store\1#g' "$@"
}

# same EXIT VERB DIR [OPTION...]: the run has this exit code and the same output on every face.
same() {
	expected=$1
	shift
	runs=$((runs + 1))
	printf '%-62s' "$*"
	for face in $faces; do
		code=0
		# shellcheck disable=SC2086 # an option, or none
		(cd "$face" && face "$face" "$@" $manner) >"$face.out" 2>"$face.err" || code=$?
		comparable "$face.out" "$face.err" >"$face.told"
		printf ' %s %s' "$face" "$code" >&3
		[ "$code" -eq "$expected" ] || echo "$face ended with $code, not with $expected: $(tail -n 3 "$face.out" "$face.err")"
	done >>faults
	echo
	for face in binary wasmtime; do
		[ "$texts" = differ ] || diff library.told "$face.told" || echo "$face tells other things than library"
		diff -r library "$face" || echo "$face left other files than library"
	done >>faults
	if [ -s faults ]; then
		sed 's/^/  FAILED: /' faults
		failures=$((failures + 1))
		: >faults
	fi
}
# Whether what is told is the same, up to `comparable`.
texts=same
# In which manner it is told: in JSON lines, or if this is empty as text.
manner=--json

# everywhere COMMAND...: the same in the directory of each face.
everywhere() {
	for face in $faces; do (cd "$face" && "$@"); done
}

for face in $faces; do
	mkdir -p "$face/backup" "$face/strict"
	"$binaries/sample-store" "$face/store" --licenses 40 --seed 7 >/dev/null
done

same 3 list -
same 1 verify backup
same 1 restore backup
same 1 list backup
same 3 backup backup
same 4 backup backup
same 3 backup backup --overwrite
same 3 backup strict --strict
same 0 verify backup
hash=$(sed -n 's/.*"blake3":"\([0-9a-f]*\)".*/\1/p' library.out)
same 0 verify backup --expect "$hash"
same 5 verify backup --expect "$(printf '%064d' 0)"
same 0 list backup
same 0 restore backup

everywhere rm -r store
everywhere mkdir store
same 0 restore backup --dry-run
same 0 restore backup
same 0 restore backup
same 0 backup backup --overwrite
everywhere sh -c 'echo other >store/lcp/book.lcpl'
same 4 restore backup --dry-run
same 4 restore backup
manner=
same 4 restore backup
same 4 backup backup
same 0 list -
same 0 list backup
same 0 verify backup
same 0 restore backup --overwrite --dry-run
same 0 restore backup --overwrite --quiet
manner=--json
same 0 restore backup

everywhere sh -c 'printf X | dd of=backup/licenses.zip bs=1 seek=100 conv=notrunc status=none'
same 5 verify backup
same 5 restore backup --overwrite
manner=
same 5 verify backup
same 5 restore backup
manner=--json

# Who opens directories, and how, differs: so do these texts.
texts=differ
same 1 verify missing
same 1 restore missing
same 1 list missing
everywhere rm -r store
same 1 backup backup --overwrite
same 1 restore backup
same 1 list -

echo "$runs runs on each of three faces, $failures failures"
[ "$failures" -eq 0 ]
