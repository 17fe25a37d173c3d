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
wasmtime=$PWD/target/tools/bin/wasmtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Once, so that not every run has to.
component=$work/license-backup-command.cwasm
"$wasmtime" compile --output "$component" target/components/license-backup-command.wasm
cd "$work"
umask 077
failures=0
runs=0
# Descriptor 3 is the output of the script, even while the output of a function is redirected.
exec 3>&1

# run FRONTEND COMMAND DIRECTORY [OPTION...]: runs a command in the current directory, which
# contains the license store `store`. DIRECTORY is the backup directory, or `-` to list the store.
# The command `diff-store` is `diff` with the store.
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
		diff-store\ *) command='diff' && set -- --store store "$@" ;;
		esac
		"$binaries/license-backup" "$command" "$@"
		;;
	component)
		# The store needs no value here: it is the one that is opened.
		if [ "$command" = diff-store ]; then command='diff' && set -- --store "$@"; fi
		# Each directory that exists is opened for the component, at another path.
		if [ "$directory" != - ]; then set -- "$option" "/$directory" "$@"; fi
		set -- "$component" "$command" "$@"
		if [ -d "$directory" ]; then set -- --dir "$directory::/$directory" "$@"; fi
		if [ -d store ]; then set -- --dir store::/licenses "$@"; fi
		"$wasmtime" run --allow-precompiled "$@"
		;;
	esac
}

# normalized FILE...: prints output without the parts that may differ. The component has other names
# for the directories. Progress events and the duration of a run depend on timing.
normalized() {
	sed -E -e '/"event":"progress"/d' -e '/^Done in /d' -e 's/"milliseconds":[0-9]+,//' \
		-e 's/"age":[0-9]+,?//' -e 's#/(backup|missing|strict|history)#\1#g' -e 's#/licenses([^/.]|$)#store\1#g' "$@"
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

# Generations of fixed times: the first is the backup above, the second is of another store.
everywhere mkdir history
first=licenses-20260101T000000Z.zip second=licenses-20260101T010000Z.zip
for frontend in $frontends; do
	cp "$frontend/backup/licenses.zip" "$frontend/history/$first"
	"$binaries/sample-store" "$frontend/other" --licenses 45 --seed 7 >/dev/null
	"$binaries/license-backup" backup --store "$frontend/other" --to "$frontend/made" \
		>/dev/null || [ $? -eq 3 ]
	mv "$frontend/made/licenses.zip" "$frontend/history/$second"
	rm -r "$frontend/other" "$frontend/made"
	touch -d 2026-01-01T00:00:00Z "$frontend/history/$first.pin"
done
same 0 generations history
same 0 generations history --hash
same 3 diff history
same 3 diff history --generation "$first" --against "$second"
same 0 diff history --against "$second"
same 1 diff history --generation "$first"
same 0 diff-store history --generation "$first"
same 3 diff-store history
same 0 list history --generation "$first" --include 'lcp/*'
same 1 list history --include 'nothing/*'
same 1 list history --include 'a[b'
same 0 restore history --include 'lcp/*' --dry-run
same 1 restore history --license-id nothing
same 1 check history --max-age 24h
everywhere touch -d "@$(date +%s)" backup/licenses.zip
same 0 check backup --max-age 24h --verify
same 0 forget history --keep-last 1 --dry-run
same 1 forget history --unpin "$second"
same 1 forget history
format=
same 0 generations history
same 3 diff history
same 0 list history --include 'lcp/*'
same 1 check history --max-age 24h
same 0 forget history --unpin "$first" --keep-last 1
same 0 generations history
format=--json

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
same 1 generations missing
same 1 diff missing
same 1 check missing --max-age 1h
same 1 forget missing --keep-last 1
everywhere rm -r store
same 1 backup backup --overwrite
same 1 restore backup
same 1 list -

echo "$runs commands through both front ends, $failures failures"
[ "$failures" -eq 0 ]
