#!/bin/sh
# fuzz.sh SECONDS: runs each fuzz target for this number of seconds, one after the other. Each
# starts with inputs from the sample store and from earlier runs. Stops at the first input that
# makes a target fail.
set -eu
cd "$(dirname "$0")/.."

seconds=$1
[ "$seconds" -gt 0 ] || {
	echo "error: invalid number of seconds: $seconds" >&2
	exit 2
}
directory=target/fuzz
programs=target/$(rustc -vV | sed -n 's/^host: //p')/release

rm -rf "$directory/seeds"
RUSTFLAGS='--cfg fuzzing' cargo run --locked --package license-backup-fuzz --features seeds --bin seeds -- "$directory/seeds"

# The line numbers are for panic messages. There is no AddressSanitizer: the core has no unsafe
# code, and the sanitizer reduced the number of inputs to a sixth.
CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none \
	cargo fuzz build --fuzz-dir guest/core/fuzz --features targets --sanitizer none

# fuzz TARGET: fails if an input makes the target fail, takes more than 10 seconds, or more than 1
# GiB of memory.
fuzz() {
	mkdir -p "$directory/corpus/$1" "$directory/failed"
	case $1 in
	# A publication contains more than a license.
	publication) longest=16384 ;;
	*) longest=8192 ;;
	esac
	echo "fuzz: $1 for $seconds seconds, writing to $directory/$1.log"
	"$programs/$1" -max_total_time="$seconds" -max_len=$longest -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$directory/failed/$1-" "$directory/corpus/$1" "$directory/seeds/$1" >"$directory/$1.log" 2>&1
}

# explain TARGET: prints the failure, the input, and what to do next.
explain() {
	grep -A 3 'panicked at' "$directory/$1.log" || tail -n 20 "$directory/$1.log"
	input=$(sed -n 's/^.*Test unit written to //p' "$directory/$1.log" | tail -n 1)
	cat <<-END
		error: the fuzz target $1 fails; its input is ${input:-not saved}
		  run it again:     $programs/$1 $input
		  minimize it:      $programs/$1 -minimize_crash=1 -max_total_time=60 -artifact_prefix=$directory/failed/ $input
		  then add it as a test to guest/core/src/fuzzing/tests.rs, and fix the bug
	END
}

for source in guest/core/fuzz/targets/*.rs; do
	target=$(basename "$source" .rs)
	fuzz "$target" || {
		explain "$target" >&2
		exit 1
	}
	executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$directory/$target.log")
	echo "counted: $executions executions: fuzz target $target, $seconds seconds"
done
