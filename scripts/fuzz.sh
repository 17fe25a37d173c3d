#!/bin/sh
# fuzz.sh SECONDS: runs each fuzz target for so many seconds, one after the other. Each begins with inputs made of the sample store
# and with those that earlier runs have found. Stops at the first input that makes one fail.
set -eu
cd "$(dirname "$0")/.."

seconds=$1
[ "$seconds" -gt 0 ] || {
	echo "error: $seconds is no number of seconds" >&2
	exit 2
}
directory=target/fuzz
programs=target/$(rustc -vV | sed -n 's/^host: //p')/release

rm -rf "$directory/seeds"
RUSTFLAGS='--cfg fuzzing' cargo run --locked --package license-backup-fuzz --features seeds --bin seeds -- "$directory/seeds"

# Panics are what is looked for, and their lines are told. The core has no unsafe code, and with AddressSanitizer a sixth as
# many inputs were tried.
CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none \
	cargo fuzz build --fuzz-dir guest/core/fuzz --features targets --sanitizer none

# fuzz TARGET: fails if an input makes it fail, takes more than 10 seconds, or more than a GiB of memory.
fuzz() {
	mkdir -p "$directory/corpus/$1" "$directory/failed"
	case $1 in
	# It contains more than a license.
	publication) longest=16384 ;;
	*) longest=8192 ;;
	esac
	echo "fuzz: $1 for $seconds seconds, writing to $directory/$1.log"
	"$programs/$1" -max_total_time="$seconds" -max_len=$longest -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$directory/failed/$1-" "$directory/corpus/$1" "$directory/seeds/$1" >"$directory/$1.log" 2>&1
}

# explain TARGET: what an input did, where it is, and what to do about it.
explain() {
	grep -A 3 'panicked at' "$directory/$1.log" || tail -n 20 "$directory/$1.log"
	input=$(sed -n 's/^.*Test unit written to //p' "$directory/$1.log" | tail -n 1)
	cat <<-END
		error: the fuzz target $1 fails with the input ${input:-that is not there}
		  try it again:     $programs/$1 $input
		  make it smaller:  $programs/$1 -minimize_crash=1 -max_total_time=60 -artifact_prefix=$directory/failed/ $input
		  then make it a test in guest/core/src/fuzzing/tests.rs, and mend what is wrong
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
