#!/bin/sh
# profile.sh LICENSES: samples the command component under wasmtime, which uses a single thread, and
# prints a table of where the time of a backup goes, in Markdown, in microseconds per license.
set -eu
cd "$(dirname "$0")/.."

licenses=$1
echo "# Where the time of a backup goes"
echo
echo "The command component under wasmtime, all on one thread, a store of $licenses licenses of 4 KiB, warm cache."
echo
directory=target/profile
frequency=4000

rm -rf "$directory"
mkdir -p "$directory/backup"
target/release/sample-store "$directory/store" --ordinary-only --licenses "$licenses" >/dev/null
wasmtime compile --output "$directory/command.cwasm" target/components/named/license-backup-command.wasm

backup() {
	"$@" wasmtime run --allow-precompiled --profile perfmap --dir "$directory/store::/licenses" \
		--dir "$directory/backup::/backup" "$directory/command.cwasm" backup --to /backup --overwrite --quiet
}
# The first run warms the page cache.
backup env
backup perf record --quiet --event cpu-clock --freq "$frequency" --call-graph fp --output "$directory/perf.data"

# perf prints one symbol per line, the innermost first, and an empty line after each stack.
perf script --input "$directory/perf.data" --fields ip,sym 2>/dev/null | awk -v licenses="$licenses" -v frequency="$frequency" '
function part(  i) {
	for (i = 1; i <= depth; i++) {
		if (stack[i] ~ /^__[a-z0-9]+_sys_/) {
			sub(/^__[a-z0-9]+_sys_/, "", stack[i])
			return "kernel: " stack[i]
		}
	}
	if (stack[1] !~ /^wasm\[0\]/) return "host, crossing the component boundary included"
	if (stack[1] ~ /crc32/) return "component: CRC-32"
	if (stack[1] ~ /blake3/) return "component: BLAKE3"
	if (stack[1] ~ /core7license|quick_xml|serde|base64|simdutf8|memchr|4core3str/) return "component: gate"
	return "component: all else"
}
NF == 0 { if (depth) { count[part()]++; depth = 0 } next }
{ depth++; stack[depth] = $2 }
END {
	print "| part | µs a license |"
	print "| --- | ---: |"
	for (name in count) {
		time = count[name] * 1e6 / frequency / licenses
		all += time
		if (time >= 0.05) printf "| %s | %.1f |\n", name, time | "sort -t \"|\" -k 3 -n -r"
	}
	close("sort -t \"|\" -k 3 -n -r")
	printf "| all | %.1f |\n", all
}'
rm -rf "$directory"
