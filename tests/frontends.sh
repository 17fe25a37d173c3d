#!/bin/sh
# Runs every command through both command lines, the program and the command component under
# wasmtime, on equal stores. Compares exit codes, output and the files that are written, and prints
# a line for each run.
#
# `make build setup-tests` builds and installs the programs. The script exits with 1 if the command
# lines differ, or if an exit code is not the expected one.
set -eu
cd "$(dirname "$0")/.."

frontends='program component'
binaries=$PWD/target/release
component=$PWD/target/components/license-backup-command.wasm
wasmtime=$PWD/target/tools/bin/wasmtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
failures=0
runs=0
# Descriptor 3 is the output of the script, even while the output of a function is redirected.
exec 3>&1

# run FRONTEND COMMAND DIRECTORY [OPTION...]: runs a command in the current directory, which
# contains the license store `store`. DIRECTORY is the backup directory, or `-` to list the store.
run() {
	frontend=$1 command=$2 directory=$3
	shift 3
	option=--from
	if [ "$command" = backup ]; then option=--to; fi
	case $frontend in
	program)
		if [ "$directory" != - ]; then set -- "$option" "$directory" "$@"; fi
		case "$command $directory" in
		backup\ * | restore\ * | 'list -') set -- --store store "$@" ;;
		esac
		"$binaries/license-backup" "$command" "$@"
		;;
	component)
		# Each directory that exists is opened for the component, at another path.
		if [ "$directory" != - ]; then set -- "$option" "/$directory" "$@"; fi
		set -- "$component" "$command" "$@"
		if [ -d "$directory" ]; then set -- --dir "$directory::/$directory" "$@"; fi
		if [ -d store ]; then set -- --dir store::/licenses "$@"; fi
		"$wasmtime" run "$@"
		;;
	esac
}

# normalized FILE...: prints output without the parts that may differ. The component has other names
# for the directories. Progress events and the duration of a run depend on timing.
normalized() {
	sed -E -e '/"event":"progress"/d' -e '/^Done in /d' -e 's/"milliseconds":[0-9]+,//' \
		-e 's#/(backup|missing|strict)#\1#g' -e 's#/licenses([^/.]|$)#store\1#g' "$@"
}

# same EXIT COMMAND DIRECTORY [OPTION...]: runs the command through both front ends, and requires
# this exit code and equal output and files.
same() {
	expected=$1
	shift
	runs=$((runs + 1))
	printf '%-48s' "$*"
	for frontend in $frontends; do
		code=0
		# shellcheck disable=SC2086 # $format is an option, or empty
		(cd "$frontend" && run "$frontend" "$@" $format) \
			>"$frontend.out" 2>"$frontend.err" || code=$?
		normalized "$frontend.out" "$frontend.err" >"$frontend.normalized"
		printf ' %s %s' "$frontend" "$code" >&3
		if [ "$code" -ne "$expected" ]; then
			echo "$frontend exited with $code instead of $expected:"
			tail -n 3 "$frontend.out" "$frontend.err"
		fi
	done >>differences
	echo
	{
		[ "$texts" = differ ] || diff program.normalized component.normalized ||
			echo 'the output differs'
		diff -r program component || echo 'the files differ'
	} >>differences
	if [ -s differences ]; then
		sed 's/^/  FAILED: /' differences
		failures=$((failures + 1))
		: >differences
	fi
}
# `same` if the normalized output must be equal, or `differ`.
texts=same
# The output format: an option, or empty for text.
format=--json

# everywhere COMMAND...: runs a command in the directory of each front end.
everywhere() {
	for frontend in $frontends; do (cd "$frontend" && "$@"); done
}

for frontend in $frontends; do
	mkdir -p "$frontend/backup" "$frontend/strict"
	"$binaries/sample-store" "$frontend/store" --licenses 40 --seed 7 >/dev/null
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
hash=$(sed -n 's/.*"blake3":"\([0-9a-f]*\)".*/\1/p' program.out)
same 0 verify backup --expect "$hash"
same 5 verify backup --expect "$(printf '%064d' 0)"
same 0 list backup
same 0 restore backup

everywhere rm -r store
everywhere mkdir store
same 6 backup backup --overwrite
format=
same 6 backup backup --overwrite
format=--json
same 0 restore backup --dry-run
same 0 restore backup
same 0 restore backup
same 0 backup backup --overwrite
everywhere sh -c 'echo other >store/lcp/book.lcpl'
same 4 restore backup --dry-run
same 4 restore backup
format=
same 4 restore backup
same 4 backup backup
same 0 list -
same 0 list backup
same 0 verify backup
same 0 restore backup --overwrite --dry-run
same 0 restore backup --overwrite --quiet
format=--json
same 0 restore backup

everywhere sh -c 'printf X | dd of=backup/licenses.zip bs=1 seek=100 conv=notrunc status=none'
same 5 verify backup
same 5 restore backup --overwrite
format=
same 5 verify backup
same 5 restore backup
format=--json
everywhere sh -c 'rm -r store && mkdir store'
same 0 backup strict --overwrite --allow-shrink

# These texts differ, because the caller of the component opens the directories.
texts=differ
same 1 verify missing
same 1 restore missing
same 1 list missing
everywhere rm -r store
same 1 backup backup --overwrite
same 1 restore backup
same 1 list -

echo "$runs commands through both front ends, $failures failures"
[ "$failures" -eq 0 ]
